"""The order in which people who share limits propose: by tier, score and a number of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]


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
