"""Events in a Parquet file, a folder of them, or a CSV file: those that `nba history export` writes, and other people's.

A row is an event. Columns:

    key, action, at    whom it was for (null: nobody known any more), what, and when; a time without a zone is in the
                       policy's
    kind               `decided`, `sent`, …; without this column all are `decided`, which limits count unless they say
                       otherwise
    groups             around the action, joined by `/`; where there are none, the ones of today's policy
    channel, content   may be left out
    cost               in the currency, where it is known
    decision, id       of the event; without them they are made from what the row says, the same each time
    household, …       what limits count by beside people, under the names of the policy

Keys and ids are texts or whole numbers. Other columns are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nbadsl.data.batches import Batch, Profiles
from nbadsl.data.csv_file import header
from nbadsl.data.local_times import microseconds
from nbadsl.data.profiles import PARQUET, open_profiles, parquet_files
from nbadsl.data.rejects import problem
from nbadsl.data.rules import BadData
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.history.asking import subjects_of
from nbadsl.history.columns import Sort
from nbadsl.history.counted import Numbers, texts_of
from nbadsl.history.events import KINDS
from nbadsl.history.store import HistoryError
from nbadsl.program.limits import DECIDED, MICROS, RELEASED
from nbadsl.program.nodes import Input, Program
from nbadsl.types import INTEGER, NUMBER, TEXT, TIME

_REQUIRED = ("key", "action", "at")
_PARTS = ("kind", "action", "groups", "channel")
_NAMES = ("decision", "id")
_OWN = (*_REQUIRED, "kind", "groups", "channel", "content", "cost", *_NAMES)
_ROWS = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Some rows. `first`: how many come before. `sorts`: [n], numbers in the file's list of sorts. `at`: [n]. `costs`:
    [n] in millionths of the currency, where `priced`."""

    first: int
    rows: pa.RecordBatch
    sorts: NDArray[np.int32]
    at: Numbers
    costs: Numbers
    priced: NDArray[np.bool_]


class EventFile:
    """An opened file. `fields`: of its columns, those that contacts are counted by. `sorts`: that it has, as far as it
    has been read. `notes`: sentences on what was not read.

    `program`: the policy that the file is read for; without one, times are in UTC and every other column is one that
    contacts are counted by. Raises HistoryError for what is no such file, and for a row that cannot be read.
    """

    def __init__(self, path: Path, program: Program | None = None) -> None:
        self.path, self.notes = path, list[str]()
        self.sorts: list[Sort] = []
        self._numbers: dict[Sort, int] = {}
        self._groups = {} if program is None else {c.action: c.groups for c in program.candidates}
        try:
            found = _columns(path)
            self.fields = self._fields(found, program)
            zone = "UTC" if program is None else program.timezone
            wanted = [name for name in (*_OWN, *self.fields) if name in found or name in _REQUIRED]
            self._inputs = tuple(_input(name, found.get(name), zone) for name in wanted)
            self._source: Profiles = open_profiles(path, self._inputs, batch_rows=_ROWS)
        except BadData as error:
            raise HistoryError(str(error)) from error
        except OSError as error:
            raise HistoryError(f"{path}: {error.strerror or error}") from error
        self.has_decisions = "decision" in wanted
        self.has_ids = "id" in wanted
        if self.has_ids and not self.has_decisions:
            raise HistoryError(
                f"{path}: there is a column `id`, of events in a decision, and none `decision`"
            )

    def _fields(self, found: dict[str, pa.DataType], program: Program | None) -> tuple[str, ...]:
        others = [name for name in found if name not in _OWN]
        if program is None:
            return tuple(others)
        subjects = subjects_of(program)
        for name in subjects:
            if name not in found:
                self.notes.append(f"there is no column `{name}`, so nothing is counted by it")
        unread = [name for name in others if name not in subjects]
        if unread:
            self.notes.append(f"not read: {', '.join(f'`{name}`' for name in unread)}")
        return tuple(name for name in others if name in subjects)

    # --- reading ---

    def pages(self) -> Iterator[Page]:
        """All rows, in their order."""
        try:
            for batch in self._source:
                self._check(batch)
                yield self._page(batch)
        except BadData as error:
            raise HistoryError(str(error)) from error

    def _check(self, batch: Batch) -> None:
        if batch.unreadable is not None and (batch.unreadable >= 0).any():
            row = int(np.argmax(batch.unreadable >= 0))
            field = self._inputs[batch.unreadable[row]]
            raise self.wrong(batch.first + row, f"{field.name}: {problem(batch, row, field)}")
        for name in {"at", *_NAMES} & set(batch.people.schema.names):
            empty = batch.people.column(name).is_null().to_numpy(zero_copy_only=False)
            if empty.any():
                raise self.wrong(batch.first + int(np.argmax(empty)), f"`{name}` is empty")

    def wrong(self, row: int, what: str) -> HistoryError:
        """`row`: from 0."""
        return HistoryError(f"{self.path}, row {row + 1:,}: {what}")

    def _page(self, batch: Batch) -> Page:
        rows, first = batch.people, batch.first
        at = microseconds(rows.column("at"))
        return Page(first, rows, self._sorts_of(rows, first), at, *self._costs(rows, first))

    def _costs(self, rows: pa.RecordBatch, first: int) -> tuple[Numbers, NDArray[np.bool_]]:
        if "cost" not in rows.schema.names:
            return np.zeros(rows.num_rows, np.int64), np.zeros(rows.num_rows, np.bool_)
        column = rows.column("cost").cast(pa.float64())
        money = column.fill_null(0).to_numpy() * MICROS
        if (wrong := ~(np.abs(money) < 2**53)).any():  # also NaN
            row = int(np.argmax(wrong))
            raise self.wrong(first + row, f"`cost` is {column[row]}, which is no amount of money")
        return np.rint(money).astype(np.int64), column.is_valid().to_numpy(zero_copy_only=False)

    def _sorts_of(self, rows: pa.RecordBatch, first: int) -> NDArray[np.int32]:
        codes, found = _combined([_coded(rows, name) for name in _PARTS])
        numbers = np.zeros(len(found), np.int32)
        for code, parts in enumerate(found):
            try:
                numbers[code] = self._sort(*parts)
            except ValueError as error:
                raise self.wrong(first + int(np.argmax(codes == code)), str(error)) from error
        return numbers[codes]

    def _sort(self, kind: str | None, action: str | None, groups: str | None, channel: str | None) -> int:
        """The number of a sort, a new one where there is none yet. Raises ValueError."""
        if "kind" not in self._source.schema.names:
            kind = DECIDED
        if kind not in KINDS:
            said = f'"{kind}"; {did_you_mean(kind, KINDS)}' if kind else f"empty, and not {', '.join(KINDS)}"
            raise ValueError(f"`kind` is {said}")
        if kind == RELEASED and not self.has_decisions:
            raise ValueError("what is released must say of which `decision`, and there is no such column")
        if not action:
            raise ValueError("`action` is empty")
        path = self._groups.get(action, ()) if groups is None else tuple(filter(None, groups.split("/")))
        sort = (kind, action, path, channel or None)
        if sort not in self._numbers:
            self._numbers[sort] = len(self.sorts)
            self.sorts.append(sort)
        return self._numbers[sort]


def texts(rows: pa.RecordBatch, name: str) -> pa.Array:
    """A column as texts; nulls where there is none."""
    if name not in rows.schema.names:
        return pa.nulls(rows.num_rows, pa.string())
    return texts_of(rows.column(name))


def _coded(rows: pa.RecordBatch, name: str) -> pa.DictionaryArray:
    """A column as codes into its different texts, which Parquet often has already."""
    if name in rows.schema.names and pa.types.is_dictionary(rows.column(name).type):
        return rows.column(name)
    return texts(rows, name).dictionary_encode()


def _columns(path: Path) -> dict[str, pa.DataType]:
    """Names and types of the columns. Raises BadData, OSError."""
    if path.is_dir() or path.name.lower().endswith(PARQUET):
        first = parquet_files(path)[0] if path.is_dir() else path
        try:
            schema = pq.read_schema(first)
        except pa.ArrowInvalid as error:
            raise BadData(f"{first.name} is no Parquet file: {error}") from error
        return dict(zip(schema.names, schema.types, strict=True))
    _, names = header(path, tuple(Input(name, TEXT) for name in _OWN))
    return dict.fromkeys(names, pa.string())


def _input(name: str, type: pa.DataType | None, zone: str) -> Input:
    """How a column is read."""
    match name:
        case "at":
            return Input(name, TIME, zone=zone)
        case "cost":
            return Input(name, NUMBER, optional=True)
    is_counted = type is not None and pa.types.is_integer(type) and name not in _PARTS
    return Input(name, INTEGER if is_counted else TEXT, optional=name != "action")


def _combined(columns: list[pa.DictionaryArray]) -> tuple[Numbers, list[tuple[str | None, ...]]]:
    """The different rows of some columns: [n] a number for each row, and by number its values."""
    codes: Numbers = np.zeros(len(columns[0]), np.int64)
    found: list[tuple[str | None, ...]] = [()]
    for column in columns:
        values = [*column.dictionary.to_pylist(), None]
        own = column.indices.cast(pa.int64()).fill_null(len(values) - 1).to_numpy()
        pairs = pa.array(codes * len(values) + own).dictionary_encode()
        codes = pairs.indices.to_numpy()
        found = [(*found[p // len(values)], values[p % len(values)]) for p in pairs.dictionary.to_pylist()]
    return codes, found
