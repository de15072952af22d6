"""Profiles from CSV: text in, columns of the declared types out, and no row lost.

Every column is read as text and converted here (see `cells`), because a reader that knows the types ends
the run at the first cell that is none. A row with too many or too few fields becomes a row of nulls that is
marked unreadable. The text of every row is kept beside the values, for the rejects.

The first line holds the names of the columns. The separator is the one of `,` `;` tab `|` that divides this
line into the most columns that the policy declares. Quotes are ", doubled inside; quoted line ends are part of the value. UTF-8,
with or without byte order mark; a cell in another encoding makes a bad row. `.gz` is unpacked on the way.
"""

from __future__ import annotations

import csv
import gzip
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from nbadsl.data.batches import Batch, Profiles, Unreadable, fitting
from nbadsl.data.cells import Mask, convert
from nbadsl.data.rules import BadData
from nbadsl.data.schema import arrow_type, column_of
from nbadsl.program.nodes import Input

SEPARATORS = ",;\t|"
_BLOCK = 1 << 20
_GATHERED = 16 << 20  # bytes of text in one batch
_SHOWN = 200  # characters of a broken row in a message


def open_csv(
    path: Path, inputs: tuple[Input, ...], used: frozenset[str] | None, key: str | None, batch_rows: int
) -> Profiles:
    """A CSV file as profiles. Raises BadData when its first line does not name the policy's columns."""
    separator, names = _header(path, inputs)
    types = {column_of(f): arrow_type(f) for f in inputs}
    schema = fitting(path.name, pa.schema([(n, types.get(n, pa.string())) for n in names]), inputs, used)
    present = tuple(f for f in inputs if column_of(f) in schema.names)
    mark = next((i for i, f in enumerate(inputs) if f.name == key), 0)

    def batches() -> Iterator[Batch]:
        with path.open("rb", buffering=0) as raw:
            reader = _Reader(raw, path, separator, schema.names, batch_rows)
            for cells, first, ragged in reader:
                yield _converted(cells, first, ragged, inputs, present, schema, mark, raw.tell())

    return Profiles(str(path), inputs, schema, None, path.stat().st_size, batches, (path,))


def _header(path: Path, inputs: tuple[Input, ...]) -> tuple[str, list[str]]:
    """The separator and the names in the first line."""
    opened = gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")
    try:
        with TextIOWrapper(opened, "utf-8-sig", errors="replace", newline="") as text:  # type: ignore[arg-type]
            line = next((line for line in text if line.strip()), "")
            if line.count('"') % 2:
                # A name with a line end inside goes on; nobody's header is longer than this.
                line += text.read(_BLOCK)
    except (OSError, EOFError) as error:
        raise BadData(f"{path.name} cannot be read: {error}") from error
    if not line:
        raise BadData(f"{path.name} is empty: its first line must name the columns")
    declared = {column_of(f) for f in inputs}
    rows = [(s, next(csv.reader([line] if "\n" not in line[:-1] else line.splitlines(True), delimiter=s), [])) for s in SEPARATORS]
    separator, names = max(rows, key=lambda row: (len(declared.intersection(row[1])), len(row[1])))
    if not declared.intersection(names):
        shown = ", ".join(names)[:_SHOWN]
        raise BadData(
            f"{path.name}: the first line must name the columns, and none of its names is the policy's: {shown}",
            *(f"{path.name}: column `{column_of(f)}` is missing" for f in inputs[:1]),
        )
    return separator, names


@dataclass(slots=True, eq=False)
class _Reader:
    """Gathers Arrow's blocks into batches of text, puts broken rows back where they were, and counts."""

    raw: BinaryIO
    path: Path
    separator: str
    names: list[str]
    batch_rows: int
    broken: list[tuple[int, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[pa.RecordBatch, int, dict[int, str]]]:
        first = 0
        for cells in self._gathered():
            batch, ragged = self._restored(cells, first)
            yield batch, first, ragged
            first += batch.num_rows
        if self.broken:
            nothing = pa.RecordBatch.from_pylist([], pa.schema([(n, pa.string()) for n in self.names]))
            yield (*self._filled(nothing, first, len(self.broken)),) if False else self._rest(nothing, first)

    def _gathered(self) -> Iterator[pa.RecordBatch]:
        kept: list[pa.RecordBatch] = []
        rows = size = 0
        for block in self._blocks():
            for part in (block.slice(i, self.batch_rows) for i in range(0, block.num_rows, self.batch_rows)):
                if kept and (rows + part.num_rows > self.batch_rows or size + part.nbytes > _GATHERED):
                    yield pa.concat_batches(kept)
                    kept, rows, size = [], 0, 0
                kept.append(part)
                rows, size = rows + part.num_rows, size + part.nbytes
        if kept:
            yield pa.concat_batches(kept)
