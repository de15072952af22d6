"""What is remembered of everybody in a simulation: little enough that a million people need some megabytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nbadsl.program.facts import Facts
from nbadsl.program.nodes import Program
from nbadsl.simulate.deciding import Portion


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """n people by one policy. `first`: [n], the candidate that is their first choice, -1 for nothing; `score`: of it, 0
    where there is none; `scored`: whether there is one; `contacts`: on all places."""

    first: NDArray[np.int32]
    score: NDArray[np.float64]
    scored: NDArray[np.bool_]
    contacts: NDArray[np.int32]

    @staticmethod
    def of(portion: Portion) -> People:
        out, first = portion.outcome, portion.first
        score = out.score[:, 0]
        scored = (first >= 0) & ~np.isnan(score)
        gets = (out.chosen >= 0).sum(1)
        return People(
            first.astype(np.int32),
            np.where(scored, score, 0.0),
            scored,
            np.where(first >= 0, gets, 0).astype(np.int32),
        )

    @staticmethod
    def joined(parts: list[People]) -> People:
        """One after the other."""
        parts = parts or [People(*(np.zeros(0, kind) for kind in (np.int32, float, bool, np.int32)))]
        return People(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in People.__dataclass_fields__)
        )

    def actions(self, facts: Facts, names: list[str]) -> NDArray[np.int64]:
        """[n]: the place of everybody's action among some names, one behind the last for nothing."""
        places = {name: number for number, name in enumerate(names)}
        of_candidates = np.array([*(places[c.action] for c in facts.candidates), len(names)], np.int64)
        found: NDArray[np.int64] = of_candidates[self.first]
        return found


def actions_of(policy: Facts | Program) -> list[str]:
    """The names of a policy's actions, in its order."""
    return list(dict.fromkeys(candidate.action for candidate in policy.candidates))
