"""Limits, rests, budgets and quiet hours of a block: number, window, subject, scope.

Fewer of a contact's chances is tightened: a smaller number, a longer window or rest. Where two of these go against each
other, no direction is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from nbadsl.difference.change import LOOSENED, TIGHTENED, Change, by_way_of, change
from nbadsl.difference.shape import shape
from nbadsl.difference.sides import Sides, effect_of, matched
from nbadsl.lint.compare import at_least
from nbadsl.syntax import nodes
from nbadsl.types import UNITS

Limit: TypeAlias = nodes.Limit | nodes.Rest | nodes.Budget | nodes.Quiet


def limits(sides: Sides, subject: str, old: list[Limit], new: list[Limit]) -> Iterator[Change]:
    """What differs between the limits of a block."""
    keys = (
        shape,
        lambda item: (type(item), shape(_what(item))),
        type,
    )
    for a, b in matched(old, new, keys):
        if a is None:
            assert b is not None
            yield change(subject, "limit", b.span.words, None, b, TIGHTENED)
        elif b is None:
            yield change(subject, "limit", a.span.words, a, None, LOOSENED)
        else:
            yield from _both(sides, subject, a, b)


def _what(item: Limit) -> object:
    """What a limit is about, however many and how long."""
    match item:
        case nodes.Limit():
            return item.counted, item.subject, kind(item.window)
        case nodes.Rest():
            return item.outcome, item.of
        case nodes.Budget():
            return item.outcome, kind(item.window)
        case nodes.Quiet():
            return item.by


def kind(window: nodes.Window) -> object:
    """The sort of a window, and all of it but its length."""
    return window.length is None, window.calendar, window.since


def _both(sides: Sides, subject: str, old: Limit, new: Limit) -> Iterator[Change]:
    effect, text = _effect(sides, old, new), new.span.words
    if shape(old) != shape(new):
        text += f" instead of {old.span.words.partition(' ')[2]}"
        yield change(subject, "limit", text, old, new, effect)
    elif through := sides.through(old, new):
        yield by_way_of(change(subject, "limit", text, old, new, effect), through)


def _effect(sides: Sides, old: Limit, new: Limit) -> str:
    if shape(_rest_of(old)) != shape(_rest_of(new)):
        return ""
    found = list(_sizes(sides, old, new))
    return effect_of(any(fewer for fewer, _ in found), any(more for _, more in found))


def _rest_of(item: Limit) -> object:
    """Everything about a limit whose direction is not told by `_sizes`."""
    match item:
        case nodes.Limit():
            return item.counted, item.subject, kind(item.window), item.unknown
        case nodes.Rest():
            return item.outcome, item.of, item.within is None
        case nodes.Budget():
            return item.outcome, kind(item.window)
        case nodes.Quiet():
            return item


Sizes: TypeAlias = tuple[bool, bool]
"""Whether one size of a limit leaves room for fewer contacts now, and whether for more."""


def _sizes(sides: Sides, old: Limit, new: Limit) -> Iterator[Sizes]:
    match old, new:
        case nodes.Limit(), nodes.Limit():
            yield _amount(sides, old.count, new.count)
            yield length(old.window.length, new.window.length)
        case nodes.Budget(), nodes.Budget():
            yield _amount(sides, old.amount, new.amount)
            yield _amount(sides, new.each, old.each, turned=True)
            yield length(old.window.length, new.window.length)
        case nodes.Rest(), nodes.Rest():
            yield length(old.length, new.length)
            before, after = (r.count.value if r.count else 1 for r in (old, new))
            yield after < before, after > before
            yield length(old.within, new.within)


def length(old: nodes.Quantity | None, new: nodes.Quantity | None) -> Sizes:
    """A longer one leaves less room."""
    if old is None or new is None:
        return False, False
    before, after = (q.count * UNITS[q.unit] for q in (old, new))
    return after > before, after < before


def _amount(sides: Sides, old: nodes.Expr, new: nodes.Expr, turned: bool = False) -> Sizes:
    """A smaller one leaves less room; both when neither follows. `turned`: the first is the new policy's."""
    readers = (sides.meanings.new, sides.meanings.old) if turned else (sides.meanings.old, sides.meanings.new)
    a, b = readers[0].read(old), readers[1].read(new)
    if a is b:
        return False, False
    facts = sides.meanings.facts.renewed()
    smaller, larger = at_least(facts, a, b), at_least(facts, b, a)
    return (True, True) if smaller == larger else (smaller, larger)
