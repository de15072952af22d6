"""Columns of text into columns of values, in one go where possible, cell by cell where needed.

Takes a field and a text array; gives an array of `schema.arrow_type` and which rows held text that is no
such value (these are null). The meaning of a cell is that of `text.read_text`. Arrow's own
conversions agree with it on the plain spellings and are fast; a column in which they fail anywhere is
converted anew, each distinct text once. Values that break a rule (too large, not finite, in no year) are
left to those who check columns.
"""

from __future__ import annotations

from typing import assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.data.arrow import column
from nbadsl.data.local_times import instants
from nbadsl.data.rules import BadValue
from nbadsl.data.schema import arrow_type
from nbadsl.data.text import read_text
from nbadsl.program.nodes import Input, Value
from nbadsl.types import (
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
                return pc.cast(cells, pa.float64())
            case Duration():
                return None if field.unit is None else pc.cast(cells, pa.float64())
            case Date():
                return pc.cast(cells, pa.date32())
            case Time():
                return _times(field, cells)
            case Flag() | Clock() | Words() | Set() | Text() | Anything():
                return None  # few distinct texts
            case _:
                assert_never(field.type)
    except pa.ArrowInvalid:
        return None


def _times(field: Input, cells: pa.Array) -> pa.Array:
    """Moments of a column that has a zone in all cells or in none."""
    try:
        return instants(pc.cast(cells, pa.timestamp("us")), field)
    except pa.ArrowInvalid:
        return pc.cast(cells, pa.timestamp("us", "UTC"))


def _one_by_one(field: Input, cells: pa.Array) -> tuple[pa.Array, Mask | None]:
    """Each distinct text read once, and spread over its rows."""
    if isinstance(field.type, Set) and not field.optional:
        cells = cells.fill_null("")
    encoded = pc.dictionary_encode(cells)
    # A number that counts units stays the plain number that was given.
    plain = field if field.unit is None else Input(field.name, NUMBER)
    read = [_read(plain, text) for text in encoded.dictionary.to_pylist()]
    result = column([value for value, _ in read], plain, arrow_type(field)).take(encoded.indices)
    bad = np.array([bad for _, bad in read], dtype=np.bool_)
    if not bad.any():
        return result, None
    where = pa.array(bad).take(encoded.indices).fill_null(False)
    return result, where.to_numpy(zero_copy_only=False)


def _read(field: Input, text: str) -> tuple[Value, bool]:
    """The value of one text, and whether it has none."""
    try:
        return read_text(field, text), False
    except BadValue:
        return None, True
