"""Experiments and holdouts that two policies have, and that are not the same in both.

Whoever has another arm now may get something else by rules that nobody has touched; whoever comes into a holdout gets
nothing. Then a change is the experiment's or the holdout's doing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nbadsl.engine.fates import NO_SCORE, THRESHOLD
from nbadsl.program.nodes import Arm, Expr, Program
from nbadsl.simulate.attribution import NEW, Answer, What
from nbadsl.simulate.deciding import Portion, Rows
from nbadsl.simulate.reading import Reading
from nbadsl.simulate.rules import THERE, Rules

_Part = tuple[int, Expr | None]
"""An expression that decides of a candidate's tier or score; of tiers with the rank of the line."""


class Chances:
    """Of two policies, the new one first. `experiments`: the names of those that both have."""

    def __init__(self, programs: tuple[Program, Program], rules: Rules) -> None:
        self.programs, self.rules, self.meanings = programs, rules, rules.meanings
        new, old = ({each.name: n for n, each in enumerate(p.experiments)} for p in programs)
        self.experiments = [name for name in new if name in old]
        self._places = [(new[name], old[name]) for name in self.experiments]
        self._reading = Reading()

    def moved(self, now: Portion, before: Portion, rows: Rows) -> NDArray[np.bool_]:
        """[experiments, m]: which of some people have another arm of each."""
        found = np.zeros((len(self.experiments), len(rows)), np.bool_)
        good = (now.outcome.bad[rows] < 0) & (before.outcome.bad[rows] < 0)
        for number, places in enumerate(self._places):
            arms = [
                np.array([name for name, _ in program.experiments[place].arms])[
                    np.where(good, portion.outcome.arms[rows, place], 0)
                ]
                for program, portion, place in zip(self.programs, (now, before), places, strict=True)
            ]
            found[number] = arms[0] != arms[1]
        return found

    def experiment(self, answer: Answer) -> str | None:
        """The experiment behind an answer: what made the difference is the same in both policies, and reads one in which
        the person has another arm."""
        side, candidate, detail = answer.side, answer.candidate, answer.detail
        match answer.what if answer.moved else None:
            case What.FATE if detail >= 0:
                there = self.rules.found(side, candidate, detail) == THERE
                asked = [self.programs[side].candidates[candidate].rules[detail].when] if there else []
            case What.FATE if detail in (NO_SCORE, THRESHOLD):
                asked = self._unchanged(_score_and_threshold, side, candidate)
            case What.PRIORITY:
                asked = self._unchanged(_tiers, side, candidate, detail)
            case What.SCORE:
                asked = self._unchanged(_score, side, candidate, detail)
            case _:
                asked = []
        leaves = (leaf for expr in asked for leaf in self._reading.leaves(expr))
        read = {leaf.experiment for leaf in leaves if isinstance(leaf, Arm)}
        return next((name for name in answer.moved if name in read), None)

    def _unchanged(
        self, parts: Callable[[Program, int], list[_Part]], side: int, *candidates: int
    ) -> list[Expr]:
        """Some parts of candidates of `side`; nothing where they are not the same on the other side."""
        found = []
        for candidate in candidates:
            partner = int(self.rules.partners[side][candidate])
            mine, theirs = parts(self.programs[side], candidate), parts(self.programs[1 - side], partner)
            if self._meanings(side, mine) != self._meanings(1 - side, theirs):
                return []
            found += [expr for _, expr in mine if expr is not None]
        return found

    def _meanings(self, side: int, parts: list[_Part]) -> list[_Part]:
        return [(rank, self.meanings.of(side, expr)) for rank, expr in parts]

    def holdout(self, side: int, number: int) -> str:
        """What happened to a holdout of `side` in which somebody is who is in none on the other side: `added`, `removed`, or
        `changed`, for the other policy's of this name would have had them."""
        name = self.programs[side].holdouts[number].name
        if any(each.name == name for each in self.programs[1 - side].holdouts):
            return "changed"
        return "added" if side == NEW else "removed"


def _tiers(program: Program, candidate: int) -> list[_Part]:
    return [(tier.rank, tier.when) for tier in program.candidates[candidate].tiers]


def _score(program: Program, candidate: int) -> list[_Part]:
    return [(0, program.candidates[candidate].score)]


def _score_and_threshold(program: Program, candidate: int) -> list[_Part]:
    return [*_score(program, candidate), (0, program.arbitration.threshold)]
