"""What people's choices are by another measure: their propensity, or the score that another policy gives them.

The engine computes it: of a program in which every candidate stands behind one rule, that it is the one that was picked,
so that exactly this one wins, with the measure as its score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from nbadsl.data.decisions import Codes, Floats, Outcome
from nbadsl.engine.batch import Engine
from nbadsl.plan.lower import lower
from nbadsl.program.nodes import REQUIRE, Arbitration, Candidate, Expr, Input, Program, Rule, Tier, Value
from nbadsl.program.pool import Pool
from nbadsl.types import INTEGER, NUMBER

PICKED = "picked candidate"  # two words: no field is called so


class Measure:
    """`scores`: of each candidate of the program; None: it has none. `fields`: of the profile, that must be there."""

    def __init__(self, program: Program, scores: Sequence[Expr | None]) -> None:
        pool = Pool()
        picked, none = pool.column(PICKED, INTEGER, False), pool.literal(None, NUMBER)

        def alone(number: int, candidate: Candidate) -> Candidate:
            when = pool.compare("==", picked, pool.literal(float(number), INTEGER))
            rule = Rule(REQUIRE, when, False, PICKED, "")
            score = scores[number]
            return replace(
                candidate,
                active=None,
                rules=(rule,),
                send_at=None,
                tiers=(Tier(0, None),),
                score=none if score is None else score,
            )

        self.engine = Engine(
            lower(
                replace(
                    program,
                    inputs=(*program.inputs, Input(PICKED, INTEGER)),
                    candidates=tuple(alone(*each) for each in enumerate(program.candidates)),
                    tiers=("",),
                    arbitration=Arbitration(),
                    holdouts=(),
                    explore=None,
                    guarantees=(),
                    limits=(),
                )
            )
        )

        self.fields = self.engine.plan.fields - {PICKED}

    def of(
        self, people: pa.RecordBatch, chosen: Codes, given: Mapping[str, Value], threads: int = 1
    ) -> Floats:
        """[n, pick]: of what is chosen on each place, [n, pick] with -1 for none; NaN where it is unknown, and for none."""
        found = np.full(chosen.shape, np.nan)
        for place, picked in enumerate(chosen.T):
            asked = people.append_column(PICKED, pa.array(picked.astype(np.int32)))
            outcome = self.engine.decide(asked, given, threads=threads).outcome
            good = (outcome.chosen[:, 0] == picked) & (picked >= 0)
            found[good, place] = outcome.score[good, 0]
        return found


def contacts(outcome: Outcome) -> Codes:
    """[n, pick]: what people are decided on each place, -1 for none; nothing for bad data and in a holdout."""
    nobody = (outcome.bad >= 0) | (outcome.holdout >= 0)
    return np.where(nobody[:, None], -1, outcome.chosen)
