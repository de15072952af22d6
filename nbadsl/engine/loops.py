"""Loops of the kernel that are clearer in Python than as vector code: over bits, columns, selected rows.

As in `vectors`, operands are addresses. Compiled together with the kernel.
"""

# In compiled code `math.floor` gives a double.
# ruff: noqa: RUF046
# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

import math

import numpy as np

from nbadsl.engine import bitmasks as b
from nbadsl.engine import vectors as v
from nbadsl.engine.parts import part

ld_f64, ld_f32, ld_i64, ld_i32, ld_i16, ld_i8, ld_u32, ld_u16, ld_u8 = map(
    v.load, ("f64", "f32", "i64", "i32", "i16", "i8", "u32", "u16", "u8")
)
st_f64, st_i64, st_i32, st_i16, st_u8 = map(v.store, ("f64", "i64", "i32", "i16", "u8"))
to_f32, to_f64, to_i64, to_i32, to_i16, to_i8, to_u32, to_u16, to_u8 = map(
    v.convert, ("f32", "f64", "i64", "i32", "i16", "i8", "u32", "u16", "u8")
)
in_f64, in_f32, in_i64, in_i32, in_i16, in_i8, in_u32, in_u16, in_u8 = map(
    b.between, ("f64", "f32", "i64", "i32", "i16", "i8", "u32", "u16", "u8")
)

# How the elements of a bound column are stored.
F64, F32, I64, I32, I16, I8, U32, U16, U8, BITS = range(10)
SIZES = (8, 4, 8, 4, 2, 1, 4, 2, 1, 0)

NAN = float("nan")


# --- bits ---------------------------------------------------------------------------------------------


@part("iiii")
def bits_at(dst, source, bit, count):
    """Words of a mask from a bitmap that begins at any bit. Reads no byte beyond the last bit."""
    source += bit >> 3
    shift = bit & 7
    whole = count >> 6
    for w in range(whole):
        word = ld_i64(source + 8 * w, 0)
        if shift:
            high = ld_u8(source, 8 * w + 8)
            word = ((word >> shift) & ((1 << (64 - shift)) - 1)) | (high << (64 - shift))
        st_i64(dst, w, word)
    rest = count & 63
    if rest:
        word = 0
        start = (whole << 6) + shift
        for i in range(rest):
            at = start + i
            word |= ((ld_u8(source, at >> 3) >> (at & 7)) & 1) << i
        st_i64(dst, whole, word)


@part("ii", "i")
def bit_at(source, bit):
    return (ld_u8(source, bit >> 3) >> (bit & 7)) & 1


@part("ii")
def flip_words(dst, words):
    for w in range(words):
        st_i64(dst, w, ~ld_i64(dst, w))


@part("iii")
def fill_words(dst, word, words):
    for w in range(words):
        st_i64(dst, w, word)


@part("iiii")
def pack(dst, mask, idx, count):
    """The bits of selected rows, packed."""
    word = 0
    for k in range(count):
        i = ld_i32(idx, k)
        word |= ((ld_i64(mask, i >> 6) >> (i & 63)) & 1) << (k & 63)
        if k & 63 == 63:
            st_i64(dst, k >> 6, word)
            word = 0
    if count & 63:
        st_i64(dst, count >> 6, word)


# --- columns -----------------------------------------------------------------------------------------------


@part("iiii")
def load_column(dst, kind, address, count):
    """A column as doubles, whatever its elements."""
    if kind == F64:
        to_f64(dst, address, count)
    elif kind == F32:
        to_f32(dst, address, count)
    elif kind == I64:
        to_i64(dst, address, count)
    elif kind == I32:
        to_i32(dst, address, count)
    elif kind == I16:
        to_i16(dst, address, count)
    elif kind == I8:
        to_i8(dst, address, count)
    elif kind == U32:
        to_u32(dst, address, count)
    elif kind == U16:
        to_u16(dst, address, count)
    else:
        to_u8(dst, address, count)


@part("iiiii")
def gather_column(dst, kind, address, idx, count):
    """Selected rows of a column as doubles."""
    if kind == F64:
        for k in range(count):
            st_f64(dst, k, ld_f64(address, ld_i32(idx, k)))
    elif kind == F32:
        for k in range(count):
            st_f64(dst, k, ld_f32(address, ld_i32(idx, k)))
    elif kind == I64:
        for k in range(count):
            st_f64(dst, k, float(ld_i64(address, ld_i32(idx, k))))
    elif kind == I32:
        for k in range(count):
            st_f64(dst, k, float(ld_i32(address, ld_i32(idx, k))))
    elif kind == I16:
        for k in range(count):
            st_f64(dst, k, float(ld_i16(address, ld_i32(idx, k))))
    elif kind == I8:
        for k in range(count):
            st_f64(dst, k, float(ld_i8(address, ld_i32(idx, k))))
    elif kind == U32:
        for k in range(count):
            st_f64(dst, k, float(ld_u32(address, ld_i32(idx, k))))
    elif kind == U16:
        for k in range(count):
            st_f64(dst, k, float(ld_u16(address, ld_i32(idx, k))))
    else:
        for k in range(count):
            st_f64(dst, k, float(ld_u8(address, ld_i32(idx, k))))


@part("iiiii")
def forget_nulls(dst, bitmap, bit, idx, count):
    """Make selected rows unknown where a bitmap says so."""
    for k in range(count):
        if bit_at(bitmap, bit + ld_i32(idx, k)) == 0:
            st_f64(dst, k, NAN)


@part("iiiiffi")
def between_column(dst, kind, address, cmp, low, high, count):
    """Mask of low <= column <= high, or with `cmp` of column against `low` (then `high` is not used).

    Bounds are turned into closed ones in the column's own type, so that the test reads it as it is.
    """
    if kind <= F32:
        lo, hi = float_bounds(cmp, low, high)
        if kind == F64:
            in_f64(dst, address, lo, hi, count)
        else:
            in_f32(dst, address, f32_up(lo), f32_down(hi), count)
        return
    least, most = limits(kind)
    first, last = integer_bounds(cmp, low, high, least, most)
    if kind == I64:
        in_i64(dst, address, first, last, count)
    elif kind == I32:
        in_i32(dst, address, first, last, count)
    elif kind == I16:
        in_i16(dst, address, first, last, count)
    elif kind == I8:
        in_i8(dst, address, first, last, count)
    elif kind == U32:
        in_u32(dst, address, first, last, count)
    elif kind == U16:
        in_u16(dst, address, first, last, count)
    else:
        in_u8(dst, address, first, last, count)


LT, LE, GT, GE, EQ, NE, BETWEEN = range(7)


@part("iff", "ff")
def float_bounds(cmp, low, high):
    """Closed bounds for a comparison with `low`; `!=` gives those of `==`."""
    if cmp == LT:
        return -math.inf, math.nextafter(low, -math.inf)
    if cmp == LE:
        return -math.inf, low
    if cmp == GT:
        return math.nextafter(low, math.inf), math.inf
    if cmp == GE:
        return low, math.inf
    if cmp == BETWEEN:
        return low, high
    return low, low


@part("f", "f")
def f32_up(x):
    """The least float32 that is not below a double, as a double."""
    near = np.float32(x)
    if float(near) < x:
        near = np.nextafter(near, np.float32(math.inf))
    return float(near)


@part("f", "f")
def f32_down(x):
    """The greatest float32 that is not above a double, as a double."""
    near = np.float32(x)
    if float(near) > x:
        near = np.nextafter(near, np.float32(-math.inf))
    return float(near)


@part("i", "ii")
def limits(kind):
    """Least and greatest value of an integer column."""
    if kind == I64:
        return -(1 << 63), (1 << 63) - 1
    if kind == I32:
        return -(1 << 31), (1 << 31) - 1
    if kind == I16:
        return -(1 << 15), (1 << 15) - 1
    if kind == I8:
        return -(1 << 7), (1 << 7) - 1
    if kind == U32:
        return 0, (1 << 32) - 1
    if kind == U16:
        return 0, (1 << 16) - 1
    return 0, (1 << 8) - 1


@part("iffii", "ii")
def integer_bounds(cmp, low, high, least, most):
    """Closed bounds among whole numbers from least to most; (1, 0) when none fits. NaN fits nothing."""
    lo, hi = float_bounds(cmp, low, high)
    # 2^63 is no int64, but is what the greatest one becomes as a double.
    if not (lo <= hi) or lo > most or hi < least or lo >= 9223372036854775808.0:
        return 1, 0
    first = least if lo <= least else int(math.ceil(lo))
    last = most if hi >= most else int(math.floor(hi))
    if first > last:
        return 1, 0
    return first, last


@part("i", "i")
def element_size(kind):
    """Bytes of an element."""
    if kind == F64 or kind == I64:
        return 8
    if kind == F32 or kind == I32 or kind == U32:
        return 4
    return 2 if kind == I16 or kind == U16 else 1


# --- texts and words ---------------------------------------------------------------------------------


@part("iiiii")
def test_codes(dst, kind, address, table, count):
    """Mask of table[code]: the answer of a test for each row's distinct value."""
    for w in range((count + 63) >> 6):
        word = 0
        for j in range(min(64, count - (w << 6))):
            i = (w << 6) + j
            if kind == U8:
                code = ld_u8(address, i)
            elif kind == U16:
                code = ld_u16(address, i)
            else:
                code = ld_i32(address, i)
            word |= ld_u8(table, code) << j
        st_i64(dst, w, word)


@part("iiiiliii")
def words_in(dst, scratch, kind, address, lists, at, ranges, count):
    """Mask of codes in any of some ranges."""
    words = (count + 63) >> 6
    for r in range(ranges):
        first, last = lists[at + 2 * r], lists[at + 2 * r + 1]
        target = dst if r == 0 else scratch
        if kind == U8:
            in_u8(target, address, first, last, count)
        else:
            in_u16(target, address, first, last, count)
        if r > 0:
            for w in range(words):
                st_i64(dst, w, ld_i64(dst, w) | ld_i64(scratch, w))


@part("iiiii")
def equal_codes(dst, a, b, equal, count):
    """Mask of rows where two codes (int32, -1 for unknown) are both known, and equal or different."""
    for w in range((count + 63) >> 6):
        word = 0
        for j in range(min(64, count - (w << 6))):
            x, y = ld_i32(a, (w << 6) + j), ld_i32(b, (w << 6) + j)
            if x >= 0 and y >= 0 and (x == y) == (equal == 1):
                word |= 1 << j
        st_i64(dst, w, word)
