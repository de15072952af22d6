"""Which values a field may have: one set of rules for a person in a dict and for a million in a file.

Takes a field as the policy declares it (`nodes.Input`) and a value of the language (`nodes.Value`), and
says what is wrong with the value, if anything. What was read from where is the business of others:
`records` reads Python values, `csv_text` reads text, the engine reads Arrow columns in place. All keep
these rules, so that a person is refused by all of them or by none:

    null       only where the field is `optional` or `or never`
    integer    whole, and no further from 0 than 2^53
    number, money, a duration in numbers    finite: neither NaN nor infinite
    date, time in the years 1 to 9999 (UTC)
    time, duration     whole microseconds; finer digits are cut off (rounded down), and what a double
               does not hold exactly is refused (after 2255 and before 1684 that is a matter of digits:
               9999-12-31 23:59:59 is exact, one microsecond later is not); a duration is shorter than
               2^62 microseconds, which are 146,000 years
    clock      from 00:00 up to, not including, 24:00
    text       valid Unicode
    one of     a declared word; any of: declared words only, no nulls among them; repeats do no harm
    range      `in low..high`, both included, compared as doubles after reading

A time without a zone is in the policy's (`Input.zone`). An unknown value has no range to keep.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import assert_never

from nbadsl.diagnostics.suggest import nearest
from nbadsl.mistake import Mistake
from nbadsl.program.givens import FIRST_TIME, LAST_TIME, shown
from nbadsl.program.nodes import Input, Value
from nbadsl.types import (
    DAY,
    EXACT,
    UNITS,
    Anything,
    Clock,
    Date,
    Duration,
    Flag,
    Integer,
    Money,
    Number,
    Set,
    Text,
    Time,
    Words,
)


class BadData(Mistake, ValueError):
    """Data that no run can start with, or go on with. `problems`: one sentence each, all in the message."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class BadValue(Mistake, ValueError):
    """A value that its field does not take, with a message like `130 is not a whole number from 0 to 120`."""


def check(field: Input, value: Value) -> None:
    """Raise `BadValue` unless a field may have this value of the language."""
    if value is None:
        if not (field.optional or field.never):
            raise BadValue(f"nothing is given, {expected(field)} is needed")
    elif not fits(field, value):
        raise refusal(field, show(field, value))


def fits(field: Input, value: bool | float | str | frozenset[str]) -> bool:
    """Whether a known value is one of the field's type, within `in low..high`."""
    if isinstance(value, float):
        fits, low, high = _NUMBERS.get(type(field.type)), field.low, field.high
        return (
            fits is not None
            and fits(value)
            and (low is None or value >= low)
            and (high is None or value <= high)
        )
    match field.type, value:
        case Flag(), bool():
            return True
        case Text(), str():
            return is_unicode(value)
        case Words(words), str():
            return value in words
        case Set(words), frozenset():
            return value <= set(words)
    return False


# By type: whether it has a number. A table, for every field of every person is asked.
_NUMBERS: dict[type, Callable[[float], bool]] = {
    Number: isfinite,
    Money: isfinite,
    Duration: isfinite,
    Integer: lambda value: value.is_integer() and abs(value) <= EXACT,
    Date: lambda value: FIRST_TIME <= value * DAY < LAST_TIME,
    Time: lambda value: FIRST_TIME <= value < LAST_TIME,
    Clock: lambda value: 0 <= value < DAY,
}


def is_unicode(text: str) -> bool:
    """Whether a text has no halves of surrogate pairs, which no file can hold."""
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)


def refusal(field: Input, shown: str, hint: str = "") -> BadValue:
    """The error for a value, with advice for words that were nearly right."""
    if not hint and isinstance(field.type, Words | Set):
        hint = _nearest_word(field.type.words, shown)
    return BadValue(f"{shown} is not {expected(field)}" + (f"; {hint}" if hint else ""))


def _nearest_word(words: tuple[str, ...], shown: str) -> str:
    for part in shown.strip('"').split(", "):
        if part not in words:
            near = nearest(part, words)
            return f'did you mean "{near}"?' if near else ""
    return ""


# --- words for people ----------------------------------------------------------------------------


def expected(field: Input) -> str:
    """What a field takes, in the author's words: `a whole number from 0 to 120`."""
    return noun(field) + _range(field)


def noun(field: Input) -> str:
    """What a field takes, whatever its range."""
    match field.type:
        case Flag():
            return "yes or no"
        case Integer():
            return "a whole number"
        case Number():
            return "a number"
        case Money(currency):
            return f"an amount in {currency}"
        case Duration():
            unit = unit_name(field)
            return f"a number of {unit}" if unit else "a length of time"
        case Date():
            return "a day"
        case Time():
            return "a moment in time"
        case Clock():
            return "a time of day"
        case Text():
            return "text"
        case Words() | Set():
            return str(field.type)
        case Anything():
            return "anything"
        case _:
            assert_never(field.type)


def _range(field: Input) -> str:
    match field.low, field.high:
        case None, None:
            return ""
        case float() as low, None:
            return f" from {show(field, low)}"
        case None, float() as high:
            return f" up to {show(field, high)}"
        case low, high:
            return f" from {show(field, low)} to {show(field, high)}"


def unit_name(field: Input) -> str:
    """The unit that a plain number counts, `days`, or nothing when the field has none."""
    names = [name for name, length in UNITS.items() if length == field.unit and name.endswith("s")]
    return names[0] if names else ""


def show(field: Input, value: Value) -> str:
    """A value of the language as its author would write it, texts and words in quotes, not too long."""
    match value:
        case str():
            return quoted(value)
        case frozenset():
            return quoted(", ".join(sorted(value)))
        case float() if not isfinite(value):
            return str(value)
        case _:
            return shown(value, field.type)


def quoted(text: str) -> str:
    """A text in quotes, at most its first 80 characters."""
    return f'"{text}"' if len(text) <= 80 else f'"{text[:80]}…"'
