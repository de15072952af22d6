"""Limits, rests and budgets that could not do what they say, seen from their words alone.

Takes a model whose blocks have been judged; reports a limit that another one always reaches first, limits that hold
for nothing, a rest that outlives its action, and a budget that cannot pay for one contact. Only literal numbers are
looked at: what reads a parameter may mean something tomorrow. Nothing is said where there are errors: an action that
could not be read may be the one that a group is for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nbadsl.diagnostics import Findings
from nbadsl.semantics.constants import end_of, instant, literal
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes
from nbadsl.types import DAY, HOUR, UNITS

Contact = nodes.Limit | nodes.Rest | nodes.Budget

# The longest that a window of the calendar can be, with the hour that clocks may be put back.
_LONGEST = {"day": DAY, "week": 7 * DAY, "month": 31 * DAY, "quarter": 92 * DAY, "year": 366 * DAY}
_WITHIN = {
    "day": ("day", "week", "month", "quarter", "year"),
    "week": ("week",),
    "month": ("month", "quarter", "year"),
    "quarter": ("quarter", "year"),
    "year": ("year",),
}


@dataclass(frozen=True, slots=True)
class _Placed:
    """A limit, rest or budget, and the action, group or channel where it stands (None: outside any block). `via`: the
    channel in whose block of an action it stands."""

    item: Contact
    scope: nodes.Scope | None
    via: str | None = None


def judge_contacts(model: Model, found: Findings) -> None:
    placed = list(_all(model))
    used = {n.text for a in model.scopes_of("action") for v in _vias(a) for n in v.channels}
    for each in placed:
        why = _holds_for_nothing(model, each, used)
        if why:
            found.report("idle-limit", each.item.span, what=_word(each.item), help=why)
            continue
        match each.item:
            case nodes.Limit():
                _reached_before(model, each, placed, found)
            case nodes.Budget():
                _pays_for_one(model, each.item, found)
            case nodes.Rest():
                _ends_before(model, each, found)


def _all(model: Model) -> Iterator[_Placed]:
    for overall in model.overall:
        if isinstance(overall.item, Contact):
            yield _Placed(overall.item, None)
    for scope in model.scopes.values():
        for item in scope.items:
            if isinstance(item, Contact):
                yield _Placed(item, scope)
            elif isinstance(item, nodes.Via):
                for inner in item.items:
                    if isinstance(inner, Contact):
                        yield _Placed(inner, scope, item.channels[0].text)


def _vias(action: nodes.Scope) -> list[nodes.Via]:
    return [item for item in action.items if isinstance(item, nodes.Via)]


def _word(item: Contact) -> str:
    return f"`{type(item).__name__.lower()}`"


# --- what holds for nothing --------------------------------------------------------------------------------


def _holds_for_nothing(model: Model, placed: _Placed, used: set[str]) -> str:
    """Why no contact is ever counted or stopped; empty where some may be."""
    scope = placed.scope
    if scope is None:
        return ""
    if scope.kind == "channel":
        return "" if scope.name.text in used else f"no action goes via `{scope.name.text}`"
    inside = any(model.within(scope.name.text, action) for action in model.scopes_of("action"))
    return "" if inside else f"no action is in group `{scope.name.text}`"


# --- limits ------------------------------------------------------------------------------------------------


def _reached_before(model: Model, placed: _Placed, others: list[_Placed], found: Findings) -> None:
    """Report a limit where another one counts all that it counts, and allows no more."""
    for other in others:
        if other is not placed and _always_first(model, other, placed, others):
            help = "whoever reaches this one has reached the other before"
            related = ((other.item.span, "the other one"),)
            found.report("idle-limit", placed.item.span, what="`limit`", help=help, related=related)
            return


def _always_first(model: Model, wide: _Placed, narrow: _Placed, order: list[_Placed]) -> bool:
    a, b = wide.item, narrow.item
    assert isinstance(b, nodes.Limit)
    if not isinstance(a, nodes.Limit) or a.counted != b.counted or not _around(model, wide, narrow):
        return False
    if a.subject is not None and (b.subject is None or a.subject.text != b.subject.text):
        return False
    most, least = _number(model, a.count), _number(model, b.count)
    if most is None or least is None or most > least or not _longer(a.window, b.window):
        return False
    # Of two that say the same, the second one is too many.
    same = most == least and _longer(b.window, a.window) and _around(model, narrow, wide)
    subjects = (a.subject is None) == (b.subject is None)
    return not (same and subjects) or order.index(wide) < order.index(narrow)


def _around(model: Model, wide: _Placed, narrow: _Placed) -> bool:
    """Whether a limit counts, and holds for, all contacts that another one does."""
    if _is_exempt(model, narrow, wide):
        return False
    if wide.scope is None:
        return True
    if narrow.scope is None:
        return False
    if wide.via is not None:
        return narrow.scope is wide.scope and narrow.via == wide.via
    if wide.scope.kind == "channel":
        return narrow.scope is wide.scope or narrow.via == wide.scope.name.text
    return narrow.scope.kind != "channel" and model.within(wide.scope.name.text, narrow.scope)


def _is_exempt(model: Model, placed: _Placed, outer: _Placed) -> bool:
    """Whether an `exempt from limits` stands between: it frees what is inside from the limits outside."""
    if placed.scope is None or placed.scope.kind == "channel":
        return False
    for scope in (placed.scope, *model.groups_of(placed.scope)):
        if any(isinstance(item, nodes.Exempt) for item in scope.items):
            other = outer.scope
            if other is None or other.kind == "channel" or not model.within(scope.name.text, other):
                return True
    return False


def _longer(wide: nodes.Window, narrow: nodes.Window) -> bool:
    """Whether a window contains another one, at every moment."""
    if wide.since is not None or narrow.since is not None:
        same = wide.since is not None and narrow.since is not None and wide.since.text == narrow.since.text
        return same or _is_ever(wide)
    if _is_ever(wide) or _is_ever(narrow):
        return _is_ever(wide)
    if wide.calendar is not None:
        return narrow.calendar is not None and wide.calendar in _WITHIN[narrow.calendar]
    assert wide.length is not None
    length = _microseconds(wide.length)
    if narrow.calendar is not None:
        return length >= _LONGEST[narrow.calendar] + HOUR
    assert narrow.length is not None
    return length >= _microseconds(narrow.length)


def _is_ever(window: nodes.Window) -> bool:
    return window.length is None and window.calendar is None and window.since is None


def _microseconds(length: nodes.Quantity) -> float:
    return length.count * UNITS[length.unit]


def _number(model: Model, expr: nodes.Expr) -> float | None:
    read = literal(expr, model.settings.zone)
    return None if read is None or isinstance(read[0], bool | str) else float(read[0])


# --- budgets and rests -----------------------------------------------------------------------------------


def _pays_for_one(model: Model, budget: nodes.Budget, found: Findings) -> None:
    amount, each = _number(model, budget.amount), _number(model, budget.each)
    if amount is not None and each is not None and amount < each:
        found.report(
            "budget-too-small", budget.span, amount=budget.amount.span.text, each=budget.each.span.text
        )


def _ends_before(model: Model, placed: _Placed, found: Findings) -> None:
    """Report a rest of an action that is longer than the action is active."""
    rest, scope = placed.item, placed.scope
    assert isinstance(rest, nodes.Rest)
    if scope is None or scope.kind == "channel" or rest.of is not None:
        return
    for item in scope.items:
        if isinstance(item, nodes.Active) and item.period.start is not None and item.period.end is not None:
            zone = model.settings.zone
            lasts = end_of(item.period.end, zone) - instant(item.period.start, zone)
            if _microseconds(rest.length) >= lasts:
                help = "who has once reached it rests until the end: `limit 1 … ever` says so"
                found.report(
                    "endless-rest",
                    rest.span,
                    related=((item.period.span, "as long as it is active"),),
                    help=help,
                )
