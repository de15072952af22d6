"""Writes down a share of what a run decides, as lines for each of its batches.

Where people share limits, the room that one left somebody depends on who was served before. So beside the room before
the run it is written what the person lost to others: with both, the decision can be made again without them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from nbadsl.data.arrow import from_arrow
from nbadsl.data.decisions import REASONS, Outcome
from nbadsl.data.records import read_value
from nbadsl.data.schema import column_of
from nbadsl.engine.batch import Results
from nbadsl.engine.hashing import bases
from nbadsl.program import chance
from nbadsl.program.decision import DECIDED_BEFORE, RELEASED, Row
from nbadsl.program.facts import Facts
from nbadsl.program.nodes import Value
from nbadsl.replay.record import recording


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is written of a run. `share`: of the decisions, from 0 to 1. `used`: the fields on which a decision can
    depend."""

    facts: Facts
    hash: str
    given: Mapping[str, Value]
    seed: int
    share: float
    used: frozenset[str]

    def lines(self, people: pa.RecordBatch, found: Results) -> list[str]:
        """The lines of a batch, in its order."""
        lost: dict[int, dict[int, int]] = defaultdict(dict)
        for person, candidate, limit in () if found.losses is None else found.losses.T.tolist():
            lost[person][candidate] = limit
        return [
            self._line(people, found, row, lost.get(row, {})) for row in self._rows(people, found.outcome)
        ]

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

    def _line(self, people: pa.RecordBatch, found: Results, number: int, lost: Mapping[int, int]) -> str:
        fields = [field for field in self.facts.inputs if field.name in self.used]
        record = from_arrow(people, fields, number)
        row: Row = {field.name: read_value(field, record[field.name]) for field in fields}
        for limit, room in zip(self.facts.limits, found.rooms, strict=False):
            row[limit.room] = float(room if isinstance(room, int) else room[number])
        decision = found.outcome.decision(self.facts, number, chance.text_of(row[self.facts.key]))
        return recording(self.facts, self.hash, row, self.given, self.seed, decision, lost=lost).line()
