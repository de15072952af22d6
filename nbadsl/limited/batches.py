"""Deciding batches of people with a history: read the room that limits leave, decide, keep what was decided.

Where nobody shares a limit, batches go by one after the other. Where people do, all of them are listed first, so that
the last room goes to whom it is worth most. What was decided is kept batch by batch, each in one step; where somebody
else was quicker in between, a batch is decided again with the room that is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.batches import Batch
from nbadsl.data.decisions import REASONS, Codes, Outcome
from nbadsl.data.schema import column_of
from nbadsl.engine.allocate import Allocated, Shared, allocate, lister, shares
from nbadsl.engine.batch import Engine, Results, joined
from nbadsl.history.asking import Asking
from nbadsl.history.counted import texts_of
from nbadsl.history.events import PERSON, Event
from nbadsl.history.standing import before
from nbadsl.history.store import Lost, Request, Store
from nbadsl.limited.ahead import in_turn
from nbadsl.limited.columns import Room, RoomColumns, Roomed, taken
from nbadsl.limited.moved import Moves
from nbadsl.program import chance
from nbadsl.program.decision import DECIDED_BEFORE, RELEASED, Choice, Decision
from nbadsl.program.limits import DECIDED, Contacts
from nbadsl.program.nodes import Program, Value

_DECIDED_BEFORE, _RELEASED = map(REASONS.index, (DECIDED_BEFORE, RELEASED))
_DECISIONS = Contacts(outcome=DECIDED)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A batch with what its people are decided by themselves. `known`: the rows of people for whom there is a decision
    already, with its events. `wished`: see `Moves`, -1 for those as well."""

    number: int
    batch: Batch
    people: Roomed
    known: Mapping[int, tuple[Event, ...]]
    found: Results
    wished: Codes


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
        now = self.asking.now
        # For whom something was decided at this very moment before: this run was made already, or begun.
        known = self.history.times(_DECISIONS, PERSON, now - 1, now).keys.to_pylist() if keeps else ()
        self.known = frozenset(known)

    def decide(self, batches: Iterable[tuple[int, Batch]]) -> Iterator[tuple[int, Batch, Results]]:
        """Numbered batches, in order. While one is read, others are decided."""
        parts = in_turn((self._started(*each) for each in batches), self.threads)
        yield from self._together(list(parts)) if self.shares else map(self._alone, parts)

    # --- deciding ---

    def _started(self, number: int, batch: Batch) -> Callable[[], _Part]:
        """Read what the history has of a batch's people; then they can be decided by themselves."""
        people, known = self.rooms.of(batch.people), self._rows_known(batch)
        return lambda: self._decided(number, batch, people, known)

    def _decided(
        self, number: int, batch: Batch, people: Roomed, known: Mapping[int, tuple[Event, ...]]
    ) -> _Part:
        found = self._run(self.engine, people.people, batch.unreadable)
        wished = self.moves.wished(found.outcome, people, self._run)
        wished[list(known)] = -1
        return _Part(number, batch, people, known, found, wished)

    def _alone(self, part: _Part) -> tuple[int, Batch, Results]:
        """A batch of people who share nothing."""
        found = part.found
        if part.known:
            found = self._told(Allocated.of(found.outcome), found, part.known)
        return part.number, part.batch, self._moved(found, part.wished, part.people)

    def _moved(self, found: Results, wished: Codes, people: Roomed) -> Results:
        """The same with the rooms that there were, and with whom limits moved counted."""
        moved = self.moves.counts(wished, found, people.rooms)
        return replace(found, counters=replace(found.counters, moved=moved), rooms=people.rooms)

    def _run(
        self, engine: Engine, people: pa.RecordBatch, unreadable: NDArray[np.int32] | None = None
    ) -> Results:
        return engine.decide(people, self.given, self.seed, unreadable=unreadable)

    def _together(self, parts: list[_Part]) -> Iterator[tuple[int, Batch, Results]]:
        """People who share limits, in all batches at once."""
        if not parts:
            return
        starts = np.cumsum([0, *(part.batch.people.num_rows for part in parts)])
        whole = joined([part.found for part in parts])
        for start, part in zip(starts, parts, strict=False):
            whole.outcome.chosen[[start + row for row in part.known]] = -1  # who proposes nothing
        allocated = self._allocated(whole, [part.people for part in parts], starts)
        served = (allocated.part(start, stop) for start, stop in pairwise(starts.tolist()))
        ends = (partial(self._ended, *each) for each in zip(parts, served, strict=True))
        yield from in_turn(ends, self.threads)

    def _ended(self, part: _Part, served: Allocated) -> tuple[int, Batch, Results]:
        """A batch when everybody has been served."""
        found = self._told(served, part.found, part.known)
        return part.number, part.batch, self._moved(found, part.wished, part.people)

    def _allocated(self, found: Results, people: list[Roomed], starts: NDArray[np.int64]) -> Allocated:
        def ask(who: NDArray[np.int64], depth: int) -> Iterator[tuple[slice, Results, NDArray[np.int64]]]:
            engine, cuts = self._lister(depth), np.searchsorted(who, starts)

            def ranked(
                each: Roomed, start: int, first: int, last: int
            ) -> tuple[slice, Results, NDArray[np.int64]]:
                some, rows = taken(each.people, who[first:last] - start)
                return slice(first, last), self._run(engine, some), rows

            parts = zip(people, starts, cuts, cuts[1:], strict=False)
            return in_turn((partial(ranked, *part) for part in parts if part[3] > part[2]), self.threads)

        @cache
        def room(number: int) -> int | Room:
            first = people[0].rooms[number]
            return (
                first if isinstance(first, int) else np.concatenate([each.rooms[number] for each in people])
            )

        @cache
        def subject(field: str | None) -> NDArray[np.int64] | None:
            if field == self.program.key:
                return np.arange(starts[-1])
            if field not in people[0].subjects:
                return None
            return np.concatenate([each.subjects[field] for each in people])

        shared = Shared(room, lambda limit: subject(limit.subject))
        keys = pa.chunked_array([each.people.column(self.key) for each in people]).combine_chunks()
        return allocate(self.engine.plan, found, shared, keys, float(self.asking.now), self.seed, ask)

    def _lister(self, depth: int) -> Engine:
        if depth not in self.listers:
            self.listers[depth] = lister(self.engine.plan, depth)
        return self.listers[depth]

    # --- what was decided before ---

    def _rows_known(self, batch: Batch) -> dict[int, tuple[Event, ...]]:
        """The people of a batch for whom there is a decision already."""
        if not self.known:
            return {}
        found = {}
        for row, key in enumerate(texts_of(batch.people.column(self.key)).to_pylist()):
            if key in self.known:
                events = self.history.decision(self.asking.id(key))
                if events is not None:
                    found[row] = events
        return found

    def _told(self, now: Allocated, found: Results, known: Mapping[int, tuple[Event, ...]]) -> Results:
        """The results of a batch, in which some people's are what they were before, of which the history does not know
        the scores."""
        before = now.outcome
        if known:
            rows = list(known)
            anew = Outcome(**{name: np.array(getattr(before, name)) for name in Outcome.__dataclass_fields__})
            for each, nothing in ((anew.chosen, -1), (anew.tier, -1), (anew.score, np.nan)):
                each[rows] = nothing
            anew.probability[rows] = anew.send_at[rows] = np.nan
            for row, events in known.items():
                anew.chosen[row, : len(events)] = [self.asking.candidate(event) for event in events]
                anew.reason[row] = _DECIDED_BEFORE if events else _RELEASED
            now = replace(now, outcome=anew)
        return now.results(self.engine.plan, found)

    # --- keeping ---

    def keep(self, number: int, batch: Batch, results: Results, run: str | None = None) -> Results | None:
        """Keep what was decided for a batch, in one step. None: it is kept. Otherwise nothing is, because somebody else
        was quicker, and these are the results with what there is now. `run`: of which this is a chunk."""
        rows = self._wanted(results.outcome)
        requests = list(self._requests(batch, results.outcome, rows))
        chunk = None if run is None else (run, number)
        answers = self.history.reserve(requests, self.asking.now, chunk=chunk)
        if any(isinstance(answer, Lost) for answer in answers):
            self.rooms = RoomColumns(self.asking, self.history)
            return next(self.decide([(number, batch)]))[2]
        late = {
            row: answer
            for row, request, answer in zip(rows.tolist(), requests, answers, strict=True)
            if not isinstance(answer, Lost) and answer != request.events
        }
        if not late:
            return None
        told = self._told(Allocated.of(results.outcome), results, late)
        return replace(told, losses=results.losses, rooms=results.rooms)

    def _wanted(self, outcome: Outcome) -> NDArray[np.int64]:
        """The people whose decisions are to be kept."""
        new = (outcome.chosen[:, 0] >= 0) & (outcome.reason != _DECIDED_BEFORE)
        return np.flatnonzero(new & (outcome.holdout < 0) & (outcome.bad < 0))

    def _requests(self, batch: Batch, outcome: Outcome, rows: NDArray[np.int64]) -> Iterator[Request]:
        for row, person in zip(self.rooms.rows(batch.people, rows), rows.tolist(), strict=True):
            key = chance.text_of(row[self.program.key])
            picked = [c for c in outcome.chosen[person].tolist() if c >= 0]
            choices = tuple(Choice(c, rank, None, None, 1.0) for rank, c in enumerate(picked, 1))
            yield self.asking.request(Decision(key, choices, ""), row, self.asking.id(key))
