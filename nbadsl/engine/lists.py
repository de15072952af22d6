"""The lists by which people propose who share limits, and the order in which proposals are looked at; see `walk`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nbadsl.data.decisions import REASONS, Outcome
from nbadsl.engine.choose import LAST_TIER
from nbadsl.engine.walk import PICKED, Entries, Whole
from nbadsl.program.decision import FALLBACK

FALLBACK_CODE = REASONS.index(FALLBACK)


class Lists:
    """The candidates that are known of m people, best first, and when each is sent."""

    def __init__(self, outcome: Outcome, who: Whole) -> None:
        self.parts: list[tuple[NDArray[np.int32], ...]] = []
        self.sends: list[NDArray[np.float64]] = []
        self.owners: list[Whole] = []
        self.size = 0
        self.begin, self.start, self.stop, self.end, self.known = np.zeros((5, len(who)), np.int64)
        self.below = np.zeros(len(who), bool)
        self.proposed = outcome.chosen[who, 0]
        stands = outcome.reason[who] == FALLBACK_CODE
        self.add(outcome, np.arange(len(who)), who, PICKED, stands)

    def add(
        self,
        outcome: Outcome,
        people: Whole,
        rows: Whole,
        known: int,
        stands: NDArray[np.bool_] | None = None,
    ) -> None:
        """What is known now of some `people`, which stands in `rows` of an outcome. `stands`: whom only a fallback was
        found for."""
        chosen = outcome.chosen[rows]
        there = chosen >= 0
        counts = there.sum(1)
        tier, score = outcome.tier[rows], outcome.score[rows]
        last = tier == LAST_TIER if stands is None else np.broadcast_to(stands[:, None], tier.shape)
        self.start[people] = self.size + np.cumsum(counts) - counts
        self.end[people] = self.start[people] + counts
        self.stop[people] = self.end[people] - (last & there).sum(1)
        # What is proposed first is what was found without limits: the best one, unless it was explored.
        self.begin[people] = self.start[people] + (chosen == self.proposed[people][:, None]).argmax(1)
        self.known[people] = known
        last = last[there]
        self.parts.append(
            (
                chosen[there].astype(np.int32),
                np.where(last, LAST_TIER, tier[there]).astype(np.int32),
                np.where(last, 0.0, score[there]),
            )
        )
        self.sends.append(outcome.send_at[rows][there])
        self.owners.append(np.repeat(people, counts))
        self.size += int(counts.sum())

    def entries(self) -> Entries:
        candidate, tier, score = (np.concatenate(each) for each in zip(*self.parts, strict=True))
        return Entries(candidate, tier, score, worth_of(score), tier.copy(), np.zeros(len(tier), np.int32))


def worth_of(score: NDArray[np.float64]) -> Whole:
    """Whole numbers in the opposite order of scores, equal where those are: the bits of a double, as a number, ascend
    with it, and descend where it is negative."""
    bits = (score + 0.0).view(np.int64)  # so that there is one zero
    return ~np.where(bits < 0, bits ^ np.int64(2**63 - 1), bits)


def in_order(tier: NDArray[np.int32], worth: Whole, order: Whole) -> Whole:
    """Indices by ascending tier, worth and order, then as they come."""
    tiers = np.unique(tier)
    if len(tiers) == 1:
        return _by_worth(worth, order)
    found = []
    for each in tiers:
        mine = np.flatnonzero(tier == each)
        found.append(mine[_by_worth(worth[mine], order[mine])])
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _by_worth(worth: Whole, order: Whole) -> Whole:
    """Indices by ascending worth; of equals by ascending order, then as they come.

    Sorting by several keys takes ten times as long as sorting by one, so only those that are worth the same are sorted
    again.
    """
    by = np.argsort(worth)
    same = worth[by[1:]] == worth[by[:-1]]
    if not same.any():
        return by
    tied = np.append(same, False) | np.append(False, same)
    members = np.sort(by[tied])
    members = members[_stable(order[members])]
    values = np.unique(worth[members])
    numbers = np.searchsorted(values, worth[members])
    if len(values) < 2**16:
        numbers = numbers.astype(np.uint16)  # for which NumPy has a sort that looks at each number once
    by[tied] = members[np.argsort(numbers, kind="stable")]
    return by


def _stable(order: Whole) -> Whole:
    """As a stable sort, which takes longer and is rarely needed: hashes are all different."""
    by = np.argsort(order)
    return by if (order[by[1:]] != order[by[:-1]]).all() else np.argsort(order, kind="stable")
