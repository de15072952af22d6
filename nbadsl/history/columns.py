"""The room that limits leave, for batches of people: a column for each limit, read from a store once a run.

A limit of everybody leaves everyone the same room. A limit by a field is asked for all values of the field at once,
and batches look theirs up. Only windows since a field of the profile begin at another moment for everyone: of their
contacts the times are read, and searched for each batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.data.arrow import from_arrow
from nbadsl.data.local_times import microseconds
from nbadsl.data.records import read_value
from nbadsl.data.schema import column_of
from nbadsl.history.asking import ENDLESS, NO_ROOM, Asked, Asking
from nbadsl.history.counted import Numbers, Times, texts_of
from nbadsl.history.demands import Demand
from nbadsl.history.events import PERSON
from nbadsl.history.store import Store
from nbadsl.history.windows import after
from nbadsl.program import chance
from nbadsl.program.decision import Row
from nbadsl.program.givens import FIRST_TIME, LAST_TIME
from nbadsl.types import DAY, Date


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What has been read for a limit by a field. `rooms`: of the values in `keys`, and last that of all others.
    `times`: of the values instead, where the window begins at another moment for everyone."""

    asked: Asked
    keys: pa.Array
    rooms: Numbers
    times: Times | None = None


class RoomColumns:
    """The columns of one run. Raises HistoryError when the store cannot be read."""

    def __init__(self, asking: Asking, store: Store) -> None:
        self.asking = asking
        self.inputs = {i.name: i for i in asking.program.inputs}
        self.known = [self._read(asked, store) for asked in asking.asked]
        self.keys = {name: self._keys(name) for name in self.inputs}
        self.places = [k if isinstance(k, int) else self._places(k) for k in self.known]

    def _read(self, asked: Asked, store: Store) -> int | _Known:
        """The room of everybody, or what is known of each value of a field."""
        limit = asked.limit
        if asked.room is not None or limit.subject not in self.inputs:
            demand = self.asking.demand(asked, {})
            return store.rooms([demand])[0] if isinstance(demand, Demand) else demand
        field = PERSON if limit.subject == self.asking.program.key else limit.subject
        now, start, pause = asked.demand.now, asked.demand.start, limit.pause
        if pause is not None:
            # One contact begins a rest by itself, and then those that are over say nothing.
            times = store.times(limit.contacts, field, now - pause.length if pause.count == 1 else start, now)
            return _Known(asked, times.keys, np.append(times.rooms(pause, now), pause.count))
        if limit.window.since is not None:
            times = store.times(limit.contacts, field, start, now)
            return _Known(asked, times.keys, np.array([asked.demand.most]), times)
        counts = store.counts(limit.contacts, field, start, now)
        return _Known(asked, counts.keys, asked.demand.most - np.append(counts.numbers, 0))

    def _keys(self, name: str) -> pa.Array:
        """All values of a field that have contacts, so that batches look theirs up once."""
        known = [k.keys for k in self.known if isinstance(k, _Known) and k.asked.limit.subject == name]
        return pc.unique(pa.chunked_array(known, pa.string()))

    def _places(self, known: _Known) -> Numbers:
        """[keys of the field + 1]: where a value is among those of one limit; -1 where it is not."""
        all = self.keys[known.asked.limit.subject or ""]
        places = np.full(len(all) + 1, -1)
        places[pc.index_in(known.keys, all).to_numpy()] = np.arange(len(known.keys))
        return places

    # --- a batch ---

    def add_to(self, people: pa.RecordBatch) -> pa.RecordBatch:
        """A batch with a column of rooms for each limit."""
        limits = self.asking.program.limits
        values = {
            name: self._values(people, name) for name in {x.subject for x in limits} if name in self.inputs
        }
        found = {name: places_in(array, self.keys[name]) for name, array in values.items()}
        for known, places, limit in zip(self.known, self.places, limits, strict=True):
            if isinstance(known, int):
                rooms = np.full(people.num_rows, known, np.int64)
            else:
                assert limit.subject is not None and not isinstance(places, int)
                rooms = self._of(known, people, places[found[limit.subject]])
                unknown = values[limit.subject].is_null().to_numpy(zero_copy_only=False)
                rooms[unknown] = ENDLESS if limit.unknown_passes else NO_ROOM
            people = people.append_column(limit.room, pa.array(np.clip(rooms, -ENDLESS, ENDLESS)))
        return people

    def _of(self, known: _Known, people: pa.RecordBatch, places: Numbers) -> Numbers:
        """The room of everyone. `places`: in what is known, -1 for those of whom nothing is."""
        since = known.asked.limit.window.since
        if known.times is None or since is None:
            return known.rooms[places]
        rooms = np.full(len(places), known.rooms[-1])
        found = np.flatnonzero(places >= 0)
        rooms[found] -= known.times.after(places[found], self._starts(people, since)[found])
        return rooms

    def _starts(self, people: pa.RecordBatch, since: str) -> Numbers:
        """The moment after which everyone's contacts count, as `Asking.since` says for one."""
        each = self.inputs[since]
        column = people.column(column_of(each))
        if isinstance(each.type, Date):
            days, rows = np.unique(_days(column), return_inverse=True)
            starts = np.array([self.asking.since(since, float(day)) for day in days], np.int64)[rows]
        else:
            starts = microseconds(column) - 1
        default = self.asking.since(since, each.default)
        starts[column.is_null().to_numpy(zero_copy_only=False)] = after(default)
        return starts

    def _values(self, people: pa.RecordBatch | pa.Table, name: str) -> pa.Array:
        """The values of a field as events have them."""
        each = self.inputs[name]
        values = texts_of(people.column(column_of(each)))
        return values if each.default is None else values.fill_null(chance.text_of(each.default))

    # --- whom and with whom ---

    def subjects(self, people: pa.RecordBatch | pa.Table) -> NDArray[np.int64]:
        """[limits, n]: people with one number share the room of that limit."""
        found = np.zeros((len(self.known), people.num_rows), np.int64)
        for number, limit in enumerate(self.asking.program.limits):
            if limit.subject in self.inputs:
                codes = self._values(people, limit.subject).dictionary_encode().indices.fill_null(-1)
                found[number] = codes.to_numpy(zero_copy_only=False)
        return found

    def rows(self, people: pa.RecordBatch, chosen: NDArray[np.int64]) -> Iterator[Row]:
        """Of some people, what their events and demands are made of."""
        asking = self.asking
        read = {asking.program.key, *asking.subjects, *(x.window.since for x in asking.program.limits)}
        fields = [self.inputs[name] for name in read if name in self.inputs]
        some = people.select([column_of(each) for each in fields]).take(pa.array(chosen))
        for number in range(some.num_rows):
            told = from_arrow(some, fields, number)
            yield {
                each.name: None if told[each.name] is None else read_value(each, told[each.name])
                for each in fields
            }


def places_in(values: pa.Array, keys: pa.Array) -> Numbers:
    """[n]: where values are among keys, -1 for those that are not."""
    places: Numbers = pc.index_in(values, keys).fill_null(-1).to_numpy().astype(np.int64)
    return places


def _days(column: pa.Array) -> Numbers:
    """Days since 1970 of a column of dates; one outside the calendar, which is bad data, is at its edge."""
    per_day = 1 if pa.types.is_date32(column.type) else 86_400_000
    counts = column.view(pa.int32() if per_day == 1 else pa.int64()).fill_null(0).to_numpy()
    days: Numbers = np.clip(counts.astype(np.int64) // per_day, int(FIRST_TIME // DAY), int(LAST_TIME // DAY))
    return days
