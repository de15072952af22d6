"""The kernel: executes a plan over blocks of rows. Compiled once for a machine, for all policies.

Takes the plan's code and tables, and addresses: of the bound columns (`columns`), of one scratch buffer a
thread (`Scratch`), and of the result arrays. For each block of rows it resets the block's state, executes
`main`, writes what was chosen, and, if an operation was undefined for somebody, executes `audit`.

The loop at the bottom is the interpreter of instructions (see `plan.ops`): a chain of tests that LLVM makes
a jump table. Verified plans only: operands are not checked again here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

from nbadsl.engine import choose as c
from nbadsl.engine import loops as l
from nbadsl.engine import vectors as v
from nbadsl.engine.compiled import Compiled
from nbadsl.engine.loops import ld_f64, ld_i32, ld_i64, st_f64, st_i32, st_i64
from nbadsl.plan.ops import CODE

# Whole numbers that a call brings, by place in `settings`.
(
    START,  # first row
    STOP,  # row after the last
    BLOCK,  # rows of a block, a multiple of 512
    ENTRY,  # where `main` (or `once`) begins
    AUDIT,  # where `audit` begins, -1: there is none
    RESULTS,  # whether results are written (not for `once`)
    BAD,  # address of the rows' bad inputs (int16, 0: none), or 0
    PICK,
    TIERS,
    LISTED,  # whether candidates are put on lists
    EXPLORES,
    CANDIDATES,
    RULE_COUNTERS,  # counters of rules; those of candidates follow
    FALLBACK,  # whether there is one
    BASES,  # address of the rows' bases of draws (int64)
    OUT_CHOSEN,
    OUT_TIER,
    OUT_SCORE,
    OUT_PROBABILITY,
    OUT_REASON,
    OUT_SEND,
    MASKS,  # scratch from here on: mask registers
    NUMBERS,
    POINTERS,
    INDEX,
    SPARE,  # a mask
    BELOW,
    STANDING,
    BEST,
    BEST_SCORE,
    BEST_TIER,
    LIST_COUNT,
    LIST_SCORE,
    LIST_TIER,
    LIST_CANDIDATE,
    NUMBER_COUNT,  # how many number registers
    MOST,  # of action, group, channel: three places
    _MOST_GROUP,
    _MOST_CHANNEL,
    FORCED,  # whether every block is audited
    SETTINGS,
) = range(41)

# Columns of the table of bound columns.
ADDRESS, KIND, VALIDITY, VALIDITY_BIT, VALUE_BIT, OTHER = range(6)

END, SKIP, SELECT, DENSE, GATE, FILL = (CODE[n] for n in ("end", "skip", "select", "dense", "gate", "fill"))
BITS, IS_VALID, FLAGGED, FILLED = (CODE[n] for n in ("bits", "valid", "flagged", "filled"))
RANGE, WITHIN, COMPARE, VERSUS = (CODE[n] for n in ("range", "within", "compare", "versus"))
WORDS, TEST, EQUAL, HAS_ANY, HAS_ALL = (CODE[n] for n in ("words", "test", "equal", "has_any", "has_all"))
KNOWN, AND, OR, PACK = (CODE[n] for n in ("known", "and", "or", "pack"))
LOAD, GATHER, TAKE, CONSTANT = (CODE[n] for n in ("load", "gather", "pick", "constant"))
ADD_VV, ADD_VC = CODE["add_vv"], CODE["add_vc"]
SUB_VV, SUB_VC, SUB_CV = CODE["sub_vv"], CODE["sub_vc"], CODE["sub_cv"]
MUL_VV, MUL_VC = CODE["mul_vv"], CODE["mul_vc"]
DIV_VV, DIV_VC, DIV_CV = CODE["div_vv"], CODE["div_vc"], CODE["div_cv"]
MIN_VV, MIN_VC, MIN_CV = CODE["min_vv"], CODE["min_vc"], CODE["min_cv"]
MAX_VV, MAX_VC, MAX_CV = CODE["max_vv"], CODE["max_vc"], CODE["max_cv"]
POW_VV, POW_VC, POW_CV = CODE["pow_vv"], CODE["pow_vc"], CODE["pow_cv"]
NEG, ABS, FLOOR, CEIL, ROUND, SQRT, EXP, LOG = (
    CODE[n] for n in ("neg", "abs", "floor", "ceil", "round", "sqrt", "exp", "log")
)
CHECK, OR_VV, OR_VC = CODE["check"], CODE["or_vv"], CODE["or_vc"]
BLEND_VV, BLEND_VC, BLEND_CV, BLEND_CC = (CODE[f"blend_{m}"] for m in ("vv", "vc", "cv", "cc"))
DATE, LOCAL, MONTHS = CODE["date"], CODE["local"], CODE["months"]
KEEP, OFFER, STAND, COUNT, GIVE, FLAG = (CODE[n] for n in ("keep", "best", "stand", "count", "give", "flag"))

add_vv, add_vc = v.binary("add", "v", "v"), v.binary("add", "v", "c")
sub_vv, sub_vc, sub_cv = v.binary("sub", "v", "v"), v.binary("sub", "v", "c"), v.binary("sub", "c", "v")
mul_vv, mul_vc = v.binary("mul", "v", "v"), v.binary("mul", "v", "c")
div_vv, div_vc, div_cv = v.binary("div", "v", "v"), v.binary("div", "v", "c"), v.binary("div", "c", "v")
min_vv, min_vc, min_cv = v.binary("min", "v", "v"), v.binary("min", "v", "c"), v.binary("min", "c", "v")
max_vv, max_vc, max_cv = v.binary("max", "v", "v"), v.binary("max", "v", "c"), v.binary("max", "c", "v")
or_vv, or_vc = v.binary("or_else", "v", "v"), v.binary("or_else", "v", "c")
neg, absolute, floor, ceil, round_, sqrt = map(v.unary, ("neg", "abs", "floor", "ceil", "round", "sqrt"))
less, less_equal, equal, unequal = map(v.compare, ("<", "<=", "==", "!="))
ordered = v.compare("ord")
both, either = v.combine("and"), v.combine("or")
blend_vv, blend_vc = v.blend("v", "v"), v.blend("v", "c")
blend_cv, blend_cc = v.blend("c", "v"), v.blend("c", "c")
fill_numbers = v.fill()

NAN, INFINITY = float("nan"), float("inf")

i64, i32, f64 = types.int64, types.int32, types.float64
SIGNATURE = i64(
    i64[::1],  # settings
    i32[:, ::1],  # code
    i32[::1],  # lists
    f64[::1],  # constants
    i64[::1],  # masks of sets
    i64[:, ::1],  # columns
    i64[::1],  # addresses of tests' tables
    f64[:, ::1],  # time zone: starts, offsets
    i32[:, ::1],  # of candidates: action, group, channel
    i32[::1],  # of candidates: register of the moment of sending
    types.uint8[::1],  # of candidates: may be explored
    f64,  # share of exploration
    i64[::1],  # counters
)


@njit(nogil=True, error_model="numpy")
def element_size(kind):
    return 8 if kind == l.F64 or kind == l.I64 else 4 if kind in (l.F32, l.I32, l.U32) else 2 if kind in (
        l.I16, l.U16
    ) else 1


@njit(nogil=True, error_model="numpy")
def column_mask(dst, columns, column, cmp, low, high, row, n, spare):
    """Rows where a nullable column of numbers keeps bounds."""
    kind = columns[column, KIND]
    address = columns[column, ADDRESS] + row * element_size(kind)
    l.between_column(dst, kind, address, cmp, low, high, n)
    words = (n + 63) >> 6
    if cmp == l.NE:
        if low == low:
            l.flip_words(dst, words)
        else:
            l.fill_words(dst, 0, words)
    if columns[column, VALIDITY]:
        l.bits_at(spare, columns[column, VALIDITY], columns[column, VALIDITY_BIT] + row, n)
        both(dst, dst, 0, spare, 0, words)


@njit(nogil=True, error_model="numpy")
def validity(dst, columns, column, row, n):
    if columns[column, VALIDITY]:
        l.bits_at(dst, columns[column, VALIDITY], columns[column, VALIDITY_BIT] + row, n)
    else:
        l.fill_words(dst, -1, (n + 63) >> 6)


@njit(nogil=True, error_model="numpy")
def against(dst, a, cmp, k, n, spare):
    """Mask of a number register compared with a constant."""
    if cmp == l.NE:
        v_lt(dst, a, -INFINITY, math_down(k), n)
        v_lt(spare, a, math_up(k), INFINITY, n)
        either(dst, dst, 0, spare, 0, (n + 63) >> 6)
    else:
        lo, hi = l.float_bounds(cmp, k, k)
        v_lt(dst, a, lo, hi, n)


v_lt = l.in_f64


@njit(nogil=True, error_model="numpy")
def math_down(x):
    return l.float_bounds(l.LT, x, x)[1]


@njit(nogil=True, error_model="numpy")
def math_up(x):
    return l.float_bounds(l.GT, x, x)[0]


@njit(nogil=True, error_model="numpy")
def begin(s, row, n, words):
    """Reset the state of a block. Gives how many rows are not bad data."""
    stride = s[BLOCK] >> 3
    valid = s[MASKS] + stride
    whole = (words + 7) & ~7
    l.fill_words(valid, 0, whole)
    if s[BAD]:
        l.in_i16(valid, s[BAD] + 2 * row, 0, 0, n)
    else:
        for w in range(n >> 6):
            st_i64(valid, w, -1)
        if n & 63:
            st_i64(valid, n >> 6, (1 << (n & 63)) - 1)
    if s[RESULTS]:
        for i in range(n):
            st_i32(s[BEST], i, -1)
            st_f64(s[BEST_SCORE], i, -INFINITY)
            st_i32(s[BEST_TIER], i, 0x7FFFFFFF)
            l.st_u8(s[BELOW], i, 0)
        if s[FALLBACK]:
            for i in range(n):
                st_i32(s[STANDING], i, -1)
        if s[LISTED]:
            for i in range(n):
                st_i32(s[LIST_COUNT], i, 0)
    return v.count_bits(valid, whole)


@njit(nogil=True, error_model="numpy")
def write(s, at, place, candidate, tier, score, probability, send):
    """One place of a row's decision. `at`: the row's first place in the results."""
    st_i32(s[OUT_CHOSEN], at + place, candidate)
    st_i32(s[OUT_TIER], at + place, tier)
    st_f64(s[OUT_SCORE], at + place, score)
    st_f64(s[OUT_PROBABILITY], at + place, probability)
    st_f64(s[OUT_SEND], at + place, send)


@njit(nogil=True, error_model="numpy")
def send_of(s, sends, candidate, i):
    register = sends[candidate]
    if register < 0:
        return NAN
    return ld_f64(ld_i64(s[POINTERS], register), i)


@njit(nogil=True, error_model="numpy")
def rank(s, i, at, kinds, sends, among, share, row, counters):
    """Pick from a row's list. Gives how many were picked, and the reason."""
    width = s[CANDIDATES]
    start, n = i * width, ld_i32(s[LIST_COUNT], i)
    scores, tiers, candidates = s[LIST_SCORE], s[LIST_TIER], s[LIST_CANDIDATE]
    chosen = s[OUT_CHOSEN] + 4 * at
    picked, reason, probability = 0, c.CHOSEN, 1.0
    while picked < s[PICK]:
        best = -1
        for e in range(start, start + n):
            candidate = ld_i32(candidates, e)
            if candidate >= 0 and c.better(scores, tiers, e, best):
                if c.allowed(chosen, picked, candidate, kinds, s[MOST : MOST + 3]):
                    best = e
                else:
                    st_i32(candidates, e, -1)
        if best < 0:
            break
        if s[EXPLORES]:
            base = ld_i64(s[BASES], row + i)
            best, probability, reason = c.explore(scores, tiers, candidates, start, n, best, base, share, among)
        candidate = ld_i32(candidates, best)
        tier, score = ld_i32(tiers, best), ld_f64(scores, best)
        write(s, at, picked, candidate, tier, score, probability, send_of(s, sends, candidate, i))
        counters[s[RULE_COUNTERS] + 5 * candidate + 4] += 1
        st_i32(candidates, best, -1)
        picked += 1
    return picked, reason


@njit(nogil=True, error_model="numpy")
def finish(s, row, n, kinds, sends, among, share, counters):
    """Write the block's decisions."""
    valid = s[MASKS] + (s[BLOCK] >> 3)
    pick = s[PICK]
    for i in range(n):
        at = (row + i) * pick
        reason = c.NOBODY_PASSED
        picked = 0
        if (ld_i64(valid, i >> 6) >> (i & 63)) & 1 == 0:
            reason = c.BAD_DATA
        else:
            if s[LISTED]:
                if ld_i32(s[LIST_COUNT], i) > 0:
                    picked, reason = rank(s, i, at, kinds, sends, among, share, row, counters)
            else:
                best = ld_i32(s[BEST], i)
                if best >= 0:
                    picked, reason = 1, c.CHOSEN
                    tier = 0 if s[TIERS] == 1 else ld_i32(s[BEST_TIER], i)
                    write(s, at, 0, best, tier, ld_f64(s[BEST_SCORE], i), 1.0, send_of(s, sends, best, i))
                    counters[s[RULE_COUNTERS] + 5 * best + 4] += 1
            if picked == 0:
                if l.ld_u8(s[BELOW], i):
                    reason = c.BELOW_THRESHOLD
                elif s[FALLBACK] and ld_i32(s[STANDING], i) >= 0:
                    best = ld_i32(s[STANDING], i)
                    picked, reason = 1, c.FALLBACK
                    write(s, at, 0, best, -1, NAN, 1.0, send_of(s, sends, best, i))
                    counters[s[RULE_COUNTERS] + 5 * best + 4] += 1
                else:
                    reason = c.NOBODY_PASSED
        l.st_u8(s[OUT_REASON], row + i, reason)
        for place in range(picked, pick):
            write(s, at, place, -1, -1, NAN, NAN, NAN)


def _make(stamp: str) -> Any:
    def run_plan(s, code, lists, constants, masks, columns, tests, zone, kinds, sends, among, share, counters):  # type: ignore[no-untyped-def]
        """Execute a plan for rows START to STOP. Gives 1 if an operation was undefined for a known operand."""
        stamp  # noqa: B018 (see `compiled`)
        block, stride = s[BLOCK], s[BLOCK] >> 3
        wide = s[BLOCK] << 3
        base, numbers, pointers = s[MASKS], s[NUMBERS], s[POINTERS]
        idx, spare = s[INDEX], s[SPARE]
        any_born = 0
        l.fill_words(base, -1, stride >> 3)
        for r in range(s[NUMBER_COUNT]):
            st_i64(pointers, r, numbers + r * wide)
        row = s[START]
        while row < s[STOP]:
            dense = min(block, s[STOP] - row)
            n = dense
            born = s[FORCED]
            alive = begin(s, row, n, (n + 63) >> 6)
            pc = s[ENTRY]
            auditing = False
            while True:
                op = code[pc, 0]
                a, b, d, e, f = code[pc, 1], code[pc, 2], code[pc, 3], code[pc, 4], code[pc, 5]
                pc += 1
                words = (n + 63) >> 6
                if op == END:
                    if s[RESULTS] and not auditing:
                        finish(s, row, n, kinds, sends, among, share, counters)
                    if born and s[AUDIT] >= 0 and not auditing:
                        auditing = True
                        pc = s[AUDIT]
                        continue
                    break
                elif op == SKIP:
                    if constants[a] != 1.0:
                        pc = b
                elif op == SELECT:
                    n = l.select(idx, base + (a >> 1) * stride, -(a & 1), dense)
                    if n == 0:
                        pc = b
                        n = dense
                elif op == DENSE:
                    n = dense
                elif op == GATE:
                    target = base + a * stride
                    source = base + stride
                    left = alive
                    whole = (words + 7) & ~7
                    if d == 0:
                        both(target, source, 0, source, 0, whole)
                    for r in range(d):
                        rule, sure, counter = lists[b + 3 * r], lists[b + 3 * r + 1], lists[b + 3 * r + 2]
                        known = base if sure < 0 else base + (sure >> 1) * stride
                        stopped = v.let_pass(
                            target, source, base + (rule >> 1) * stride, -(rule & 1), known,
                            0 if sure < 0 else -(sure & 1), whole,
                        )
                        counters[counter] += stopped & 0xFFFFFFFF
                        if sure >= 0:
                            counters[counter + 1] += stopped >> 32
                        left -= stopped & 0xFFFFFFFF
                        source = target
                        if left == 0:
                            break
                    if left == 0:
                        pc = e
                elif op == FILL:
                    l.fill_words(base + a * stride, -1 if constants[b] == d else 0, words)
                elif op == BITS:
                    target = base + a * stride
                    l.bits_at(target, columns[b, ADDRESS], columns[b, VALUE_BIT] + row, n)
                    if d == 0:
                        l.flip_words(target, words)
                    if columns[b, VALIDITY]:
                        validity(spare, columns, b, row, n)
                        both(target, target, 0, spare, 0, words)
                elif op == IS_VALID or op == FLAGGED or op == FILLED:
                    validity(base + a * stride, columns, b, row, n)
                elif op == RANGE:
                    column_mask(base + a * stride, columns, b, d, constants[e], 0.0, row, n, spare)
                elif op == WITHIN:
                    column_mask(
                        base + a * stride, columns, b, l.BETWEEN, constants[d], constants[e], row, n, spare
                    )
                elif op == COMPARE:
                    against(base + a * stride, ld_i64(pointers, b), d, constants[e], n, spare)
                elif op == VERSUS:
                    target, x, y = base + a * stride, ld_i64(pointers, b), ld_i64(pointers, e)
                    if d == l.LT:
                        less(target, x, y, n)
                    elif d == l.LE:
                        less_equal(target, x, y, n)
                    elif d == l.GT:
                        less(target, y, x, n)
                    elif d == l.GE:
                        less_equal(target, y, x, n)
                    elif d == l.EQ:
                        equal(target, x, y, n)
                    else:
                        unequal(target, x, y, n)
                elif op == WORDS:
                    kind = columns[b, KIND]
                    address = columns[b, ADDRESS] + row * element_size(kind)
                    l.words_in(base + a * stride, spare, kind, address, lists, d, e, n)
                elif op == TEST:
                    kind = columns[b, KIND]
                    address = columns[b, ADDRESS] + row * element_size(kind)
                    l.test_codes(base + a * stride, kind, address, tests[d], n)
                elif op == EQUAL:
                    l.equal_codes(
                        base + a * stride, columns[b, ADDRESS] + 4 * row, columns[b, OTHER] + 4 * row, d, n
                    )
                elif op == HAS_ANY:
                    v.has_any(base + a * stride, columns[b, ADDRESS] + 8 * row, masks[d], n)
                elif op == HAS_ALL:
                    v.has_all(base + a * stride, columns[b, ADDRESS] + 8 * row, masks[d], n)
                elif op == KNOWN:
                    x = ld_i64(pointers, b)
                    ordered(base + a * stride, x, x, n)
                elif op == AND:
                    both(base + a * stride, base + (b >> 1) * stride, -(b & 1), base + (d >> 1) * stride, -(d & 1), words)
                elif op == OR:
                    either(base + a * stride, base + (b >> 1) * stride, -(b & 1), base + (d >> 1) * stride, -(d & 1), words)
                elif op == PACK:
                    l.pack(base + a * stride, base + (b >> 1) * stride, idx, n)
                    if b & 1:
                        l.flip_words(base + a * stride, words)
                elif op == LOAD:
                    kind = columns[b, KIND]
                    address = columns[b, ADDRESS] + row * element_size(kind)
                    target = numbers + a * wide
                    st_i64(pointers, a, target)
                    if kind == l.F64 and columns[b, VALIDITY] == 0:
                        st_i64(pointers, a, address)
                    else:
                        l.load_column(target, kind, address, n)
                        if columns[b, VALIDITY]:
                            validity(spare, columns, b, row, n)
                            blend_vc(target, spare, 0, target, NAN, n)
                elif op == GATHER:
                    kind = columns[b, KIND]
                    target = numbers + a * wide
                    st_i64(pointers, a, target)
                    l.gather_column(target, kind, columns[b, ADDRESS] + row * element_size(kind), idx, n)
                    if columns[b, VALIDITY]:
                        l.forget_nulls(target, columns[b, VALIDITY], columns[b, VALIDITY_BIT] + row, idx, n)
                elif op == CHECK:
                    born |= v.check(numbers + a * wide, ld_i64(pointers, b), ld_i64(pointers, d), n)
                elif op == KEEP:
                    target = numbers + a * wide
                    st_i64(pointers, a, target)
                    mode, register, threshold = 0, 0, 0.0
                    if e >= 0:
                        mode, register = 2, ld_i64(pointers, e)
                    elif f >= 0:
                        mode, threshold = 1, constants[f]
                    before = n
                    kept = c.keep(target, ld_i64(pointers, b), idx, n, s[BELOW], mode, register, threshold)
                    n = kept & 0xFFFFFFFF
                    at = s[RULE_COUNTERS] + 5 * d
                    counters[at + 1] += kept >> 32
                    counters[at + 2] += before - n - (kept >> 32)
                elif op == OFFER:
                    counters[s[RULE_COUNTERS] + 5 * b + 3] += n
                    tier = 0 if d < 0 else ld_i64(pointers, d)
                    if s[LISTED]:
                        c.enlist(
                            s[LIST_COUNT], s[LIST_SCORE], s[LIST_TIER], s[LIST_CANDIDATE], s[CANDIDATES],
                            ld_i64(pointers, a), tier, e, b, idx, n,
                        )
                    else:
                        c.offer(
                            s[BEST_SCORE], s[BEST_TIER], s[BEST], ld_i64(pointers, a), tier, e, b, s[TIERS], idx, n
                        )
                elif op == STAND:
                    n = l.select(idx, base + (a >> 1) * stride, -(a & 1), dense)
                    counters[s[RULE_COUNTERS] + 5 * b + 3] += n
                    for k in range(n):
                        i = ld_i32(idx, k)
                        if ld_i32(s[STANDING], i) < 0:
                            st_i32(s[STANDING], i, b)
                    n = dense
                elif op == COUNT:
                    target = base + (a >> 1) * stride
                    whole = (words + 7) & ~7
                    for w in range(words, whole):
                        st_i64(spare, w, 0)
                    both(spare, target, -(a & 1), base + stride, 0, whole)
                    counters[b] += v.count_bits(spare, whole)
                elif op == GIVE:
                    constants[a] = ld_f64(ld_i64(pointers, b), 0)
                elif op == FLAG:
                    yes = (ld_i64(base + (b >> 1) * stride, 0) ^ -(b & 1)) & 1
                    no = (ld_i64(base + (d >> 1) * stride, 0) ^ -(d & 1)) & 1
                    constants[a] = 1.0 if yes else 0.0 if no else NAN
                else:
                    target = numbers + a * wide
                    st_i64(pointers, a, target)
                    if op == TAKE:
                        x = ld_i64(pointers, b)
                        for k in range(n):
                            st_f64(target, k, ld_f64(x, ld_i32(idx, k)))
                    elif op == CONSTANT:
                        fill_numbers(target, constants[b], n)
                    elif op == ADD_VV:
                        add_vv(target, ld_i64(pointers, b), ld_i64(pointers, d), n)
                    elif op == ADD_VC:
                        add_vc(target, ld_i64(pointers, b), constants[d], n)
                    elif op == SUB_VV:
                        sub_vv(target, ld_i64(pointers, b), ld_i64(pointers, d), n)
                    elif op == SUB_VC:
                        sub_vc(target, ld_i64(pointers, b), constants[d], n)
                    elif op == SUB_CV:
                        sub_cv(target, constants[b], ld_i64(pointers, d), n)
                    elif op == MUL_VV:
                        mul_vv(target, ld_i64(pointers, b), ld_i64(pointers, d), n)
                    elif op == MUL_VC:
                        mul_vc(target, ld_i64(pointers, b), constants[d], n)
                    elif op == DIV_VV:
                        div_vv(target, ld_i64(pointers, b), ld_i64(pointers, d), n)
                    elif op == DIV_VC:
                        div_vc(target, ld_i64(pointers, b), constants[d], n)
                    elif op == DIV_CV:
                        div_cv(target, constants[b], ld_i64(pointers, d), n)
                    elif op == MIN_VV:
                        min_vv(target, ld_i64(pointers, b), ld_i64(pointers, d), n)
                    elif op == MIN_VC:
                        min_vc(target, ld_i64(pointers, b), constants[d], n)
                    elif op == MIN_CV:
                        min_cv(target, constants[b], ld_i64(pointers, d), n)
                    elif op == MAX_VV:
                        max_vv(target, ld_i64(pointers, b), ld_i64(pointers, d), n)
                    elif op == MAX_VC:
                        max_vc(target, ld_i64(pointers, b), constants[d], n)
                    elif op == MAX_CV:
                        max_cv(target, constants[b], ld_i64(pointers, d), n)
                    elif op == POW_VV:
                        l.power_vv(target, ld_i64(pointers, b), ld_i64(pointers, d), n)
                    elif op == POW_VC:
                        l.power_vc(target, ld_i64(pointers, b), constants[d], n)
                    elif op == POW_CV:
                        l.power_cv(target, constants[b], ld_i64(pointers, d), n)
                    elif op == NEG:
                        neg(target, ld_i64(pointers, b), n)
                    elif op == ABS:
                        absolute(target, ld_i64(pointers, b), n)
                    elif op == FLOOR:
                        floor(target, ld_i64(pointers, b), n)
                    elif op == CEIL:
                        ceil(target, ld_i64(pointers, b), n)
                    elif op == ROUND:
                        round_(target, ld_i64(pointers, b), n)
                    elif op == SQRT:
                        sqrt(target, ld_i64(pointers, b), n)
                    elif op == EXP:
                        l.exponential(target, ld_i64(pointers, b), n)
                    elif op == LOG:
                        l.logarithm(target, ld_i64(pointers, b), n)
                    elif op == OR_VV:
                        or_vv(target, ld_i64(pointers, b), ld_i64(pointers, d), n)
                    elif op == OR_VC:
                        or_vc(target, ld_i64(pointers, b), constants[d], n)
                    elif op == BLEND_VV:
                        mask = base + (b >> 1) * stride
                        blend_vv(target, mask, -(b & 1), ld_i64(pointers, d), ld_i64(pointers, e), n)
                    elif op == BLEND_VC:
                        mask = base + (b >> 1) * stride
                        blend_vc(target, mask, -(b & 1), ld_i64(pointers, d), constants[e], n)
                    elif op == BLEND_CV:
                        mask = base + (b >> 1) * stride
                        blend_cv(target, mask, -(b & 1), constants[d], ld_i64(pointers, e), n)
                    elif op == BLEND_CC:
                        mask = base + (b >> 1) * stride
                        blend_cc(target, mask, -(b & 1), constants[d], constants[e], n)
                    elif op == DATE:
                        l.date_parts(target, ld_i64(pointers, b), d, n)
                    elif op == LOCAL:
                        l.local_parts(target, ld_i64(pointers, b), d, zone, n)
                    elif op == MONTHS:
                        l.months(target, ld_i64(pointers, b), ld_i64(pointers, d), e, n)
            any_born |= born
            row += block
        return any_born

    return run_plan


run = Compiled(_make, SIGNATURE, slow=True)
