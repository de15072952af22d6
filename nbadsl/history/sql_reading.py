"""The reading half of both SQL stores, in SQL that SQLite and PostgreSQL read alike; see `tables`.

A dialect connects, asks, and counts everybody's contacts.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from nbadsl.history.counted import Counts, Times
from nbadsl.history.demands import Demand, Tally, room, room_of_tally
from nbadsl.history.events import PERSON, Event, choices
from nbadsl.history.store import Closing, HistoryError, Stats
from nbadsl.history.tables import (
    EVENTS,
    VERSION,
    Kept,
    Row,
    groups_of,
    kept_of,
    marks,
)
from nbadsl.history.windows import after
from nbadsl.program.limits import DECIDED, Contacts

PAGE = 10_000  # events at a time
ROWS = 100_000  # rows of a portion

Sort = tuple[str, str, str, str]


class SqlReader(Closing, ABC):
    """A store in tables. It has one connection, which threads take turns with. `path`: as messages name it."""

    keeps, notes = True, ()
    path: str
    _connection: Any

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._forget_sorts()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _check_version(self) -> None:
        """Raises HistoryError for tables of another version."""
        if self._ask("SELECT version FROM about") != [(VERSION,)]:
            raise HistoryError(f"{self.path} is the history of another version of nbadsl")

    # --- of a dialect ---

    @abstractmethod
    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run a statement, `?` for each value; what it gives."""

    @abstractmethod
    def _pages(self, sql: str, values: Sequence[Any]) -> Iterator[list[Row]]:
        """The same in portions, where all of it would be much."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[None]:
        """Everything inside or nothing; inside another one, a part of it. Forgets sorts where it comes to nothing."""

    @abstractmethod
    def _total(self, sorts: tuple[int, ...], start: int | None, now: int) -> Tally:
        """Everybody's contacts of some sorts."""

    @abstractmethod
    def _end(self, now: int) -> int:
        """Release the decisions that were not confirmed until then; gives how many."""

    @abstractmethod
    def _of_decisions(self, decisions: Collection[str]) -> list[Kept]:
        """All events of some decisions, in the order in which they were told."""

    # --- reading ---

    def rooms(self, demands: Sequence[Demand]) -> list[int]:
        with self._lock:
            self._catch_up({demand.now for demand in demands})
            return self._rooms(demands)

    def tallies(self, demands: Sequence[Demand]) -> list[Tally]:
        with self._lock:
            self._catch_up({demand.now for demand in demands})
            return [self._tally(demand, self._sorts_of(demand.contacts)) for demand in demands]

    def _catch_up(self, moments: Collection[int]) -> None:
        """What others have written, and what is over until then."""
        self._learn()
        for now in moments:
            self._end(now)

    def _rooms(self, demands: Sequence[Demand]) -> list[int]:
        people = {d.key for d in demands if d.field == PERSON}
        found = {
            key: self._of_person([d for d in demands if (d.field, d.key) == (PERSON, key)]) for key in people
        }
        return [self._room(demand, found) for demand in demands]

    def _of_person(self, demands: Sequence[Demand]) -> list[Row]:
        """All that demands on one person may count: (time, sort, cost), ascending in time."""
        start = min(after(demand.start) for demand in demands)
        sql = "SELECT at, sort, cost FROM subjects WHERE field = ? AND key = ? AND at > ? ORDER BY at"
        return self._ask(sql, (PERSON, demands[0].key, start))

    def _room(self, demand: Demand, people: Mapping[str | None, list[Row]]) -> int:
        sorts = self._sorts_of(demand.contacts)
        if demand.field != PERSON:
            return room_of_tally(demand, self._tally(demand, sorts))
        start, now = after(demand.start), demand.now
        found = people[demand.key]
        return room(demand, [(at, cost) for at, sort, cost in found if start < at <= now and sort in sorts])

    def _tally(self, demand: Demand, sorts: tuple[int, ...]) -> Tally:
        if demand.field is None:
            return self._total(sorts, demand.start, demand.now)
        sql = f"""SELECT count(*), count(cost), coalesce(sum(cost), 0) FROM subjects
            WHERE field = ? AND key = ? AND at > ? AND at <= ? AND sort IN ({marks(sorts)})"""
        values = (demand.field, demand.key, after(demand.start), demand.now, *sorts)
        ((count, priced, cost),) = self._ask(sql, values)
        return Tally(count, priced, int(cost))

    def times(self, contacts: Contacts, field: str, start: int | None, now: int) -> Times:
        return Times.of(self._of_field("key, at", "ORDER BY key, at", contacts, field, start, now))

    def counts(self, contacts: Contacts, field: str, start: int | None, now: int) -> Counts:
        return Counts.of(self._of_field("key, count(*)", "GROUP BY key", contacts, field, start, now))

    def _of_field(
        self, what: str, how: str, contacts: Contacts, field: str, start: int | None, now: int
    ) -> Iterator[list[Row]]:
        with self._lock:
            self._catch_up({now})
            sorts = self._sorts_of(contacts)
            sql = f"""SELECT {what} FROM subjects
                WHERE field = ? AND at > ? AND at <= ? AND sort IN ({marks(sorts)}) {how}"""
            yield from self._pages(sql, (field, after(start), now, *sorts))

    def decision(self, decision: str) -> tuple[Event, ...] | None:
        with self._lock:
            known = [kept.event for kept in self._of_decisions({decision})]
        return choices(known) if known else None

    def chunks(self, run: str) -> frozenset[int]:
        with self._lock:
            return frozenset(
                chunk for (chunk,) in self._ask("SELECT chunk FROM chunks WHERE run = ?", (run,))
            )

    def events(self) -> Iterator[Event]:
        last = 0
        while True:
            with self._lock:
                rows = self._ask(f"{EVENTS} WHERE e.number > ? ORDER BY e.number LIMIT {PAGE}", (last,))
            if not rows:
                return
            yield from (kept_of(row).event for row in rows)
            last = rows[-1][0]

    def stats(self) -> Stats:
        with self._lock, self._transaction():
            kinds: dict[str, int] = dict(
                self._ask(
                    "SELECT s.kind, count(*) FROM events e JOIN sorts s ON s.number = e.sort GROUP BY s.kind"
                )
            )
            sql = """SELECT count(DISTINCT decision) FROM events WHERE sort IN
                (SELECT number FROM sorts WHERE kind = ?)"""
            ((decisions,),) = self._ask(sql, (DECIDED,))
            sql = "SELECT count(DISTINCT key) FROM subjects WHERE field = ?"
            ((people,),) = self._ask(sql, (PERSON,))
            ((first, last),) = self._ask("SELECT min(at), max(at) FROM events")
            ((reserved,),) = self._ask("SELECT count(*) FROM reservations")
            ((forgotten,),) = self._ask("SELECT count(*) FROM forgotten")
        return Stats(sum(kinds.values()), people, decisions, kinds, first, last, reserved, forgotten)

    # --- sorts ---

    def _forget_sorts(self) -> None:
        self._sorts: dict[Sort, int] = {}
        self._counted: dict[Contacts, tuple[int, ...]] = {}

    def _learn(self) -> None:
        """Read the sorts that others have added."""
        last = max(self._sorts.values(), default=0)
        sql = "SELECT kind, action, path, channel, number FROM sorts WHERE number > ? ORDER BY number"
        for *sort, number in self._ask(sql, (last,)):
            self._sorts[tuple(sort)] = number
            self._counted.clear()

    def _sorts_of(self, contacts: Contacts) -> tuple[int, ...]:
        """The sorts of events that are counted; one that there is not where there are none."""
        counted = self._counted.get(contacts)
        if counted is None:
            found = [
                number
                for (kind, action, path, channel), number in self._sorts.items()
                if contacts.include(kind, action, groups_of(path), channel or None)
            ]
            counted = self._counted[contacts] = tuple(found) or (0,)
        return counted
