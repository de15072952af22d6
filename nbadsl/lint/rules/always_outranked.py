"""An action that never wins: whoever may get it may get a better one as well, always.

Asked only where one action is picked and nothing explores. The better candidate must have no limits, quiet hours, slot
or dates of its own, its rules must hold whenever those of the worse one do, and it must stand in a better line of
`priority`, or in the same one with a score that is never less (the earlier action wins a tie).
"""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.lint.compare import at_least
from nbadsl.lint.facts import Facts
from nbadsl.lint.passing import own_rules, passes
from nbadsl.lint.policy import Policy
from nbadsl.lint.values import NO, UNKNOWN, YES
from nbadsl.program.nodes import Candidate, Program

MOST_CANDIDATES = 400
"""Each is compared with each: beyond this many nothing is said."""


def find(policy: Policy, found: Findings) -> None:
    program = policy.program
    competing = [c for c in program.candidates if c.score is not None]
    if program.explore or program.arbitration.pick > 1 or len(competing) > MOST_CANDIDATES:
        return
    steady = [c for c in competing if _is_steady(c)]
    order = {c: i for i, c in enumerate(program.candidates)}
    for action in dict.fromkeys(c.action for c in competing):
        scope = policy.model.scopes[action]
        better = {
            _better(policy, c, [b for b in steady if b.action != action], order)
            for c in competing
            if c.action == action
        }
        names = sorted(name for name in better if name)
        if None not in better and names and policy.is_own(scope.span):
            shown = " or ".join(f"`{name}`" for name in names)
            related = tuple((policy.model.scopes[name].name.span, "") for name in names)
            found.report("always-outranked", scope.name.span, action=action, better=shown, related=related)


def _is_steady(candidate: Candidate) -> bool:
    """Whether nothing but its rules can stop a candidate."""
    return candidate.send_at is None and len(own_rules(candidate)) == len(candidate.rules)


def _better(
    policy: Policy, worse: Candidate, others: list[Candidate], order: dict[Candidate, int]
) -> str | None:
    """An action that wins whenever a candidate could; "" when nobody passes its rules, which is told elsewhere."""
    facts = policy.passing.facts_of(worse)
    if facts is None:
        return ""
    facts = facts.renewed()
    for other in others:
        if other.active in (None, worse.active) and _passes_surely(facts, other):
            if _wins(policy.program, facts, other, worse, order[other] < order[worse]):
                return other.action
    return None


def _passes_surely(facts: Facts, candidate: Candidate) -> bool:
    return all(not facts.answers(r.when) & ~passes(r) for r in own_rules(candidate))


def _wins(program: Program, facts: Facts, other: Candidate, worse: Candidate, is_earlier: bool) -> bool:
    assert other.score is not None and worse.score is not None
    score = facts.number(other.score)
    if score.unknown:
        return False
    last, first = _ranks(facts, other)[-1], _ranks(facts, worse)[0]
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
