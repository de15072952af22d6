"""A line of `priority` that no candidate reaches: the lines above take everybody for whom it would hold."""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.lint.passing import own_rules, passes
from nbadsl.lint.policy import Policy
from nbadsl.lint.values import NO, UNKNOWN, YES
from nbadsl.program.nodes import Candidate


def find(policy: Policy, found: Findings) -> None:
    lines = policy.model.priority.lines if policy.model.priority else ()
    competing = [c for c in policy.program.candidates if c.score is not None]
    for rank, line in enumerate(lines):
        if line.scope is None or not policy.is_own(line.span):
            continue
        scope = line.scope.text
        named = [c for c in competing if scope == c.action or scope in c.groups]
        # Where nobody passes at all, or the line holds for nobody by itself, that is what is told.
        if any(_reaches(policy, c, rank) for c in named):
            continue
        if any(_holds_ever(policy, c, rank) and policy.passing.stopped(c) is None for c in named):
            above = next((n for n in reversed(lines[:rank]) if n.scope and n.scope.text == scope), None)
            related = ((above.span, "this line comes first"),) if above else ()
            found.report("shadowed-line", line.span, related=related)


def _holds_ever(policy: Policy, candidate: Candidate, rank: int) -> bool:
    """Whether a line of a candidate can hold. One that comes after a line without a condition could."""
    when = next((t.when for t in candidate.tiers if t.rank == rank), None)
    return when is None or policy.passing.after(((when, YES),)) is not None


def _reaches(policy: Policy, candidate: Candidate, rank: int) -> bool:
    told = [(r.when, passes(r)) for r in own_rules(candidate)]
    for tier in candidate.tiers:
        if tier.rank == rank:
            return policy.passing.possible((*told, *([(tier.when, YES)] if tier.when is not None else [])))
        if tier.when is not None:
            told.append((tier.when, NO | UNKNOWN))
    return False
