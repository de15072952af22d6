"""Opens whatever profiles come in, and gives them as batches of Arrow columns.

    from nbadsl.data.profiles import open_profiles
    for batch in open_profiles("customers.parquet", facts.inputs, key=facts.key): ...

Takes a path (Parquet, a folder of Parquet files, CSV, Arrow IPC), any table that speaks Arrow's PyCapsule
protocol (Polars, pandas, DuckDB, PyArrow), or columns in a dict, or a list of people. Wrong or missing
columns are found before anything is read (`BadData`); wrong values are marked row by row (see `Batch`)
or left for the engine to find. NaN is a wrong value, except in pandas, which writes NaN for "missing": there
it is null.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from nbadsl.data.arrow_file import open_ipc
from nbadsl.data.batches import Batch, Profiles, fitting, plain, slices
from nbadsl.data.csv_file import open_csv
from nbadsl.data.parquet_file import open_parquet
from nbadsl.data.python_columns import open_columns, open_people
from nbadsl.data.rules import BadData
from nbadsl.diagnostics.suggest import nearest
from nbadsl.program.nodes import Input

BATCH_ROWS = 65_536

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")
IPC = (".arrow", ".arrows", ".feather", ".ipc")

__all__ = ["BATCH_ROWS", "Batch", "Profiles", "open_profiles"]


def open_profiles(
    source: Any,
    inputs: Sequence[Input],
    *,
    key: str | None = None,
    used: AbstractSet[str] | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Profiles:
    """The profiles of a policy, in batches of at most `batch_rows` rows (fewer where rows are wide).

    `source`: a path, an object with `__arrow_c_stream__` or `__arrow_c_array__`, a dict of columns (NumPy
    arrays, lists, Arrow arrays; by column name), or a list of dicts, one per person. `inputs`: the
    profile's fields. `key`: the field that names a person. `used`: the fields that the policy reads; None:
    all of them.
    Raises BadData for a source that is not there, cannot be read or lacks columns; TypeError for an
    object of another kind.
    """
    fields, read = tuple(inputs), None if used is None else frozenset(used)
    match source:
        case str() | os.PathLike():
            return _open_path(Path(source), fields, read, key, batch_rows)
        case Mapping():
            return open_columns(source, fields, read, batch_rows)
        case list() | tuple() if all(isinstance(person, Mapping) for person in source):
            return open_people(source, fields, read, batch_rows)
        case _ if hasattr(source, "__arrow_c_stream__"):
            return _open_stream(source, fields, read, batch_rows)
        case _ if hasattr(source, "__arrow_c_array__"):
            return _open_stream(pa.table(pa.record_batch(source)), fields, read, batch_rows)
    what = f"cannot read profiles from {type(source).__module__}.{type(source).__name__}"
    if hasattr(source, "collect"):
        raise TypeError(f"{what}: collect() it first")
    raise TypeError(
        f"{what}: give a path, a data frame, an Arrow table, a dict of columns or a list of dicts"
    )


# --- paths -----------------------------------------------------------------------------------------


def _open_path(
    path: Path, inputs: tuple[Input, ...], used: frozenset[str] | None, key: str | None, batch_rows: int
) -> Profiles:
    if path.is_dir():
        found = open_parquet(path.name, parquet_files(path), inputs, used, key, batch_rows)
        return replace(found, paths=(path, *found.paths))
    if not path.exists():
        raise BadData(_not_found(path))
    name = path.name.lower()
    if name.endswith(PARQUET):
        return open_parquet(path.name, (path,), inputs, used, key, batch_rows)
    if name.endswith(CSV):
        return open_csv(path, inputs, used, key, batch_rows)
    if name.endswith(IPC):
        return open_ipc(path, inputs, used, batch_rows)
    known = " ".join((*PARQUET, *CSV, *IPC))
    raise BadData(
        f"{path.name}: the ending does not say what it holds, known are {known} and folders of Parquet files"
    )


def parquet_files(folder: Path) -> tuple[Path, ...]:
    """The Parquet files below a folder, by path; what begins with _ or . is a note of its writer."""
    paths = [p for p in sorted(folder.rglob("*")) if p.name.lower().endswith(PARQUET) and p.is_file()]
    paths = [p for p in paths if not any(part.startswith(("_", ".")) for part in p.relative_to(folder).parts)]
    if not paths:
        raise BadData(f"there is no Parquet file in the folder {folder}")
    return tuple(paths)


def _not_found(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no file {path}: there is no folder {path.parent} either"
    near = nearest(path.name, (p.name for p in path.parent.iterdir()))
    return f"there is no file {path}" + (f"; did you mean `{path.parent / near}`?" if near else "")


# --- tables in memory --------------------------------------------------------------------------------


def _open_stream(
    source: Any, inputs: tuple[Input, ...], used: frozenset[str] | None, batch_rows: int
) -> Profiles:
    """A table of another library, without copying its columns where both hold them alike."""
    again = not isinstance(source, pa.RecordBatchReader)
    reader = pa.RecordBatchReader.from_stream(source)
    name = f"the {type(source).__name__}"
    schema = fitting(name, reader.schema, inputs, used)
    unread = [reader]

    def batches() -> Iterator[Batch]:
        # A table gives a new stream each time it is asked (DuckDB's: after the last one has ended).
        if not unread and not again:
            raise BadData(f"{name} was read already, and can be read once")
        stream = unread.pop() if unread else pa.RecordBatchReader.from_stream(source)
        first = 0
        for large in stream:
            for part in slices(large, batch_rows):
                yield plain(part, schema, inputs, first)
                first += part.num_rows

    return Profiles(name, inputs, schema, schema, _rows(source), None, batches, (), again)


def _rows(source: Any) -> int | None:
    """The number of rows of a table that knows it without being computed."""
    if type(source).__module__.partition(".")[0] not in ("pyarrow", "polars", "pandas"):
        return None
    shape = getattr(source, "shape", None)
    return int(shape[0]) if isinstance(shape, tuple) else None
