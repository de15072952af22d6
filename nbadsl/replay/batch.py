"""Writes down a share of what a run decides, as lines for each of its batches.

Where limits are counted, the room that one left somebody may depend on who was served before. So what is written is
decided again by itself first, and where others took the room, the limits that stood in the way are written without any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.arrow import from_arrow
from nbadsl.data.decisions import REASONS, Outcome
from nbadsl.data.records import read_value
from nbadsl.data.schema import column_of
from nbadsl.engine.hashing import bases
from nbadsl.program import chance
from nbadsl.program.decision import DECIDED_BEFORE, RELEASED, Decision, Row
from nbadsl.program.facts import Facts
from nbadsl.program.nodes import Value
from nbadsl.replay.again import Decide
from nbadsl.replay.record import recording, told

Rooms = Sequence[int | NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is written of a run. `share`: of the decisions, from 0 to 1. `used`: the fields on which a decision can
    depend. `decide`: one person by itself."""

    facts: Facts
    hash: str
    given: Mapping[str, Value]
    seed: int
    share: float
    used: frozenset[str]
    decide: Decide

    def lines(self, people: pa.RecordBatch, found: Outcome, rooms: Rooms = ()) -> list[str]:
        """The lines of a batch, in its order. `rooms`: of each limit, for everybody or of each person, before the run."""
        return [line for row in self._rows(people, found) for line in self._line(people, found, rooms, row)]

    def _rows(self, people: pa.RecordBatch, found: Outcome) -> list[int]:
        """The people who are written down."""
        now = self.given["now"]
        assert isinstance(now, float)
        key = column_of(next(f for f in self.facts.inputs if f.name == self.facts.key))
        # With the seed 0 this is `chance.order` of the decision's id, as `Recorder.add` has it.
        places = bases(people.column(key), now, 0, self.facts.name).view(np.uint64) >> np.uint64(11)
        told_before = np.isin(found.reason, [REASONS.index(r) for r in (DECIDED_BEFORE, RELEASED)])
        wanted = (places * 2.0**-53 < self.share) & (found.bad < 0) & ~told_before
        return [int(row) for row in np.flatnonzero(wanted)]

    def _line(self, people: pa.RecordBatch, found: Outcome, rooms: Rooms, number: int) -> Iterator[str]:
        fields = [field for field in self.facts.inputs if field.name in self.used]
        record = from_arrow(people, fields, number)
        row: Row = {field.name: read_value(field, record[field.name]) for field in fields}
        for limit, room in zip(self.facts.limits, rooms, strict=False):
            row[limit.room] = float(room if isinstance(room, int) else room[number])
        decision = found.decision(self.facts, number, chance.text_of(row[self.facts.key]))
        if not self.facts.limits or self._without_room(row, decision):
            yield recording(self.facts, self.hash, row, self.given, self.seed, decision).line()

    def _without_room(self, row: Row, decision: Decision) -> bool:
        """Take the room of limits that stood in the way, until the person by itself is decided the same. Whether that
        can be."""
        wanted, picked = told(self.facts, decision), [c.candidate for c in (decision.chosen or decision.held)]
        for _ in range(len(self.facts.limits) + 1):
            found = self.decide(row, self.given, self.seed)
            if told(self.facts, found) == wanted:
                return True
            others = [c.candidate for c in (found.chosen or found.held)]
            lost = next((c for c in others if c not in picked), None)
            full = next(
                (x for x in self.facts.limits if lost in x.binds and self._has_room(row[x.room])), None
            )
            if full is None:
                return False
            row[full.room] = 0.0
        return False

    def _has_room(self, room: Value) -> bool:
        return isinstance(room, float) and room > 0
