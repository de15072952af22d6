"""What a field can be instead, and how far that is.

Numbers of every kind lie on a `Line`: places that are counted by whole numbers, so that the very next value beyond a
threshold can be found by halving. Whole numbers, days, moments and lengths are next to each other by one of their
unit; numbers and money by one step of a double.

The distance of two values is from 0 to 1, or up to 2 from unknown:

    a range on both sides      their difference by the width of the range
    other numbers              d / (d + s) with their difference d; s is one year for dates, times and lengths, and
                               for numbers and money the size of the present value, at least 1
    words, flags, texts        1
    any of                     the words that come or go, by the number of words
    to unknown or never        1
    from unknown or never      1 more than from 0, or from now
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from nbadsl.program.intervals import declared
from nbadsl.program.nodes import Input, Value
from nbadsl.types import (
    DAY,
    EXACT,
    Clock,
    Date,
    Duration,
    Flag,
    Integer,
    Set,
    Text,
    Time,
    Words,
)

FURTHEST = 1e15  # numbers and money without a range are looked for up to here
_YEAR = 365.0
_MOST_SETS = 8  # words of a set, beyond which not all of its subsets are tried


@dataclass(frozen=True, slots=True)
class Option:
    """A value that a field can have. `distance`: from what it has; `rank`: which of two as far comes first."""

    value: Value
    distance: float
    rank: float


@dataclass(frozen=True, slots=True)
class Line:
    """Numeric values of a field, counted from `low` to `high`."""

    whole: bool
    low: int
    high: int

    def value(self, place: int) -> float:
        return float(place) if self.whole else _double(place)

    def place(self, value: float) -> int:
        return math.floor(value) if self.whole else _ordinal(value)


def line(field: Input, value: Value, given: Mapping[str, Value]) -> Line:
    """The line of a numeric field, with its present value on it. What has happened or never did has not happened later
    than now."""
    low, high = declared(field)
    most = EXACT if _is_whole(field) else FURTHEST
    low, high = max(low, -most), min(high, most)
    if isinstance(field.type, Time | Clock):
        high = min(high, math.nextafter(declared(Input(field.name, field.type))[1], 0))
    if field.never:
        high = min(high, anchor(field, given))
    if isinstance(value, float):
        low, high = min(low, value), max(high, value)
    if _is_whole(field):
        return Line(True, math.ceil(low), math.floor(high))
    return Line(False, _ordinal(low), _ordinal(high))


def _is_whole(field: Input) -> bool:
    return isinstance(field.type, Integer | Date | Time | Clock | Duration)


def _ordinal(value: float) -> int:
    """Doubles, counted: the next one has the next number, and both zeros have 0."""
    (bits,) = struct.unpack("<q", struct.pack("<d", value))
    return int(bits) if bits >= 0 else -(bits & (2**63 - 1))


def _double(ordinal: int) -> float:
    (value,) = struct.unpack("<d", struct.pack("<q", abs(ordinal)))
    return math.copysign(value, ordinal)


# --- distances ---------------------------------------------------------------------------------------------


def anchor(field: Input, given: Mapping[str, Value]) -> float:
    """From where distances are counted when a numeric value is unknown."""
    start: Value = 0.0
    match field.type:
        case Date():
            start = given["today"]
        case Time():
            start = given["now"]
    assert isinstance(start, float)
    low, high = declared(field)
    return min(max(start, low), high)


def option(field: Input, old: Value, new: Value, given: Mapping[str, Value], rank: float = 0.0) -> Option:
    """A value with its distance. `rank`: of values that are no numbers."""
    if new is None:
        return Option(None, 1.0, math.inf)
    if isinstance(new, float):
        if old is None:
            return Option(new, 1.0 + _far(field, anchor(field, given), new), new)
        assert isinstance(old, float)
        return Option(new, _far(field, old, new), new)
    if isinstance(new, frozenset) and isinstance(old, frozenset) and isinstance(field.type, Set):
        return Option(new, len(old ^ new) / len(field.type.words), rank)
    return Option(new, 1.0, rank)


def _far(field: Input, old: float, new: float) -> float:
    away = abs(new - old)
    if field.low is not None and field.high is not None:
        return away / (field.high - field.low) if field.high > field.low else 0.0
    match field.type:
        case Date():
            scale = _YEAR
        case Time() | Duration():
            scale = _YEAR * DAY
        case Clock():
            scale = DAY
        case _:
            scale = max(abs(old), 1.0)
    return away / (away + scale)


# --- values that are no numbers ----------------------------------------------------------------------------


def others(
    field: Input, old: Value, given: Mapping[str, Value], mentioned: tuple[str, ...]
) -> tuple[list[Option], bool]:
    """All values but the present one, save numbers; and whether these are all that can make a difference.

    `mentioned`: texts and words that the program compares the field with.
    """
    unknown = [None] if field.optional or field.never else []
    exact = True
    values: list[Value]
    match field.type:
        case Words(words):
            values = [*words]
        case Set(words):
            values, exact = _sets(words, old, mentioned)
        case Text():
            values = [*dict.fromkeys(mentioned), _another(mentioned)]
        case Flag():
            values = [False, True]
        case _:
            values = []
    found = [option(field, old, value, given, rank) for rank, value in enumerate([*values, *unknown])]
    return [each for each in found if each.value != old], exact


def _another(mentioned: tuple[str, ...]) -> str:
    """A text that is none of some, and holds none of them."""
    text = "…"
    while any(word in text or text in word for word in mentioned if word):
        text += "…"
    return text


def _sets(words: tuple[str, ...], old: Value, mentioned: tuple[str, ...]) -> tuple[list[Value], bool]:
    """Sets with some of the words that tests ask for; the others stay as they are. Of many words, two may change."""
    asked = [word for word in words if word in mentioned]
    kept = (old if isinstance(old, frozenset) else frozenset()) - set(asked)
    found: list[Value] = []
    for number in range(1 << len(asked)) if len(asked) <= _MOST_SETS else ():
        found.append(kept | {word for bit, word in enumerate(asked) if number >> bit & 1})
    if found:
        return found, True
    held = old if isinstance(old, frozenset) else frozenset()
    pairs = [{a, b} for place, a in enumerate(asked) for b in asked[place:]]
    return [held ^ pair for pair in pairs], False
