"""Keys that come more than once in the data of a run: whoever has one is decided, and contacted, once for each row.

Takes the keys of batch after batch; remembers 64 bits of each, of the first `MOST`, so that memory stays bounded.
Numbers are those bits themselves; that two of ten million different texts have the same happens three times in a million.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.engine.hashing import orders

MOST = 2**24


@dataclass(frozen=True, slots=True)
class Duplicates:
    """So many `keys` come more than once, in so many `rows` together. `example`: two rows of the first one, counted from
    1. `looked`: so many rows were looked at, the first ones."""

    keys: int
    rows: int
    example: tuple[int, int]
    looked: int


class Keys:
    """The keys of a run so far."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._looked = most, 0
        self._bits: list[NDArray[np.int64]] = []
        self._nobody: list[NDArray[np.int64]] = []  # rows without a key

    def add(self, keys: pa.Array) -> None:
        """The keys of the next rows."""
        some = keys.slice(0, self._most - self._looked)
        if some.null_count:
            missing = some.is_null().to_numpy(zero_copy_only=False)
            self._nobody.append(self._looked + np.flatnonzero(missing))
        if len(some):
            self._bits.append(_bits(some))
        self._looked += len(some)

    def duplicates(self) -> Duplicates | None:
        """None where each key comes once."""
        bits = np.concatenate([np.zeros(0, np.int64), *self._bits])
        rows = np.delete(np.arange(len(bits)), np.concatenate([np.zeros(0, np.int64), *self._nobody]))
        bits = bits[rows]
        ordered = np.sort(bits)
        again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        if not len(again):
            return None
        places = np.flatnonzero(np.isin(bits, again))
        first, second = rows[np.flatnonzero(bits == bits[places[0]])[:2]].tolist()
        return Duplicates(len(again), len(places), (first + 1, second + 1), self._looked)


def _bits(keys: pa.Array) -> NDArray[np.int64]:
    if pa.types.is_integer(keys.type):
        numbers: NDArray[np.int64] = keys.cast(pa.int64(), safe=False).fill_null(0).to_numpy()
        return numbers
    return orders(keys).view(np.int64)
