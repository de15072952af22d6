"""A run: profiles in, decisions and rejects out, batch by batch, with the counts of its report.

Takes a plan, opened profiles and the inputs of the run; gives one `Step` per batch. Memory is bounded by the
size of a batch, whatever the size of the profiles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.batches import Profiles
from nbadsl.data.decisions import DecisionTable
from nbadsl.data.rejects import RejectTable
from nbadsl.data.schema import column_of
from nbadsl.engine.batch import Counters, Engine
from nbadsl.program.nodes import Value


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one batch gave. `position`: bytes of the source read so far, if known."""

    decisions: pa.RecordBatch
    rejects: pa.RecordBatch
    rows: int
    position: int | None


@dataclass(slots=True)
class Totals:
    """What a run has counted so far. `decided`: [candidates], people decided this on their first place.
    `held`: [candidates], people for whom a holdout kept it, on any place."""

    counters: Counters
    decided: NDArray[np.int64]
    held: NDArray[np.int64]


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
    ) -> None:
        """`policy`: the hash of the policy, which every decision names."""
        self.engine, self.profiles, self.given = engine, profiles, given
        self.seed, self.threads = seed, threads
        facts = engine.plan.facts
        self._key = next(column_of(f) for f in facts.inputs if f.name == facts.key)
        self._table = DecisionTable(facts, profiles.schema.field(self._key).type, policy)
        self._rejects = RejectTable(facts.inputs, profiles.given)
        self.totals = Totals(_nothing_counted(engine), *np.zeros((2, len(facts.candidates)), np.int64))

    @property
    def schema(self) -> pa.Schema:
        """Of the decisions."""
        return self._table.schema

    @property
    def reject_schema(self) -> pa.Schema:
        """Of the rejects."""
        return self._rejects.schema

    def __iter__(self) -> Iterator[Step]:
        for batch in self.profiles:
            results = self.engine.decide(
                batch.people, self.given, self.seed, self.threads, unreadable=batch.unreadable
            )
            found = results.outcome
            self._count(results.counters, found.chosen, found.holdout, found.bad)
            yield Step(
                self._table.batch(batch.people.column(self._key), found),
                self._rejects.batch(batch, found.bad),
                batch.people.num_rows,
                batch.position,
            )

    def _count(
        self,
        counters: Counters,
        chosen: NDArray[np.signedinteger],
        holdout: NDArray[np.signedinteger],
        bad: NDArray[np.signedinteger],
    ) -> None:
        totals = self.totals
        totals.counters = totals.counters + counters
        first = chosen[(holdout < 0) & (bad < 0), 0] if len(chosen) else chosen.ravel()
        totals.decided += np.bincount(first[first >= 0], minlength=len(totals.decided))
        held = chosen[(holdout >= 0) & (bad < 0)].ravel()
        totals.held += np.bincount(held[held >= 0], minlength=len(totals.held))


def _nothing_counted(engine: Engine) -> Counters:
    plan = engine.plan
    facts = plan.facts

    def zeros(*shape: int) -> NDArray[np.int64]:
        return np.zeros(shape, np.int64)

    rules = sum(len(c.rules) for c in facts.candidates)
    return Counters(
        0,
        zeros(len(facts.inputs)),
        zeros(rules),
        zeros(rules),
        zeros(len(facts.candidates), 6),
        zeros(len(plan.undefined)),
        zeros(7),
        zeros(len(facts.holdouts)),
    )
