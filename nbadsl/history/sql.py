"""The writing half of both SQL stores, see `sql_reading`. A dialect begins transactions, holds what others must not,
and hands out numbers for events."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from secrets import token_hex
from typing import Any

from nbadsl.history.events import PERSON, Event, choices, nameless, released
from nbadsl.history.sql_reading import PAGE, SqlReader
from nbadsl.history.store import Answer, Lost, Request, pages
from nbadsl.history.tables import (
    EVENTS,
    Kept,
    Row,
    kept_of,
    marks,
    row_of,
    subjects_of,
)
from nbadsl.program.limits import DECIDED, RELEASED

_MANY = 500  # values of one list


class SqlStore(SqlReader):
    """See `Store`."""

    # --- of a dialect ---

    @abstractmethod
    def _do(self, sql: str, rows: Collection[Sequence[Any]]) -> None:
        """Run a statement for each row of values."""

    @abstractmethod
    def _hold(self, locks: Iterable[tuple[object, ...]]) -> None:
        """Let no other transaction hold these until this one is over, and learn what those before have written."""

    @abstractmethod
    def _numbers(self, count: int) -> Iterable[int]:
        """New numbers for events, ascending."""

    @abstractmethod
    def _tell(self, kept: Sequence[Kept], sign: int) -> None:
        """Events are counted from now on (1), or no more (-1), where something is kept beside the tables."""

    # --- writing ---

    def add(self, events: Iterable[Event]) -> int:
        count = 0
        for some in pages(events, PAGE):
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
            self._catch_up({now})
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
            self._learn()
            return self._end(now)

    def _end(self, now: int) -> int:
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

    def _sort(self, event: Event) -> int:
        sort = (event.kind, event.action, "/".join(event.groups), event.channel or "")
        if sort not in self._sorts:
            self._hold([("sorts",)])
        if sort not in self._sorts:
            self._sorts[sort] = max(self._sorts.values(), default=0) + 1
            self._counted.clear()
            self._do("INSERT INTO sorts VALUES (?, ?, ?, ?, ?)", [(self._sorts[sort], *sort)])
        return self._sorts[sort]


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
