"""What every reader of profiles gives: a table in pieces, and what could not be read in each.

`Profiles` is a source that was opened and found to have the right columns. Going over it gives one `Batch`
after the other, each of at most so many rows, whatever the size of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.local_times import in_utc, instants, is_local
from nbadsl.data.rules import BadData
from nbadsl.data.schema import arrow_type, check_schema, column_of, takable
from nbadsl.data.sound import sound
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
    `given`: the same rows as they came, for the rejects (but a column of times in UTC); the same object as `people` where nothing was
    converted. `notes`: by row of the batch, what is wrong with the row itself. `position`: bytes of the
    source read so far, if known. `commas`: whether numbers that were given as text have decimal commas.
    """

    people: pa.RecordBatch
    first: int
    unreadable: Unreadable | None
    given: pa.RecordBatch
    notes: Mapping[int, str] = field(default_factory=dict)
    position: int | None = None
    commas: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Profiles in batches. Iterable once, or as often as wanted if `again`.

    `name`: for messages. `schema`: of the batches' `people`, `given`: of their `given`. `rows`: their number,
    `size`: bytes on disk, if known. `paths`: the files and folders that are read, where no output may go.
    `notes`: what whoever gave them should know of how they are read.
    """

    name: str
    inputs: tuple[Input, ...]
    schema: pa.Schema
    given: pa.Schema
    rows: int | None
    size: int | None
    batches: Callable[[], Iterator[Batch]]
    paths: tuple[Path, ...] = ()
    again: bool = True
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Batch]:
        """The batches. Raises BadData where the source ends or breaks before its time."""
        try:
            yield from self.batches()
        except (pa.ArrowException, OSError) as error:
            raise BadData(f"{self.name} cannot be read to its end: {error}") from error


def first_rows(profiles: Profiles, most: int) -> Profiles:
    """The first rows of profiles, at most so many; where these came in batches, no more is read."""

    def batches() -> Iterator[Batch]:
        left = most
        for batch in profiles.batches():
            size = min(left, batch.people.num_rows)
            marks = None if batch.unreadable is None else batch.unreadable[:size]
            notes = {row: note for row, note in batch.notes.items() if row < size}
            people, given = batch.people.slice(0, size), batch.given.slice(0, size)
            yield replace(batch, people=people, unreadable=marks, given=given, notes=notes)
            left -= size
            if left <= 0:
                return

    return replace(
        profiles, batches=batches, rows=None if profiles.rows is None else min(most, profiles.rows)
    )


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
    """A column of no type is one of the field's type, without values; times without a zone get one."""
    if pa.types.is_null(column.type):
        return pa.field(column.name, arrow_type(field))
    return pa.field(column.name, in_utc(column.type)) if is_local(column.type, field) else column


def plain(batch: pa.RecordBatch, schema: pa.Schema, inputs: tuple[Input, ...], first: int) -> Batch:
    """A batch of columns that are read as they stand, but for text that is not UTF-8.

    `batch`: has the columns of `schema`, in any order, and maybe others. `first`: see `Batch`. Raises BadData
    for a column that is damaged.
    """
    given, undecodable = sound(zoned(batch.select(schema.names), inputs))
    columns = {name: given.column(name) for name in schema.names}
    for name, array in columns.items():
        if pa.types.is_null(array.type):
            columns[name] = pa.nulls(len(array), schema.field(name).type)
    unreadable = np.full(given.num_rows, -1, np.int32) if undecodable else None
    for index, each in reversed(list(enumerate(inputs))):
        name = column_of(each)
        if unreadable is not None and name in undecodable:
            columns[name] = nulled(columns[name], undecodable[name])
            unreadable[undecodable[name]] = index
    people = pa.RecordBatch.from_arrays(list(columns.values()), schema=schema)
    return Batch(people, first, unreadable, given if undecodable else people)


def zoned(batch: pa.RecordBatch, inputs: tuple[Input, ...]) -> pa.RecordBatch:
    """A batch whose columns of times without a zone are in UTC."""
    fields = {column_of(f): f for f in inputs}
    local = {c.name for c in batch.schema if c.name in fields and is_local(c.type, fields[c.name])}
    if not local:
        return batch
    arrays = [
        instants(array, fields[name]) if name in local else array
        for name, array in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def earlier(one: Unreadable | None, other: Unreadable | None) -> Unreadable | None:
    """Of two marks for each row the field that comes first."""
    if one is None or other is None:
        return other if one is None else one
    both = np.minimum(one, other)
    return np.where(both >= 0, both, np.maximum(one, other))


def nulled(array: pa.Array, where: NDArray[np.bool_]) -> pa.Array:
    """An array with nulls in some rows. Rare, so it may copy."""
    type = takable(array.type)
    return array.cast(type).take(pa.array(np.arange(len(array)), mask=where)).cast(array.type)


def slices(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    """A batch in pieces of at most so many rows, without copying."""
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)
