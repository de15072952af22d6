"""Profiles from Arrow IPC files and streams (also called Feather), batch by batch.

A file and a stream differ by their first bytes, whatever their names say. A batch is as large as its
writer made it; it is handed on in slices.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc

from nbadsl.data.batches import Batch, Profiles, fitting, plain, slices
from nbadsl.data.rules import BadData
from nbadsl.program.nodes import Input

_FILE_MAGIC = b"ARROW1"


def open_ipc(path: Path, inputs: tuple[Input, ...], used: frozenset[str] | None, batch_rows: int) -> Profiles:
    """An Arrow IPC file or stream as profiles. Raises BadData when it is neither."""
    whole = _schema(path)
    schema = fitting(path.name, whole, inputs, used)
    options = ipc.IpcReadOptions(included_fields=[whole.get_field_index(name) for name in schema.names])

    def batches() -> Iterator[Batch]:
        first = 0
        for large in _batches(path, options):
            for part in slices(large, batch_rows):
                yield plain(part, schema, inputs, first)
                first += part.num_rows

    return Profiles(path.name, inputs, schema, schema, None, path.stat().st_size, batches, (path,))


def _is_file(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_FILE_MAGIC)) == _FILE_MAGIC


def _schema(path: Path) -> pa.Schema:
    if path.stat().st_size == 0:
        raise BadData(f"{path.name} is empty")
    try:
        with pa.OSFile(str(path)) as file:
            reader = ipc.open_file(file) if _is_file(path) else ipc.open_stream(file)
            return reader.schema
    except (pa.ArrowException, OSError) as error:
        raise BadData(f"{path.name} is not an Arrow IPC file or stream, or is cut off: {error}") from error


def _batches(path: Path, options: ipc.IpcReadOptions) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as file:
        if _is_file(path):
            reader = ipc.open_file(file, options=options)
            for index in range(reader.num_record_batches):
                yield reader.get_batch(index)
        else:
            yield from ipc.open_stream(file, options=options)
