"""Control policies: what a policy would be without one of its parts, to see what this part is worth.

All of them keep what must hold (`require`, `eligible when`, `exclude when`, quiet hours, limits, rests, budgets and
holdouts) and who may be chosen; they differ in how one is chosen among those who passed:

    no boosts          by the policy's score, in which no boost counts
    propensity only    by the propensity alone
    rules only         by no score: the first line of `priority`, then the first in the file
    random eligible    by lot, each candidate with the same chance, whatever `priority` says

`nothing below` holds where the score is the policy's, with boosts or without; another measure cannot be compared with it.
Where the policy explores, the first two do so as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nbadsl.api import Policy
from nbadsl.program.from_model import from_model
from nbadsl.program.nodes import Expr, Input, Program, Tier
from nbadsl.program.pool import Pool
from nbadsl.semantics.model import Model
from nbadsl.types import NUMBER

NO_BOOSTS, PROPENSITY, RULES, RANDOM = "no boosts", "propensity only", "rules only", "random eligible"
LOT = "lot {}"  # two words: no field is called so


def controls(program: Program, model: Model) -> tuple[dict[str, Program], dict[str, str]]:
    """The control policies of a policy, by name, and why others make no sense for it. `model`: of the program."""
    made = {NO_BOOSTS: from_model(model, boosts=False)}
    left_out = {}
    propensities = propensities_of(model)
    pairs = zip(program.candidates, propensities, strict=True)
    without = dict.fromkeys(c.action for c, own in pairs if c.score is not None and own is None)
    if without:
        *some, last = without
        left_out[PROPENSITY] = (
            f"{', '.join(some)} and {last} have no propensity" if some else f"{last} has no propensity"
        )
    else:
        made[PROPENSITY] = _unbounded(_scored(program, propensities))
    zero: list[Expr | None] = [Pool().literal(0.0, NUMBER)] * len(program.candidates)
    made[RULES] = replace(_unbounded(_scored(program, zero)), explore=None)
    made[RANDOM] = lottery(program)
    hash = Policy(None, program).hash
    for name in [name for name, other in made.items() if Policy(None, other).hash == hash]:
        left_out[name] = "it is the policy itself"
        del made[name]
    return made, left_out


def propensities_of(model: Model) -> list[Expr | None]:
    """Of each candidate."""
    return [candidate.score for candidate in from_model(model, only="propensity").candidates]


def lottery(program: Program) -> Program:
    """The program that goes by lots: profiles bring one for each candidate, a number in [0, 1)."""
    pool = Pool()
    names = [LOT.format(number) for number in range(len(program.candidates))]
    drawn = _unbounded(_scored(program, [pool.column(name, NUMBER, False) for name in names]))
    return replace(
        drawn,
        inputs=(*program.inputs, *(Input(name, NUMBER) for name in names)),
        candidates=tuple(replace(c, tiers=(Tier(0, None),)) for c in drawn.candidates),
        explore=None,
    )


def _scored(program: Program, scores: Sequence[Expr | None]) -> Program:
    """With other scores; the fallback, which has none, stays without."""
    pairs = zip(program.candidates, scores, strict=True)
    return replace(
        program,
        candidates=tuple(
            replace(candidate, score=None if candidate.score is None else score) for candidate, score in pairs
        ),
    )


def _unbounded(program: Program) -> Program:
    return replace(program, arbitration=replace(program.arbitration, threshold=None))
