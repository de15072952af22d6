"""Deciding batches of people with a history: read the room that limits leave, decide, keep what was decided.

Where nobody shares a limit, batches go by one after the other. Where people do, all of them are listed first, so that
the last room goes to whom it is worth most. What was decided is kept batch by batch, each in one step; where somebody
else was quicker in between, a batch is decided again with the room that is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa

from nbadsl.data.batches import Batch
from nbadsl.data.decisions import Outcome
from nbadsl.data.schema import column_of
from nbadsl.engine.allocate import Shared, allocate, lister, needs_lists
from nbadsl.engine.batch import Engine, Results, joined
from nbadsl.engine.counters import nothing
from nbadsl.history.asking import Asking
from nbadsl.history.columns import RoomColumns
from nbadsl.history.store import HistoryError, Lost, Request, Store
from nbadsl.program import chance
from nbadsl.program.decision import Choice, Decision
from nbadsl.program.nodes import Program, Value

_TRIES = 100


class Limited:
    """Decides with one plan and one history. `keeps`: whether what is decided is kept in it."""

    def __init__(
        self,
        engine: Engine,
        program: Program,
        given: Mapping[str, Value],
        history: Store,
        seed: int = 0,
        keeps: bool = True,
    ) -> None:
        self.engine, self.program, self.given = engine, program, given
        self.history, self.seed, self.keeps = history, seed, keeps
        self.asking = Asking(program, given)
        self.rooms = RoomColumns(self.asking, history)
        self.lister = lister(engine.plan) if needs_lists(engine.plan) else None
        self.key = next(column_of(i) for i in program.inputs if i.name == program.key)

    def decide(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Results]]:
        """All batches, in order."""
        found = self._together(list(batches)) if self.lister else ((b, self._alone(b)) for b in batches)
        for number, (batch, results) in enumerate(found):
            yield batch, self._kept(batch, results, number) if self.keeps else results

    # --- deciding ---

    def _alone(self, batch: Batch) -> Results:
        return self._run(self.engine, batch)

    def _run(self, engine: Engine, batch: Batch) -> Results:
        people = self.rooms.add_to(batch.people)
        return engine.decide(people, self.given, self.seed, unreadable=batch.unreadable)

    def _together(self, batches: list[Batch]) -> Iterator[tuple[Batch, Results]]:
        """People who share limits, in all batches at once."""
        assert self.lister is not None
        if not batches:
            return
        lists = [self._run(self.lister, batch) for batch in batches]
        people = pa.Table.from_batches([self.rooms.add_to(batch.people) for batch in batches])
        whole = self._allocated(joined(lists), people)
        start = 0
        for batch, mine in zip(batches, lists, strict=True):
            part = _part(whole, start, start + len(mine.left))
            # What was counted was counted for all of them.
            yield batch, part if start == 0 else replace(part, counters=nothing(self.engine.plan))
            start += len(mine.left)

    def _allocated(self, lists: Results, people: pa.Table) -> Results:
        limits = self.program.limits
        rooms = np.array([people.column(limit.room).to_numpy() for limit in limits], np.int64)
        shared = Shared(rooms, self.rooms.subjects(people))
        keys = people.column(self.key).combine_chunks()
        return allocate(self.engine.plan, lists, shared, keys, float(self.asking.now), self.seed)

    # --- keeping ---

    def _kept(self, batch: Batch, results: Results, number: int) -> Results:
        for _ in range(_TRIES):
            requests = list(self._requests(batch, results))
            answers = self.history.reserve(requests, self.asking.now)
            if not any(isinstance(answer, Lost) for answer in answers):
                return results
            self.rooms = RoomColumns(self.asking, self.history)
            results = next(self._together([batch]))[1] if self.lister else self._alone(batch)
        raise HistoryError("the limits of these decisions change faster than they can be made")

    def _requests(self, batch: Batch, results: Results) -> Iterator[Request]:
        outcome = results.outcome
        chosen = np.flatnonzero((outcome.chosen[:, 0] >= 0) & (outcome.holdout < 0) & (outcome.bad < 0))
        for row, person in zip(self.rooms.rows(batch.people, chosen), chosen, strict=True):
            key = chance.text_of(row[self.program.key])
            picked = [c for c in outcome.chosen[person].tolist() if c >= 0]
            choices = tuple(Choice(c, rank, None, None, 1.0) for rank, c in enumerate(picked, 1))
            id = chance.decision_id(key, self.asking.now, self.program.name)
            yield self.asking.request(Decision(key, choices, ""), row, id)


def _part(whole: Results, start: int, stop: int) -> Results:
    """The results of some people."""
    found = {name: getattr(whole.outcome, name)[start:stop] for name in Outcome.__dataclass_fields__}
    return replace(whole, outcome=Outcome(**found), left=whole.left[start:stop])
