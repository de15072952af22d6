"""Writes a table to a file piece by piece: all of it under its name, or nothing.

    with write_table("decisions.parquet", table.schema, reads=profiles.paths) as out:
        out.write(table.batch(...))

The ending says what is written: Parquet, CSV (also gzipped) or Arrow IPC. The file grows aside, under a hidden
name in the same folder, and takes its place when the block ends well; after an error, also after Ctrl-C,
nothing of it is left and a file that was there before is as it was. What is being read is never replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from nbadsl.aside import aside
from nbadsl.data.arrow import PER_SECOND
from nbadsl.data.rules import BadData
from nbadsl.data.text import SEPARATOR

_ROW_GROUP = 1 << 18


class Output:
    """A file being written. `rows`: how many it has so far."""

    def __init__(self, write: Callable[[pa.RecordBatch], None]) -> None:
        self._write = write
        self.rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Add a batch of the schema that the file was opened with."""
        if batch.num_rows:
            self._write(batch)
            self.rows += batch.num_rows


@contextmanager
def write_table(path: str | Path, schema: pa.Schema, reads: Iterable[Path] = ()) -> Iterator[Output]:
    """A file to write batches of a schema to.

    `reads`: files and folders that the run reads. Raises BadData, before anything is written, for an ending
    that is not known, a folder that is not there, and a file that is being read; OSError when the disk fails.
    """
    path = Path(path)
    opener = _opener(path)
    with _checked(path, reads) as part, ExitStack() as stack:
        yield Output(opener(stack, part, schema))


@contextmanager
def write_lines(path: str | Path, reads: Iterable[Path] = ()) -> Iterator[TextIO]:
    """A file of text to write to, in UTF-8. Raises what `write_table` does."""
    with _checked(Path(path), reads) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        yield file


@contextmanager
def _checked(path: Path, reads: Iterable[Path]) -> Iterator[Path]:
    """See `aside`, for a file that nothing else in the run reads or writes."""
    _refuse(path, reads)
    place = path.resolve()
    _being_written.add(place)
    try:
        with aside(path) as part:
            yield part
    finally:
        _being_written.discard(place)


_being_written: set[Path] = set()


def _refuse(path: Path, reads: Iterable[Path]) -> None:
    if path.is_dir():
        raise BadData(f"{path} is a folder, a file is needed")
    if not path.parent.is_dir():
        raise BadData(f"cannot write {path.name}: there is no folder {path.parent}")
    if path.resolve() in _being_written:
        raise BadData(f"cannot write {path}: the run writes something else there")
    for read in reads:
        if read.is_dir() and path.resolve().is_relative_to(read.resolve()):
            raise BadData(f"cannot write {path}: the run reads everything in {read}")
        if path.exists() and read.exists() and path.samefile(read):
            raise BadData(f"cannot write {path}: the run reads it")


Writing = Callable[[pa.RecordBatch], None]


def _opener(path: Path) -> Callable[[ExitStack, Path, pa.Schema], Writing]:
    name = path.name.lower()
    for endings, opener in _OPENERS.items():
        if name.endswith(endings):
            return opener
    known = " ".join(ending for endings in _OPENERS for ending in endings)
    raise BadData(f"{path.name}: the ending does not say what to write, known are {known}")


# --- formats -----------------------------------------------------------------------------------------


def _parquet(stack: ExitStack, path: Path, schema: pa.Schema) -> Writing:
    file = stack.enter_context(pq.ParquetWriter(path, schema, compression="zstd"))
    kept: list[pa.RecordBatch] = []

    def flush() -> None:
        if kept:
            file.write_table(pa.Table.from_batches(kept, schema))
            kept.clear()

    def write(batch: pa.RecordBatch) -> None:
        # A row group for each small batch would make a slow and large file.
        kept.append(batch)
        if sum(each.num_rows for each in kept) >= _ROW_GROUP:
            flush()

    stack.callback(flush)
    return write


def _ipc_file(stack: ExitStack, path: Path, schema: pa.Schema) -> Writing:
    writer: Writing = stack.enter_context(ipc.new_file(str(path), schema)).write_batch
    return writer


def _ipc_stream(stack: ExitStack, path: Path, schema: pa.Schema) -> Writing:
    writer: Writing = stack.enter_context(ipc.new_stream(str(path), schema)).write_batch
    return writer


def _csv(stack: ExitStack, path: Path, schema: pa.Schema) -> Writing:
    return _csv_to(stack, stack.enter_context(pa.OSFile(str(path), "wb")), schema)


def _packed_csv(stack: ExitStack, path: Path, schema: pa.Schema) -> Writing:
    return _csv_to(stack, stack.enter_context(pa.CompressedOutputStream(str(path), "gzip")), schema)


def _csv_to(stack: ExitStack, sink: Any, schema: pa.Schema) -> Writing:
    plain = pa.schema([(f.name, _in_csv(pa.nulls(0, f.type)).type) for f in schema])
    writer = stack.enter_context(arrow_csv.CSVWriter(sink, plain))
    return lambda batch: writer.write_batch(
        pa.RecordBatch.from_arrays([_in_csv(c) for c in batch.columns], schema=plain)
    )


def _in_csv(column: pa.Array) -> pa.Array:
    """A column of a type that Arrow writes to CSV, in spellings that this package reads from CSV."""
    type = column.type
    if pa.types.is_dictionary(type):
        return _in_csv(column.cast(type.value_type))
    if pa.types.is_list(type) or pa.types.is_large_list(type):
        return pc.binary_join(column.cast(pa.list_(pa.string())), SEPARATOR)
    if pa.types.is_duration(type):
        unit = Decimal(1) / PER_SECOND[type.unit]
        counts = column.cast(pa.int64()).to_pylist()
        return pa.array([None if c is None else f"{c * unit:f} seconds" for c in counts], pa.string())
    if pa.types.is_timestamp(type) and type.tz is not None:
        # Offsets of long ago have seconds, for which there is no spelling.
        return column.cast(pa.timestamp(type.unit, "UTC"))
    if pa.types.is_string_view(type):
        return column.cast(pa.string())
    return column


_OPENERS: dict[tuple[str, ...], Callable[[ExitStack, Path, pa.Schema], Writing]] = {
    (".parquet", ".pq"): _parquet,
    (".csv",): _csv,
    (".csv.gz",): _packed_csv,
    (".arrow", ".feather", ".ipc"): _ipc_file,
    (".arrows",): _ipc_stream,
}
