"""The lists by which people propose who share limits, and the order in which proposals are looked at; see `walk`."""

# Compiled functions declare their types by their signature.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,var-annotated"
from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from nbadsl.data.decisions import REASONS, Outcome
from nbadsl.engine.choose import LAST_TIER
from nbadsl.engine.compiled import Compiled
from nbadsl.engine.walk import Entries, Whole
from nbadsl.program.decision import BELOW_THRESHOLD, FALLBACK

FALLBACK_CODE, BELOW_CODE = map(REASONS.index, (FALLBACK, BELOW_THRESHOLD))


def _make_gather(stamp: str) -> Any:
    def gather(chosen, tier, score, send, proposed, stands, out, worth, sends, starts):
        """One after the other, what was found for each person. `chosen` … `send`: [n, places], -1 is behind the last.
        `stands`: [n], whether all of it is a fallback; LAST_TIER says so of one. `out`: [3, entries]: candidates, tiers,
        owners. `starts`: [4, n]: where a person begins to propose, the list begins, its fallbacks do, it ends."""
        stamp  # noqa: B018 (see `compiled`)
        at = 0
        for i in range(chosen.shape[0]):
            starts[0, i] = starts[1, i] = at
            first_fallback = -1
            for place in range(chosen.shape[1]):
                candidate = chosen[i, place]
                if candidate < 0:
                    break
                is_last = stands[i] or tier[i, place] == LAST_TIER
                if is_last and first_fallback < 0:
                    first_fallback = at
                if candidate == proposed[i]:
                    starts[0, i] = at
                out[0, at], out[1, at], out[2, at] = candidate, LAST_TIER if is_last else tier[i, place], i
                worth[at] = 0.0 if is_last else score[i, place]
                sends[at] = send[i, place]
                at += 1
            starts[2, i], starts[3, i] = at if first_fallback < 0 else first_fallback, at
        return at

    return gather


def _any(dtype: Any) -> Any:
    return types.Array(
        dtype, 2, "A", readonly=True
    )  # of any strides: one value for everybody is in memory once


_C1, _C2 = (types.Array(types.float64, 1, "C"), types.Array(types.int64, 2, "C"))
_gather = Compiled(
    _make_gather,
    types.int64(
        _any(types.int32),
        _any(types.int32),
        _any(types.float64),
        _any(types.float64),
        types.Array(types.int32, 1, "C"),
        types.Array(types.boolean, 1, "C"),
        _C2,
        _C1,
        _C1,
        _C2,
    ),
)


class Lists:
    """The candidates that are known of m people, best first, and when each is sent. At first that is what was picked
    for them without regard to others.

    `begin`: [m], where each proposes first: with what was found without limits, the best one unless it was explored.
    `start`, `stop`, `end`: of the list; fallbacks are behind `stop`. `whole`: whether it has all that passed. `below`:
    whether a candidate was below the threshold. `sends`, `owners`: of the entries.
    """

    def __init__(self, outcome: Outcome, who: Whole) -> None:
        self.begin, self.start, self.stop, self.end = self.places = np.zeros((4, len(who)), np.int64)
        self.whole, self.below = np.zeros(len(who), np.int64), np.zeros(len(who), bool)
        self.proposed = np.ascontiguousarray(outcome.chosen[who, 0], np.int32)
        self.candidate, self.tier, self.owners = np.zeros((3, 0), np.int64)
        self.score, self.sends = np.zeros((2, 0))
        self._add(outcome, np.arange(len(who)), who, outcome.reason[who] == FALLBACK_CODE)

    def complete(self, people: Whole, outcome: Outcome, left: NDArray[np.int32]) -> None:
        """All that passed for some people. `left`: why there is nothing where limits leave nothing."""
        self._add(outcome, people, None, np.zeros(len(people), bool))
        self.whole[people], self.below[people] = 1, left == BELOW_CODE

    def _add(self, outcome: Outcome, people: Whole, rows: Whole | None, stands: NDArray[np.bool_]) -> None:
        found = (outcome.chosen, outcome.tier, outcome.score, outcome.send_at)
        chosen, tier, score, send = found if rows is None else (each[rows] for each in found)
        out, worth = np.empty((3, chosen.size), np.int64), np.empty(chosen.size)
        sends, places = np.empty(chosen.size), np.empty((4, len(people)), np.int64)
        size = _gather(chosen, tier, score, send, self.proposed[people], stands, out, worth, sends, places)
        self.places[:, people] = places + len(self.candidate)
        self.candidate = np.append(self.candidate, out[0, :size])
        self.tier = np.append(self.tier, out[1, :size])
        self.owners = np.append(self.owners, people[out[2, :size]])
        self.score, self.sends = np.append(self.score, worth[:size]), np.append(self.sends, sends[:size])

    def entries(self) -> Entries:
        candidate, tier = self.candidate.astype(np.int32), self.tier.astype(np.int32)
        lost = np.zeros(len(tier), np.int32)
        return Entries(candidate, tier, self.score, worth_of(self.score), tier.copy(), lost)


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
