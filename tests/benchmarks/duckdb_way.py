"""DuckDB: one SQL query over a table in memory, words as an ENUM, its result fetched as Arrow.

A `case` computes a score only where its condition holds, and `greatest` leaves out nulls. Tried and slower (see README.md): lists
with `list_max`; a union of filters with `arg_max` and `group by`; a tournament of pairs; a query for each action.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from policy import WORD_FIELDS, WORDS, Action, Policy, Test


def passes(test: Test) -> str:
    match test.op:
        case "not in":
            return f"{test.field} not in {tuple(WORDS[place] for place in test.among)}"
        case "<=":
            return f"{test.field} <= {test.than:.0f}"
    return f"{test.field} {test.op} {test.than}"


def score(action: Action) -> str:
    terms = [f"{action.bias}::double", *(f"{weight:.5f}::double * {field}" for weight, field in action.terms)]
    return f"1 / (1 + exp(-({' + '.join(terms)})))"


class OneQuery:
    version = f"DuckDB {duckdb.__version__}"

    def __init__(self, policy: Policy, folder: Path) -> None:
        names = [f"s{place}" for place in range(len(policy.actions))]
        scores = (
            f"case when {' and '.join(map(passes, action.tests))} then {score(action)} end as {name}"
            for name, action in zip(names, policy.actions, strict=True)
        )
        first = " ".join(f"when {name} = best then {place}" for place, name in enumerate(names))
        self._query = (
            f"with scores as (select {', '.join(scores)} from people), "
            f"best as (select *, greatest({', '.join(names)}) as best from scores) "
            f"select best, coalesce(case {first} end, -1)::integer as chosen from best"
        )
        self._connection = duckdb.connect()

    def prepare(self, people: pa.Table) -> None:
        self._connection.execute(f"create type word as enum {WORDS}")
        self._connection.register("arrow", people)
        casts = ", ".join(f"{field}::word as {field}" for field in WORD_FIELDS)
        self._connection.execute(f"create table people as select * replace ({casts}) from arrow")

    def run(self, threads: int) -> None:
        self._connection.execute(f"set threads = {threads}")
        self._found: pa.Table = self._connection.sql(self._query).to_arrow_table()

    def answer(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        return self._found.column("chosen").to_numpy(), self._found.column("best").to_numpy()
