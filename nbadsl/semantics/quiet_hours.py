"""Quiet hours that leave no minute of the day: an action that could never be sent.

Takes a model; reports, for an action in a channel, quiet hours that together with those around them cover the whole
day. Hours by different clocks are looked at apart, because nothing is known about how far these are from each other.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbadsl.diagnostics import Findings
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes
from nbadsl.types import DAY


def judge_quiet_hours(model: Model, found: Findings) -> None:
    """Report each line of quiet hours once, which with others leaves nothing of the day."""
    reported: set[nodes.Quiet] = set()
    for action in model.scopes_of("action"):
        for channel, hours in _around(model, action):
            for clocks in dict.fromkeys(_clocks(q) for q in hours):
                same = [q for q in hours if _clocks(q) == clocks]
                if _cover(same) and not all(map(_lets_pass, same)) and same[-1] not in reported:
                    reported.add(same[-1])
                    where = f"action `{action.name.text}`" + (f" via `{channel}`" if channel else "")
                    related = tuple((q.span, "together with these") for q in same[:-1])
                    found.report("always-quiet", same[-1].span, what=where, related=related)


def _around(model: Model, action: nodes.Scope) -> Iterator[tuple[str, list[nodes.Quiet]]]:
    """The action's channels, each with the quiet hours that hold there, from the outside in."""
    overall = [o.item for o in model.overall if isinstance(o.item, nodes.Quiet)]
    outer = overall + [q for scope in (*model.groups_of(action), action) for q in _quiet(scope.items)]
    vias = [item for item in action.items if isinstance(item, nodes.Via)]
    if not vias:
        yield "", outer
    for via in vias:
        for name in via.channels:
            channel = model.scopes.get(name.text)
            yield name.text, [*outer, *(_quiet(channel.items) if channel else ()), *_quiet(via.items)]


def _quiet(items: tuple[nodes.Item, ...]) -> list[nodes.Quiet]:
    return [item for item in items if isinstance(item, nodes.Quiet)]


def _clocks(quiet: nodes.Quiet) -> str:
    return quiet.by.text if quiet.by else ""


def _lets_pass(quiet: nodes.Quiet) -> bool:
    """Whether somebody whose offset is unknown is reached at any time."""
    return quiet.unknown is not None and quiet.unknown.text == "passes"


def _cover(hours: list[nodes.Quiet]) -> bool:
    """Whether together they are the whole day. One line alone never is: it ends when it begins, which is reported."""
    parts: list[tuple[float, float]] = []
    for quiet in hours:
        start, end = quiet.start.value, quiet.end.value
        parts += [(start, end)] if start < end else [(start, DAY), (0.0, end)]
    reached = 0.0
    for start, end in sorted(parts):
        if start > reached:
            return False
        reached = max(reached, end)
    return reached >= DAY and all(q.start.value != q.end.value for q in hours)
