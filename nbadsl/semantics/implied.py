"""Limits that another one always reaches first: it counts all that they count, over as long a time, and allows no more.

A rest after a single contact is a limit of one for the person, over as long as it lasts. Other rests are compared among
themselves, and budgets are.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.semantics.constants import literal
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes
from nbadsl.types import DAY, HOUR, LONGEST_DAYS, UNITS

Contact = nodes.Limit | nodes.Rest | nodes.Budget

# The periods of the calendar that each one is always within.
_WITHIN = {
    "day": ("day", "week", "month", "quarter", "year"),
    "week": ("week",),
    "month": ("month", "quarter", "year"),
    "quarter": ("quarter", "year"),
    "year": ("year",),
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A limit, rest or budget, and the action, group or channel where it stands (None: outside any block). `via`: the
    channel in whose block of an action it stands."""

    item: Contact
    scope: nodes.Scope | None
    via: str | None = None


@dataclass(frozen=True, slots=True)
class _AtMost:
    """So many contacts with one value of a subject (None: of everybody) in a window."""

    most: float
    outcome: str
    subject: str | None
    window: nodes.Window


def implies(model: Model, wide: Placed, narrow: Placed) -> bool:
    """Whether one has no room wherever another one has none."""
    if not _around(model, wide, narrow) or not _around(model, _counted(model, wide), _counted(model, narrow)):
        return False
    match wide.item, narrow.item:
        case nodes.Budget() as a, nodes.Budget() as b:
            return _spends_first(model, a, b)
        case nodes.Rest() as a, nodes.Rest() as b:
            return _rests_as_long(a, b)
    first, second = _at_most(model, wide.item), _at_most(model, narrow.item)
    return first is not None and second is not None and _reaches_first(first, second)


def _counted(model: Model, placed: Placed) -> Placed:
    """The same limit at the block whose contacts it counts."""
    item = placed.item
    if isinstance(item, nodes.Rest) and item.of is not None:
        return Placed(item, model.scopes.get(item.of.text))
    return placed


# --- what they allow ---------------------------------------------------------------------------------------


def _at_most(model: Model, item: Contact) -> _AtMost | None:
    """What a limit, or a rest after one contact, allows; None where nothing is known of it."""
    match item:
        case nodes.Limit():
            most = number(model, item.count)
            subject = None if item.subject is None else item.subject.text
            return None if most is None else _AtMost(most, item.counted, subject, item.window)
        case nodes.Rest() if _times(item) == 1 and model.profile is not None:
            window = nodes.Window(item.length, None, None, item.span)
            return _AtMost(1, item.outcome, model.profile.name.text, window)
    return None


def _reaches_first(a: _AtMost, b: _AtMost) -> bool:
    return (
        a.outcome == b.outcome
        and (a.subject is None or a.subject == b.subject)
        and a.most <= b.most
        and _longer(a.window, b.window)
    )


def _rests_as_long(a: nodes.Rest, b: nodes.Rest) -> bool:
    """Whether one rest holds whenever another one does."""
    return (
        a.outcome == b.outcome
        and microseconds(a.length) >= microseconds(b.length)
        and _times(a) <= _times(b)
        and _together(a) >= _together(b)
    )


def _times(rest: nodes.Rest) -> float:
    return 1 if rest.count is None else rest.count.value


def _together(rest: nodes.Rest) -> float:
    """Within how long its contacts must come."""
    return float("inf") if rest.within is None or _times(rest) == 1 else microseconds(rest.within)


def _spends_first(model: Model, a: nodes.Budget, b: nodes.Budget) -> bool:
    """Whether one budget cannot pay for a contact whenever another one cannot."""
    amount, cost = number(model, a.amount), number(model, a.each)
    other_amount, other_cost = number(model, b.amount), number(model, b.each)
    if amount is None or cost is None or other_amount is None or other_cost is None:
        return False
    same = a.outcome == b.outcome and _longer(a.window, b.window)
    return same and amount <= other_amount and cost >= other_cost


def number(model: Model, expr: nodes.Expr) -> float | None:
    """The value of a literal number or amount of money."""
    read = literal(expr, model.settings.zone)
    return None if read is None or isinstance(read[0], bool | str) else float(read[0])


def microseconds(length: nodes.Quantity) -> float:
    return length.count * UNITS[length.unit]


# --- what they hold for ------------------------------------------------------------------------------------


def _around(model: Model, wide: Placed, narrow: Placed) -> bool:
    """Whether a limit counts, and holds for, all contacts that another one does."""
    if is_exempt(model, narrow.scope, wide.scope):
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


def is_exempt(model: Model, inner: nodes.Scope | None, outer: nodes.Scope | None) -> bool:
    """Whether an `exempt from limits` stands between: it frees what is inside from the limits outside."""
    if inner is None or inner.kind == "channel":
        return False
    for scope in (inner, *model.groups_of(inner)):
        if any(isinstance(item, nodes.Exempt) for item in scope.items):
            if outer is None or outer.kind == "channel" or not model.within(scope.name.text, outer):
                return True
    return False


# --- windows -----------------------------------------------------------------------------------------------


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
    length = microseconds(wide.length)
    if narrow.calendar is not None:
        # With the hour that clocks may be put back.
        return length >= LONGEST_DAYS[narrow.calendar] * DAY + HOUR
    assert narrow.length is not None
    return length >= microseconds(narrow.length)


def _is_ever(window: nodes.Window) -> bool:
    return window.length is None and window.calendar is None and window.since is None
