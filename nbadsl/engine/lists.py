"""The lists by which people propose who share limits, and the order in which proposals are looked at; see `walk`."""

# Compiled functions declare their types by their signature.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,var-annotated"
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from nbadsl.data.decisions import REASONS, Outcome
from nbadsl.engine.choose import LAST_TIER
from nbadsl.engine.compiled import Compiled
from nbadsl.engine.same import concatenated, is_same
from nbadsl.engine.walk import Entries, Whole
from nbadsl.program.decision import BELOW_THRESHOLD, FALLBACK

_ALL = np.int64(2**63 - 1)
FALLBACK_CODE, BELOW_CODE = map(REASONS.index, (FALLBACK, BELOW_THRESHOLD))


class _Found(NamedTuple):
    """Entries of lists, one after the other. `owner`: whose. `send`: empty where it is the same for all."""

    candidate: NDArray[np.int32]
    tier: NDArray[np.int32]
    owner: NDArray[np.int32]
    score: NDArray[np.float64]
    worth: Whole
    send: NDArray[np.float64]


def _make_gather(stamp: str) -> Any:
    def gather(chosen, tier, score, send, rows, proposed, stands, people, found, bits, starts):
        """One after the other, what was found for each of m people. `chosen` … `send`: [n, places], -1 is behind the
        last; `rows`: [m], where they stand there. `stands`: [m], whether all of it is a fallback; LAST_TIER says so of
        one. `found`: what comes of it; `bits`: of its scores. `starts`: [4, m]: where a person begins to propose, the
        list begins, its fallbacks do, it ends."""
        stamp  # noqa: B018 (see `compiled`)
        at, sends = 0, len(found.send) > 0
        for i in range(len(rows)):
            row = rows[i]
            starts[0, i] = starts[1, i] = at
            first_fallback = -1
            for place in range(chosen.shape[1]):
                candidate = chosen[row, place]
                if candidate < 0:
                    break
                is_last = stands[i] or tier[row, place] == LAST_TIER
                if is_last and first_fallback < 0:
                    first_fallback = at
                if candidate == proposed[i]:
                    starts[0, i] = at
                found.candidate[at], found.owner[at] = candidate, people[i]
                found.tier[at] = LAST_TIER if is_last else tier[row, place]
                found.score[at] = 0.0 if is_last else score[row, place] + 0.0  # so that there is one zero
                each = bits[at]  # as in `worth_of`
                found.worth[at] = ~(each ^ _ALL if each < 0 else each)
                if sends:
                    found.send[at] = send[row, place]
                at += 1
            starts[2, i], starts[3, i] = at if first_fallback < 0 else first_fallback, at

    return gather


def _array(dtype: Any, dimensions: int = 1) -> Any:
    return types.Array(dtype, dimensions, "C")


def _any(dtype: Any) -> Any:
    # Of any strides: one value for everybody is in memory once.
    return types.Array(dtype, 2, "A", readonly=True)


_I, _L, _F = _array(types.int32), _array(types.int64), _array(types.float64)
_gather = Compiled(
    _make_gather,
    types.void(
        *(_any(types.int32), _any(types.int32), _any(types.float64), _any(types.float64)),
        *(_L, _I, _array(types.boolean), _L, types.NamedTuple([_I, _I, _I, _F, _L, _F], _Found), _L),
        _array(types.int64, 2),
    ),
)


def _make_count(stamp: str) -> Any:
    def count(chosen, rows):
        """How many entries the lists of some people have: see `gather`."""
        stamp  # noqa: B018 (see `compiled`)
        found = 0
        for row in rows:
            for place in range(chosen.shape[1]):
                if chosen[row, place] < 0:
                    break
                found += 1
        return found

    return count


_count = Compiled(_make_count, types.int64(_any(types.int32), _L))


class Lists:
    """The candidates that are known of m people, best first, and when each is sent. At first that is what was picked
    for them without regard to others.

    `begin`: [m], where each proposes first: with what was found without limits, the best one unless it was explored.
    `start`, `stop`, `end`: of the list; fallbacks are behind `stop`. `whole`: whether it has all that passed. `below`:
    whether a candidate was below the threshold.
    """

    def __init__(self, outcome: Outcome, who: Whole) -> None:
        self.begin, self.start, self.stop, self.end = self.places = np.zeros((4, len(who)), np.int64)
        self.whole, self.below = np.zeros(len(who), np.int64), np.zeros(len(who), bool)
        self.proposed = np.ascontiguousarray(outcome.chosen[who, 0], np.int32)
        self._parts: list[_Found] = []
        self._size = 0
        self._add(outcome, np.arange(len(who)), who, outcome.reason[who] == FALLBACK_CODE)

    def complete(self, people: Whole, outcome: Outcome, left: NDArray[np.int32], rows: Whole) -> None:
        """All that passed for some people. `left`: why there is nothing where limits leave nothing. `rows`: where these
        people stand there."""
        self._add(outcome, people, rows, np.zeros(len(people), bool))
        self.whole[people], self.below[people] = 1, left[rows] == BELOW_CODE

    def _add(self, outcome: Outcome, people: Whole, rows: Whole, stands: NDArray[np.bool_]) -> None:
        chosen, send, is_one = outcome.chosen, outcome.send_at, is_same(outcome.send_at)
        size, places = int(_count(chosen, rows)), np.empty((4, len(people)), np.int64)
        small, scores, sends = np.empty((3, size), np.int32), np.empty(size), np.empty(0 if is_one else size)
        found = _Found(small[0], small[1], small[2], scores, np.empty(size, np.int64), sends)
        bits = scores.view(np.int64)
        mine = (rows, self.proposed[people], stands, people)
        _gather(chosen, outcome.tier, outcome.score, send, *mine, found, bits, places)
        self.places[:, people] = places + self._size
        self._size += size
        self._parts.append(
            found._replace(send=np.broadcast_to(send.flat[0], size)) if is_one and size else found
        )

    @property
    def found(self) -> _Found:
        """All entries."""
        if len(self._parts) > 1:
            self._parts = [_Found._make(map(concatenated, zip(*self._parts, strict=True)))]
        return self._parts[0]

    def entries(self) -> Entries:
        found = self.found
        lost = np.zeros(self._size, np.int32)
        return Entries(found.candidate, found.tier, found.score, found.worth, found.tier.copy(), lost)


def worth_of(score: NDArray[np.float64]) -> Whole:
    """Whole numbers in the opposite order of scores, equal where those are: the bits of a double, as a number, ascend
    with it, and descend where it is negative."""
    bits = (score + 0.0).view(np.int64)  # so that there is one zero
    return ~np.where(bits < 0, bits ^ _ALL, bits)


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
