"""The history in one SQLite file: what `nba run --history contacts.db` keeps, for as many processes as one machine runs.

Write-ahead logging: readers never wait, writers wait for each other. A decision is on disk as soon as the system
writes it there; the file cannot be damaged by a process that dies, and a machine that loses power may lose the last
moments, never the order.

Everybody's contacts are counted from `tallies`, which hold how many there were in bins of time on three levels, of a
second, some minutes and some days, each 1,024 times as long as the one below: with more of them less is read, but every
level is one page more to write. Only the seconds at the edges of a window are looked into, to the microsecond.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbadsl.history.demands import Demand, Tally
from nbadsl.history.sql import SqlStore
from nbadsl.history.sql_reading import ROWS
from nbadsl.history.store import HistoryError
from nbadsl.history.tables import TABLES, VERSION, Kept, Row, marks
from nbadsl.history.windows import after

SHIFTS = (20, 30, 40)
"""A bin of a level is this power of two of microseconds long."""
_WAIT = 60.0  # seconds that a writer waits for another one
_NEVER, _ALWAYS = -(2**63), 2**63
_TOTALS = 1000  # totals that are remembered
_FEW = 20  # events that are added to remembered totals one by one

_TALLIES = """CREATE TABLE IF NOT EXISTS tallies (level INTEGER NOT NULL, sort INTEGER NOT NULL, bin INTEGER NOT NULL,
    count INTEGER NOT NULL, priced INTEGER NOT NULL, cost INTEGER NOT NULL, PRIMARY KEY (level, sort, bin)) WITHOUT ROWID"""
_TELL = """INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    count = count + excluded.count, priced = priced + excluded.priced, cost = cost + excluded.cost"""


@dataclass(slots=True)
class _Total:
    """The contacts from `first` up to, not including, `last`. `latest`: no contact of these sorts is later."""

    first: int
    last: int
    tally: Tally
    latest: int


class SqliteStore(SqlStore):
    """`path`: a file, which is made where there is none, or `:memory:`. Raises HistoryError for one that is no history."""

    _next: int | None  # number of the next event

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = str(path)
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=_WAIT, isolation_level=None, check_same_thread=False, cached_statements=512
            )
            with ExitStack() as on_error:
                on_error.callback(self._connection.close)
                self._open()
                on_error.pop_all()
        except sqlite3.Error as error:
            raise HistoryError(f"{self.path} is no history: {error}") from error

    def _open(self) -> None:
        ask = self._connection.execute
        ask("PRAGMA journal_mode = WAL")
        ask("PRAGMA synchronous = NORMAL")
        ask("PRAGMA wal_autocheckpoint = 10000")  # rarely: whoever fills the log writes it back
        ask("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
        ask("PRAGMA cache_size = -65536")
        # Whoever finds the tables there waits for no writer.
        if not self._ask("SELECT 1 FROM sqlite_master WHERE name = 'about'"):
            with self._transaction():
                for table in (*TABLES, _TALLIES):
                    ask(_of_sqlite(table))
                if not self._ask("SELECT version FROM about"):
                    ask("INSERT INTO about VALUES (?)", (VERSION,))
        self._check_version()

    def forget(self, key: str, now: int) -> int:
        """See `Store`; the file is written anew, which takes some seconds for millions of events."""
        count = super().forget(key, now)
        with self._lock:
            if count:  # where pages were balanced, even `secure_delete` leaves copies
                self._ask("VACUUM")
            ((busy, _, _),) = self._ask("PRAGMA wal_checkpoint(TRUNCATE)")  # what was is in the log as well
        if busy:
            raise HistoryError(
                f"{self.path}: they are forgotten, but still in its log, as somebody reads it: forget them once more"
            )
        return count

    # --- the dialect ---

    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        try:
            rows: list[Row] = self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise HistoryError(f"{self.path}: {error}") from error
        return rows

    def _pages(self, sql: str, values: Sequence[Any]) -> Iterator[list[Row]]:
        try:
            cursor = self._connection.execute(sql, values)
            while rows := cursor.fetchmany(ROWS):
                yield rows
        except sqlite3.Error as error:
            raise HistoryError(f"{self.path}: {error}") from error

    def _do(self, sql: str, rows: Collection[Sequence[Any]]) -> None:
        self._forget_answers()
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise HistoryError(f"{self.path}: {error}") from error

    @property
    def _inside(self) -> bool:
        """Whether there is a transaction."""
        try:
            inside: bool = self._connection.in_transaction
        except sqlite3.Error as error:
            raise HistoryError(f"{self.path}: {error}") from error
        return inside

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._inside:
            yield
            return
        self._ask("BEGIN IMMEDIATE")
        try:
            yield
            self._ask("COMMIT")
        except BaseException:
            self._forget_sorts()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _hold(self, locks: Iterable[tuple[object, ...]]) -> None:
        # There is one writer at a time.
        self._learn()

    def _numbers(self, count: int) -> Iterable[int]:
        first = self._next
        if first is None:
            ((first,),) = self._ask("SELECT 1 + coalesce(max(number), 0) FROM events")
        self._next = first + count
        return range(first, self._next)

    def _tell(self, kept: Sequence[Kept], sign: int) -> None:
        bins: dict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
        for k in kept:
            cost = k.event.cost
            for level, shift in enumerate(SHIFTS):
                found = bins[level, k.sort, k.event.at >> shift]
                found[0] += sign
                if cost is not None:
                    found[1] += sign
                    found[2] += sign * cost
        self._do(_TELL, [(*bin, *found) for bin, found in bins.items()])
        if len(kept) > _FEW:
            self._totals.clear()
        for like, total in self._totals.items():
            for k in kept:
                if k.sort in like[0]:
                    total.latest = max(total.latest, k.event.at)
                    if total.first <= k.event.at < total.last:
                        total.tally += _one(k, sign)

    # --- what has been read stays true until somebody writes ---

    def _forget_sorts(self) -> None:
        super()._forget_sorts()
        self._version = 0
        self._forget_contents()

    def _forget_contents(self) -> None:
        """What is known of the tables, and what our own writing keeps up to date."""
        self._totals: dict[tuple[tuple[int, ...], int], _Total] = {}
        self._next = None
        self._forget_answers()

    def _forget_answers(self) -> None:
        """What our own writing changes."""
        self._found: dict[int, tuple[Demand, int]] = {}
        self._absent: set[str] = set()  # decisions
        self._ends: int | None = None  # when the first reservation does

    def _learn(self) -> None:
        ((version,),) = self._ask("PRAGMA data_version")
        if version != self._version:  # another process has written
            self._version = version
            self._forget_contents()
            super()._learn()

    def _of_decisions(self, decisions: Collection[str]) -> list[Kept]:
        """What was not there before a decision is not asked for once more where it is kept."""
        if self._inside and self._absent.issuperset(decisions):
            return []
        found = super()._of_decisions(decisions)
        self._absent = set(decisions) - {kept.event.decision for kept in found}
        return found

    def _end(self, now: int) -> int:
        if self._ends is None:
            ((first,),) = self._ask("SELECT min(until) FROM reservations")
            self._ends = _ALWAYS if first is None else int(first)
        return super()._end(now) if self._ends <= now else 0

    def _rooms(self, demands: Sequence[Demand]) -> list[int]:
        """Of the same demands, which are asked before a decision and once more where it is kept, it is known."""
        if not all(id(demand) in self._found for demand in demands):
            rooms = super()._rooms(demands)
            self._found = {id(d): (d, room) for d, room in zip(demands, rooms, strict=True)}
        return [self._found[id(demand)][1] for demand in demands]

    def _total(self, sorts: tuple[int, ...], start: int | None, now: int) -> Tally:
        """What was counted last time is remembered: then only what has come into the window and gone out of it is
        looked up."""
        first, last = after(start) + 1, now + 1
        if first >= last:
            return Tally()
        like = (sorts, (last - first).bit_length())
        then = self._totals.get(like)
        if then is None:
            if len(self._totals) > _TOTALS:
                self._totals.clear()
            found, latest = self._between(sorts, first, last), self._latest(sorts)
        else:
            found, latest = then.tally, then.latest
            for low, high in ((first, then.first), (then.last, last)):
                if low < high and low <= latest:
                    found += self._between(sorts, low, high)
                elif low > high and high <= latest:
                    found -= self._between(sorts, high, low)
        self._totals[like] = _Total(first, last, found, latest)
        return found

    def _latest(self, sorts: Sequence[int]) -> int:
        """The moment of the last contact of some sorts."""
        # Sort by sort, as for one alone SQLite finds the last entry of an index at once.
        sql = f"""SELECT max((SELECT max(at) FROM events WHERE stands = 1 AND sort = sorts.number))
            FROM sorts WHERE number IN ({marks(sorts)})"""
        ((latest,),) = self._ask(sql, sorts)
        return _NEVER if latest is None else int(latest)

    def _between(self, sorts: Sequence[int], first: int, last: int) -> Tally:
        """Everybody's contacts from a moment up to, not including, another one."""
        parts: list[str] = []
        values: list[int] = []
        for level, low, high in cover(first, last):
            if level < 0:
                parts.append(f"""SELECT count(*) AS count, count(cost) AS priced, sum(cost) AS cost FROM events
                    WHERE stands = 1 AND sort IN ({marks(sorts)}) AND at >= ? AND at < ?""")
                values += (*sorts, low, high)
            else:
                parts.append(f"""SELECT sum(count) AS count, sum(priced) AS priced, sum(cost) AS cost FROM tallies
                    WHERE level = ? AND sort IN ({marks(sorts)}) AND bin >= ? AND bin < ?""")
                values += (level, *sorts, low, high)
        sql = f"""SELECT coalesce(sum(count), 0), coalesce(sum(priced), 0), coalesce(sum(cost), 0)
            FROM ({" UNION ALL ".join(parts)})"""
        return Tally(*self._ask(sql, values)[0])


def _one(kept: Kept, sign: int) -> Tally:
    one = Tally.of([kept.event.cost])
    return one if sign > 0 else Tally() - one


def _of_sqlite(table: str) -> str:
    """The same table in less space: the number of an event is its row's, subjects are an index of themselves."""
    if "TABLE IF NOT EXISTS subjects" in table:
        return f"{table} WITHOUT ROWID"
    return table.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")


def cover(first: int, last: int, level: int = len(SHIFTS) - 1) -> Iterator[tuple[int, int, int]]:
    """Bins that together are the moments from `first` up to, not including, `last`: (level, first bin, bin after the
    last one); level -1 is moments themselves."""
    if first >= last:
        return
    if level < 0:
        yield -1, first, last
        return
    shift = SHIFTS[level]
    low, high = -(-first >> shift), last >> shift
    if low >= high:
        yield from cover(first, last, level - 1)
        return
    yield from cover(first, low << shift, level - 1)
    yield level, low, high
    yield from cover(high << shift, last, level - 1)
