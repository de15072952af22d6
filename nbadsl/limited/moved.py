"""Whom limits moved: people who would first be decided something else if every limit had room for everybody.

What somebody would get then is found with the same draws. Of most people the engine has said it already, before those
who share limits are served; only people for whom a limit has no room before the run are asked for anew, with endless
room. Whoever gets something else, or nothing, counts once: for the limit that stopped what they would get, as in its
funnel. In a holdout nobody is counted: they get nothing anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.decisions import Codes, Outcome
from nbadsl.engine.batch import Engine, Results
from nbadsl.limited.columns import PLENTY, Room, Roomed, taken

OTHER_ACTION, SAME_ACTION, NOTHING = range(3)
"""What people got instead; of the same action it is another channel, content or slot."""

Run = Callable[[Engine, pa.RecordBatch], Results]


class Moves:
    """Finds those who are moved by the limits of one plan."""

    def __init__(self, engine: Engine) -> None:
        plan = engine.plan
        self.facts = plan.facts
        # Only first places count, which are the same whether more are picked.
        one = replace(plan, chosen=replace(plan.chosen, pick=1))
        self.engine = engine if plan.chosen.pick == 1 else Engine(one)
        names = [candidate.action for candidate in self.facts.candidates]
        self.actions = np.unique(names, return_inverse=True)[1]
        self.binds = np.zeros((len(self.facts.limits), len(names)), np.bool_)
        for number, limit in enumerate(self.facts.limits):
            self.binds[number, list(limit.binds)] = True

    def wished(self, found: Outcome, people: Roomed, run: Run) -> Codes:
        """[n]: what everybody would be decided first, -1 for nothing. `found`: what the engine decided with the rooms
        of `people`, before anybody who shares them was served. `run`: decides people with an engine."""
        wished = np.where(found.bad < 0, found.chosen[:, 0], -1)
        rows = np.flatnonzero((found.bad < 0) & (found.holdout < 0) & self._without(people))
        if len(rows):
            some, mine = taken(people.people, rows)
            wished[rows] = self._endless(some, run)[mine]
        return wished

    def _endless(self, people: pa.RecordBatch, run: Run) -> Codes:
        """[n]: what people would be decided first with endless room."""
        endless = pa.array(np.full(people.num_rows, PLENTY, np.int32))
        for limit in self.facts.limits:
            people = people.set_column(people.schema.get_field_index(limit.room), limit.room, endless)
        return run(self.engine, people).outcome.chosen[:, 0]

    def _without(self, people: Roomed) -> NDArray[np.bool_]:
        """[n]: for whom a limit has no room before the run."""
        found = np.zeros(people.people.num_rows, np.bool_)
        for limit, room in zip(self.facts.limits, people.rooms, strict=True):
            if limit.binds:
                found |= np.less(room, 1)
        return found

    def counts(self, wished: Codes, found: Results, rooms: Sequence[int | Room]) -> NDArray[np.int64]:
        """[limits, 3]: the people whom each limit moved, by what they got instead. `found`: what all are decided.
        `rooms`: of each limit, before the run."""
        outcome, many = found.outcome, len(self.facts.limits)
        first = outcome.chosen[:, 0]
        lost = np.flatnonzero((wished >= 0) & (wished != first) & (outcome.holdout < 0))
        wanted, instead = wished[lost], first[lost]
        limit = np.full(len(lost), -1) if found.struck is None else found.struck[lost].astype(np.int64)
        for number in reversed(range(many)):
            room = np.broadcast_to(rooms[number], first.shape)[lost]
            limit[self.binds[number][wanted] & (room < 1)] = number
        same = self.actions[wanted] == self.actions[instead]
        got = np.where(instead < 0, NOTHING, np.where(same, SAME_ACTION, OTHER_ACTION))
        return np.bincount(limit * 3 + got, minlength=3 * many).reshape(many, 3).astype(np.int64)
