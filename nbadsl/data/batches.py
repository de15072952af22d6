"""What every reader of profiles gives: a table in pieces, and what could not be read in each.

`Profiles` is a source that was opened and found to have the right columns. Going over it gives one `Batch`
after the other, each of at most so many rows, whatever the size of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.rules import BadData
from nbadsl.data.schema import arrow_type, check_schema, column_of
from nbadsl.program.nodes import Input

Unreadable: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some rows of the profiles, n of them.

    `people`: the policy's columns under their names in the data, in the order of the inputs; an unused
    optional column may be absent. `first`: how many rows of the source come before. `unreadable`: int32 [n],
    the index in the inputs of the first field whose text or Python value could not be read (its value
    in `people` is null), -1 where all could; None: all rows could. Such a row is bad data, like one whose
    values break a rule; the field that comes first in the order of the inputs gives the reason.
    `given`: the same rows as they came, for the rejects; the same object as `people` where nothing was
    converted. `notes`: by row of the batch, what is wrong with the row itself. `position`: bytes of the
    source read so far, if known.
    """

    people: pa.RecordBatch
    first: int
    unreadable: Unreadable | None
    given: pa.RecordBatch
    notes: Mapping[int, str] = field(default_factory=dict)
    position: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Profiles in batches. Iterable once, or as often as wanted if `again`.

    `name`: for messages. `schema`: of the batches' `people`. `rows`: their number, `size`: bytes on disk,
    if known. `paths`: the files that are read, none of which an output may replace.
    """

    name: str
    inputs: tuple[Input, ...]
    schema: pa.Schema
    rows: int | None
    size: int | None
    batches: Callable[[], Iterator[Batch]]
    paths: tuple[Path, ...] = ()
    again: bool = True

    def __iter__(self) -> Iterator[Batch]:
        """The batches. Raises BadData where the source ends or breaks before its time."""
        try:
            yield from self.batches()
        except (pa.ArrowException, OSError) as error:
            raise BadData(f"{self.name} cannot be read to its end: {error}") from error


def fitting(
    name: str, schema: pa.Schema, inputs: tuple[Input, ...], used: frozenset[str] | None
) -> pa.Schema:
    """The part of a schema that the inputs read, in their order. Raises BadData naming all that is wrong."""
    problems = check_schema(schema, inputs, used)
    if problems:
        raise BadData(*(f"{name}: {problem}" for problem in problems))
    wanted = {column_of(f): f for f in inputs if column_of(f) in schema.names}
    return pa.schema([settled(schema.field(column), f) for column, f in wanted.items()])


def settled(column: pa.Field, field: Input) -> pa.Field:
    """A column of no type is one of the field's type, without values."""
    return (
        pa.field(column.name, arrow_type(field))
        if pa.types.is_null(column.type)
        else column.remove_metadata()
    )


def plain(batch: pa.RecordBatch, schema: pa.Schema, first: int) -> Batch:
    """A batch of columns that are read as they stand."""
    arrays = []
    for wanted in schema:
        array: Any = batch.column(wanted.name)
        arrays.append(pa.nulls(len(array), wanted.type) if pa.types.is_null(array.type) else array)
    people = pa.RecordBatch.from_arrays(arrays, schema=schema)
    return Batch(people, first, None, people)


def slices(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    """A batch in pieces of at most so many rows, without copying."""
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)
