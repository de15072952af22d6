"""What both SQL stores do, in SQL that SQLite and PostgreSQL read alike; see `tables`.

A dialect connects, starts transactions, hands out numbers for events, and counts everybody's contacts.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from secrets import token_hex
from typing import Any

from nbadsl.history.counted import Counts, Times
from nbadsl.history.demands import Demand, Tally, room, room_of_tally
from nbadsl.history.events import PERSON, Event, choices, nameless, released
from nbadsl.history.store import Answer, HistoryError, Lost, Request, Stats, pages
from nbadsl.history.tables import (
    EVENTS,
    VERSION,
    Kept,
    Row,
    groups_of,
    kept_of,
    marks,
    row_of,
    subjects_of,
)
from nbadsl.history.windows import after
from nbadsl.program.limits import DECIDED, RELEASED, Contacts

_MANY = 500  # values of one list
_PAGE = 10_000  # events at a time
ROWS = 100_000  # rows of a portion

Sort = tuple[str, str, str, str]


class SqlStore(ABC):
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
    def _do(self, sql: str, rows: Collection[Sequence[Any]]) -> None:
        """Run a statement for each row of values."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[None]:
        """Everything inside or nothing; inside another one, a part of it. Forgets sorts where it comes to nothing."""

    @abstractmethod
    def _hold(self, locks: Iterable[tuple[object, ...]]) -> None:
        """Let no other transaction hold these until this one is over."""

    @abstractmethod
    def _numbers(self, count: int) -> Iterable[int]:
        """New numbers for events, ascending."""

    @abstractmethod
    def _total(self, sorts: tuple[int, ...], start: int | None, now: int) -> Tally:
        """Everybody's contacts of some sorts."""

    @abstractmethod
    def _tell(self, kept: Sequence[Kept], sign: int) -> None:
        """Events are counted from now on (1), or no more (-1), where something is kept beside the tables."""

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
        """What is over until then, and what others have written."""
        for now in moments:
            self.expire(now)
        self._learn()

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
                rows = self._ask(f"{EVENTS} WHERE e.number > ? ORDER BY e.number LIMIT {_PAGE}", (last,))
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

    # --- writing ---

    def add(self, events: Iterable[Event]) -> int:
        count = 0
        for some in pages(events, _PAGE):
            with self._lock, self._transaction():
                self._hold({("decision", event.decision) for event in some})
                count += self._add(some)
        return count

    def reserve(
        self,
        requests: Sequence[Request],
        now: int,
        until: int | None = None,
        chunk: tuple[str, int] | None = None,
    ) -> list[Answer]:
        answers: list[Answer] = []
        with self._lock:
            self.expire(now)
            try:
                with self._transaction():
                    self._hold(_locks(requests))
                    answers += self._answers(requests, until)
                    if any(isinstance(answer, Lost) for answer in answers):
                        raise _Undo
                    if chunk is not None:
                        self._do("INSERT INTO chunks VALUES (?, ?) ON CONFLICT DO NOTHING", [chunk])
            except _Undo:
                pass
        return answers

    def _answers(self, requests: Sequence[Request], until: int | None) -> Iterator[Answer]:
        self._learn()
        known: dict[str, list[Event]] = defaultdict(list)
        for kept in self._of_decisions({request.decision for request in requests}):
            known[kept.event.decision].append(kept.event)
        waiting: list[Event] = []
        for request in requests:
            if request.decision in known:
                yield choices(known[request.decision])
                continue
            if request.demands and waiting:
                self._insert(waiting)
                waiting.clear()
            lost = self._lost(request)
            if lost is not None:
                yield Lost(lost)
                continue
            yield request.events
            known[request.decision] += request.events
            waiting += request.events
            if until is not None:
                self._do("INSERT INTO reservations VALUES (?, ?)", [(request.decision, until)])
        self._insert(waiting)

    def _lost(self, request: Request) -> int | None:
        """The first demand without the room that a request wants."""
        rooms = self._rooms(request.demands)
        for number, (demand, left) in enumerate(zip(request.demands, rooms, strict=True)):
            if left < demand.wants:
                return number
        return None

    def confirm(self, decision: str, now: int) -> bool:
        self.expire(now)
        with self._lock, self._transaction():
            self._hold({("decision", decision)})
            self._do("DELETE FROM reservations WHERE decision = ?", [(decision,)])
            return bool(self.decision(decision))

    def release(self, decision: str, now: int) -> bool:
        with self._lock, self._transaction():
            self._hold({("decision", decision)})
            known = self.decision(decision)
            return bool(known and self._add([released(known[0], now)]))

    def expire(self, now: int) -> int:
        with self._lock:
            sql = "SELECT until, decision FROM reservations WHERE until <= ? ORDER BY until, decision"
            return sum(self._expire(decision, until) for until, decision in self._ask(sql, (now,)))

    def _expire(self, decision: str, until: int) -> bool:
        """Release a decision unless it has been confirmed meanwhile."""
        with self._transaction():
            self._hold({("decision", decision)})
            reserved = self._ask(
                "SELECT 1 FROM reservations WHERE decision = ? AND until = ?", (decision, until)
            )
            return bool(reserved) and self.release(decision, until)

    def forget(self, key: str, now: int) -> int:
        with self._lock, self._transaction():
            sql = """SELECT DISTINCT e.decision FROM subjects s JOIN events e ON e.number = s.event
                WHERE s.field = ? AND s.key = ?"""
            decisions = {decision for (decision,) in self._ask(sql, (PERSON, key))}
            self._hold({("decision", decision) for decision in decisions})
            for (decision,) in self._ask("SELECT decision FROM reservations ORDER BY decision"):
                if decision in decisions:
                    self.release(decision, now)
            names = {decision: token_hex(8) for decision in decisions}
            mine = [kept for kept in self._of_decisions(decisions) if kept.event.key == key]
            self._leave(mine)
            rows = []
            for kept in mine:
                event = nameless(kept.event, names[kept.event.decision])
                rows.append((event.decision, subjects_of(event), kept.number))
            self._do("UPDATE events SET decision = ?, subjects = ? WHERE number = ?", rows)
            if mine:
                self._do("INSERT INTO forgotten VALUES (?, ?)", [(now, len(mine))])
            return len(mine)

    # --- inside a transaction ---

    def _add(self, events: Sequence[Event]) -> int:
        """Keep the events that are new; gives how many they are."""
        known = self._of_decisions({event.decision for event in events})
        all = {(kept.event.decision, kept.event.id): kept.event for kept in known}
        for event in events:
            all.setdefault((event.decision, event.id), event)
        new = list(all.values())[len(known) :]
        undone = {event.decision for event in all.values() if event.kind == RELEASED}
        self._take_back([kept for kept in known if kept.stands and _decides(kept.event, undone)])
        self._do("DELETE FROM reservations WHERE decision = ?", [(decision,) for decision in undone])
        self._insert(new, undone)
        return len(new)

    def _insert(self, events: Sequence[Event], undone: Collection[str] = ()) -> None:
        """Keep new events. `undone`: decisions that have been released."""
        kept = [
            Kept(number, event, not _decides(event, undone), self._sort(event))
            for number, event in zip(self._numbers(len(events)), events, strict=True)
        ]
        standing = [k for k in kept if k.stands]
        self._do("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [row_of(k) for k in kept])
        rows = [(*of, k.event.at, k.number, k.sort, k.event.cost) for k in standing for of in k.event.of()]
        self._do("INSERT INTO subjects VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._tell(standing, 1)

    def _take_back(self, kept: Sequence[Kept]) -> None:
        """Count events no more."""
        self._leave(kept)
        self._do("UPDATE events SET stands = 0 WHERE number = ?", [(k.number,) for k in kept])
        self._tell(kept, -1)

    def _leave(self, kept: Sequence[Kept]) -> None:
        """Count events for none of their subjects any more."""
        rows = [(*of, k.event.at, k.number) for k in kept for of in k.event.of()]
        self._do("DELETE FROM subjects WHERE field = ? AND key = ? AND at = ? AND event = ?", rows)

    def _of_decisions(self, decisions: Collection[str]) -> list[Kept]:
        """All events of some decisions."""
        found: list[Row] = []
        for some in pages(sorted(decisions), _MANY):
            found += self._ask(f"{EVENTS} WHERE e.decision IN ({marks(some)}) ORDER BY e.number", some)
        return [kept_of(row) for row in found]

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

    def _sort(self, event: Event) -> int:
        sort = (event.kind, event.action, "/".join(event.groups), event.channel or "")
        if sort not in self._sorts:
            self._hold([("sorts",)])
            self._learn()
        if sort not in self._sorts:
            self._sorts[sort] = max(self._sorts.values(), default=0) + 1
            self._counted.clear()
            self._do("INSERT INTO sorts VALUES (?, ?, ?, ?, ?)", [(self._sorts[sort], *sort)])
        return self._sorts[sort]

    def _sorts_of(self, contacts: Contacts) -> tuple[int, ...]:
        """The sorts of events that are counted; one that there is not where there are none."""
        if contacts not in self._counted:
            found = [
                number
                for (kind, action, path, channel), number in self._sorts.items()
                if contacts.include(kind, action, groups_of(path), channel or None)
            ]
            self._counted[contacts] = tuple(found) or (0,)
        return self._counted[contacts]


class _Undo(Exception):
    """Ends a transaction that comes to nothing."""


def _locks(requests: Sequence[Request]) -> set[tuple[object, ...]]:
    """What decides a request: the decision itself, and what its demands count."""
    locks: set[tuple[object, ...]] = {("decision", request.decision) for request in requests}
    for request in requests:
        for d in request.demands:
            c = d.contacts
            locks.add((d.field, d.key, c.outcome, c.actions, c.groups, c.channels))
    return locks


def _decides(event: Event, decisions: Collection[str]) -> bool:
    return event.kind == DECIDED and event.decision in decisions
