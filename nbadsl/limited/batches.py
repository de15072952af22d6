"""Deciding batches of people with a history: read the room that limits leave, decide, keep what was decided.

Where nobody shares a limit, batches go by one after the other. Where people do, all of them are listed first, so that
the last room goes to whom it is worth most. What was decided is kept batch by batch, each in one step; where somebody
else was quicker in between, a batch is decided again with the room that is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.batches import Batch
from nbadsl.data.decisions import Codes, Outcome
from nbadsl.data.schema import column_of
from nbadsl.engine.allocate import Shared, allocate, lister, shares
from nbadsl.engine.batch import Engine, Results, joined
from nbadsl.engine.counters import nothing
from nbadsl.history.asking import Asking
from nbadsl.history.standing import before
from nbadsl.history.store import HistoryError, Lost, Request, Store
from nbadsl.limited.columns import RoomColumns, Roomed
from nbadsl.limited.moved import Moves
from nbadsl.program import chance
from nbadsl.program.decision import Choice, Decision
from nbadsl.program.nodes import Program, Value

T = TypeVar("T")

_TRIES = 100


class Limited:
    """Decides with one plan and one history. `keeps`: whether what is decided is kept in it. `before`: how each limit
    stands before the run."""

    def __init__(
        self,
        engine: Engine,
        program: Program,
        given: Mapping[str, Value],
        history: Store,
        seed: int = 0,
        keeps: bool = True,
        threads: int = 1,
    ) -> None:
        self.engine, self.program, self.given = engine, program, given
        self.history, self.seed, self.keeps, self.threads = history, seed, keeps, threads
        self.asking = Asking(program, given)
        self.before = before(self.asking, history)
        self.rooms = RoomColumns(self.asking, history)
        self.shares, self.moves = shares(engine.plan), Moves(engine)
        self.listers: dict[int, Engine] = {}
        self.key = next(column_of(i) for i in program.inputs if i.name == program.key)

    def decide(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Results]]:
        """All batches, in order."""
        found = self._together(list(batches)) if self.shares else ((b, self._alone(b)) for b in batches)
        for number, (batch, results) in enumerate(found):
            yield batch, self._kept(batch, results, number) if self.keeps else results

    # --- deciding ---

    def _alone(self, batch: Batch) -> Results:
        """People who share nothing, with the room of limits as columns."""
        people = self.rooms.of(batch.people)
        found = self._run(self.engine, people.people, batch.unreadable)
        wished = self.moves.wished(found.outcome, people, self._run)
        return self._moved(found, wished, people.rooms)

    def _moved(self, found: Results, wished: Codes, rooms: Sequence[int | NDArray[np.int64]]) -> Results:
        """The same, with whom limits moved counted."""
        moved = self.moves.counts(wished, found, rooms)
        return replace(found, counters=replace(found.counters, moved=moved))

    def _run(
        self, engine: Engine, people: pa.RecordBatch, unreadable: NDArray[np.int32] | None = None
    ) -> Results:
        return engine.decide(people, self.given, self.seed, self.threads, unreadable=unreadable)

    def _together(self, batches: list[Batch]) -> Iterator[tuple[Batch, Results]]:
        """People who share limits, in all batches at once."""
        if not batches:
            return
        people = [self.rooms.of(batch.people) for batch in batches]
        found = [
            self._run(self.engine, some.people, batch.unreadable)
            for some, batch in zip(people, batches, strict=True)
        ]
        wished = np.concatenate(
            [
                self.moves.wished(each.outcome, some, self._run)
                for each, some in zip(found, people, strict=True)
            ]
        )
        starts = np.cumsum([0, *(batch.people.num_rows for batch in batches)])
        whole, rooms = joined(found), _whole([each.rooms for each in people])
        whole = self._moved(self._allocated(whole, people, starts, rooms), wished, rooms)
        for batch, start, stop in zip(batches, starts, starts[1:], strict=False):
            part = _part(whole, start, stop)
            # What was counted was counted for all of them.
            yield batch, part if start == 0 else replace(part, counters=nothing(self.engine.plan))

    def _allocated(
        self,
        found: Results,
        people: list[Roomed],
        starts: NDArray[np.int64],
        rooms: Sequence[int | NDArray[np.int64]],
    ) -> Results:
        def ask(who: NDArray[np.int64], depth: int) -> Results:
            engine = self.listers.setdefault(depth, lister(self.engine.plan, depth))
            cuts = np.searchsorted(who, starts)
            some = [
                each.people.take(pa.array(who[first:last] - start))
                for each, start, first, last in zip(people, starts, cuts, cuts[1:], strict=False)
                if last > first
            ]
            return joined([self._run(engine, each) for each in some])

        subjects, alone = _whole([each.subjects for each in people]), np.arange(starts[-1])
        for number, limit in enumerate(self.program.limits):
            if limit.subject == self.program.key:
                subjects[number] = alone
        shared = Shared(rooms, subjects)
        keys = pa.chunked_array([each.people.column(self.key) for each in people]).combine_chunks()
        return allocate(self.engine.plan, found, shared, keys, float(self.asking.now), self.seed, ask)

    # --- keeping ---

    def _kept(self, batch: Batch, results: Results, number: int) -> Results:
        for _ in range(_TRIES):
            requests = list(self._requests(batch, results))
            answers = self.history.reserve(requests, self.asking.now)
            if not any(isinstance(answer, Lost) for answer in answers):
                return results
            self.rooms = RoomColumns(self.asking, self.history)
            results = next(self._together([batch]))[1] if self.shares else self._alone(batch)
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


def _whole(parts: list[list[T]]) -> list[T]:
    """Of each limit, its numbers in all batches; what holds for everybody stays one, and so do numbers of one field."""
    known: dict[tuple[int, ...], Any] = {}
    for each in zip(*parts, strict=True):
        if isinstance(each[0], np.ndarray) and _ids(each) not in known:
            known[_ids(each)] = np.concatenate(each)
    return [known.get(_ids(each), each[0]) for each in zip(*parts, strict=True)]


def _ids(parts: tuple[object, ...]) -> tuple[int, ...]:
    return tuple(map(id, parts))


def _part(whole: Results, start: int, stop: int) -> Results:
    """The results of some people."""
    found = {name: getattr(whole.outcome, name)[start:stop] for name in Outcome.__dataclass_fields__}
    return replace(whole, outcome=Outcome(**found))
