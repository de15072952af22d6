"""Loops of the kernel that are clearer in Python than as vector code: over selected rows, bits, calendars.

As in `vectors`, operands are addresses. Compiled together with the kernel.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from nbadsl.engine import vectors as v

inline = njit(nogil=True, error_model="numpy")
outline = njit(nogil=True, error_model="numpy")

ld_f64, ld_f32, ld_i64, ld_i32, ld_i16, ld_i8, ld_u32, ld_u16, ld_u8 = map(
    v.load, ("f64", "f32", "i64", "i32", "i16", "i8", "u32", "u16", "u8")
)
st_f64, st_i64, st_i32, st_u8 = map(v.store, ("f64", "i64", "i32", "u8"))
to_f32, to_f64, to_i64, to_i32, to_i16, to_i8, to_u32, to_u16, to_u8 = map(
    v.convert, ("f32", "f64", "i64", "i32", "i16", "i8", "u32", "u16", "u8")
)
in_f64, in_f32, in_i64, in_i32, in_i16, in_i8, in_u32, in_u16, in_u8 = map(
    v.between, ("f64", "f32", "i64", "i32", "i16", "i8", "u32", "u16", "u8")
)

# How the elements of a bound column are stored.
F64, F32, I64, I32, I16, I8, U32, U16, U8, BITS = range(10)
SIZES = (8, 4, 8, 4, 2, 1, 4, 2, 1, 0)

NAN = float("nan")
DAY = 86_400_000_000


# --- bits ---------------------------------------------------------------------------------------------


@outline
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


@inline
def bit_at(source, bit):
    return (ld_u8(source, bit >> 3) >> (bit & 7)) & 1


@outline
def flip_words(dst, words):
    for w in range(words):
        st_i64(dst, w, ~ld_i64(dst, w))


@outline
def fill_words(dst, word, words):
    for w in range(words):
        st_i64(dst, w, word)


@outline
def select(idx, mask, flip, count):
    """Indices of the set bits among the first `count` rows. Gives how many."""
    found = 0
    words = (count + 63) >> 6
    for w in range(words):
        word = ld_i64(mask, w) ^ flip
        if w == words - 1 and count & 63:
            word &= (1 << (count & 63)) - 1
        base = w << 6
        while word != 0:
            st_i32(idx, found, base + v.lowest(word))
            found += 1
            word &= word - 1
    return found


@outline
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


@outline
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


@outline
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


@outline
def forget_nulls(dst, bitmap, bit, idx, count):
    """Make selected rows unknown where a bitmap says so."""
    for k in range(count):
        if bit_at(bitmap, bit + ld_i32(idx, k)) == 0:
            st_f64(dst, k, NAN)


@outline
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


@inline
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


@inline
def f32_up(x):
    """The least float32 that is not below a double, as a double."""
    near = np.float32(x)
    if float(near) < x:
        near = np.nextafter(near, np.float32(math.inf))
    return float(near)


@inline
def f32_down(x):
    """The greatest float32 that is not above a double, as a double."""
    near = np.float32(x)
    if float(near) > x:
        near = np.nextafter(near, np.float32(-math.inf))
    return float(near)


@inline
def limits(kind):
    """Least and greatest value of an integer column; of int64, what data never exceeds (µs of 10,000 years)."""
    if kind == I64:
        return -(1 << 62), 1 << 62
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


@inline
def integer_bounds(cmp, low, high, least, most):
    """Closed bounds among whole numbers from least to most; (1, 0) when none fits. NaN fits nothing."""
    lo, hi = float_bounds(cmp, low, high)
    if not (lo <= hi) or not (lo <= most) or not (hi >= least):
        return 1, 0
    first = least if lo <= least else int(math.ceil(lo))
    last = most if hi >= most else int(math.floor(hi))
    if first > last:
        return 1, 0
    return first, last


# --- texts and words ---------------------------------------------------------------------------------


@outline
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


@outline
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


@outline
def equal_codes(dst, a, b, equal, count):
    """Mask of rows where two codes (int32, -1 for unknown) are both known, and equal or different."""
    for w in range((count + 63) >> 6):
        word = 0
        for j in range(min(64, count - (w << 6))):
            x, y = ld_i32(a, (w << 6) + j), ld_i32(b, (w << 6) + j)
            if x >= 0 and y >= 0 and (x == y) == (equal == 1):
                word |= 1 << j
        st_i64(dst, w, word)


# --- library functions and the calendar -------------------------------------------------------------------


@outline
def exponential(dst, a, count):
    for i in range(count):
        st_f64(dst, i, math.exp(ld_f64(a, i)))


@outline
def logarithm(dst, a, count):
    for i in range(count):
        st_f64(dst, i, math.log(ld_f64(a, i)))


@outline
def power_vv(dst, a, b, count):
    for i in range(count):
        st_f64(dst, i, power(ld_f64(a, i), ld_f64(b, i)))


@outline
def power_vc(dst, a, b, count):
    for i in range(count):
        st_f64(dst, i, power(ld_f64(a, i), b))


@outline
def power_cv(dst, a, b, count):
    for i in range(count):
        st_f64(dst, i, power(a, ld_f64(b, i)))


@inline
def power(x, y):
    """C's pow, but unknown stays unknown (C says that 1 to the power of anything is 1)."""
    if x != x or y != y:
        return NAN
    return math.pow(x, y)


@inline
def civil(day):
    """Year, month, day of a day number (since 1970). Howard Hinnant, chrono-compatible low-level date algorithms."""
    z = day + 719468
    era = z // 146097
    doe = z - era * 146097
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    year = yoe + era * 400
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    return (year + 1 if month <= 2 else year), month, doy - (153 * mp + 2) // 5 + 1


@inline
def day_number(year, month, day):
    y = year - 1 if month <= 2 else year
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468


@inline
def month_length(year, month):
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


FIRST_DAY, LAST_DAY = -719162, 2932896


@inline
def is_day(x):
    """Whether a double, floored, is a day of the years 1 to 9999; not for NaN."""
    return FIRST_DAY <= x < LAST_DAY + 1


@outline
def date_parts(dst, a, part, count):
    for i in range(count):
        x = ld_f64(a, i)
        result = NAN
        if is_day(x):
            day = int(math.floor(x))
            year, month, number = civil(day)
            if part == 0:
                result = float(year)
            elif part == 1:
                result = float(month)
            elif part == 2:
                result = float(number)
            else:
                result = float((day + 3) % 7 + 1)
        st_f64(dst, i, result)


@outline
def months(dst, a, b, part, count):
    for i in range(count):
        x, y = ld_f64(a, i), ld_f64(b, i)
        result = NAN
        if is_day(x) and y == y:
            year, month, day = civil(int(math.floor(x)))
            if part == 0 and -200000.0 < y < 200000.0:
                total = year * 12 + month - 1 + int(math.floor(y))
                later, number = total // 12, total % 12 + 1
                if 1 <= later <= 9999:
                    result = float(day_number(later, number, min(day, month_length(later, number))))
            elif part == 1 and is_day(y):
                year2, month2, day2 = civil(int(math.floor(y)))
                result = float((year2 - year) * 12 + month2 - month - (1 if day2 < day else 0))
        st_f64(dst, i, result)


@inline
def zone_offset(zone, time):
    """Microseconds east of UTC at an instant: the last change that is not after it (`zone.Zone.offset`)."""
    low, high = 0, zone.shape[1]
    while low < high:
        middle = (low + high) >> 1
        if zone[0, middle] <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


@inline
def local_day(zone, time):
    return (time + int(zone[1, zone_offset(zone, float(time))])) // DAY


@inline
def midnight(zone, day, least):
    """The first instant of a local day, as `zone.Zone.midnight` defines it."""
    wall = day * DAY
    one = int(zone[1, zone_offset(zone, float(wall - DAY))])
    two = int(zone[1, zone_offset(zone, float(wall + DAY))])
    first, second = max(one, two), min(one, two)
    if local_day(zone, wall - first) >= day:
        return wall - first
    if local_day(zone, wall - second) >= day:
        return wall - second
    return int(zone[0, zone_offset(zone, float(wall + DAY - least))])


@outline
def local_parts(dst, a, part, zone, count):
    least = int(zone[1, 0])
    for j in range(zone.shape[1]):
        least = min(least, int(zone[1, j]))
    for i in range(count):
        x = ld_f64(a, i)
        result = NAN
        if part == 2:
            if is_day(x):
                result = float(midnight(zone, int(math.floor(x)), least))
        elif -1e18 < x < 1e18:
            time = int(math.floor(x))
            local = time + int(zone[1, zone_offset(zone, float(time))])
            day = local // DAY
            if FIRST_DAY <= day <= LAST_DAY:
                result = float(day) if part == 0 else float(local - day * DAY)
        st_f64(dst, i, result)
