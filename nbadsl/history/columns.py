"""What happened, as arrays of numbers, and what limits ask of it: for batches, and histories that are only read.

Of each event there is its sort (kind, action, groups, channel), its moment, its cost, and whose it was. Counting is a
pass over these, a second for some ten million events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.history.counted import Counts, Numbers, Times
from nbadsl.history.demands import Demand, Tally, room_of_tally, room_of_times
from nbadsl.history.events import Event
from nbadsl.history.store import Answer, Closing, HistoryError, Request, Stats
from nbadsl.history.windows import after
from nbadsl.program.limits import Contacts

Sort = tuple[str, str, tuple[str, ...], str | None]
"""Kind, action, groups, channel."""

UNDONE = -1  # the sort of what was decided and has been released


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A field that contacts are counted by. `codes`: [events], places in `keys`, -1 for nobody."""

    keys: pa.Array
    codes: NDArray[np.int32]


class ColumnHistory(Closing):
    """Counts, and does nothing else that a store does. Who makes one fills the arrays: `_sorts`: [events], numbers in
    `sorts`, or UNDONE. `_at`: [events]. `_priced`: [events], whether one has a cost of its own, and `_costs`, which is
    empty where none has. `_subjects`: by field."""

    keeps, path = False, "memory"
    sorts: list[Sort]
    notes: Sequence[str] = ()
    _sorts: NDArray[np.int32]
    _at: Numbers
    _costs: Numbers
    _priced: NDArray[np.bool_]
    _subjects: dict[str, Subject]

    # --- reading ---

    def rooms(self, demands: Sequence[Demand]) -> list[int]:
        return [self._room(demand) for demand in demands]

    def tallies(self, demands: Sequence[Demand]) -> list[Tally]:
        return [self._tally(self._asked(demand)) for demand in demands]

    def _room(self, demand: Demand) -> int:
        rows = self._asked(demand)
        if demand.pause is not None:
            return room_of_times(demand, np.sort(self._at[rows]).tolist())
        return room_of_tally(demand, self._tally(rows))

    def _asked(self, demand: Demand) -> Numbers:
        """The events that a demand counts."""
        rows = self._of(demand.contacts, demand.start, demand.now)
        if demand.field is None:
            return rows
        subject = self._subjects.get(demand.field)
        place = -1 if subject is None else pc.index(subject.keys, demand.key).as_py()
        mine = np.zeros(0, np.int64) if place < 0 or subject is None else subject.codes[rows] == place
        found: Numbers = rows[mine]
        return found

    def _tally(self, rows: Numbers) -> Tally:
        priced = rows[self._priced[rows]] if len(self._costs) else rows[:0]
        cost = int(self._costs[priced].sum()) if len(priced) else 0
        return Tally(len(rows), len(priced), cost)

    def times(self, contacts: Contacts, field: str, start: int | None, now: int) -> Times:
        subject, rows, codes = self._counted(contacts, field, start, now)
        at = self._at[rows]
        order = np.lexsort((at, codes))
        places, numbers = _numbers(codes, len(subject.keys))
        bounds = np.concatenate([[0], np.cumsum(numbers)]).astype(np.int64)
        return Times(subject.keys.take(pa.array(places)), bounds, at[order])

    def counts(self, contacts: Contacts, field: str, start: int | None, now: int) -> Counts:
        subject, _, codes = self._counted(contacts, field, start, now)
        places, numbers = _numbers(codes, len(subject.keys))
        return Counts(subject.keys.take(pa.array(places)), numbers)

    def _of(self, contacts: Contacts, start: int | None, now: int) -> Numbers:
        """The events that are counted."""
        wanted = [contacts.include(*sort) for sort in self.sorts]
        # What is undone has sort -1, the last.
        found = np.array([*wanted, False], np.bool_)[self._sorts]
        found &= self._at <= now
        if start is not None:
            found &= self._at > after(start)
        return np.flatnonzero(found)

    def _counted(
        self, contacts: Contacts, field: str, start: int | None, now: int
    ) -> tuple[Subject, Numbers, NDArray[np.int32]]:
        """The events that are counted and have a subject of a field, with its place among the field's keys."""
        subject = self._subjects.get(field)
        if subject is None:
            return encoded([pa.array([], pa.string())]), np.zeros(0, np.int64), np.zeros(0, np.int32)
        rows = self._of(contacts, start, now)
        codes = subject.codes[rows]
        known = codes >= 0
        return subject, rows[known], codes[known]

    # --- what it does not do ---

    def _refuse(self) -> NoReturn:
        """Raises HistoryError."""
        raise HistoryError("this history is only counted")

    def events(self) -> Iterator[Event]:
        self._refuse()

    def stats(self) -> Stats:
        self._refuse()

    def decision(self, decision: str) -> tuple[Event, ...] | None:
        self._refuse()

    def chunks(self, run: str) -> frozenset[int]:
        return frozenset()

    def add(self, events: Iterable[Event]) -> int:
        self._refuse()

    def reserve(
        self,
        requests: Sequence[Request],
        now: int,
        until: int | None = None,
        chunk: tuple[str, int] | None = None,
    ) -> list[Answer]:
        self._refuse()

    def confirm(self, decision: str, now: int) -> bool:
        self._refuse()

    def release(self, decision: str, now: int) -> bool:
        self._refuse()

    def expire(self, now: int) -> int:
        return 0

    def forget(self, key: str, now: int) -> int:
        self._refuse()

    def close(self) -> None:
        """Nothing is open."""


def joined(parts: list[NDArray[Any]], type: type) -> NDArray[Any]:
    """One array of many, which are given up."""
    found = np.concatenate([np.zeros(0, type), *parts])
    parts.clear()
    return found


def encoded(keys: list[pa.Array]) -> Subject:
    """Texts as places among the different ones."""
    encoded = pa.chunked_array(keys).dictionary_encode()  # all chunks get one dictionary
    keys.clear()
    codes = [chunk.indices.fill_null(-1).to_numpy() for chunk in encoded.chunks]
    different = encoded.chunk(0).dictionary if encoded.num_chunks else pa.array([], pa.string())
    return Subject(different, joined(codes, np.int32))


def _numbers(codes: NDArray[np.int32], size: int) -> tuple[Numbers, Numbers]:
    """The places that occur, and how often."""
    numbers = np.bincount(codes, minlength=size)
    places = np.flatnonzero(numbers)
    return places, numbers[places]
