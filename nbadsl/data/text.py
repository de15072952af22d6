"""Values written as text: in a CSV file, in JSON, at a prompt.

Takes a field and the text in one cell, and gives the value of the language; raises `BadValue` for text
that is no such value. Ranges and declared words are the business of `rules.check`.

    flag        yes no true false 1 0, in any case
    integer     12, -3, +3, 30.0 (whole, whatever its spelling); number and money: 12.5, .5, 1e3
    date        2026-11-21, or 21.11.2026
    time        2026-11-21, 2026-11-21 10:00, 2026-11-21T10:00:00.5, with Z or +02:00; without: in the field's zone
    clock       21:00, 21:00:30
    duration    14 days, 1.5 hours, or P14D, PT1H30M as in ISO 8601; where the field names a unit: a
                number of it
    one of      the word; any of: words with | between them, `sport|film`
    text        as it stands

Blanks around a value do not count, except in `text`. Nothing between two commas is null. Quoted nothing
("") is an empty text, an empty set, and null for all other types; a set that is not optional is empty
in both cases, as there is no other way to be "none of them". Nothing else means null: NULL, NA or - are
refused where they are no value, so that no mark of another tool is taken for one.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from math import floor
from typing import assert_never

from nbadsl.data.rules import refusal
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
from nbadsl.zone import EPOCH_ORDINAL, zone

FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
SEPARATOR = "|"

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_DOTTED = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})", re.ASCII)  # day first, wherever there are points
_COMMA = re.compile(r"[0-9],[0-9]", re.ASCII)
_DAY_FIRST = re.compile(r"\d\d?[./-]\d\d?[./-]\d{2,4}", re.ASCII)
_CLOCK = r"(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?"
_TIME = re.compile(
    rf"(\d{{4}}-\d\d-\d\d|\d\d?\.\d\d?\.\d{{4}})(?:[T ]{_CLOCK}(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?)?", re.ASCII
)
_TIME_OF_DAY = re.compile(_CLOCK, re.ASCII)
_DURATION = re.compile(r"(\S+)\s+([a-z]+)", re.ASCII)
_ISO_DURATION = re.compile(
    r"(-?)P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII
)
# Microseconds, some 146,000 years: whatever is shorter, Arrow holds in any unit.
LONGEST = 2**62


def read_text(field: Input, text: str | None) -> Value:
    """The value of a cell; None is an empty one. Raises BadValue."""
    if text is None:
        return frozenset() if isinstance(field.type, Set) and not field.optional else None
    if isinstance(field.type, Text):
        return text
    text = text.strip()
    if isinstance(field.type, Set):
        return frozenset(word.strip() for word in text.split(SEPARATOR)) if text else frozenset()
    if not text:
        return None
    try:
        return _read(field, text)
    except (ValueError, ArithmeticError) as error:
        raise refusal(field, f'"{text}"', advice(field, text)) from error


def advice(field: Input, text: str) -> str:
    """What to do about a value as spreadsheets of many countries write it."""
    match field.type:
        case Integer() | Number() | Money() | Duration():
            if _COMMA.search(text):
                return "decimals stand behind a point, with nothing between thousands: 1024.50"
        case Date() | Time():
            if _DAY_FIRST.match(text) and not _DOTTED.match(text):
                return "a day is year, month and day: 2026-02-28"
    return ""


def _read(field: Input, text: str) -> Value:
    match field.type:
        case Flag():
            return flag(text)
        case Integer():
            return whole(text)
        case Number() | Money():
            return number(text)
        case Duration():
            return duration(text) if field.unit is None else number(text) * field.unit
        case Date():
            return day(text)
        case Time():
            return exact(moment(text, field.zone))
        case Clock():
            return clock(text)
        case Text() | Words() | Anything():
            return text
        case Set():
            raise AssertionError("sets are read before")
        case _:
            assert_never(field.type)


def flag(text: str) -> bool:
    """Yes or no. Raises ValueError, as the functions below do, for text that is neither."""
    if text.lower() not in FLAGS:
        raise ValueError(text)
    return FLAGS[text.lower()]


def number(text: str) -> float:
    """A decimal number, correctly rounded to a double. Too large a number is infinite."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def whole(text: str) -> float:
    """A whole number within ±2^53."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    value = Decimal(text)
    # The size first: 1e999999 written out would fill the memory.
    if abs(value) > EXACT or value != value.to_integral_value():
        raise ValueError(text)
    return float(int(value))


def day(text: str) -> float:
    """Days since 1970 of a date of the years 1 to 9999."""
    if parts := _DATE.fullmatch(text):
        year, month, day = parts.groups()
    elif parts := _DOTTED.fullmatch(text):
        day, month, year = parts.groups()
    else:
        raise ValueError(text)
    return float(date(int(year), int(month), int(day)).toordinal() - EPOCH_ORDINAL)


def moment(text: str, name: str) -> int:
    """Microseconds since 1970 UTC of a date and time; one without a zone is in the one of a name. Finer digits
    are cut off."""
    parts = _TIME.fullmatch(text)
    if not parts:
        raise ValueError(text)
    of_day = _microseconds(*parts.group(2, 3, 4, 5)) if parts[2] else 0
    wall = int(day(parts[1])) * int(DAY) + of_day
    if not parts[6] and not parts[8]:
        return wall - int(zone(name).shift(wall))
    shift = _microseconds(parts[8], parts[9], None, None) if parts[8] else 0
    return wall - (-shift if parts[7] == "-" else shift)


def clock(text: str) -> float:
    """Microseconds since midnight of a time of day with hours and minutes."""
    parts = _TIME_OF_DAY.fullmatch(text)
    if not parts or not parts[2]:
        raise ValueError(text)
    return float(_microseconds(*parts.groups()))


def _microseconds(hour: str, minute: str | None, second: str | None, fraction: str | None) -> int:
    h, m, s = int(hour), int(minute or 0), int(second or 0)
    if h > 23 or m > 59 or s > 59:
        raise ValueError("there is no such time of day")
    return ((h * 60 + m) * 60 + s) * 1_000_000 + int((fraction or "")[:6].ljust(6, "0"))


def duration(text: str) -> float:
    """Whole microseconds of a length of time in the language's units, `14 days`, or in those of ISO 8601."""
    iso = _ISO_DURATION.fullmatch(text)
    parts = _DURATION.fullmatch(text)
    if iso:
        units = (UNITS[name] for name in ("weeks", "days", "hours", "minutes", "seconds"))
        size = sum(
            (Decimal(n or 0) * int(unit) for n, unit in zip(iso.groups()[1:], units, strict=True)), Decimal(0)
        )
        length = -size if iso[1] else size
    elif parts and parts[2] in UNITS and _NUMBER.fullmatch(parts[1]):
        length = Decimal(parts[1]) * int(UNITS[parts[2]])
    else:
        raise ValueError(text)
    if abs(length) >= LONGEST:
        raise ValueError(text)
    return exact(floor(length))


def exact(microseconds: int) -> float:
    """Whole microseconds as a double. Raises ValueError where the double would be another number."""
    if abs(microseconds) >= LONGEST or int(float(microseconds)) != microseconds:
        raise ValueError("more digits than a number of the language holds")
    return float(microseconds)
