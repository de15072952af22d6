"""Values as JSON has them: what `records` reads back as the very same value.

Numbers are written so that they read back the same, whole ones without a point; days, moments (UTC, with microseconds)
and times of day in ISO 8601, lengths in seconds, or in the field's own unit; sets as sorted lists; unknown is null.
"""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

from nbadsl.program.nodes import Input, Value
from nbadsl.types import EXACT, SECOND, Clock, Date, Duration, Time
from nbadsl.zone import EPOCH, EPOCH_DAY

Plain: TypeAlias = bool | int | float | str | list[str] | None


def plain(field: Input, value: Value) -> Plain:
    """A value of a field as JSON."""
    match value:
        case frozenset():
            return sorted(value)
        case float():
            return _number(field, value)
    return value


def plain_time(value: float) -> str:
    """A moment (µs since 1970) in ISO 8601, to the microsecond, in UTC."""
    moment = EPOCH + timedelta(microseconds=int(value))
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _number(field: Input, value: float) -> int | float | str:
    match field.type:
        case Date():
            return (EPOCH_DAY + timedelta(days=int(value))).isoformat()
        case Time():
            return plain_time(value)
        case Clock():
            return (EPOCH + timedelta(microseconds=int(value))).time().isoformat(timespec="microseconds")
        case Duration() if field.unit is not None:
            return _short(value / field.unit)
        case Duration():
            return f"{Decimal(int(value)) / int(SECOND):f} seconds"
    return _short(value)


def _short(value: float) -> int | float:
    negative_zero = value == 0 and math.copysign(1.0, value) < 0
    return int(value) if value.is_integer() and abs(value) <= EXACT and not negative_zero else value
