"""Whether the guarantees of a policy hold for the people of a simulation.

Their conditions are asked by the engine: a program with one candidate for each guarantee, whose only rule is the
condition. So what is unknown for somebody promises nothing to them; nor do guarantees to people in a holdout.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nbadsl.engine.batch import Engine
from nbadsl.engine.fates import PASSED
from nbadsl.plan.lower import lower
from nbadsl.program import chance
from nbadsl.program.nodes import REQUIRE, Arbitration, Candidate, Guarantee, Program, Rule, Tier
from nbadsl.program.pool import Pool
from nbadsl.simulate.deciding import Deciding, Portion
from nbadsl.simulate.figures import Checked
from nbadsl.types import NUMBER

_EXAMPLES = 5


def asking(program: Program) -> Program:
    """A program that decides nothing of worth: the candidates that pass are the guarantees that apply."""
    score = Pool().literal(0.0, NUMBER)

    def candidate(guarantee: Guarantee) -> Candidate:
        rule = Rule(REQUIRE, guarantee.when, False, guarantee.name, "")
        return Candidate(guarantee.name, None, None, None, (), None, (rule,), None, (Tier(0, None),), score)

    return replace(
        program,
        candidates=tuple(map(candidate, program.guarantees)),
        arbitration=Arbitration(),
        holdouts=(),
        explore=None,
        guarantees=(),
        limits=(),
    )


class Promises:
    """Checks the guarantees of a program, portion by portion. `fields`: that their conditions read."""

    def __init__(self, program: Program) -> None:
        self.guarantees = program.guarantees
        self.engine = Engine(lower(asking(program))) if self.guarantees else None
        self.fields = self.engine.plan.fields if self.engine is not None else frozenset()
        self.counts = np.zeros((len(self.guarantees), 2), np.int64)
        self.examples: list[list[str]] = [[] for _ in self.guarantees]
        self.among = np.zeros((len(self.guarantees), len(program.candidates) + 1), np.bool_)
        for number, guarantee in enumerate(self.guarantees):
            self.among[number, list(guarantee.among)] = True

    def check(self, side: Deciding, portion: Portion) -> None:
        """Count for some people."""
        if self.engine is None:
            return
        fates = self.engine.decide(portion.people, side.given, threads=side.threads, fates=True).fates
        assert fates is not None
        good = (portion.outcome.bad < 0) & (portion.outcome.holdout < 0)
        for number, guarantee in enumerate(self.guarantees):
            applies = (fates[:, number] == PASSED) & good
            broken = applies & (self._gets(number, portion) == guarantee.never)
            self.counts[number] += (applies.sum(), broken.sum())
            missing = _EXAMPLES - len(self.examples[number])
            some = np.flatnonzero(broken)[:missing]
            keys = portion.people.column(side.key)
            self.examples[number] += [chance.text_of(keys[row].as_py()) for row in some.tolist()]

    def _gets(self, number: int, portion: Portion) -> NDArray[np.bool_]:
        """[n]: whether anything of a guarantee's scope is decided, on any place; what a holdout keeps counts as well."""
        found: NDArray[np.bool_] = self.among[number][portion.outcome.chosen].any(1)
        return found

    def checked(self) -> tuple[Checked, ...]:
        """What was counted, in the order of the policy."""
        return tuple(
            Checked(
                each.name,
                each.never,
                each.origin.source.path if each.origin else "",
                each.origin.line if each.origin else 0,
                int(applies),
                int(broken),
                tuple(examples),
            )
            for each, (applies, broken), examples in zip(
                self.guarantees, self.counts, self.examples, strict=True
            )
        )
