"""What a policy's rules do to the sample of profiles, in words; and the lens above each action.

The figures are those of a run over the sample (see `nba run --report full`): a rule stops the people whom no rule before
it has stopped. They are of the text that was measured last, and shown where a rule still reads as it did then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nbadsl.syntax import nodes

RuleKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Rates:
    """Of so many `people`: by action, its candidates and whom all rules let pass; by rule (see `key_of`), whom it
    stops, of the candidate for which it stops the most. `missing`: by optional field, the share (0..1) who lack it."""

    people: int
    passed: Mapping[str, tuple[tuple[str, int], ...]]
    stopped: Mapping[RuleKey, int]
    missing: Mapping[str, float] = field(default_factory=dict)


def key_of(scope: str, action: str, stage: str, reason: str) -> RuleKey:
    """How a rule is found again: the block around it, its stage and its reason."""
    kind, _, rest = scope.partition(" ")
    owner = f"{kind} {rest.split(' ')[0]}" if kind in ("group", "action", "channel") else f"action {action}"
    return owner, stage, reason


def of_action(rates: Rates | None, action: str) -> str:
    """`12.4 % of the sample eligible`, or ""."""
    found = rates.passed.get(action) if rates is not None else None
    if rates is None or not found or not rates.people:
        return ""
    shares = [(name.removeprefix(action).strip(), _share(people, rates.people)) for name, people in found]
    if len({share for _, share in shares}) == 1:
        return f"{shares[0][1]} of the sample eligible"
    return f"of the sample eligible: {', '.join(f'{share} {name}' for name, share in shares)}"


def of_rule(rates: Rates | None, declaration: nodes.Declaration, rule: nodes.Rule) -> str:
    """`stops 37.0 % of the sample`, or ""."""
    if rates is None or not isinstance(declaration, nodes.Scope) or not rates.people:
        return ""
    reason = rule.because.text if rule.because else rule.when.span.words
    scope = f"{declaration.kind} {declaration.name.text}"
    stopped = rates.stopped.get((scope, rule.stage, reason))
    return "" if stopped is None else f"stops {_share(stopped, rates.people)} of the sample"


def _share(part: int, whole: int) -> str:
    return f"{part / whole * 100:.1f} %"
