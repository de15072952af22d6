"""Columns of local times as instants.

A time without a zone is one of the policy's: what the clocks of its time zone showed. Takes a timestamp column
without a zone and gives it in UTC, by the rule that literals of a policy follow (see `Zone.shift`), for all rows
at once.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.program.givens import FIRST_TIME, LAST_TIME
from nbadsl.program.nodes import Input
from nbadsl.types import DAY, SECOND, Time
from nbadsl.zone import Zone, zone

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
_FIRST, _LAST = int(FIRST_TIME), int(LAST_TIME)
_FARTHEST = 2**62  # in any unit far outside the calendar, and shifting it stays within 64 bits


def is_local(type: pa.DataType, field: Input) -> bool:
    """Whether a field's column has times without a zone."""
    return isinstance(field.type, Time) and pa.types.is_timestamp(type) and type.tz is None


def in_utc(type: pa.DataType) -> pa.DataType:
    """The type of a column of local times after `instants`: never finer than the language's microseconds."""
    return pa.timestamp("us" if type.unit == "ns" else type.unit, "UTC")


def instants(column: pa.Array, field: Input) -> pa.Array:
    """A field's column without a zone, in UTC. Finer digits than microseconds are cut off (rounded down)."""
    counts = column.view(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    if column.type.unit == "ns":
        counts = counts // 1_000
    type = in_utc(column.type)
    per_second = PER_SECOND[type.unit]
    counts = np.clip(counts, -_FARTHEST, _FARTHEST)
    seconds = _shifts(counts * (SECOND / per_second), zone(field.zone)) // SECOND
    shifted = counts - seconds.astype(np.int64) * per_second
    return pa.array(shifted, mask=column.is_null().to_numpy(zero_copy_only=False)).view(type)


def microseconds(column: pa.Array) -> NDArray[np.int64]:
    """Instants as microseconds since 1970, 0 for null. Finer digits are cut off (rounded down), and what is outside the
    calendar, which is bad data, is at its edge."""
    counts: NDArray[np.int64] = column.view(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    if column.type.unit == "ns":
        return counts // 1_000
    factor = int(SECOND) // PER_SECOND[column.type.unit]
    return np.clip(counts, _FIRST // factor, _LAST // factor) * factor


def _shifts(wall: NDArray[np.float64], zone: Zone) -> NDArray[np.float64]:
    """`Zone.shift` of many local times, in microseconds."""
    starts, offsets = np.array(zone.starts), np.array(zone.offsets)

    def offset(times: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = offsets[np.searchsorted(starts, times, side="right") - 1]
        return found

    before, after = offset(wall - DAY), offset(wall + DAY)
    is_later = (offset(wall - before) != before) & (offset(wall - after) == after)
    return np.where(is_later, after, before)
