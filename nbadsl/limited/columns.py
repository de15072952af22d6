"""The room that limits leave, for batches of people: a column for each limit, read from a store once a run.

A limit of everybody leaves everyone the same room. A limit by a field is asked for all values of the field at once;
values have numbers, and batches look up the rooms of theirs. Only windows since a field of the profile begin at
another moment for everyone: of their contacts the times are read, and searched for each batch.
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
from nbadsl.engine.lookup import Lookup, spread
from nbadsl.history.asking import NO_ROOM, Asked, Asking
from nbadsl.history.counted import Numbers, Times
from nbadsl.history.demands import Demand
from nbadsl.history.events import PERSON
from nbadsl.history.store import Store
from nbadsl.history.windows import after
from nbadsl.program import chance
from nbadsl.program.decision import Row
from nbadsl.program.givens import FIRST_TIME, LAST_TIME
from nbadsl.types import DAY, Date, Integer

Room = NDArray[np.int32]

PLENTY = 2**30
"""More room than any run takes of somebody's, in half the memory of an exact number."""

_MANY = 2  # one in so many is many


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What has been read for a limit by a field. `rooms`: of the values in `keys`, and last that of all others.
    `times`: of the values instead, where the window begins at another moment for everyone."""

    asked: Asked
    keys: pa.Array
    rooms: Numbers
    times: Times | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """The limits by one field. `lookup`: its values. `limits`: numbers of limits. `table`: [values + 1, limits], rooms,
    last those of values without contacts. `places`: for limits with times, of each value among them, -1: it has none."""

    lookup: Lookup
    limits: list[int]
    table: Room
    places: dict[int, Numbers]


@dataclass(frozen=True, slots=True, eq=False)
class Roomed:
    """A batch with the room of every limit as a column. `rooms`: of each limit, for everybody, or of each person and at
    most PLENTY. `subjects`: by a field by which people share it, those with one number do; 0 is for those without a value,
    who have plenty or none."""

    people: pa.RecordBatch
    rooms: list[int | Room]
    subjects: dict[str, Numbers]


class RoomColumns:
    """The columns of one run. Raises HistoryError when the store cannot be read."""

    def __init__(self, asking: Asking, store: Store) -> None:
        self.asking = asking
        self.inputs = {i.name: i for i in asking.program.inputs}
        self.known = [self._read(asked, store) for asked in asking.asked]
        subjects = [limit.subject for limit in asking.program.limits]
        self.fields = {name: self._field(name) for name in dict.fromkeys(subjects) if name in self.inputs}

    def _read(self, asked: Asked, store: Store) -> int | _Known:
        """The room of everybody, or what is known of each value of a field."""
        limit = asked.limit
        if asked.room is not None or limit.subject not in self.inputs:
            demand = self.asking.demand(asked, {})
            return store.rooms([demand])[0] if isinstance(demand, Demand) else demand
        field = PERSON if limit.subject == self.asking.program.key else limit.subject
        now, start, pause = self.asking.until, asked.start, limit.pause
        if pause is not None:
            # One contact begins a rest by itself, and then those that are over say nothing.
            times = store.times(limit.contacts, field, now - pause.length if pause.count == 1 else start, now)
            return _Known(asked, times.keys, np.append(times.rooms(pause, now), pause.count))
        if limit.window.since is not None:
            times = store.times(limit.contacts, field, start, now)
            return _Known(asked, times.keys, np.array([asked.most]), times)
        counts = store.counts(limit.contacts, field, start, now)
        return _Known(asked, counts.keys, asked.most - np.append(counts.numbers, 0))

    def _field(self, name: str) -> _Field:
        lookup, codes = Lookup(), {}
        for number, known in enumerate(self.known):
            if isinstance(known, _Known) and known.asked.limit.subject == name:
                numeric = isinstance(self.inputs[name].type, Integer)
                codes[number] = lookup.codes(_whole(known.keys) if numeric else known.keys)
        table, places = np.empty((lookup.size + 1, len(codes)), np.int64), {}
        for column, (number, mine) in enumerate(codes.items()):
            known = self.known[number]
            assert isinstance(known, _Known)
            there = mine >= 0
            table[:, column] = known.rooms[-1]
            if known.times is None:
                table[mine[there], column] = known.rooms[:-1][there]
            else:
                places[number] = np.full(lookup.size + 1, -1)
                places[number][mine[there]] = np.flatnonzero(there)
        return _Field(lookup, list(codes), np.clip(table, -PLENTY, PLENTY).astype(np.int32), places)

    # --- a batch ---

    def of(self, people: pa.RecordBatch) -> Roomed:
        """The rooms of a batch."""
        rooms: list[int | Room] = [0 if isinstance(known, _Known) else known for known in self.known]
        subjects: dict[str, Numbers] = {}
        limits = self.asking.program.limits
        for name, field in self.fields.items():
            is_key = name == self.asking.program.key
            codes = field.lookup.codes(self.values(people, name), adds=not is_key)
            found = spread(field.table, codes)
            unknown = codes < 0
            if not is_key:
                subjects[name] = codes + 1
            for number, mine in zip(field.limits, found, strict=True):
                if number in field.places:
                    mine -= self._since(number, field, people, codes)
                mine[unknown] = PLENTY if limits[number].unknown_passes else NO_ROOM
                rooms[number] = mine
        for limit, each in zip(limits, rooms, strict=True):
            if isinstance(each, int):
                each = np.full(people.num_rows, max(-PLENTY, min(PLENTY, each)), np.int32)
            people = people.append_column(limit.room, pa.array(each))
        return Roomed(people, rooms, subjects)

    def _since(self, number: int, field: _Field, people: pa.RecordBatch, codes: Numbers) -> Numbers:
        """How many contacts everyone has had in a window since a field."""
        known, counts = self.known[number], np.zeros(len(codes), np.int64)
        assert isinstance(known, _Known) and known.times is not None
        since = known.asked.limit.window.since
        assert since is not None
        last = len(field.table) - 1
        places = field.places[number][np.where((codes < 0) | (codes > last), last, codes)]
        found = np.flatnonzero(places >= 0)
        counts[found] = known.times.after(places[found], self._starts(people, since)[found])
        return counts

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

    def values(self, people: pa.RecordBatch, name: str) -> pa.Array:
        """The values of a field."""
        each = self.inputs[name]
        values = people.column(column_of(each))
        if each.default is None or not values.null_count:
            return values
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        default = each.default if isinstance(each.default, str) else int(chance.text_of(each.default))
        return values.fill_null(pa.scalar(default).cast(values.type))

    # --- what is kept ---

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


def taken(people: pa.RecordBatch, rows: Numbers) -> tuple[pa.RecordBatch, Numbers]:
    """People of a batch, and where the wanted ones stand among them: these alone, or everybody where they are many, as
    copying them takes longer than deciding the others as well."""
    if _MANY * len(rows) > people.num_rows:
        return people, rows
    return people.take(pa.array(rows)), np.arange(len(rows))


def _whole(keys: pa.Array) -> pa.Array:
    """Texts as whole numbers; null where a text is none, or not as numbers are written."""
    digits = pc.if_else(pc.match_substring_regex(keys, r"^(0|-?[1-9][0-9]{0,17})$"), keys, None)
    return digits.cast(pa.int64())


def _days(column: pa.Array) -> Numbers:
    """Days since 1970 of a column of dates; one outside the calendar, which is bad data, is at its edge."""
    per_day = 1 if pa.types.is_date32(column.type) else 86_400_000
    counts = column.view(pa.int32() if per_day == 1 else pa.int64()).fill_null(0).to_numpy()
    days: Numbers = np.clip(counts.astype(np.int64) // per_day, int(FIRST_TIME // DAY), int(LAST_TIME // DAY))
    return days
