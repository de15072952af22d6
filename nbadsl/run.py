"""A run: profiles in, decisions and rejects out, batch by batch, with the counts of its report.

Takes a plan, opened profiles and the inputs of the run; gives one `Step` per batch, in order. Memory is bounded by
the size of a batch and the number of threads, whatever the size of the profiles; but where people share limits, all of
them are held at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.batches import Batch, Profiles
from nbadsl.data.decisions import DecisionTable
from nbadsl.data.rejects import RejectTable, problem
from nbadsl.data.schema import column_of
from nbadsl.engine.batch import Engine, Results
from nbadsl.engine.counters import Counters, nothing
from nbadsl.engine.duplicates import Keys
from nbadsl.history.store import HistoryError, Store
from nbadsl.limited.ahead import in_turn
from nbadsl.limited.batches import Limited
from nbadsl.limited.parts import Parts
from nbadsl.program.nodes import Value
from nbadsl.replay.batch import Recorded

T = TypeVar("T")

_TRIES = 100


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How people are decided. `now`: the moment, None: the current one; without a time zone it is in the policy's.
    `history`: what limits count; `keeps`: and where decisions are kept, if it can be written. `out`: where they are
    going, beside which a run that is kept is written as it goes, see `limited.parts`. `strict`: see `Run`. `most`:
    people, the first ones. `share`: of the decisions that are written down, see `replay`."""

    now: datetime | None = None
    seed: int = 0
    context: Mapping[str, object] | None = None
    parameters: Mapping[str, object] | None = None
    threads: int = 1
    history: Store | None = None
    keeps: bool = True
    out: Path | None = None
    strict: bool = False
    most: int | None = None
    share: float | None = None


class Rejected(Exception):
    """There are bad rows in a strict run. `rejects`: those of the first batch that has some."""

    def __init__(self, rejects: pa.RecordBatch) -> None:
        self.rejects = rejects
        super().__init__(f"{rejects.num_rows} bad rows")


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one batch gave. `position`: bytes of the source read so far, if known. `recorded`: the lines of what is
    written down of its decisions, see `replay`. `problems`: by column with bad data, what is wrong with the first."""

    decisions: pa.RecordBatch
    rejects: pa.RecordBatch
    rows: int
    position: int | None
    recorded: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)


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

    def as_data(self) -> dict[str, Any]:
        """As plain data."""
        return {name: np.asarray(each).tolist() for name, each in self._each()}

    def of_data(self, data: Mapping[str, Any]) -> Totals:
        """Those of which `as_data` told, of the same plan."""
        found: dict[str, Any] = {
            name: data[name] if isinstance(like, int) else np.array(data[name], np.int64).reshape(like.shape)
            for name, like in self._each()
        }
        counters = {name: found.pop(name) for name in Counters.__dataclass_fields__}
        held = found.pop("held in all")
        return Totals(Counters(**counters), held=held, **found)

    def _each(self) -> Iterator[tuple[str, int | NDArray[np.int64]]]:
        for name in Counters.__dataclass_fields__:
            yield name, getattr(self.counters, name)
        yield from (("decided", self.decided), ("contacts", self.contacts), ("held in all", self.held))


class Run:
    """Decides all profiles. Iterate once; `totals`, `keys` and `problems` (by column with bad data, what is wrong with a
    value in it) grow as it goes."""

    def __init__(
        self,
        engine: Engine,
        profiles: Profiles,
        given: Mapping[str, Value],
        policy: str,
        seed: int = 0,
        threads: int = 1,
        limited: Limited | None = None,
        parts: Parts | None = None,
        strict: bool = False,
        recorded: Recorded | None = None,
    ) -> None:
        """`policy`: the hash of the policy, which every decision names. `limited`: what decides where there are limits.
        `parts`: where a run that can be taken up again is written as it goes. `strict`: raise Rejected for a bad row,
        before anything of its batch is kept. `recorded`: what is written down of the decisions."""
        self.recorded = recorded
        self.limited, self.parts, self.strict = limited, parts, strict
        self.engine, self.profiles, self.given = engine, profiles, given
        self.seed, self.threads = seed, threads
        facts = engine.plan.facts
        self._key = next(column_of(f) for f in facts.inputs if f.name == facts.key)
        self._table = DecisionTable(facts, profiles.schema.field(self._key).type, policy)
        self._rejects = RejectTable(facts.inputs, profiles.given)
        self.problems: dict[str, str] = {}
        self.keys = Keys()
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
            self.problems = {**step.problems, **self.problems}
            self.keys.add(self._table.keys(step.decisions))
            yield step

    def results(self) -> Iterator[tuple[Batch, Results]]:
        """Instead of steps, the batches with what was found for them, for those who only count; nothing is kept."""
        if self.limited is not None:
            found: Iterator[tuple[Batch, Results]] = (
                (batch, results) for _, batch, results in self.limited.decide(enumerate(self.profiles))
            )
        else:
            found = self._each(lambda batch: (batch, self._found(batch)))
        for batch, results in found:
            self.totals = self.totals + self._counted(results)
            self.problems = {**self._problems(batch, results), **self.problems}
            yield batch, results

    def _decided(self) -> Iterator[tuple[Step, Totals]]:
        if self.limited is not None:
            return self._with_history(self.limited)
        return self._each(lambda batch: self._step(batch, self._found(batch)))

    def _each(self, work: Callable[[Batch], T]) -> Iterator[T]:
        """Work on batches, in order, as many at once as there are threads; one more is read meanwhile."""
        yield from in_turn((partial(work, batch) for batch in self.profiles), self.threads)

    def _with_history(self, limited: Limited) -> Iterator[tuple[Step, Totals]]:
        """Batches in order, each kept before it is given. Those of an earlier process are not decided again."""
        done = set() if self.parts is None else set(limited.history.chunks(self.parts.run))
        after = 0
        todo = ((number, batch) for number, batch in enumerate(self.profiles) if number not in done)
        for number, batch, results in limited.decide(todo):
            while after in done:
                yield self._read(after)
                after += 1
            yield self._kept(limited, number, batch, results)
            after += 1
        for number in sorted(done):
            if number >= after:
                yield self._read(number)

    def _kept(self, limited: Limited, number: int, batch: Batch, results: Results) -> tuple[Step, Totals]:
        """Keep a batch, if the history is to, and decide it anew as long as somebody else is quicker."""
        for _ in range(_TRIES):
            step, totals = self._step(batch, results)
            if self.parts is not None:
                note = {"rows": step.rows, "totals": totals.as_data(), "recorded": step.recorded}
                self.parts.write(number, step.decisions, step.rejects, note)
            if not limited.keeps:
                return step, totals
            again = limited.keep(number, batch, results, None if self.parts is None else self.parts.run)
            if again is None:
                return step, totals
            results = again
        raise HistoryError("the limits of these decisions change faster than they can be made")

    def _read(self, number: int) -> tuple[Step, Totals]:
        """A batch that an earlier process has kept."""
        assert self.parts is not None
        decisions, rejects, note = self.parts.read(number)
        step = Step(decisions, rejects, note["rows"], None, tuple(note["recorded"]))
        return step, self.totals.of_data(note["totals"])

    def _found(self, batch: Batch) -> Results:
        return self.engine.decide(batch.people, self.given, self.seed, unreadable=batch.unreadable)

    def _step(self, batch: Batch, results: Results) -> tuple[Step, Totals]:
        found = results.outcome
        step = Step(
            self._table.batch(batch.people.column(self._key), found),
            self._rejects.batch(batch, found.bad),
            batch.people.num_rows,
            batch.position,
            () if self.recorded is None else tuple(self.recorded.lines(batch.people, results)),
            self._problems(batch, results),
        )
        if self.strict and step.rejects.num_rows:
            raise Rejected(step.rejects)
        return step, self._counted(results)

    def _problems(self, batch: Batch, results: Results) -> dict[str, str]:
        """By column with bad data, what is wrong with the first value."""
        inputs, bad = self.engine.plan.facts.inputs, results.outcome.bad
        rows = np.flatnonzero(bad >= 0)
        fields, first = np.unique(bad[rows], return_index=True)
        return {
            column_of(inputs[index]): problem(batch, row, inputs[index])
            for index, row in zip(fields.tolist(), rows[first].tolist(), strict=True)
        }

    def _counted(self, results: Results) -> Totals:
        found, candidates = results.outcome, len(self.engine.plan.facts.candidates)
        good, held = found.bad < 0, found.holdout >= 0
        picked = found.chosen[good & ~held]
        places = (picked[:, 0], picked.ravel(), found.chosen[good & held].ravel())
        return Totals(results.counters, *(np.bincount(c[c >= 0], minlength=candidates) for c in places))
