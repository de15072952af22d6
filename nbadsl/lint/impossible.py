"""Actions that are for nobody, or for nobody on a channel or with a content.

Takes the candidates; gives what of an action is impossible, as far out as all its candidates are, and the rule that
leaves nobody. Rules that nobody passes by themselves are told where they stand, not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nbadsl.lint.conditions import decided, items_within
from nbadsl.lint.passing import Stopped
from nbadsl.lint.policy import Policy
from nbadsl.program.nodes import Candidate, Rule
from nbadsl.source import Span
from nbadsl.syntax import nodes


@dataclass(frozen=True, slots=True)
class Impossible:
    """`what` is impossible, and where it is declared; `action`: the whole action's place."""

    what: str
    span: Span
    action: Span
    stopped: Stopped

    def holds(self, span: Span | None) -> bool:
        """Whether a place is inside the action."""
        return span is not None and _holds(self.action, span)


def impossible(policy: Policy) -> tuple[Impossible, ...]:
    """All of them, in the order of the file; worked out once."""
    if policy.impossible is None:
        policy.impossible = tuple(_impossible(policy))
    return policy.impossible


def shown(rule: Rule) -> str:
    """A rule as messages name it."""
    return f"`{rule.origin.words if rule.origin else rule.reason}`"


def _impossible(policy: Policy) -> Iterator[Impossible]:
    told = [d.expr.span for d in decided(policy)]
    by_action: dict[str, list[tuple[Candidate, Stopped | None]]] = {}
    for candidate in policy.program.candidates:
        stopped = policy.passing.stopped(candidate)
        by_action.setdefault(candidate.action, []).append((candidate, stopped))
    for name, judged in by_action.items():
        scope = policy.model.scopes[name]
        if policy.is_own(scope.span) and any(s is not None for _, s in judged):
            yield from _of_action(scope, judged, told)


def _of_action(
    scope: nodes.Scope, judged: list[tuple[Candidate, Stopped | None]], told: list[Span]
) -> Iterator[Impossible]:
    name = scope.name.text
    items = list(items_within(scope.items))
    # What, where, and its channel and content; the whole action first.
    ways: list[tuple[str, Span, str | None, str | None]] = [(f"`{name}`", scope.name.span, None, None)]
    for holder in (c for i in items if isinstance(i, nodes.Via) for c in i.channels):
        ways.append((f"`{name}` via {holder.text}", holder.span, holder.text, None))
    for text in (i.name for i in items if isinstance(i, nodes.Content)):
        ways.append((f'content "{text.text}" of `{name}`', text.span, None, text.text))
    seen: set[int] = set()
    for what, span, channel, content in ways:
        group = [(i, s) for i, (c, s) in enumerate(judged) if _is_in(c, channel, content)]
        if not group or any(s is None for _, s in group) or seen.issuperset(i for i, _ in group):
            continue
        seen.update(i for i, _ in group)
        stopped = group[0][1]
        assert stopped is not None
        if not (stopped.alone and any(_holds(stopped.rule.origin, place) for place in told)):
            yield Impossible(what, span, scope.span, stopped)


def _holds(outer: Span | None, inner: Span) -> bool:
    return outer is not None and outer.source is inner.source and outer.start <= inner.start < outer.end


def _is_in(candidate: Candidate, channel: str | None, content: str | None) -> bool:
    return channel in (None, candidate.channel) and content in (None, candidate.content)
