"""What is responsible for a person's change from one first choice to another: the first fate that differs.

A person had A by the old policy and has B by the new one: candidates, perhaps of one action; either may be nothing. Asked
one after the other:

1. Is the person in a holdout now, or was before, or is the data bad for one of the policies?
2. What became of A by the new policy? If it is gone or something stopped it, that is it; as well if limits, or chance,
   took it although it ranks before B.
3. What became of B by the old policy? The same.
4. Both passed twice, and A was before B, and now is behind: by tier, by score, or by the order in the file.

So every change has exactly one answer. It is found for many people at once: four numbers each, see `Found`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from nbadsl.data.decisions import REASONS, Codes
from nbadsl.engine.fates import PASSED, THRESHOLD
from nbadsl.program.decision import BELOW_THRESHOLD, EXPLORED
from nbadsl.program.facts import Facts
from nbadsl.program.nodes import Program
from nbadsl.simulate.deciding import Deciding, Portion, Ranked, Rows, pieces

_EXPLORED, _BELOW = map(REASONS.index, (EXPLORED, BELOW_THRESHOLD))
NEW, OLD = 0, 1
SHARED = -6
"""Beside fates: limits of which it is not known which one it was."""


class What(IntEnum):
    """Kinds of answers. Of FATE the detail is the fate, as `engine.fates` has it; of HOLDOUT and BAD_DATA the index; of
    PRIORITY, SCORE and ORDER the candidate that is behind now."""

    FATE = 0
    GONE = 1
    EXPLORATION = 2
    HOLDOUT = 3
    BAD_DATA = 4
    PRIORITY = 5
    SCORE = 6
    ORDER = 7


Found = NDArray[np.int64]
"""[4, m]: of each person a `What`; NEW or OLD, the side where it is; the candidate that it is about, as an index of that
side, but where it is GONE there, of the other one, -1 for none; and the detail."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One of `Found`. `moved`: the experiments in which somebody has another arm."""

    what: What
    side: int
    candidate: int
    detail: int
    moved: tuple[str, ...]


def counterparts(here: Program, there: Program) -> Codes:
    """[candidates + 1]: the index of each candidate on the other side, -1 for none; the last is for no candidate."""
    places = {candidate.name: number for number, candidate in enumerate(there.candidates)}
    return np.array([*(places.get(candidate.name, -1) for candidate in here.candidates), -1], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How one side sees m people who change.

    `mine`: the candidate that they get, `other`: what they get by the other side, as it is called here; -1 for nothing,
    or what is not there. `holdout`, `bad`, `reason`: as in `Outcome`. `lost`: the rule by which a shared limit took the
    other side's choice, else SHARED.
    """

    ranked: Ranked
    mine: Codes
    other: Codes
    holdout: Codes
    bad: Codes
    reason: Codes
    lost: Codes

    def fate(self) -> Codes:
        """[m]: of the other side's choice; what stands where it is not there does not matter."""
        if not self.ranked.fates.shape[1]:
            return np.full(len(self.other), PASSED)
        return self.ranked.fates[np.arange(len(self.other)), self.other].astype(np.int64)

    def standing(self, candidate: Codes) -> tuple[Codes, NDArray[np.float64]]:
        """[m]: tier and score of a candidate that has passed; what stands for others does not matter."""
        chosen = self.ranked.chosen
        if not chosen.shape[1]:
            return np.zeros(len(candidate), np.int64), np.zeros(len(candidate))
        rows = np.arange(len(candidate))
        place = (chosen == candidate[:, None]).argmax(1)
        return np.broadcast_to(self.ranked.tier, chosen.shape)[rows, place], self.ranked.score[rows, place]

    def other_is_better(self) -> NDArray[np.bool_]:
        """[m]: whether the other side's choice, which passed, ranks before this one's; always before nothing."""
        tier, score = self.standing(self.other)
        my_tier, my_score = self.standing(self.mine)
        better = (tier < my_tier) | ((tier == my_tier) & (score > my_score))
        tie = (tier == my_tier) & (score == my_score) & (self.other < self.mine)
        found: NDArray[np.bool_] = (self.mine < 0) | better | tie
        return found


def attributed(new: View, old: View) -> Found:
    """The answer for each of m people whose first choice changes."""
    m = len(new.mine)
    found, open = np.full((4, m), -1, np.int64), np.ones(m, np.bool_)

    def settle(
        where: NDArray[np.bool_], what: What, side: int, candidate: Codes, detail: Codes | int = -1
    ) -> None:
        where = where & open
        for line, value in enumerate((int(what), side, candidate, detail)):
            found[line, where] = np.broadcast_to(value, m)[where]
        open[where] = False

    sides = ((NEW, new, old), (OLD, old, new))
    for number, view, _ in sides:
        settle(view.bad >= 0, What.BAD_DATA, number, view.other, view.bad)
        settle(view.holdout >= 0, What.HOLDOUT, number, view.other, view.holdout)
    for number, view, opposite in sides:
        there, fate = opposite.mine >= 0, view.fate()
        settle(there & (view.other < 0), What.GONE, number, opposite.mine)
        settle(there & (fate != PASSED), What.FATE, number, view.other, fate)
        beaten = there & view.other_is_better()
        settle(beaten & (view.lost != SHARED), What.FATE, number, view.other, view.lost)
        # Where something is below the threshold, the fallback does not stand in.
        settle(beaten & (view.mine < 0) & (view.reason == _BELOW), What.FATE, number, view.other, THRESHOLD)
        settle(beaten & (view.reason == _EXPLORED), What.EXPLORATION, number, view.mine)
        settle(beaten, What.FATE, number, view.other, view.lost)
    tiers = np.zeros(m, np.bool_)
    scores = np.zeros(m, np.bool_)
    for view in (new, old):
        (tier, score), (other_tier, other_score) = view.standing(view.mine), view.standing(view.other)
        tiers |= tier != other_tier
        scores |= score != other_score
    settle(tiers, What.PRIORITY, NEW, new.mine, new.other)
    settle(scores, What.SCORE, NEW, new.mine, new.other)
    settle(open.copy(), What.ORDER, NEW, new.mine, new.other)
    return found


def causes(
    new: Deciding, old: Deciding, partners: Sequence[Codes], theirs: tuple[Portion, Portion], rows: Rows
) -> Found:
    """The answers for some people of a portion of both sides (the new one first), who change. `partners`: of each side,
    the `counterparts` of its candidates."""
    to_old, to_new = partners
    found = np.zeros((4, len(rows)), np.int64)
    for some in pieces(len(rows), new, old):
        mine, before = (portion.first[rows[some]].astype(np.int64) for portion in theirs)
        found[:, some] = attributed(
            _view(new, theirs[0], rows[some], mine, to_new[before]),
            _view(old, theirs[1], rows[some], before, to_old[mine]),
        )
    return found


def _view(side: Deciding, portion: Portion, rows: Rows, mine: Codes, other: Codes) -> View:
    out = portion.outcome
    return View(
        side.ranked(portion, rows),
        mine,
        other,
        out.holdout[rows],
        out.bad[rows],
        out.reason[rows],
        lost(side.facts, portion.losses, rows, other),
    )


def lost(facts: Facts, losses: Rows, rows: Rows, candidate: Codes) -> Codes:
    """[m]: the rule of the shared limit that took a candidate, SHARED where none is known to."""
    found = np.full(len(rows), SHARED)
    if losses.shape[1]:
        width = len(facts.candidates) + 1
        pairs, asked = losses[0] * width + losses[1], rows * width + candidate
        order = np.argsort(pairs, kind="stable")
        places = np.minimum(np.searchsorted(pairs, asked, sorter=order), len(pairs) - 1)
        loss = order[places]
        there = (candidate >= 0) & (pairs[loss] == asked)
        found[there] = _rules_of_limits(facts)[losses[2, loss[there]], candidate[there]]
    return found


def _rules_of_limits(facts: Facts) -> Codes:
    """[limits, candidates]: which of a candidate's rules a limit is, SHARED where it is none."""
    places = {limit.room: number for number, limit in enumerate(facts.limits)}
    found = np.full((len(facts.limits), len(facts.candidates)), SHARED)
    for number, candidate in enumerate(facts.candidates):
        for place, rule in enumerate(candidate.rules):
            if rule.room:
                found[places[rule.room], number] = place
    return found
