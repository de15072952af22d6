"""The history as a list in memory: the definition of a store. Slow where there is much of it; for tests and trials."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from secrets import token_hex

from nbadsl.history.counted import Counts, Times
from nbadsl.history.demands import Demand, Tally
from nbadsl.history.events import Event, choices, nameless, released
from nbadsl.history.store import Answer, Closing, Lost, Request, Stats
from nbadsl.history.told import Told
from nbadsl.program.limits import DECIDED, RELEASED, Contacts


class MemoryStore(Closing):
    """Keeps events in the order in which it is told of them."""

    keeps, notes, path = True, (), "memory"

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._lock = threading.RLock()
        self._events: dict[tuple[str, str], Event] = {}
        self._until: dict[str, int] = {}
        self._chunks: dict[str, set[int]] = {}
        self._forgotten = 0
        self.add(events)

    # --- reading ---

    def rooms(self, demands: Sequence[Demand]) -> list[int]:
        with self._lock:
            for now in {demand.now for demand in demands}:
                self.expire(now)
            return self._told.rooms(demands)

    def tallies(self, demands: Sequence[Demand]) -> list[Tally]:
        with self._lock:
            for now in {demand.now for demand in demands}:
                self.expire(now)
            return self._told.tallies(demands)

    @property
    def _told(self) -> Told:
        return Told(list(self._events.values()))

    def times(self, contacts: Contacts, field: str, start: int | None, now: int) -> Times:
        return Times.of([self._times(contacts, field, start, now)])

    def counts(self, contacts: Contacts, field: str, start: int | None, now: int) -> Counts:
        return Counts.of([list(Counter(key for key, _ in self._times(contacts, field, start, now)).items())])

    def _times(self, contacts: Contacts, field: str, start: int | None, now: int) -> list[tuple[str, int]]:
        demand = Demand(contacts, now, start)
        with self._lock:
            self.expire(now)
            found = self._told.counted(demand)
        return sorted((key, event.at) for event in found for name, key in event.of() if name == field)

    def decision(self, decision: str) -> tuple[Event, ...] | None:
        with self._lock:
            known = [event for event in self._events.values() if event.decision == decision]
        return choices(known) if known else None

    def chunks(self, run: str) -> frozenset[int]:
        with self._lock:
            return frozenset(self._chunks.get(run, ()))

    def events(self) -> Iterator[Event]:
        with self._lock:
            yield from list(self._events.values())

    def stats(self) -> Stats:
        with self._lock:
            events = list(self._events.values())
            moments = [event.at for event in events]
            return Stats(
                events=len(events),
                people=len({event.key for event in events if event.key is not None}),
                decisions=len({event.decision for event in events if event.kind == DECIDED}),
                kinds=Counter(event.kind for event in events),
                first=min(moments, default=None),
                last=max(moments, default=None),
                reserved=len(self._until),
                forgotten=self._forgotten,
            )

    # --- writing ---

    def add(self, events: Iterable[Event]) -> int:
        with self._lock:
            before = len(self._events)
            for event in events:
                kept = self._events.setdefault((event.decision, event.id), event)
                if kept.kind == RELEASED:
                    self._until.pop(event.decision, None)
            return len(self._events) - before

    def reserve(
        self,
        requests: Sequence[Request],
        now: int,
        until: int | None = None,
        chunk: tuple[str, int] | None = None,
    ) -> list[Answer]:
        with self._lock:
            self.expire(now)
            before = dict(self._events)
            answers = [self._reserve(request) for request in requests]
            if any(isinstance(answer, Lost) for answer in answers):
                self._events = before
                return answers
            if until is not None:
                new = {request.decision for request in requests} - {decision for decision, _ in before}
                self._until |= dict.fromkeys(new, until)
            if chunk is not None:
                self._chunks.setdefault(chunk[0], set()).add(chunk[1])
            return answers

    def _reserve(self, request: Request) -> Answer:
        known = self.decision(request.decision)
        if known is not None:
            return known
        for number, (demand, left) in enumerate(
            zip(request.demands, self._told.rooms(request.demands), strict=True)
        ):
            if left < demand.wants:
                return Lost(number)
        self.add(request.events)
        return request.events

    def confirm(self, decision: str, now: int) -> bool:
        with self._lock:
            self.expire(now)
            self._until.pop(decision, None)
            return bool(self.decision(decision))

    def release(self, decision: str, now: int) -> bool:
        with self._lock:
            known = self.decision(decision)
            return bool(known and self.add([released(known[0], now)]))

    def expire(self, now: int) -> int:
        with self._lock:
            over = sorted((until, decision) for decision, until in self._until.items() if until <= now)
            for until, decision in over:
                self.release(decision, until)
            return len(over)

    def forget(self, key: str, now: int) -> int:
        with self._lock:
            mine = {event.decision for event in self._events.values() if event.key == key}
            for decision in sorted(mine & self._until.keys()):
                self.release(decision, now)
            names = {decision: token_hex(8) for decision in mine}
            events = list(self._events.values())
            erased = [nameless(e, names[e.decision]) if e.key == key else e for e in events]
            self._events = {(event.decision, event.id): event for event in erased}
            self._forgotten += bool(mine)
            return sum(event.key == key for event in events)

    def close(self) -> None:
        """Nothing to close."""
