"""Profiles from Parquet: one file, or all files below a folder, in bounded memory.

Only the columns that the policy declares are read. Three habits of Arrow's reader would hold a whole row
group (often a million rows) in memory, and are switched off: reading ahead (`pre_buffer`), column chunks
in one piece (`buffer_size` streams each column page by page instead), and memory maps, whose pages count
as ours. What remains is about one page (1 MB) of each column, and one batch.

Texts of few distinct values come as dictionaries, as Parquet stores them; comparing is then looking at codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nbadsl.data.batches import Batch, Profiles, fitting, plain
from nbadsl.data.rules import BadData
from nbadsl.data.schema import column_of
from nbadsl.program.nodes import Input
from nbadsl.types import Text, Words

_BUFFER = 1 << 16
_BATCH = 8 << 20  # bytes that a batch may have
_BLOCK = 2_048  # a batch is a multiple of so many rows, as engines work in such blocks
_CODED = 5  # bytes a value, below which a text column surely is stored as codes


def open_parquet(
    name: str,
    paths: tuple[Path, ...],
    inputs: tuple[Input, ...],
    used: frozenset[str] | None,
    key: str | None,
    batch_rows: int,
) -> Profiles:
    """Parquet files as one table, in the order of `paths` (at least one).

    Raises BadData when a file is no Parquet file, lacks columns, or has other types than the first.
    """
    opened = [_metadata(path) for path in paths]
    coded = _coded(opened[0], inputs, key)
    schemas = [_schema(_open(p, m, coded)) for p, m in zip(paths, opened, strict=True)]
    schema = _common_schema(paths, schemas, inputs, used)
    rows = min(batch_rows, _bounded(opened, schema))

    def batches() -> Iterator[Batch]:
        first = 0
        for path, metadata, own in zip(paths, opened, schemas, strict=True):
            with _open(path, metadata, coded) as file:
                for part in file.iter_batches(batch_size=rows, columns=schema.names):
                    known = pa.schema([own.field(name) for name in part.schema.names])
                    yield plain(part.cast(known), schema, inputs, first)
                    first += part.num_rows

    total = sum(metadata.num_rows for metadata in opened)
    size = sum(path.stat().st_size for path in paths)
    return Profiles(name, inputs, schema, schema, total, size, batches, paths)


def _metadata(path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError) as error:
        with path.open("rb") as file:
            start = file.read(4)
        if start == b"PAR1":
            raise BadData(f"{path.name} is a Parquet file that is cut off or damaged: {error}") from error
        found = "is empty" if not start else "does not begin with PAR1"
        raise BadData(f"{path.name} is not a Parquet file: it {found}") from error


def _open(path: Path, metadata: pq.FileMetaData, coded: list[str]) -> pq.ParquetFile:
    return pq.ParquetFile(
        path,
        metadata=metadata,
        read_dictionary=coded,
        pre_buffer=False,
        buffer_size=_BUFFER,
        # Spark's old 96-bit times hold the year 9999, which nanoseconds do not.
        coerce_int96_timestamp_unit="us",
    )


def _schema(file: pq.ParquetFile) -> pa.Schema:
    """The columns of a file. Old 96-bit times do not say so, but are in UTC: so Spark writes them."""
    columns = [file.schema.column(i) for i in range(len(file.schema.names))]
    old = {column.path for column in columns if column.physical_type == "INT96"}
    return pa.schema(
        [f.with_type(pa.timestamp(f.type.unit, "UTC")) if f.name in old else f for f in file.schema_arrow]
    )


def _coded(metadata: pq.FileMetaData, inputs: tuple[Input, ...], key: str | None) -> list[str]:
    """The text columns to read as dictionaries: words, and other texts that are stored as few codes."""
    stored = _bytes_per_value(metadata)
    return [
        column_of(f)
        for f in inputs
        if isinstance(f.type, Words)
        or (isinstance(f.type, Text) and f.name != key and stored.get(column_of(f), _CODED) < _CODED)
    ]


def _bytes_per_value(metadata: pq.FileMetaData) -> dict[str, float]:
    """Uncompressed bytes for each value in the first row group, by column."""
    if not metadata.num_row_groups:
        return {}
    group = metadata.row_group(0)
    chunks = (group.column(i) for i in range(group.num_columns))
    return {c.path_in_schema: c.total_uncompressed_size / max(c.num_values, 1) for c in chunks}


def _common_schema(
    paths: tuple[Path, ...], schemas: list[pa.Schema], inputs: tuple[Input, ...], used: frozenset[str] | None
) -> pa.Schema:
    """The schema of all files. A column that has no type in one file has that of another."""
    names = {path: path.name for path in paths}
    fits = [fitting(names[p], s, inputs, used) for p, s in zip(paths, schemas, strict=True)]
    common = list(fits[0])
    for path, whole, fit in zip(paths, schemas, fits, strict=True):
        if fit.names != fits[0].names:
            odd = ", ".join(f"`{n}`" for n in sorted(set(fit.names) ^ set(fits[0].names)))
            raise BadData(f"{path.name} and {paths[0].name} do not both have {odd}")
        for index, column in enumerate(fit):
            if pa.types.is_null(whole.field(column.name).type):
                continue
            if all(pa.types.is_null(s.field(column.name).type) for s in schemas[: paths.index(path)]):
                common[index] = column
            elif not column.type.equals(common[index].type):
                raise BadData(
                    f"{path.name}: column `{column.name}` is {column.type}, "
                    f"and {common[index].type} in {paths[0].name}: write all files with one type"
                )
    return pa.schema(common)


def _bounded(metadata: list[pq.FileMetaData], schema: pa.Schema) -> int:
    """How many rows are some megabytes, from what the first rows take."""
    stored = _bytes_per_value(next((m for m in metadata if m.num_row_groups), metadata[0]))
    width = sum(max(stored.get(c.name, 16.0), _fixed_width(c.type)) for c in schema)
    return max(_BLOCK, int(_BATCH / max(width, 1)) // _BLOCK * _BLOCK)


def _fixed_width(type: pa.DataType) -> float:
    try:
        return float(type.bit_width) / 8
    except ValueError:
        return 16.0
