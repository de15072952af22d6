"""Checks of data on its way in: which rows break the rules of `data.rules`, one pass over each column."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

from nbadsl.engine import loops as l
from nbadsl.engine import vectors as v
from nbadsl.engine.compiled import Compiled
from nbadsl.engine.loops import ld_f64, ld_i64, st_i64

STEP = 2048


@njit(nogil=True, error_model="numpy")
def note(bad, number, words, row, n):  # type: ignore[no-untyped-def]
    for w in range((n + 63) >> 6):
        word = ~words[w]
        if w == n >> 6:
            word &= (1 << (n & 63)) - 1
        while word != 0:
            i = row + (w << 6) + v.lowest(word)
            if bad[i] == 0:
                bad[i] = number
            word &= word - 1


def _make_numbers(stamp: str) -> Any:
    def check_numbers(bad, number, kind, address, validity, bit, low, high, required, whole, exact):  # type: ignore[no-untyped-def]
        """Note `number` for rows that are not bad yet and whose value is not within low..high.

        Null is bad if `required`. `whole`: a double must be whole; `exact`: an int64 must be a double, too.
        """
        stamp  # noqa: B018 (see `compiled`)
        words, known = np.empty(STEP // 64, np.int64), np.empty(STEP // 64, np.int64)
        ok, valid = words.ctypes.data, known.ctypes.data
        size = 8 if kind == l.F64 or kind == l.I64 else 4 if kind in (l.F32, l.I32, l.U32) else 2
        if kind == l.I8 or kind == l.U8:
            size = 1
        for row in range(0, len(bad), STEP):
            n = min(STEP, len(bad) - row)
            at = address + row * size
            l.between_column(ok, kind, at, l.BETWEEN, low, high, n)
            if whole or exact:
                for i in range(n):
                    fits = True
                    if whole and kind == l.F64:
                        x = ld_f64(at, i)
                        fits = x == np.floor(x)
                    elif whole and kind == l.F32:
                        x = l.ld_f32(at, i)
                        fits = x == np.floor(x)
                    elif exact and kind == l.I64:
                        y = ld_i64(at, i)
                        fits = -(1 << 53) <= y <= 1 << 53 or (abs(y) < 1 << 62 and np.int64(np.float64(y)) == y)
                    if not fits:
                        words[i >> 6] &= ~(1 << (i & 63))
            if validity:
                l.bits_at(valid, validity, bit + row, n)
                for w in range((n + 63) >> 6):
                    words[w] = words[w] & known[w] if required else words[w] | ~known[w]
            note(bad, number, words, row, n)

    return check_numbers


def _make_known(stamp: str) -> Any:
    def check_known(bad, number, validity, bit):  # type: ignore[no-untyped-def]
        """Note `number` for rows that are not bad yet and null."""
        stamp  # noqa: B018
        words = np.empty(STEP // 64, np.int64)
        for row in range(0, len(bad), STEP):
            n = min(STEP, len(bad) - row)
            l.bits_at(words.ctypes.data, validity, bit + row, n)
            note(bad, number, words, row, n)

    return check_known


_i64, _f64, _rows = types.int64, types.float64, types.int16[::1]
check_numbers = Compiled(
    _make_numbers, types.void(_rows, _i64, _i64, _i64, _i64, _i64, _f64, _f64, _i64, _i64, _i64)
)
check_known = Compiled(_make_known, types.void(_rows, _i64, _i64, _i64))


def note_where(bad: Any, number: int, where: Any) -> None:
    """Note `number` for rows that are not bad yet and in a boolean array."""
    bad[where & (bad == 0)] = number
