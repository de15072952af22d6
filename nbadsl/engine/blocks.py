"""How the kernel begins and ends a block of rows: checking data, and writing down what was decided."""

# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from nbadsl.engine import bitmasks as b
from nbadsl.engine import choose as c
from nbadsl.engine import loops as l
from nbadsl.engine import settings as at
from nbadsl.engine.execute import both, column_mask, fill_numbers
from nbadsl.engine.loops import (
    NAN,
    ld_f64,
    ld_i16,
    ld_i32,
    ld_i64,
    ld_u8,
    st_f64,
    st_i16,
    st_i32,
    st_i64,
    st_u8,
)
from nbadsl.engine.parts import part

INFINITY = float("inf")


@part("iii")
def first_rows(dst, n, whole):
    """A mask of the first n rows, `whole` words long."""
    for w in range(whole):
        st_i64(dst, w, -1 if w < n >> 6 else 0)
    if n & 63:
        st_i64(dst, n >> 6, (1 << (n & 63)) - 1)


@part("IiiTG")
def check_data(s, row, n, checks, bounds):
    """Clear rows whose data breaks a rule from the mask of valid rows, and note which input it was first."""
    valid = s[at.MASKS] + (s[at.BLOCK] >> 3)
    ok, spare = s[at.INDEX], s[at.SPARE]  # there are no indices yet: their memory serves as a mask
    words = (n + 63) >> 6
    for k in range(len(checks)):
        kind = checks[k, at.KIND]
        if kind == at.NO_NUMBERS:
            l.fill_words(ok, -1, words)
        else:
            address = checks[k, at.ADDRESS] + row * l.element_size(kind)
            column_mask(ok, kind, address, l.BETWEEN, bounds[k, 0], bounds[k, 1], n)
            if checks[k, at.CHECK_EXACT] and kind == l.I64:
                inexact(ok, spare, address, n)
        if checks[k, at.VALIDITY]:
            l.bits_at(spare, checks[k, at.VALIDITY], checks[k, at.VALIDITY_BIT] + row, n)
            if checks[k, at.CHECK_REQUIRED]:
                both(ok, ok, 0, spare, 0, words)
            else:
                for w in range(words):
                    st_i64(ok, w, ld_i64(ok, w) | ~ld_i64(spare, w))
        for w in range(words):
            broken = ld_i64(valid, w) & ~ld_i64(ok, w)
            if broken:
                st_i64(valid, w, ld_i64(valid, w) & ~broken)
                note(s[at.BAD] + 2 * (row + (w << 6)), broken, checks[k, at.CHECK_INPUT])


@part("iii")
def note(bad, rows, number):
    """Note the number of an input for some rows of a word, unless an earlier one is noted."""
    while rows != 0:
        i = b.lowest(rows)
        if ld_i16(bad, i) == 0 or ld_i16(bad, i) > number:
            st_i16(bad, i, number)
        rows &= rows - 1


@part("iiii")
def inexact(ok, spare, address, n):
    """Clear rows whose whole number no double holds."""
    l.in_i64(spare, address, -(1 << 53), 1 << 53, n)
    for i in range(n):
        if (ld_i64(spare, i >> 6) >> (i & 63)) & 1 == 0:
            x = ld_i64(address, i)
            if not -(1 << 62) < x < (1 << 62) or int(float(x)) != x:
                st_i64(ok, i >> 6, ld_i64(ok, i >> 6) & ~(1 << (i & 63)))


@part("ITT")
def recode_words(s, columns, recodes):
    """Translate the codes of words from START to STOP, and point the columns to them."""
    start, count, target = s[at.START], s[at.STOP] - s[at.START], s[at.RECODED]
    for k in range(len(recodes)):
        size = recodes[k, at.CODE_BYTES]
        l.recode(target, recodes[k, at.CODES] + 4 * start, recodes[k, at.TABLE], size, count)
        columns[recodes[k, at.ROW], at.ADDRESS] = target - size * start
        target += (size * count + 63) & ~63


@part("IiiTG", "i")
def begin(s, row, n, checks, bounds):
    """Reset the state of a block. Gives how many rows are not bad data."""
    valid = s[at.MASKS] + (s[at.BLOCK] >> 3)
    whole = (((n + 63) >> 6) + 7) & ~7
    first_rows(valid, n, whole)
    if s[at.BAD]:
        check_data(s, row, n, checks, bounds)
        l.in_i16(s[at.SPARE], s[at.BAD] + 2 * row, 0, 0, n)
        both(valid, valid, 0, s[at.SPARE], 0, (n + 63) >> 6)
    if s[at.RESULTS]:
        nobody_chosen(s, row, n)
    return b.count_bits(valid, whole)


@part("Iii")
def nobody_chosen(s, row, n):
    """Results before the first candidate: nobody is chosen, and every score is better than what is there."""
    for i in range(n):
        st_u8(s[at.BELOW], i, 0)
    if s[at.FALLBACK]:
        for i in range(n):
            st_i32(s[at.STANDING], i, -1)
    if s[at.LISTED]:
        for i in range(n):
            st_i32(s[at.LIST_COUNT], i, 0)
        return
    for i in range(n):
        st_i32(s[at.OUT_CHOSEN], row + i, -1)
    fill_numbers(s[at.OUT_SCORE] + 8 * row, -INFINITY, n)
    if s[at.OUT_TIER]:
        worst = 0 if s[at.TIERS] == 1 else 0x7FFFFFFF
        for i in range(n):
            st_i32(s[at.OUT_TIER], row + i, worst)


# --- what was decided --------------------------------------------------------------------------------------


@part("Iiiiff")
def write(s, place, candidate, tier, score, probability):
    """One place of a row's decision. What is the same for everybody has no memory and is not written."""
    st_i32(s[at.OUT_CHOSEN], place, candidate)
    st_f64(s[at.OUT_SCORE], place, score)
    if s[at.OUT_TIER]:
        st_i32(s[at.OUT_TIER], place, tier)
    if s[at.OUT_PROBABILITY]:
        st_f64(s[at.OUT_PROBABILITY], place, probability)


@part("IiiilI")
def count_chosen(s, place, candidate, i, sends, counters):
    """Count a chosen candidate of row i of the block, and write when it is sent."""
    counters[s[at.FATE_COUNTERS] + at.FATES * candidate + at.CHOSEN] += 1
    if s[at.OUT_SEND]:
        send = NAN
        if sends[candidate] >= 0:
            send = ld_f64(ld_i64(s[at.POINTERS], sends[candidate]), i)
        st_f64(s[at.OUT_SEND], place, send)


@part("IiiLlufI", "ii")
def rank(s, i, row, kinds, sends, among, share, counters):
    """Pick from a row's list. Gives how many were picked, and the reason."""
    first = (row + i) * s[at.PICK]
    start, n = i * s[at.CANDIDATES], ld_i32(s[at.LIST_COUNT], i)
    scores, tiers, candidates = s[at.LIST_SCORE], s[at.LIST_TIER], s[at.LIST_CANDIDATE]
    chosen = s[at.OUT_CHOSEN] + 4 * first
    most = s[at.MOST_ACTION : at.MOST_ACTION + 3]
    picked, reason, probability = 0, c.CHOSEN, 1.0
    ordered = min(n, s[at.PICK])
    c.put_in_order(scores, tiers, candidates, start, n, ordered)
    for e in range(start, start + n):
        if picked == s[at.PICK]:
            break
        if e == start + ordered:  # where some may not be picked beside others, more of the list is needed
            ordered = n
            c.put_in_order(scores, tiers, candidates, start, n, ordered)
        best = e
        if s[at.EXPLORES]:
            base = ld_i64(s[at.BASES], row + i)
            best, probability, reason = c.explore(scores, tiers, candidates, start, n, e, base, share, among)
        candidate = ld_i32(candidates, best)
        if c.allowed(chosen, picked, candidate, kinds, most):
            write(s, first + picked, candidate, ld_i32(tiers, best), ld_f64(scores, best), probability)
            count_chosen(s, first + picked, candidate, i, sends, counters)
            picked += 1
    return picked, reason


@part("IiilI", "ii")
def without(s, i, row, sends, counters):
    """The decision of a row for which no candidate passed. Gives how many places it takes, and the reason."""
    valid = s[at.MASKS] + (s[at.BLOCK] >> 3)
    if (ld_i64(valid, i >> 6) >> (i & 63)) & 1 == 0:
        return 0, c.BAD_DATA
    if ld_u8(s[at.BELOW], i):
        return 0, c.BELOW_THRESHOLD
    if s[at.FALLBACK]:
        standing = ld_i32(s[at.STANDING], i)
        if standing >= 0:
            first = (row + i) * s[at.PICK]
            write(s, first, standing, -1, NAN, 1.0)
            count_chosen(s, first, standing, i, sends, counters)
            return 1, c.FALLBACK
    return 0, c.NOBODY_PASSED


@part("IiiLlufI")
def finish(s, row, n, kinds, sends, among, share, counters):
    """Write the block's decisions; where no lists are made, the chosen candidates and scores stand there already."""
    reasons, listed = s[at.REASON_COUNTERS], s[at.LISTED]
    for i in range(n):
        picked, reason = 0, c.CHOSEN
        if listed:
            picked, reason = rank(s, i, row, kinds, sends, among, share, counters)
        else:
            best = ld_i32(s[at.OUT_CHOSEN], row + i)
            if best >= 0:
                count_chosen(s, row + i, best, i, sends, counters)
                picked = 1
        if picked == 0:
            picked, reason = without(s, i, row, sends, counters)
        if s[at.OUT_LEFT]:
            st_i32(s[at.OUT_LEFT], row + i, c.BELOW_THRESHOLD if ld_u8(s[at.BELOW], i) else c.NOBODY_PASSED)
        for place in range(picked, s[at.PICK]):
            write(s, (row + i) * s[at.PICK] + place, -1, -1, NAN, NAN)
        st_u8(s[at.OUT_REASON], row + i, reason)
        counters[reasons + reason] += 1
