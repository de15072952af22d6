"""Numbers for values: the same number for the same text or whole number, from 0 on, in the order in which they come.

Takes Arrow arrays, gives codes. A text is known by 128 bits of hash, two of 64 that mix bytes in different ways; a
whole number by itself. Looking up a million values takes a fraction of the time that building Arrow's table anew for
every batch takes.
"""

# Compiled functions declare their types by their signature.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numba import types

from nbadsl.engine.choose import M1, M2, mix
from nbadsl.engine.compiled import Compiled
from nbadsl.engine.hashing import FNV64_BASIS, FNV64_PRIME, texts
from nbadsl.engine.loops import ld_i64, ld_u8
from nbadsl.engine.walk import Small, Whole

_I, _T, _R = (
    types.Array(types.int64, 1, "C"),
    types.Array(types.int64, 2, "C"),
    types.Array(types.int32, 2, "C"),
)


def _make_hashes(stamp: str) -> Any:
    def hash_texts(data, offsets, count, first, second):
        """`data`, `offsets`: addresses. `first`, `second`: [count], the results."""
        stamp  # noqa: B018 (see `compiled`)
        for i in range(count):
            begin, end = ld_i64(offsets, i), ld_i64(offsets, i + 1)
            x, y = FNV64_BASIS, end - begin
            for at in range(begin, end):
                byte = ld_u8(data, at)
                x = (x ^ byte) * FNV64_PRIME
                y = (y + byte) * M1
                y ^= (y >> 32) & 0xFFFFFFFF
            first[i], second[i] = mix(x), mix(y * M2)

    return hash_texts


def _make_find(stamp: str) -> Any:
    def find(slots, first, second, codes, size, adds):
        """Codes of hashes. Those that are not in the table get a new code, or `size` unless `adds`. Gives the size."""
        stamp  # noqa: B018
        last = len(slots) - 1
        for i in range(len(first)):
            at = first[i] & last
            while True:
                code = slots[at, 2] - 1
                if code < 0:
                    code = size
                    if adds:
                        slots[at, 0], slots[at, 1], slots[at, 2] = first[i], second[i], size + 1
                        size += 1
                elif slots[at, 0] != first[i] or slots[at, 1] != second[i]:
                    at = (at + 1) & last
                    continue
                codes[i] = code
                break
        return size

    return find


def _make_grow(stamp: str) -> Any:
    def grow(old, new):
        """Move all hashes into a larger table."""
        stamp  # noqa: B018
        last = len(new) - 1
        for i in range(len(old)):
            if old[i, 2]:
                at = old[i, 0] & last
                while new[at, 2]:
                    at = (at + 1) & last
                new[at, 0], new[at, 1], new[at, 2] = old[i, 0], old[i, 1], old[i, 2]

    return grow


def _make_spread(stamp: str) -> Any:
    def spread(table, codes, out):
        """out[k, i] = table[code of i, k]; of codes behind the table, and below 0, its last row."""
        stamp  # noqa: B018
        last = len(table) - 1
        for i in range(len(codes)):
            row = codes[i]
            if row < 0 or row > last:
                row = last
            for k in range(table.shape[1]):
                out[k, i] = table[row, k]

    return spread


_hashes = Compiled(_make_hashes, types.void(types.int64, types.int64, types.int64, _I, _I))
_find = Compiled(_make_find, types.int64(_T, _I, _I, _I, types.int64, types.boolean))
_grow = Compiled(_make_grow, types.void(_T, _T))
_spread = Compiled(_make_spread, types.void(_R, _I, _R))


class Lookup:
    """The codes of one kind of value. `size`: how many there are."""

    def __init__(self) -> None:
        self.size = 0
        # Four numbers, so that no slot lies in two lines of the cache.
        self._slots = np.zeros((1024, 4), np.int64)

    def codes(self, values: pa.Array, adds: bool = True) -> Whole:
        """[n]: of texts, or of whole numbers in any type; -1 for null. `adds`: give a code to values that have none;
        otherwise theirs is `size`. The number 7 and the text "7" are two values."""
        if pa.types.is_dictionary(values.type):
            each = np.append(self.codes(values.dictionary, adds), -1)
            found: Whole = each[values.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
            return found
        first, second = self._hashed(values)
        if adds:
            self._make_space(len(first))
        codes = np.empty(len(first), np.int64)
        self.size = _find(self._slots, first, second, codes, self.size, adds)
        if values.null_count:
            codes[values.is_null().to_numpy(zero_copy_only=False)] = -1
        return codes

    def _make_space(self, more: int) -> None:
        """Half of the slots stay empty."""
        if 2 * (self.size + more) > len(self._slots):
            slots = np.zeros((1 << (2 * (self.size + more)).bit_length(), 4), np.int64)
            _grow(self._slots, slots)
            self._slots = slots

    def _hashed(self, values: pa.Array) -> tuple[Whole, Whole]:
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            # A copy, as Arrow's numbers are read-only.
            numbers = values.cast(pa.int64(), safe=False).fill_null(0).to_numpy().copy()
            return numbers * np.int64(FNV64_PRIME), numbers
        data, offsets = texts(values)
        first, second = np.empty((2, len(values)), np.int64)
        _hashes(data.ctypes.data, offsets.ctypes.data, len(values), first, second)
        return first, second


def spread(table: Small, codes: Whole) -> Small:
    """[columns, n]: the rows of a table ([values, columns]) that codes name, column by column; its last row for codes
    that have none."""
    out = np.empty((table.shape[1], len(codes)), np.int32)
    _spread(np.ascontiguousarray(table), codes, out)
    return out
