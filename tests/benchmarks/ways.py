"""The ways of deciding that are measured, as one table.

A way is a class of a module named here:

    __init__(policy, folder)     makes its form of the policy; `folder` is for files
    prepare(people)              brings the people (an Arrow table) into the form it likes best; not measured
    run(threads)                 decides everybody; measured
    answer()                     of the last run: index of the action (int32, -1 for nobody), and its score (NaN for nobody)
    version                      of what it runs on

`needs` is the package without which a way is skipped. `own_process`: the number of threads is fixed when the package is
imported. `few`: a way that takes people one by one decides only so many of them; its figures are for as many
evaluations as it did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from policy import Policy


class Way(Protocol):
    version: str

    def prepare(self, people: pa.Table) -> None: ...
    def run(self, threads: int) -> None: ...
    def answer(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A way by name: where its class is, what it needs, and what people call it."""

    name: str
    title: str
    module: str
    made_by: str
    needs: str | None = None
    own_process: bool = False
    few: int | None = None
    one_thread_only: bool = False
    """All threads are not measured: deciding people one by one scales with processes alone."""

    @property
    def missing(self) -> bool:
        if self.needs == "gcc":
            return which("gcc") is None
        return self.needs is not None and find_spec(self.needs) is None

    def make(self, policy: Policy, folder: Path) -> Way:
        maker: Callable[[Policy, Path], Way] = getattr(import_module(self.module), self.made_by)
        return maker(policy, folder)


WAYS = (
    Entry("engine", "nbadsl, the engine on columns", "engine_way", "OnColumns"),
    Entry("decide", "nbadsl, `policy.decide(table)`", "engine_way", "EndToEnd"),
    Entry("c", "C, written for this policy, gcc -O3", "c_way", "CKernel", "gcc"),
    Entry("c_same", "the same with the engine's `exp`", "c_way", "SameExp", "gcc"),
    Entry(
        "polars_filters",
        "Polars, a filter per action, NumPy keeps the best",
        "polars_way",
        "Filters",
        "polars",
        True,
    ),
    Entry("polars", "Polars, one query", "polars_way", "OneQuery", "polars", True),
    Entry("duckdb", "DuckDB, one query", "duckdb_way", "OneQuery", "duckdb"),
    Entry(
        "zen",
        "zen-engine, person by person",
        "zen_way",
        "PersonByPerson",
        "zen",
        few=2_000,
        one_thread_only=True,
    ),
)
BY_NAME = {entry.name: entry for entry in WAYS}
REFERENCE = "engine"  # all others must find what it finds, and are compared with its time
EXACT = ("decide", "c_same")  # these to the bit; others may round `exp` and sums differently
