"""A history that is carried from one simulated run to the next: in memory, and told of what many people were decided
at once.

It starts from another history, which is only read, and grows by arrays, never event by event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nbadsl.history.columns import ColumnHistory, Sort, Subject
from nbadsl.history.counted import Numbers
from nbadsl.history.events import PERSON, Event, standing
from nbadsl.history.store import Store
from nbadsl.program.limits import RELEASED


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Events of one moment. `sorts`: that they may be of, and `costs` of each, None where it has none of its own.
    `which`: [n], numbers of sorts. `keys`: [n], texts, whose they are. `subjects`: [n] by field, texts, null for nobody."""

    at: int
    sorts: Sequence[Sort]
    costs: Sequence[int | None]
    which: Numbers
    keys: pa.Array
    subjects: Mapping[str, pa.Array]


class CarriedHistory(ColumnHistory):
    """`start`: what has happened before, of which all up to `until` is read; None: nothing, and all. Of what is only
    reserved it is taken that it will be confirmed."""

    def __init__(self, start: Store | None = None, until: int | None = None) -> None:
        if isinstance(start, ColumnHistory):
            past = np.full(len(start._at), True) if until is None else start._at <= until
            self.sorts = list(start.sorts)
            self._sorts, self._at, self._priced = start._sorts[past], start._at[past], start._priced[past]
            self._costs = start._costs[past] if len(start._costs) else np.zeros(len(self._at), np.int64)
            self._subjects = {f: Subject(s.keys, s.codes[past]) for f, s in start._subjects.items()}
        else:
            events = [] if start is None else standing(start.events())
            self._take([e for e in events if e.kind != RELEASED and (until is None or e.at <= until)])
        self._numbers = {sort: number for number, sort in enumerate(self.sorts)}

    def _take(self, events: Sequence[Event]) -> None:
        sorts = [(event.kind, event.action, event.groups, event.channel) for event in events]
        self.sorts = list(dict.fromkeys(sorts))
        numbers = {sort: number for number, sort in enumerate(self.sorts)}
        self._sorts = np.array([numbers[sort] for sort in sorts], np.int32)
        self._at = np.array([event.at for event in events], np.int64)
        self._priced = np.array([event.cost is not None for event in events], np.bool_)
        self._costs = np.array([event.cost or 0 for event in events], np.int64)
        whose = [dict(event.of()) for event in events]
        self._subjects = {}
        for field in dict.fromkeys((PERSON, *(field for each in whose for field in each))):
            self._belong(field, pa.array([each.get(field) for each in whose], pa.string()), 0)

    def tell(self, told: Told) -> None:
        """From now on these count, too."""
        before = len(self._at)
        numbers = np.array([self._number(sort) for sort in told.sorts], np.int32)
        costs = np.array([cost or 0 for cost in told.costs], np.int64)
        priced = np.array([cost is not None for cost in told.costs], np.bool_)
        self._sorts = np.concatenate([self._sorts, numbers[told.which]])
        self._at = np.concatenate([self._at, np.full(len(told.which), told.at)])
        self._costs = np.concatenate([self._costs, costs[told.which]])
        self._priced = np.concatenate([self._priced, priced[told.which]])
        whose = {PERSON: told.keys, **told.subjects}
        for field in dict.fromkeys((*self._subjects, *whose)):
            nobody = pa.nulls(len(told.which), pa.string())
            self._belong(field, whose.get(field, nobody), before)

    def _number(self, sort: Sort) -> int:
        if sort not in self._numbers:
            self._numbers[sort] = len(self.sorts)
            self.sorts.append(sort)
        return self._numbers[sort]

    def _belong(self, field: str, whose: pa.Array, before: int) -> None:
        """Whose the last events are. `before`: how many there are before these."""
        known = self._subjects.get(field, Subject(pa.array([], pa.string()), np.full(before, -1, np.int32)))
        new = pc.unique(whose).drop_null()
        new = new.filter(pc.invert(pc.is_in(new, known.keys)))
        keys = pa.concat_arrays([known.keys.cast(pa.string()), new])
        codes = pc.index_in(whose, keys).fill_null(-1).to_numpy(zero_copy_only=False)
        self._subjects[field] = Subject(keys, np.concatenate([known.codes, codes.astype(np.int32)]))
