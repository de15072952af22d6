"""The room that limits leave, for batches of people: a column for each limit, read from a store once a run.

A limit of everybody leaves everyone the same room. A limit by a field is asked for all values of the field at once,
and batches look theirs up. Only windows since a field of the profile begin at another moment for everyone: of their
contacts the times are read, and counted person by person.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.data.arrow import from_arrow
from nbadsl.data.records import read_value
from nbadsl.data.schema import column_of
from nbadsl.history.asking import ENDLESS, NO_ROOM, Asked, Asking
from nbadsl.history.demands import Demand, room_of_times
from nbadsl.history.events import PERSON
from nbadsl.history.store import Store
from nbadsl.program.decision import Row

Rooms = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Known:
    """What has been read for a limit by a field. `rooms`: of the values in `keys`; all others have `room`. `times`:
    of each value instead, ascending, where the window begins at another moment for everyone."""

    asked: Asked
    keys: pa.Array
    rooms: Rooms
    room: int
    times: list[list[int]] | None = None


class RoomColumns:
    """The columns of one run. Raises HistoryError when the store cannot be read."""

    def __init__(self, asking: Asking, store: Store) -> None:
        self.asking = asking
        self.inputs = {i.name: i for i in asking.program.inputs}
        self.known = [self._read(asked, store) for asked in asking.asked]

    def _read(self, asked: Asked, store: Store) -> int | _Known:
        """The room of everybody, or what is known of each value of a field."""
        limit = asked.limit
        if asked.room is not None or limit.subject not in self.inputs:
            demand = self.asking.demand(asked, {})
            return store.rooms([demand])[0] if isinstance(demand, Demand) else demand
        field = PERSON if limit.subject == self.asking.program.key else limit.subject
        demand = asked.demand
        reads_times = limit.window.since is not None or limit.pause is not None
        if not reads_times:
            counts = store.counts(limit.contacts, field, demand.start, demand.now)
            rooms = demand.most - np.fromiter(counts.values(), np.int64, len(counts))
            return _Known(asked, _texts(counts), rooms, demand.most)
        found = store.times(limit.contacts, field, demand.start, demand.now)
        times = {key: [at for _, at in each] for key, each in groupby(found, key=lambda pair: pair[0])}
        if limit.pause is None:
            return _Known(asked, _texts(times), np.zeros(0, np.int64), demand.most, list(times.values()))
        rooms = np.array([room_of_times(demand, each) for each in times.values()], np.int64)
        return _Known(asked, _texts(times), rooms, limit.pause.count)

    # --- a batch ---

    def add_to(self, people: pa.RecordBatch) -> pa.RecordBatch:
        """A batch with a column of rooms for each limit."""
        for known, limit in zip(self.known, self.asking.program.limits, strict=True):
            if isinstance(known, int):
                rooms = np.full(people.num_rows, known, np.int64)
            else:
                rooms = self._of(known, people)
            people = people.append_column(limit.room, pa.array(np.clip(rooms, -ENDLESS, ENDLESS)))
        return people

    def _of(self, known: _Known, people: pa.RecordBatch) -> Rooms:
        limit = known.asked.limit
        assert limit.subject is not None
        values = texts_of(people.column(column_of(self.inputs[limit.subject])))
        places = pc.fill_null(pc.index_in(values, known.keys), -1).to_numpy(zero_copy_only=False)
        rooms = np.full(people.num_rows, known.room, np.int64)
        found = np.flatnonzero(places >= 0)
        if known.times is None:
            rooms[found] = known.rooms[places[found]]
        else:
            for row, start in zip(found, self._starts(known, people, found), strict=True):
                times = known.times[places[row]]
                rooms[row] -= len(times) - bisect_right(times, start)
        unknown = pc.is_null(values).to_numpy(zero_copy_only=False)
        rooms[unknown] = ENDLESS if limit.unknown_passes else NO_ROOM
        return rooms

    def _starts(self, known: _Known, people: pa.RecordBatch, rows: NDArray[np.int64]) -> Iterator[int]:
        """For some rows, the moment after which their contacts count."""
        field = known.asked.limit.window.since
        assert field is not None
        each = self.inputs[field]
        column = pa.RecordBatch.from_arrays([people.column(column_of(each))], [column_of(each)])
        for row in rows.tolist():
            told = from_arrow(column, (each,), row)[field]
            start = self.asking.since(field, None if told is None else read_value(each, told))
            yield -(2**62) if start is None else start

    # --- whom and with whom ---

    def subjects(self, people: pa.RecordBatch | pa.Table) -> NDArray[np.int64]:
        """[limits, n], from 0 on: people with one number share the room of that limit. Those of whom the field is
        unknown have one, too, and endless room or none."""
        found = np.zeros((len(self.known), people.num_rows), np.int64)
        for number, limit in enumerate(self.asking.program.limits):
            if limit.subject in self.inputs:
                values = texts_of(people.column(column_of(self.inputs[limit.subject])))
                codes = pc.add(values.dictionary_encode().indices, 1).fill_null(0)
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


def texts_of(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Keys as events have them: texts, or whole numbers as their decimal digits."""
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays([texts_of(chunk) for chunk in array.chunks] or [pa.array([], pa.string())])
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
        array = array.cast(pa.int64())
    return array.cast(pa.string())


def _texts(keys: Iterable[str]) -> pa.Array:
    return pa.array(keys, pa.string())
