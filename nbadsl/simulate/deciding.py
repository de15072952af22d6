"""One policy over the profiles of a simulation: portions of people with what was found, and why.

Everybody is decided as `nba run` does; nothing is kept. Of some people more can be asked: the fates of all candidates,
and those that passed in their order. That decides these people once more, a bounded number at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.api import Policy
from nbadsl.data.batches import Profiles
from nbadsl.data.decisions import Codes, Floats, Outcome
from nbadsl.data.schema import column_of
from nbadsl.engine.allocate import lister
from nbadsl.engine.batch import Engine
from nbadsl.engine.fates import Fates
from nbadsl.history.memory import MemoryStore
from nbadsl.history.store import Store
from nbadsl.limited.batches import Limited
from nbadsl.program.givens import BadInput
from nbadsl.report import Report
from nbadsl.run import Run

_MOST = 1 << 21  # fates at a time

OTHER_PEOPLE = "the policies read other keys in the same profiles: one has them as text, one as numbers"

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Side:
    """A policy and what it is simulated with. `history`: None: nobody was contacted before."""

    policy: Policy
    history: Store | None = None
    context: Mapping[str, object] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Portion:
    """Some people, n of them. `losses`: see `allocate.Allocated`; of nobody where people share nothing."""

    people: pa.RecordBatch
    outcome: Outcome
    losses: Rows

    @property
    def rows(self) -> int:
        return int(self.people.num_rows)

    @property
    def first(self) -> Codes:
        """[n]: the candidate that everybody gets first, -1 for nothing."""
        good = (self.outcome.bad < 0) & (self.outcome.holdout < 0)
        return np.where(good, self.outcome.chosen[:, 0], -1)

    def part(self, start: int, stop: int) -> Portion:
        """Some of these people, one after the other."""
        found = {name: getattr(self.outcome, name)[start:stop] for name in Outcome.__dataclass_fields__}
        mine = (self.losses[0] >= start) & (self.losses[0] < stop)
        people = self.people.slice(start, stop - start)
        return Portion(people, Outcome(**found), self.losses[:, mine] - np.array([[start], [0], [0]]))


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Of m people the fates of all candidates (see `engine.fates`), and those that passed, best first: `chosen`, -1 behind
    the last one, with `tier` and `score`, [m, candidates]. What limits took that people share has passed, too."""

    fates: Fates
    chosen: Codes
    tier: Codes
    score: Floats


class Deciding:
    """Goes over the profiles once; see `portions`."""

    def __init__(
        self, side: Side, profiles: Profiles, now: datetime, seed: int = 0, threads: int = 1
    ) -> None:
        policy = self.policy = side.policy
        self.facts, self.seed, self.threads = policy.facts, seed, threads
        self.given = policy.given(now, side.context, side.parameters)
        engine, limited = Engine(policy.plan), None
        if policy.facts.limits:
            store = side.history or MemoryStore()
            limited = Limited(engine, policy.program, self.given, store, seed, False, threads)
        self.run = Run(engine, profiles, self.given, policy.hash, seed, threads, limited)
        self.key = next(column_of(f) for f in self.facts.inputs if f.name == self.facts.key)

    def portions(self) -> Iterator[Portion]:
        """All people, in the order of the profiles."""
        nothing = np.zeros((3, 0), np.int64)
        for batch, results in self.run.results():
            losses = nothing if results.losses is None else results.losses
            yield Portion(batch.people, results.outcome, losses)

    def ranked(self, portion: Portion, rows: Rows) -> Ranked:
        """What became of all candidates for some people of a portion: as many as one of `pieces`."""
        people = portion.people.take(pa.array(rows))
        if self.run.limited is not None:
            people = self.run.limited.rooms.of(people).people
        found = self._lister.decide(people, self.given, self.seed, self.threads, fates=True)
        assert found.fates is not None
        out = found.outcome
        return Ranked(found.fates, out.chosen, out.tier, out.score)

    def report(self, seconds: float) -> Report:
        """What was counted, as `nba run` reports it; when all portions have been taken."""
        return self.policy.report(self.run, seconds)

    @cached_property
    def _lister(self) -> Engine:
        return lister(self.policy.plan)


def pieces(rows: int, *sides: Deciding) -> Iterator[slice]:
    """So many rows in pieces whose fates need not much memory."""
    size = max(1, _MOST // max(1, *(len(side.facts.candidates) for side in sides)))
    return (slice(start, start + size) for start in range(0, rows, size))


def paired(one: Iterator[Portion], other: Iterator[Portion]) -> Iterator[tuple[Portion, Portion]]:
    """The same people of two sides, who need not come in portions of the same size. Raises BadInput where there are more of
    one side."""
    waiting: list[Portion | None] = [None, None]
    while True:
        for place, more in enumerate((one, other)):
            while (at_hand := waiting[place]) is None or not at_hand.rows:
                waiting[place] = next(more, None)
                if waiting[place] is None:
                    break
        mine, theirs = waiting
        if mine is None and theirs is None:
            return
        if mine is None or theirs is None:
            raise BadInput(OTHER_PEOPLE)
        size = min(mine.rows, theirs.rows)
        yield mine.part(0, size), theirs.part(0, size)
        waiting = [each.part(size, each.rows) for each in (mine, theirs)]
