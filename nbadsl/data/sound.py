"""Columns that can be trusted: inside their buffers, and text that is UTF-8.

Most files and all streams are taken at their writer's word by Arrow. The engine reads columns in place, so
lengths and offsets are looked at here, once for each batch (some nanoseconds a row). Text of another
encoding, as old exports have it, must not end a run: its bytes are replaced by U+FFFD and its rows
told, so that they become bad data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.rules import BadData
from nbadsl.data.schema import is_text

Mask = NDArray[np.bool_]


def sound(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, dict[str, Mask]]:
    """The batch with text that is UTF-8, and by column the mask [n] of the rows where it was not.

    Raises BadData for a column whose parts contradict each other.
    """
    try:
        batch.validate(full=True)
        return batch, {}
    except pa.ArrowInvalid:
        bad: dict[str, Mask] = {}
        arrays = [
            _sound(array, name, bad) for name, array in zip(batch.schema.names, batch.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=batch.schema), bad


def _sound(array: pa.Array, name: str, bad: dict[str, Mask]) -> pa.Array:
    try:
        array.validate(full=True)
        return array
    except pa.ArrowInvalid as error:
        cells = array.type.value_type if pa.types.is_nested(array.type) else array.type
        if pa.types.is_temporal(array.type) or pa.types.is_decimal(array.type):
            return array  # a value out of range, which is a matter of its row
        if not is_text(cells):
            raise BadData(f"column `{name}` is damaged: {error}") from error
    # Looking at a cell of a damaged column can end the process: first see that it is a sound column of bytes.
    raw = array.view(_of_bytes(array.type))
    try:
        raw.validate(full=True)
    except pa.ArrowInvalid as error:
        raise BadData(f"column `{name}` is damaged: {error}") from error
    values = [_decoded(value) for value in raw.to_pylist()]
    bad[name] = np.array([wrong for _, wrong in values], dtype=np.bool_)
    return pa.array([value for value, _ in values], array.type)


def _of_bytes(type: pa.DataType) -> pa.DataType:
    """The type whose values are the bytes of a text type's values."""
    if pa.types.is_dictionary(type):
        return pa.dictionary(type.index_type, _of_bytes(type.value_type))
    if pa.types.is_list(type):
        return pa.list_(_of_bytes(type.value_type))
    if pa.types.is_large_list(type):
        return pa.large_list(_of_bytes(type.value_type))
    if pa.types.is_string_view(type):
        return pa.binary_view()
    return pa.large_binary() if pa.types.is_large_string(type) else pa.binary()


def _decoded(value: Any) -> tuple[Any, bool]:
    """Bytes or a list of bytes as text, and whether they were no UTF-8."""
    match value:
        case list():
            parts = [_decoded(part) for part in value]
            return [part for part, _ in parts], any(wrong for _, wrong in parts)
        case bytes():
            text = value.decode("utf-8", errors="replace")
            return text, text.encode() != value
    return value, False
