"""nbadsl itself: the policy as text through the whole compiler, then the engine alone, or all of `policy.decide`.

Both check the data (ranges, words, nulls) and count whom each rule stopped, every time; no other way does. `policy.decide`
also makes the table of decisions that users get.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from policy import Policy, source

import nbadsl
from nbadsl.api import Decisions
from nbadsl.engine.batch import Engine, Results

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
VERSION = f"nbadsl {nbadsl.__version__}, Numba {numba.__version__}, PyArrow {pa.__version__}"


def _loaded(policy: Policy, folder: Path) -> nbadsl.Policy:
    path = folder / f"policy_{len(policy.actions)}.nba"
    path.write_text(source(policy), encoding="utf-8")
    return nbadsl.load(path)


class OnColumns:
    """The engine, on the columns as they are in Arrow."""

    version = VERSION

    def __init__(self, policy: Policy, folder: Path) -> None:
        loaded = _loaded(policy, folder)
        self._engine, self._given = Engine(loaded.plan), loaded.given(NOW)

    def prepare(self, people: pa.Table) -> None:
        self._people = people

    def run(self, threads: int) -> None:
        self._found: Results = self._engine.decide(self._people, self._given, threads=threads)

    def answer(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        outcome = self._found.outcome
        chosen = outcome.chosen[:, 0].astype(np.int32)
        return chosen, np.where(chosen < 0, np.nan, outcome.score[:, 0])


class EndToEnd:
    """What a user calls, from a table to a table."""

    version = VERSION

    def __init__(self, policy: Policy, folder: Path) -> None:
        self._policy = _loaded(policy, folder)
        self._place = {action.name: place for place, action in enumerate(policy.actions)}

    def prepare(self, people: pa.Table) -> None:
        self._people = people

    def run(self, threads: int) -> None:
        self._found: Decisions = self._policy.decide(self._people, now=NOW, threads=threads)

    def answer(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        table = self._found.table
        chosen = [self._place.get(name, -1) for name in table.column("action").to_pylist()]
        return np.array(chosen, np.int32), table.column("score").to_numpy()
