"""Profiles from CSV: text in, columns of the declared types out, and no row lost.

Every column is read as text and converted here (see `cells`), because a reader that knows the types ends
the run at the first cell that is none. A row with too many or too few fields becomes a row of nulls that is
marked unreadable, in its place. The text of every row is kept beside the values, for the rejects.

The first line holds the names of the columns. The separator is the one of `,` `;` tab `|` that divides this
line into the most columns that the policy declares. Quotes are ", doubled inside; a line end inside quotes
is part of the value. UTF-8, with or without byte order mark; a cell that is not makes a bad row.
Numbers have decimal points, or decimal commas, see `commas`.
Blank lines do not count. A name that ends in `.gz` is unpacked on the way.
"""

from __future__ import annotations

import csv
import gzip
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from math import inf
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from nbadsl.data.batches import Batch, Profiles, fitting, nulled
from nbadsl.data.cells import convert
from nbadsl.data.commas import has_commas, is_numeric, with_points
from nbadsl.data.rules import BadData
from nbadsl.data.schema import arrow_type, column_of
from nbadsl.data.sound import sound
from nbadsl.program.nodes import Input

SEPARATORS = ",;\t|"
_BEGINNING = 1 << 16  # bytes; the first line is not longer
_BLOCK = 1 << 20  # bytes that Arrow parses at once; a row is not longer
_GATHERED = 16 << 20  # bytes of text in one batch
_SHOWN = 200  # characters of a broken row in a message


def open_csv(
    path: Path, inputs: tuple[Input, ...], used: frozenset[str] | None, key: str | None, batch_rows: int
) -> Profiles:
    """A CSV file as profiles. Raises BadData when its first line does not name the policy's columns.

    `key`: the field that a row broken as a whole is laid to.
    """
    separator, names = header(path, inputs)
    commas = has_commas(_beginning(path), separator, {column_of(f) for f in inputs if is_numeric(f)})
    types = {column_of(f): arrow_type(f) for f in inputs}
    schema = fitting(path.name, pa.schema([(n, types.get(n, pa.string())) for n in names]), inputs, used)
    mark = next((i for i, f in enumerate(inputs) if f.name == key), 0)

    def batches() -> Iterator[Batch]:
        size = path.stat().st_size
        # Not a file of Python's: Arrow's threads would need Python to let go of it, even as Python ends.
        with pa.OSFile(str(path)) as raw:
            reader = _Reader(raw, path.suffix == ".gz", separator, schema.names, batch_rows)
            try:
                for cells, first, broken in reader:
                    yield _converted(cells, first, broken, mark, inputs, schema, commas, _taken(raw, size))
            except pa.ArrowInvalid as error:
                if "straddl" not in str(error):
                    raise
                here = f"{path.name} cannot be read further than about byte {_taken(raw, size):,}"
                raise BadData(
                    f"{here}: there is a row longer than {_BLOCK:,} bytes, is a quote not closed?"
                ) from error

    given = pa.schema([(name, pa.string()) for name in schema.names])
    notes = ("numbers have decimal commas: `1.234,50` is read as 1234.50",) if commas else ()
    size = path.stat().st_size
    return Profiles(path.name, inputs, schema, given, None, size, batches, (path,), notes=notes)


# --- the first line --------------------------------------------------------------------------------


def _beginning(path: Path) -> str:
    """The first lines of a file."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            start = file.read(_BEGINNING)
    except (OSError, EOFError) as error:
        raise BadData(f"{path.name} cannot be read: {error}") from error
    if len(start) == _BEGINNING:
        start = start[: start.rfind(b"\n") + 1] or start  # without a line that is cut off
    text = start.decode("utf-8-sig", errors="replace").lstrip("\r\n")
    if not text.strip():
        raise BadData(f"{path.name} is empty: its first line must name the columns")
    return text


def header(path: Path, inputs: tuple[Input, ...]) -> tuple[str, list[str]]:
    """The separator, and the names in the first line."""
    text = _beginning(path)
    declared = {column_of(f) for f in inputs}
    divided = [(s, next(csv.reader(StringIO(text, newline=""), delimiter=s))) for s in SEPARATORS]
    separator, names = max(divided, key=lambda each: (len(declared.intersection(each[1])), len(each[1])))
    if not declared.intersection(names):
        raise BadData(
            f"{path.name}: the first line must name the columns, and it names none that is known, "
            f"such as `{column_of(inputs[0])}`: {', '.join(names)[:_SHOWN]}"
        )
    return separator, names


# --- rows of text ----------------------------------------------------------------------------------


def _taken(file: pa.NativeFile, size: int) -> int:
    """How much was read of a file; Arrow closes it at its end."""
    try:
        taken: int = file.tell()
    except (ValueError, OSError):
        return size
    return taken


@dataclass(slots=True, eq=False)
class _Reader:
    """Iterates over (cells, number of the first row, broken rows): text columns, and by row of the batch
    what is wrong with the rows that are null because they have too many or too few fields."""

    raw: pa.NativeFile
    packed: bool
    separator: str
    names: list[str]
    batch_rows: int
    broken: deque[tuple[int, str]] = field(default_factory=deque)

    def __iter__(self) -> Iterator[tuple[pa.RecordBatch, int, dict[int, str]]]:
        first = 0
        for gathered in self._gathered():
            cells, broken = self._restored(gathered, first, first + gathered.num_rows)
            yield cells, first, broken
            first += cells.num_rows
        if self.broken:
            nothing = pa.RecordBatch.from_pylist([], pa.schema([(name, pa.string()) for name in self.names]))
            cells, broken = self._restored(nothing, first, inf)
            yield cells, first, broken

    def _gathered(self) -> Iterator[pa.RecordBatch]:
        """Arrow's blocks, put together to batches that are worth handing on."""
        kept: list[pa.RecordBatch] = []
        rows = size = 0
        for block in self._blocks():
            for start in range(0, block.num_rows, self.batch_rows):
                part = block.slice(start, self.batch_rows)
                if kept and (rows + part.num_rows > self.batch_rows or size + part.nbytes > _GATHERED):
                    yield pa.concat_batches(kept)
                    kept, rows, size = [], 0, 0
                kept.append(part)
                rows, size = rows + part.num_rows, size + part.nbytes
        if kept:
            yield pa.concat_batches(kept)

    def _blocks(self) -> arrow_csv.CSVStreamingReader:
        return arrow_csv.open_csv(
            pa.CompressedInputStream(self.raw, "gzip") if self.packed else self.raw,
            # With threads Arrow does not number the rows that it could not divide.
            read_options=arrow_csv.ReadOptions(block_size=_BLOCK, use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.separator, newlines_in_values=True, invalid_row_handler=self._set_aside
            ),
            convert_options=arrow_csv.ConvertOptions(
                check_utf8=False,
                column_types={name: pa.string() for name in self.names},
                include_columns=self.names,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def _set_aside(self, row: arrow_csv.InvalidRow) -> str:
        wrong = f"{row.actual_columns} fields where the first line has {row.expected_columns}"
        lines = row.text.count("\n") + 1
        if lines > 1:
            wrong += f", in a row of {lines:,} lines (is a quote not closed?)"
        # Numbers are from 1, and the first line has one.
        self.broken.append((row.number - 2, f"{wrong}: {row.text[:_SHOWN]}"))
        return "skip"

    def _restored(
        self, cells: pa.RecordBatch, first: int, end: float
    ) -> tuple[pa.RecordBatch, dict[int, str]]:
        """The batch with the broken rows among its rows put back, up to row `end`, which they push on."""
        broken: dict[int, str] = {}
        while self.broken and self.broken[0][0] < end:
            row, wrong = self.broken.popleft()
            broken[row - first] = wrong
            end += 1
        if not broken:
            return cells, broken
        there = np.ones(cells.num_rows + len(broken), dtype=np.bool_)
        there[list(broken)] = False
        return cells.take(pa.array(np.cumsum(there) - 1, mask=~there)), broken


# --- values ----------------------------------------------------------------------------------------


def _converted(
    cells: pa.RecordBatch,
    first: int,
    broken: dict[int, str],
    mark: int,
    inputs: tuple[Input, ...],
    schema: pa.Schema,
    commas: bool,
    position: int,
) -> Batch:
    cells, undecodable = sound(cells)
    unreadable = np.full(cells.num_rows, -1, dtype=np.int32)
    columns = {}
    # Backwards, so that of two fields that cannot be read the first one stays.
    for index, each in reversed(list(enumerate(inputs))):
        name = column_of(each)
        if name in schema.names:
            texts = cells.column(name)
            columns[name], bad = convert(each, with_points(texts) if commas and is_numeric(each) else texts)
            if name in undecodable:
                bad = undecodable[name] if bad is None else bad | undecodable[name]
                columns[name] = nulled(columns[name], bad)
            if bad is not None:
                unreadable[bad] = index
    unreadable[list(broken)] = mark
    people = pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
    found = unreadable if (unreadable >= 0).any() else None
    return Batch(people, first, found, cells, broken, position, commas)
