"""Calendar arithmetic on day numbers and instants, by Python's own proleptic Gregorian calendar.

Takes doubles as programs hold them (days since 1970-01-01, microseconds since 1970 UTC); gives a double,
or None where a date is outside years 1..9999, which is exactly what `datetime.date` can hold. Everything
is integer arithmetic after flooring, so no rounding can move a moment over midnight.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Sequence
from datetime import date

from nbadsl.types import DAY
from nbadsl.zone import EPOCH_ORDINAL, Zone

_DAY = int(DAY)


def operate(op: str, values: Sequence[float], zone: Zone) -> float | None:
    """The result of a `Calendar` operation on known values; None where it is undefined."""
    try:
        return float(_operate(op, [math.floor(value) for value in values], zone))
    except (ValueError, OverflowError):  # from `date`: not in years 1..9999
        return None


def _operate(op: str, values: list[int], zone: Zone) -> int:
    match op:
        case "year":
            return day(values[0]).year
        case "month":
            return day(values[0]).month
        case "day":
            return day(values[0]).day
        case "weekday":
            return day(values[0]).isoweekday()
        case "local_date":
            return _number(day(_local(values[0], zone) // _DAY))
        case "local_clock":
            local = _local(values[0], zone)
            day(local // _DAY)  # undefined on days that the calendar does not have
            return local % _DAY
        case "midnight":
            return int(zone.midnight(float(_number(day(values[0])))))
        case "add_months":
            return _number(add_months(day(values[0]), values[1]))
        case "months_between":
            return months_between(day(values[0]), day(values[1]))
    raise AssertionError(op)


def _local(time: int, zone: Zone) -> int:
    """Microseconds since 1970-01-01 00:00 on the wall clock of the zone."""
    return time + int(zone.offset(float(time)))


def day(number: int) -> date:
    """The date of a day number. Raises ValueError or OverflowError outside years 1..9999."""
    return date.fromordinal(number + EPOCH_ORDINAL)


def _number(day: date) -> int:
    return day.toordinal() - EPOCH_ORDINAL


def add_months(start: date, months: int) -> date:
    """The same day of the month, some months later or earlier; the month's last day where it is too short."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def months_between(first: date, second: date) -> int:
    """Whole months from the first day to the second, floored: an unfinished month does not count."""
    months = (second.year - first.year) * 12 + second.month - first.month
    return months - (second.day < first.day)
