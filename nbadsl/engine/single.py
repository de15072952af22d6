"""Decides one person: the engine over a table of a single row.

Takes a row as the interpreter does and gives a decision without stories (`explain` tells those).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from nbadsl.data.arrow import to_arrow
from nbadsl.data.decisions import REASONS, Outcome
from nbadsl.engine.batch import Engine
from nbadsl.program.chance import text_of
from nbadsl.program.decision import HOLDOUT, Choice, Decision
from nbadsl.program.nodes import Value


class Single:
    """Decides people one at a time with an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def decide(self, row: Mapping[str, Value], given: Mapping[str, Value], seed: int = 0) -> Decision:
        """The decision for a valid row. `given`: as `program.givens` builds it."""
        facts = self.engine.plan.facts
        batch = to_arrow([dict(row)], facts.inputs)
        found = self.engine.decide(batch, given, seed).outcome
        choices = self._choices(found)
        arms = tuple(e.arms[int(arm)][0] for e, arm in zip(facts.experiments, found.arms[0], strict=True))
        key, holdout = text_of(row[facts.key]), int(found.holdout[0])
        if holdout >= 0:
            name = facts.holdouts[holdout]
            return Decision(key, (), f"{HOLDOUT}: {name}", name, choices, arms)
        return Decision(key, choices, REASONS[int(found.reason[0])], arms=arms)

    def _choices(self, found: Outcome) -> tuple[Choice, ...]:
        def number(value: float) -> float | None:
            return None if math.isnan(value) else float(value)

        return tuple(
            Choice(
                int(candidate),
                place + 1,
                int(found.tier[0, place]) if found.tier[0, place] >= 0 else None,
                number(found.score[0, place]),
                float(found.probability[0, place]),
                number(found.send_at[0, place]),
            )
            for place, candidate in enumerate(found.chosen[0])
            if candidate >= 0
        )
