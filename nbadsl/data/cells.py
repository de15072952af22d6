"""Columns of text into columns of values, in one go where possible, cell by cell where needed.

Takes a field and a text array; gives an array of `schema.arrow_type` and which rows held text that is no
such value (these are null). The meaning of a cell is that of `text.read_text`. Arrow's own
conversions agree with it on the plain spellings and are fast; a column in which they fail anywhere, or
say more than `read_text` would, is converted anew, each distinct text once.
"""

from __future__ import annotations

from math import isfinite
from typing import assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.data import rules
from nbadsl.data.arrow import column
from nbadsl.data.schema import arrow_type
from nbadsl.data.text import number, read_text
from nbadsl.program.givens import FIRST_TIME, LAST_TIME
from nbadsl.program.nodes import Input, Value
from nbadsl.types import (
    DAY,
    NUMBER,
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
    is_numeric,
)

Mask = NDArray[np.bool_]


def convert(field: Input, cells: pa.Array) -> tuple[pa.Array, Mask | None]:
    """Values of a field from text, and the mask [n] of rows that are unreadable (None: there are none).

    `cells`: a string array of valid UTF-8, null for empty cells.
    """
    if isinstance(field.type, Text):
        return cells, None
    values = _at_once(field, cells)
    return (values, None) if values is not None else _one_by_one(field, cells)


def _at_once(field: Input, cells: pa.Array) -> pa.Array | None:
    """All cells by Arrow's conversion, or None where that cannot be trusted with one of them."""
    try:
        match field.type:
            case Integer():
                # Arrow reads 0x1F as a number.
                hexadecimal = (
                    pc.any(pc.match_substring(cells, "x")).as_py()
                    or pc.any(pc.match_substring(cells, "X")).as_py()
                )
                return None if hexadecimal else pc.cast(cells, pa.int64())
            case Number() | Money():
                return _finite(pc.cast(cells, pa.float64()))
            case Duration():
                return None if field.unit is None else _finite(pc.cast(cells, pa.float64()))
            case Date():
                return _within(pc.cast(cells, pa.date32()), pa.int32(), FIRST_TIME / DAY, LAST_TIME / DAY)
            case Time():
                return _within(_times(cells), pa.int64(), FIRST_TIME, LAST_TIME)
            case Flag() | Clock() | Words() | Set() | Text() | Anything():
                return None  # few distinct texts
            case _:
                assert_never(field.type)
    except pa.ArrowInvalid:
        return None


def _times(cells: pa.Array) -> pa.Array:
    """Moments of a column that has a zone in all cells or in none."""
    try:
        return pc.cast(cells, pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return pc.cast(cells, pa.timestamp("us", "UTC"))


def _finite(numbers: pa.Array) -> pa.Array | None:
    return numbers if np.isfinite(numbers.drop_null().to_numpy()).all() else None


def _within(values: pa.Array, storage: pa.DataType, first: float, end: float) -> pa.Array | None:
    """Days or microseconds, if all lie in the years of the language and are exact as doubles."""
    counts = values.view(storage).drop_null().to_numpy()
    exact = counts.astype(np.float64)
    # A count that the double rounds up to 2^63 would not come back; the bounds are far below.
    fine = ((exact >= first) & (exact < end)).all() and (exact.astype(np.int64) == counts).all()
    return values if fine else None


def _one_by_one(field: Input, cells: pa.Array) -> tuple[pa.Array, Mask | None]:
    """Each distinct text read once, and spread over its rows."""
    if isinstance(field.type, Set) and not field.optional:
        cells = cells.fill_null("")
    encoded = pc.dictionary_encode(cells)
    read = [_read(field, text) for text in encoded.dictionary.to_pylist()]
    values = column([value for value, _ in read], _as_given(field), arrow_type(field))
    result = values.take(encoded.indices)
    bad = np.array([bad for _, bad in read], dtype=np.bool_)
    if not bad.any():
        return result, None
    where = pa.array(bad).take(encoded.indices).fill_null(False)
    return result, where.to_numpy(zero_copy_only=False)


def _as_given(field: Input) -> Input:
    """The field without its unit: its column keeps the plain numbers that were given."""
    return Input(field.name, NUMBER) if field.unit is not None else field


def _read(field: Input, text: str) -> tuple[Value, bool]:
    """The value of one text, and whether it has none."""
    try:
        if field.unit is not None:
            value: Value = number(text.strip()) if text.strip() else None
        else:
            value = read_text(field, text)
    except ValueError:
        return None, True
    # What Arrow cannot hold in a column is unreadable; undeclared words and ranges are for later.
    if isinstance(value, float) and is_numeric(field.type):
        if not (isfinite(value) if field.unit is not None else rules.fits(field, value)):
            return None, True
    return value, False
