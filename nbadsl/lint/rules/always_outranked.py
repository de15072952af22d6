"""An action that never wins: whoever may get it may get a better one as well, always.

Asked only where one action is picked and nothing explores. The better candidate must have no limits, quiet hours, slot
or dates of its own, its rules must hold whenever those of the worse one do, and it must stand in a better line of
`priority`, or in the same one with a score that is never less (the earlier action wins a tie).
"""

from __future__ import annotations

from collections.abc import Iterator

from nbadsl.diagnostics import Findings
from nbadsl.lint.compare import at_least
from nbadsl.lint.facts import Facts
from nbadsl.lint.passing import Passing, own_rules, passes
from nbadsl.lint.policy import Policy
from nbadsl.lint.values import NO, UNKNOWN, YES
from nbadsl.program.nodes import Candidate, Program

MOST_PAIRS = 10_000
"""Each candidate is compared with each that is steady: beyond this many nothing is said."""


def find(policy: Policy, found: Findings) -> None:
    program = policy.program
    if program.explore or program.arbitration.pick > 1:
        return
    better: dict[str, set[str | None]] = {}
    for number, name in outranked(program, policy.passing):
        better.setdefault(program.candidates[number].action, set()).add(name)
    for action, names in better.items():
        scope, others = policy.model.scopes[action], sorted(name for name in names if name)
        if None not in names and others and policy.is_own(scope.span):
            shown = " or ".join(f"`{name}`" for name in others)
            related = tuple((policy.model.scopes[name].name.span, "") for name in others)
            found.report("always-outranked", scope.name.span, action=action, better=shown, related=related)


def outranked(program: Program, passing: Passing) -> Iterator[tuple[int, str | None]]:
    """For each candidate that competes its number and an action that wins whenever it could (None: there is none). ""
    where nobody passes its rules, which is told elsewhere."""
    competing = [(n, c) for n, c in enumerate(program.candidates) if c.score is not None]
    steady = [(n, c) for n, c in competing if _is_steady(c)]
    if len(competing) * len(steady) > MOST_PAIRS:
        return
    for number, worse in competing:
        facts = passing.facts_of(worse)
        if facts is None:
            yield number, ""
            continue
        first = _ranks(facts.renewed(), worse)[0]
        yield (
            number,
            next(
                (
                    other.action
                    for n, other in steady
                    if other.action != worse.action
                    and other.active in (None, worse.active)
                    and _wins(program, facts, other, worse, first, n < number)
                    and _passes_surely(facts, other)
                ),
                None,
            ),
        )


def _is_steady(candidate: Candidate) -> bool:
    """Whether nothing but its rules can stop a candidate."""
    return candidate.send_at is None and len(own_rules(candidate)) == len(candidate.rules)


def _passes_surely(facts: Facts, candidate: Candidate) -> bool:
    return all(not facts.answers(r.when) & ~passes(r) for r in own_rules(candidate))


def _wins(
    program: Program, facts: Facts, other: Candidate, worse: Candidate, first: int, is_earlier: bool
) -> bool:
    """Whether a candidate, if it passes, is chosen before another one, whose first line is `first`."""
    assert other.score is not None and worse.score is not None
    score = facts.number(other.score)
    if score.unknown or other.tiers[0].rank > first:
        return False
    last = _ranks(facts, other)[-1]
    threshold = program.arbitration.threshold
    if last < first:
        limit = facts.number(threshold) if threshold is not None else None
        return limit is None or (not limit.unknown and score.low >= limit.high)
    return last == first and at_least(facts, other.score, worse.score, strictly=not is_earlier)


def _ranks(facts: Facts, candidate: Candidate) -> list[int]:
    """The lines that a candidate can stand in, the first one first."""
    ranks: list[int] = []
    known: Facts | None = facts
    for tier in candidate.tiers:
        answers = YES if tier.when is None or known is None else known.answers(tier.when)
        if answers & YES:
            ranks.append(tier.rank)
        if not answers & (NO | UNKNOWN):
            break
        known = known.given(tier.when, NO | UNKNOWN) if known is not None and tier.when is not None else None
        if known is None:
            break
    return ranks
