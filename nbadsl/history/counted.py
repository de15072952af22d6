"""The contacts of all values of a field at once, as arrays: what batches are decided by.

Takes rows as stores find them; gives `Counts`, or `Times` where it matters when they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.program.limits import Pause

Numbers = NDArray[np.int64]
Pages = Iterable[Sequence[tuple[Any, ...]]]
"""Rows of a value and a number, in portions."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How many contacts each value has. `keys`: texts [n], each once. `numbers`: [n]."""

    keys: pa.Array
    numbers: Numbers

    @staticmethod
    def of(pages: Pages) -> Counts:
        """`pages`: each value once, with its number."""
        keys, numbers = _columns(pages)
        return Counts(keys.cast(pa.string()), numbers)


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """When the contacts of each value were. `keys`: texts [n], each once. Those of value i are
    `moments[bounds[i]:bounds[i + 1]]`, in microseconds since 1970, ascending; `bounds`: [n + 1]."""

    keys: pa.Array
    bounds: Numbers
    moments: Numbers

    @staticmethod
    def of(pages: Pages) -> Times:
        """`pages`: a value and a moment for each contact, all of one value together, ascending in time."""
        keys, moments = _columns(pages)
        runs = pc.run_end_encode(keys)
        bounds = np.concatenate([[0], runs.run_ends.to_numpy()]).astype(np.int64)
        return Times(runs.values.cast(pa.string()), bounds, moments)

    def after(self, places: Numbers, starts: Numbers) -> Numbers:
        """[m]: how many contacts of the value at each place there are after a moment of its own."""
        low, end = self.bounds[places], self.bounds[places + 1]
        high = end.copy()
        while (open := np.flatnonzero(low < high)).size:  # one step of all searches
            middle = (low[open] + high[open]) // 2
            is_after = self.moments[middle] > starts[open]
            high[open[is_after]] = middle[is_after]
            low[open[~is_after]] = middle[~is_after] + 1
        return end - low

    def rooms(self, pause: Pause, now: int) -> Numbers:
        """[n]: the room that a rest leaves each value, as `demands.room_of_times` says for one."""
        sizes, behind = np.diff(self.bounds), pause.count - 1
        owners = np.repeat(np.arange(len(sizes)), sizes)
        # A contact, and the one with which a rest would have begun to come together, if that has the same owner.
        first, last = slice(0, max(len(owners) - behind, 0)), slice(behind, None)
        rests = (owners[first] == owners[last]) & (self.moments[last] > now - pause.length)
        together = sizes
        if pause.within is not None:
            rests &= self.moments[first] > self.moments[last] - pause.within
            recent = owners[self.moments > now - pause.within]
            together = np.bincount(recent, minlength=len(sizes))
        rooms: Numbers = np.maximum(pause.count - together, 1)
        rooms[owners[last][rests]] = 0
        return rooms


def texts_of(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Keys as events have them: texts, or whole numbers as their decimal digits."""
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays([texts_of(chunk) for chunk in array.chunks] or [pa.array([], pa.string())])
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
        array = array.cast(pa.int64())
    return array.cast(pa.string())


def _columns(pages: Pages) -> tuple[pa.Array, Numbers]:
    keys, numbers = [pa.array([], pa.large_string())], [np.zeros(0, np.int64)]
    for rows in pages:
        if rows:
            some, counted = zip(*rows, strict=True)
            keys.append(pa.array(some, pa.large_string()))
            numbers.append(np.array(counted, np.int64))
    return pa.concat_arrays(keys), np.concatenate(numbers)
