"""Polars, in the two best ways that were found; the number of threads is set before it is imported.

Words are of type `Enum`. Tried and slower (see README.md): `concat_list` and `arg_max`; `max_horizontal` and then the
first score that equals it; a fold over actions; a union of filters with `group_by`; smaller pieces; the streaming engine, which
is as fast as the other one here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from policy import WORD_FIELDS, WORDS, Action, Policy, Test

VERSION = f"Polars {pl.__version__}"


def passes(test: Test) -> pl.Expr:
    column = pl.col(test.field)
    match test.op:
        case ">":
            return column > test.than
        case ">=":
            return column >= test.than
        case "<=":
            return column <= int(test.than)
    return ~column.is_in([WORDS[place] for place in test.among])


def score(action: Action) -> pl.Expr:
    linear = pl.lit(action.bias)
    for weight, field in action.terms:
        linear = linear + weight * pl.col(field)
    return 1 / (1 + (-linear).exp())


def in_memory(people: pa.Table) -> pl.DataFrame:
    """The people as Polars likes them."""
    frame = pl.from_arrow(people)
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(pl.col(list(WORD_FIELDS)).cast(pl.Enum(WORDS))).rechunk()


class OneQuery:
    """One lazy query: all scores, then the best by a tournament of pairs, then of pairs of winners."""

    version = VERSION

    def __init__(self, policy: Policy, folder: Path) -> None:
        self._actions = policy.actions

    def prepare(self, people: pa.Table) -> None:
        scores = {
            f"score_0_{place}": pl.when(pl.all_horizontal(*map(passes, action.tests)))
            .then(score(action))
            .otherwise(-1.0)
            for place, action in enumerate(self._actions)
        }
        frame = in_memory(people).lazy().select(**scores)
        players: list[pl.Expr] = [pl.lit(place, pl.Int16) for place in range(len(self._actions))]
        level = 0
        while len(players) > 1:
            frame, players = self._round(frame, players, level)
            level += 1
        best = pl.col(f"score_{level}_0")
        self._query = frame.select(
            score=pl.when(best >= 0).then(best), chosen=pl.when(best >= 0).then(players[0])
        )

    def _round(
        self, frame: pl.LazyFrame, players: list[pl.Expr], level: int
    ) -> tuple[pl.LazyFrame, list[pl.Expr]]:
        columns = {}
        for place in range(0, len(players), 2):
            left, winner = pl.col(f"score_{level}_{place}"), players[place]
            if place + 1 < len(players):
                right = pl.col(f"score_{level}_{place + 1}")
                winner = pl.when(right > left).then(players[place + 1]).otherwise(winner)
                left = pl.max_horizontal(left, right)
            columns[f"score_{level + 1}_{place // 2}"] = left
            columns[f"player_{level + 1}_{place // 2}"] = winner
        left_over = [pl.col(f"player_{level + 1}_{k}") for k in range(-(-len(players) // 2))]
        return frame.select(**columns), left_over

    def run(self, threads: int) -> None:
        self._found = self._query.collect()

    def answer(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        chosen = self._found["chosen"].cast(pl.Int32).fill_null(-1).to_numpy()
        return chosen, self._found["score"].to_numpy()


class Filters:
    """A lazy query for each action, run together: whom it is for, and their scores; NumPy keeps the best of each person.

    Scores are computed for those who pass alone, as the engine does it.
    """

    version = VERSION

    def __init__(self, policy: Policy, folder: Path) -> None:
        self._actions = policy.actions

    def prepare(self, people: pa.Table) -> None:
        frame = in_memory(people).with_row_index("row")
        self._rows = frame.height
        self._queries = [
            frame.lazy().filter(*map(passes, action.tests)).select("row", score=score(action))
            for action in self._actions
        ]

    def run(self, threads: int) -> None:
        best = np.full(self._rows, -np.inf)
        chosen = np.full(self._rows, -1, np.int32)
        for place, found in enumerate(pl.collect_all(self._queries)):
            rows, scores = found["row"].to_numpy(), found["score"].to_numpy()
            better = scores > best[rows]
            rows = rows[better]
            best[rows], chosen[rows] = scores[better], place
        self._best, self._chosen = best, chosen

    def answer(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        return self._chosen, np.where(self._chosen < 0, np.nan, self._best)
