"""Value types and units of the language.

Numbers of every kind (integer, number, money, duration, date, time, clock) are IEEE doubles once a
program runs; the type says what they count:

    integer, number   the value itself (integers are exact within ±2^53)
    money             an amount in one currency
    duration          microseconds
    date              days since 1970-01-01
    time              microseconds since 1970-01-01 00:00 UTC
    clock             microseconds since midnight

Unknown is not a type: whether a value may be unknown is said beside its type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Flag:
    """`flag`: yes or no."""

    def __str__(self) -> str:
        return "flag"


@dataclass(frozen=True, slots=True)
class Integer:
    """`integer`: a whole number, exact within ±2^53."""

    def __str__(self) -> str:
        return "integer"


@dataclass(frozen=True, slots=True)
class Number:
    """`number`, and `probability`, which is a number in 0..1."""

    def __str__(self) -> str:
        return "number"


@dataclass(frozen=True, slots=True)
class Money:
    """`money in EUR`."""

    currency: str

    def __str__(self) -> str:
        return f"money in {self.currency}"


@dataclass(frozen=True, slots=True)
class Duration:
    """`duration`: an exact length of time."""

    def __str__(self) -> str:
        return "duration"


@dataclass(frozen=True, slots=True)
class Date:
    """`date`: a calendar day."""

    def __str__(self) -> str:
        return "date"


@dataclass(frozen=True, slots=True)
class Time:
    """`time`: an instant."""

    def __str__(self) -> str:
        return "time"


@dataclass(frozen=True, slots=True)
class Clock:
    """`clock`: a time of day."""

    def __str__(self) -> str:
        return "clock"


@dataclass(frozen=True, slots=True)
class Text:
    """`text`: Unicode."""

    def __str__(self) -> str:
        return "text"


_NAME = re.compile(r"[^\W\d]\w*")
_ELSE = frozenset("yes no if not one any all none between known unknown never".split())


def spelled(word: str) -> str:
    """A word as it is written: in quotation marks where it is no name, or means something else where words stand."""
    return word if _NAME.fullmatch(word) and word not in _ELSE else quoted(word)


def quoted(text: str) -> str:
    """A text as it is written."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@dataclass(frozen=True, slots=True)
class Words:
    """`one of basic, plus`: one word of a closed set."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"one of {', '.join(map(spelled, self.words))}"


@dataclass(frozen=True, slots=True)
class Set:
    """`any of sport, film`: a set of words of a closed set."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"any of {', '.join(map(spelled, self.words))}"


@dataclass(frozen=True, slots=True)
class Anything:
    """The type of what could not be understood: it agrees with everything, so one mistake makes one message."""

    def __str__(self) -> str:
        return "anything"


Type: TypeAlias = (
    Flag | Integer | Number | Money | Duration | Date | Time | Clock | Text | Words | Set | Anything
)

FLAG, INTEGER, NUMBER = Flag(), Integer(), Number()
DURATION, DATE, TIME, CLOCK, TEXT, ANYTHING = Duration(), Date(), Time(), Clock(), Text(), Anything()

SECOND = 1e6  # durations are microseconds
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

# Units of a duration, in microseconds, under every spelling that the grammar takes.
UNITS: dict[str, float] = {
    "second": SECOND,
    "seconds": SECOND,
    "minute": MINUTE,
    "minutes": MINUTE,
    "hour": HOUR,
    "hours": HOUR,
    "day": DAY,
    "days": DAY,
    "week": WEEK,
    "weeks": WEEK,
}

# Months and years are steps of the calendar, not lengths; counted in months.
CALENDAR_UNITS: dict[str, int] = {"month": 1, "months": 1, "year": 12, "years": 12}

# Days that a window of the calendar can have at most.
LONGEST_DAYS: dict[str, int] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}

# Numbers that a double holds exactly as whole numbers.
EXACT = float(2**53)


def is_numeric(type: Type) -> bool:
    """Whether values of the type are doubles inside a program."""
    return isinstance(type, Integer | Number | Money | Duration | Date | Time | Clock)
