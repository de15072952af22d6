"""Profiles from Python: a dict of columns, or a list of people.

Arrays (NumPy, Arrow, Polars, pandas) are taken as they are. A list, and a NumPy array of objects, is read
value by value as `read_record` does, so a value that does not fit makes a bad row and not a failed run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from nbadsl.data.arrow import column
from nbadsl.data.batches import Batch, Profiles, Unreadable, earlier, fitting, plain, slices
from nbadsl.data.local_times import instants, is_local
from nbadsl.data.records import read_value, record_keys
from nbadsl.data.rules import BadData, BadValue
from nbadsl.data.schema import arrow_type, column_of, is_text
from nbadsl.program.nodes import Input, Value

_NAME = "the data"


def open_people(
    people: Sequence[Mapping[str, Any]],
    inputs: tuple[Input, ...],
    used: frozenset[str] | None,
    batch_rows: int,
) -> Profiles:
    """People as `read_record` takes them, keyed by field or column name."""
    keys = record_keys(inputs)
    columns = {
        column_of(f): [p.get(f.name, p.get(keys.get(f.name, f.name))) for p in people]
        for f in inputs
        if any(f.name in p or keys.get(f.name) in p for p in people)
    }
    return open_columns(columns, inputs, used, batch_rows)


def open_columns(
    columns: Mapping[str, Any], inputs: tuple[Input, ...], used: frozenset[str] | None, batch_rows: int
) -> Profiles:
    """Columns by their name in the data. Raises BadData when they are missing or not equally long."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"`{name}` {length:,}" for name, length in lengths.items())
        raise BadData(f"{_NAME}: the columns are not equally long: {told}")
    declared = {column_of(f): f for f in inputs}
    arrays = {n: _array(v, declared[n]) for n, v in columns.items() if n in declared and not _is_loose(v)}
    loose = {n: v for n, v in columns.items() if n in declared and _is_loose(v)}
    types = {n: arrays[n].type if n in arrays else arrow_type(declared[n]) for n in (*arrays, *loose)}
    others = [(n, pa.null()) for n in columns if n not in declared]
    schema = fitting(_NAME, pa.schema([*types.items(), *others]), inputs, used)
    unreadable = np.full(next(iter(lengths.values()), 0), -1, dtype=np.int32)
    given = dict(arrays)
    for index, field in reversed(list(enumerate(inputs))):
        name = column_of(field)
        if name in loose:
            arrays[name] = _read(field, loose[name], index, unreadable)
            given[name] = _as_given(loose[name])
    return _profiles(inputs, schema, arrays, given, unreadable, batch_rows)


def _is_loose(values: Any) -> bool:
    """Whether the values are Python objects, each of which may be of another kind."""
    return isinstance(values, list | tuple) or (isinstance(values, np.ndarray) and values.dtype == object)


def _array(values: Any, field: Input) -> pa.Array:
    try:
        made = pa.chunked_array(values) if hasattr(values, "__arrow_c_stream__") else pa.array(values)
        array = made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
        return instants(array, field) if is_local(array.type, field) else array
    except (pa.ArrowException, TypeError) as error:
        raise BadData(f"{_NAME}: column `{column_of(field)}` is no array: {error}") from error


def _read(field: Input, values: Sequence[Any], index: int, unreadable: Unreadable) -> pa.Array:
    """A list as a column; a value that does not fit is null, and marked."""
    read: list[Value] = []
    for row, given in enumerate(values):
        try:
            read.append(read_value(field, given))
        except BadValue:
            read.append(None)
            unreadable[row] = index
    return column(read, field, arrow_type(field))


def _as_given(values: Sequence[Any]) -> pa.Array:
    """A list as Arrow understands it, or else as text."""
    try:
        array = pa.array(values)
        if not pa.types.is_nested(array.type) or is_text(array.type.value_type):
            return array
    except (pa.ArrowException, OverflowError, TypeError, ValueError, AttributeError):
        pass  # values of several kinds, or of none that Arrow knows
    return pa.array([None if v is None else str(v) for v in values], pa.string())


def _profiles(
    inputs: tuple[Input, ...],
    schema: pa.Schema,
    arrays: dict[str, pa.Array],
    given: dict[str, pa.Array],
    unreadable: Unreadable,
    batch_rows: int,
) -> Profiles:
    people = pa.RecordBatch.from_arrays([arrays[n] for n in schema.names], names=schema.names)
    shown = pa.RecordBatch.from_arrays([given[n] for n in schema.names], names=schema.names)
    any_bad = bool((unreadable >= 0).any())
    columns = {name for name in arrays if given[name] is arrays[name]}

    def batches() -> Iterator[Batch]:
        first = 0
        for part, raw in zip(slices(people, batch_rows), slices(shown, batch_rows), strict=True):
            marks = unreadable[first : first + part.num_rows] if any_bad else None
            tidy = plain(part, schema, inputs, first)
            whole = [tidy.given.column(n) if n in columns else raw.column(n) for n in schema.names]
            given = pa.RecordBatch.from_arrays(whole, names=schema.names)
            yield Batch(tidy.people, first, earlier(marks, tidy.unreadable), given)
            first += part.num_rows

    return Profiles(_NAME, inputs, schema, shown.schema, people.num_rows, None, batches)
