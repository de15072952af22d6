"""A run: profiles in, decisions and rejects out, batch by batch, with the counts of its report.

Takes a plan, opened profiles and the inputs of the run; gives one `Step` per batch, in order. Memory is bounded by
the size of a batch and the number of threads, whatever the size of the profiles.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.batches import Batch, Profiles
from nbadsl.data.decisions import DecisionTable
from nbadsl.data.rejects import RejectTable
from nbadsl.data.schema import column_of
from nbadsl.engine.batch import Engine, Results
from nbadsl.engine.counters import Counters, nothing
from nbadsl.limited.batches import Limited
from nbadsl.program.nodes import Value


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one batch gave. `position`: bytes of the source read so far, if known."""

    decisions: pa.RecordBatch
    rejects: pa.RecordBatch
    rows: int
    position: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """What a run has counted so far. `decided`: [candidates], people decided this on their first place; `contacts`: on
    any place. `held`: [candidates], people for whom a holdout kept it, on any place."""

    counters: Counters
    decided: NDArray[np.int64]
    contacts: NDArray[np.int64]
    held: NDArray[np.int64]

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.counters + other.counters,
            self.decided + other.decided,
            self.contacts + other.contacts,
            self.held + other.held,
        )


class Run:
    """Decides all profiles. Iterate once; `totals` grow as it goes."""

    def __init__(
        self,
        engine: Engine,
        profiles: Profiles,
        given: Mapping[str, Value],
        policy: str,
        seed: int = 0,
        threads: int = 1,
        limited: Limited | None = None,
    ) -> None:
        """`policy`: the hash of the policy, which every decision names. `limited`: what decides where there are limits."""
        self.limited = limited
        self.engine, self.profiles, self.given = engine, profiles, given
        self.seed, self.threads = seed, threads
        facts = engine.plan.facts
        self._key = next(column_of(f) for f in facts.inputs if f.name == facts.key)
        self._table = DecisionTable(facts, profiles.schema.field(self._key).type, policy)
        self._rejects = RejectTable(facts.inputs, profiles.given)
        self.totals = Totals(nothing(engine.plan), *np.zeros((3, len(facts.candidates)), np.int64))

    @property
    def schema(self) -> pa.Schema:
        """Of the decisions."""
        return self._table.schema

    @property
    def reject_schema(self) -> pa.Schema:
        """Of the rejects."""
        return self._rejects.schema

    def __iter__(self) -> Iterator[Step]:
        for step, totals in self._decided():
            self.totals = self.totals + totals
            yield step

    def _decided(self) -> Iterator[tuple[Step, Totals]]:
        """Batches in order, as many at once as there are threads; one more is read meanwhile."""
        if self.limited is not None:
            yield from (self._step(batch, found) for batch, found in self.limited.decide(self.profiles))
            return
        if self.threads <= 1:
            yield from map(self._decide, self.profiles)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            waiting: deque[Future[tuple[Step, Totals]]] = deque()
            for batch in self.profiles:
                waiting.append(pool.submit(self._decide, batch))
                if len(waiting) > self.threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _decide(self, batch: Batch) -> tuple[Step, Totals]:
        results = self.engine.decide(batch.people, self.given, self.seed, unreadable=batch.unreadable)
        return self._step(batch, results)

    def _step(self, batch: Batch, results: Results) -> tuple[Step, Totals]:
        found = results.outcome
        step = Step(
            self._table.batch(batch.people.column(self._key), found),
            self._rejects.batch(batch, found.bad),
            batch.people.num_rows,
            batch.position,
        )
        return step, self._counted(results)

    def _counted(self, results: Results) -> Totals:
        found, candidates = results.outcome, len(self.engine.plan.facts.candidates)
        good, held = found.bad < 0, found.holdout >= 0
        picked = found.chosen[good & ~held]
        places = (picked[:, 0], picked.ravel(), found.chosen[good & held].ravel())
        return Totals(results.counters, *(np.bincount(c[c >= 0], minlength=candidates) for c in places))
