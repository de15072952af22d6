"""Values of the language as Arrow columns, and back: for explanations and text read from files.

`column` writes values of a field as a chosen type; `from_arrow` takes one person out of a batch as a
record that `read_record` reads. What a batch says of a person and what the record says is the same, down
to the values that are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import nextafter
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types as kinds

from nbadsl.data.schema import column_of
from nbadsl.program.nodes import Input, Value
from nbadsl.types import DAY, Duration
from nbadsl.zone import EPOCH, EPOCH_ORDINAL

# How many of a unit make a second.
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
# NumPy takes the least count for "no time"; the next one is as far out of every range.
_NOT_NAT = 1 - 2**63
_MILLISECONDS = int(DAY) // 1_000  # of a day


def column(values: Sequence[Value], field: Input, type: pa.DataType) -> pa.Array:
    """Values of a field as an array of an Arrow type that the field takes."""
    scaled = isinstance(field.type, Duration) and not kinds.is_duration(type) and field.unit is not None
    if scaled:
        values = [None if v is None else _unscaled(_number(v), field.unit or 1.0) for v in values]
    if kinds.is_temporal(type):
        counts = [None if v is None else _count(_number(v), type) for v in values]
        storage = pa.int32() if type.bit_width == 32 else pa.int64()
        return pa.array(counts, storage).view(type)
    if kinds.is_integer(type):
        return pa.array([None if v is None else _whole(_number(v)) for v in values], type)
    if kinds.is_decimal(type):
        return pa.array([None if v is None else _decimal(_number(v), type.scale) for v in values], type)
    if kinds.is_float16(type):
        return pa.array([None if v is None else np.float16(_number(v)) for v in values], type)
    return pa.array([sorted(v) if isinstance(v, frozenset) else v for v in values], type)


def _number(value: Value) -> float:
    assert isinstance(value, float)
    return value


def _whole(value: float) -> int:
    if not value.is_integer():
        raise ValueError(f"{value} is not whole")
    return int(value)


def _decimal(value: float, scale: int) -> Decimal:
    """The decimal of so many places that is read as this double."""
    decimal = Decimal(f"{value:.{scale}f}")
    if float(decimal) != value:
        raise ValueError(f"{value} has more than {scale} decimal places")
    return decimal


def _unscaled(value: float, unit: float) -> float:
    """A number that is read as this value when it counts units."""
    near = value / unit
    for number in (near, nextafter(near, float("inf")), nextafter(near, float("-inf"))):
        if number * unit == value:
            return number
    raise ValueError(f"{value} is no number of {unit}")


def _count(value: float, type: pa.DataType) -> int:
    """Days for date32, milliseconds for date64, else the type's own units for microseconds."""
    if kinds.is_date32(type):
        return _whole(value)
    if kinds.is_date64(type):
        return _whole(value) * _MILLISECONDS
    per_second = PER_SECOND[type.unit]
    if per_second == PER_SECOND["ns"]:
        return _whole(value) * 1_000
    count, rest = divmod(_whole(value), PER_SECOND["us"] // per_second)
    if rest:
        raise ValueError(f"{value} µs is no whole number of {type.unit}")
    return count


# --- back ------------------------------------------------------------------------------------------


def from_arrow(batch: pa.RecordBatch | pa.Table, inputs: Iterable[Input], row: int) -> dict[str, Any]:
    """One person of a batch as a record: field name to Python value, None for null and for absent columns.

    Raises IndexError for a row that is not there.
    """
    if not 0 <= row < batch.num_rows:
        raise IndexError(f"there is no row {row} among {batch.num_rows}")
    return {
        f.name: python_value(batch.column(column_of(f))[row]) if column_of(f) in batch.schema.names else None
        for f in inputs
    }


def python_value(scalar: pa.Scalar) -> Any:
    """A cell as Python has it: what Python's own kinds cannot hold, as NumPy's or as bytes."""
    if not scalar.is_valid:
        return None
    type = scalar.type
    if kinds.is_dictionary(type):
        return python_value(scalar.value)
    if kinds.is_date32(type):
        return _moment(scalar.value, "D")
    if kinds.is_date64(type):
        return _moment(scalar.value // _MILLISECONDS, "D")
    if kinds.is_timestamp(type):
        moment = _moment(scalar.value, type.unit)
        # What has no zone keeps none.
        return moment.replace(tzinfo=None) if type.tz is None and isinstance(moment, datetime) else moment
    if kinds.is_time(type):
        return _time_of_day(scalar.value, type.unit)
    if kinds.is_duration(type):
        return _length(scalar.value, type.unit)
    if kinds.is_list(type) or kinds.is_large_list(type):
        return [python_value(item) for item in scalar.values] if scalar.values is not None else []
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return bytes(scalar.as_buffer())


def _moment(count: int, unit: str) -> Any:
    """A date or datetime, or a datetime64 outside the years that Python knows."""
    try:
        if unit == "D":
            return date.fromordinal(count + EPOCH_ORDINAL)
        return EPOCH + timedelta(microseconds=_microseconds(count, unit))
    except (OverflowError, ValueError):
        return np.array(max(count, _NOT_NAT), f"datetime64[{unit}]")[()]


def _length(count: int, unit: str) -> Any:
    """A timedelta, or a timedelta64 where that would be too long."""
    try:
        return timedelta(microseconds=_microseconds(count, unit))
    except OverflowError:
        return np.array(max(count, _NOT_NAT), f"timedelta64[{unit}]")[()]


def _time_of_day(count: int, unit: str) -> time | int:
    """A time, or the bare count if the day has no such time."""
    moment = _microseconds(count, unit)
    return (EPOCH + timedelta(microseconds=moment)).time() if 0 <= moment < DAY else count


def _microseconds(count: int, unit: str) -> int:
    if unit == "ns":
        return count // 1_000
    return count * (PER_SECOND["us"] // PER_SECOND[unit])
