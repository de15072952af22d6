"""Why people are left with nothing: which of all candidates came furthest, and what stopped that one.

Furthest is what a later stage stopped; of several in one stage, the first in the file.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from nbadsl.data.decisions import REASONS
from nbadsl.engine.fates import INACTIVE, NO_SCORE, PASSED, QUIET, THRESHOLD
from nbadsl.program.decision import BELOW_THRESHOLD, NOBODY_PASSED
from nbadsl.program.facts import Facts
from nbadsl.program.nodes import LIMIT, STAGES
from nbadsl.simulate.attribution import SHARED, lost
from nbadsl.simulate.deciding import Deciding, Portion, pieces
from nbadsl.simulate.figures import Closest

_NOTHING = [REASONS.index(reason) for reason in (NOBODY_PASSED, BELOW_THRESHOLD)]
_BELOW = REASONS.index(BELOW_THRESHOLD)
NAMES = {
    INACTIVE: "inactive",
    QUIET: "no moment",
    NO_SCORE: "no score",
    THRESHOLD: "threshold",
    SHARED: LIMIT,
}
"""How fates are called that no rule makes. What passed, and is not decided, a limit has taken that people share."""


class Nearly:
    """Counts for the people of one side, portion by portion."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.ranks, self.counts = facts, _ranks(facts), Counter[tuple[int, int]]()

    def count(self, side: Deciding, portion: Portion) -> None:
        """Those of a portion who are left with nothing though they are in no holdout."""
        out, width = portion.outcome, len(self.facts.candidates)
        left = (out.chosen[:, 0] < 0) & (out.bad < 0) & (out.holdout < 0) & np.isin(out.reason, _NOTHING)
        rows = np.flatnonzero(left)
        aside = np.array([c.score is None for c in side.policy.program.candidates], np.bool_)
        for some in pieces(len(rows) if width else 0, side):
            fates = side.ranked(portion, rows[some]).fates
            reached = self.ranks[np.arange(width), fates]
            # Where something is below the threshold, the fallback does not stand in: nothing has stopped it.
            reached[np.ix_(out.reason[rows[some]] == _BELOW, aside)] = -1
            candidate = reached.argmax(1)
            fate = fates[np.arange(len(fates)), candidate].astype(np.int64)
            fate = np.where(fate == PASSED, lost(self.facts, portion.losses, rows[some], candidate), fate)
            pairs, people = np.unique(np.stack([candidate, fate]), axis=1, return_counts=True)
            for pair, many in zip(pairs.T.tolist(), people.tolist(), strict=True):
                self.counts[tuple(pair)] += many

    def found(self) -> tuple[Closest, ...]:
        """What was counted, most people first."""
        return tuple(self._told(*pair, people) for pair, people in self.counts.most_common())

    def _told(self, candidate: int, fate: int, people: int) -> Closest:
        of = self.facts.candidates[candidate]
        if fate < 0:
            return Closest(of.name, NAMES[fate], "", "", "", 0, people)
        rule = of.rules[fate]
        return Closest(of.name, rule.stage, rule.reason, rule.scope, rule.path, rule.line, people)


def _ranks(facts: Facts) -> NDArray[np.int64]:
    """[candidates, fates]: how far each fate is; those that are negative are at the end, as indices have it."""
    order = ("inactive", *STAGES[:4], "no moment", *STAGES[4:], "no score", "threshold")
    most = max((len(c.rules) for c in facts.candidates), default=0)
    found = np.zeros((len(facts.candidates), most + 5), np.int64)
    for number, candidate in enumerate(facts.candidates):
        for place, rule in enumerate(candidate.rules):
            found[number, place] = order.index(rule.stage)
        for fate in (INACTIVE, QUIET, NO_SCORE, THRESHOLD):
            found[number, fate] = order.index(NAMES[fate])
        found[number, PASSED] = len(order)
    return found
