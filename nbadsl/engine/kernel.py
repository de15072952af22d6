"""The kernel: executes a plan over blocks of rows. Compiled once for a machine, for all policies.

Takes the plan's code and tables, and addresses: of the bound columns (`columns`), of one scratch memory a
thread, and of the result arrays (see `settings`). For each block of rows it checks the data, executes `main`,
writes what was chosen, and, if an operation was undefined for somebody, executes `audit`.

The loop below is the interpreter of instructions (see `plan.ops`) and does what has to do with rows and jumps;
`execute` computes. Verified plans only: operands are not checked again here.
"""

# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from typing import Any

from numba import types

from nbadsl.engine import bitmasks as b
from nbadsl.engine import choose as c
from nbadsl.engine import loops as l
from nbadsl.engine import selected
from nbadsl.engine import settings as at
from nbadsl.engine import vectors as v
from nbadsl.engine.blocks import INFINITY, begin, finish, recode_words
from nbadsl.engine.compiled import Compiled
from nbadsl.engine.execute import both, make_mask, make_number
from nbadsl.engine.fates import note_dropped, note_passed, note_stopped
from nbadsl.engine.loops import NAN, ld_f64, ld_i32, ld_i64, st_i32, st_i64
from nbadsl.engine.parts import part
from nbadsl.plan.ops import CODE, FIRST_MASK, FIRST_NUMBER

END, SKIP, SELECT, DENSE, GATE = (CODE[n] for n in ("end", "skip", "select", "dense", "gate"))
CHECK, KEEP, OFFER, STAND, COUNT = (CODE[n] for n in ("check", "keep", "best", "stand", "count"))
GIVE, FLAG = CODE["give"], CODE["flag"]

i64, i32, f64 = types.int64, types.int32, types.float64
SIGNATURE = i64(
    i64[::1],  # settings
    i32[:, ::1],  # code
    i32[::1],  # lists
    f64[::1],  # constants
    i64[::1],  # masks of sets
    i64[:, ::1],  # columns
    i64[:, ::1],  # those whose words are translated
    i64[::1],  # addresses of tests' tables
    f64[:, ::1],  # time zone: starts, offsets
    i64[:, ::1],  # checks of data
    f64[:, ::1],  # their bounds
    i32[:, ::1],  # of candidates: action, group, channel
    i32[::1],  # of candidates: register of the moment of sending
    types.uint8[::1],  # of candidates: may be explored
    f64,  # share of exploration
    i64[::1],  # counters
)


@part("IiiiiiliiiI", "i")
def gate(s, row, target, left, base, stride, lists, first, rules, words, counters):
    """Let valid rows through rules one by one; counts whom each stops. Gives how many are left."""
    source = base + stride
    whole = (words + 7) & ~7
    if rules == 0:
        both(target, source, 0, source, 0, whole)
    for r in range(rules):
        rule, sure, counter = lists[first + 3 * r], lists[first + 3 * r + 1], lists[first + 3 * r + 2]
        known = base if sure < 0 else base + (sure >> 1) * stride
        flip = 0 if sure < 0 else -(sure & 1)
        if s[at.OUT_FATES]:
            note_stopped(s, row, source, base + (rule >> 1) * stride, -(rule & 1), counter, words)
        stopped = b.let_pass(target, source, base + (rule >> 1) * stride, -(rule & 1), known, flip, whole)
        counters[counter] += stopped & 0xFFFFFFFF
        if sure >= 0:
            counters[counter + 1] += stopped >> 32
        left -= stopped & 0xFFFFFFFF
        source = target
        if left == 0:
            break
    return left


@part("iiiii", "i")
def count_rows(mask, base, stride, spare, words):
    """How many valid rows a mask (times 2, plus 1 for its complement) holds."""
    whole = (words + 7) & ~7
    both(spare, base + (mask >> 1) * stride, -(mask & 1), base + stride, 0, whole)
    return b.count_bits(spare, whole)


@part("Iiiii", "i")
def let_stand(s, candidate, mask, flip, n):
    """The fallback candidate stands for rows that have none before it, or behind all others on their lists where limits
    may take those. Gives how many rows it could."""
    found = selected.select(s[at.INDEX], mask, flip, n)
    for k in range(found):
        i = ld_i32(s[at.INDEX], k)
        if s[at.OUT_LEFT]:
            c.enlist_one(
                s[at.LIST_COUNT],
                s[at.LIST_SCORE],
                s[at.LIST_TIER],
                s[at.LIST_CANDIDATE],
                s[at.CANDIDATES],
                -INFINITY,
                c.LAST_TIER,
                candidate,
                i,
            )
        elif ld_i32(s[at.STANDING], i) < 0:
            st_i32(s[at.STANDING], i, candidate)
    return found


@part("Iiiiiii")
def offer(s, row, score, tier, rank, candidate, n):
    """A candidate with a score stands for election for the current rows."""
    if s[at.LISTED]:
        c.enlist(
            s[at.LIST_COUNT],
            s[at.LIST_SCORE],
            s[at.LIST_TIER],
            s[at.LIST_CANDIDATE],
            s[at.CANDIDATES],
            score,
            tier,
            rank,
            candidate,
            s[at.INDEX],
            n,
        )
    elif s[at.TIERS] == 1:
        selected.offer(
            s[at.OUT_SCORE] + 8 * row, s[at.OUT_CHOSEN] + 4 * row, score, candidate, s[at.INDEX], n
        )
    else:
        c.offer_in_tier(
            s[at.OUT_SCORE] + 8 * row,
            s[at.OUT_TIER] + 4 * row,
            s[at.OUT_CHOSEN] + 4 * row,
            score,
            tier,
            rank,
            candidate,
            s[at.INDEX],
            n,
        )


@part("IiiiiiFi", "i")
def keep(s, target, score, register, constant, n, constants, pointers):
    """Only rows whose score reaches the threshold stay current, see `choose.keep`."""
    if register >= 0:
        threshold = ld_i64(pointers, register)
        return c.keep(target, score, s[at.INDEX], n, s[at.BELOW], 2, threshold, 0.0)
    if constant >= 0:
        return c.keep(target, score, s[at.INDEX], n, s[at.BELOW], 1, 0, constants[constant])
    return c.keep(target, score, s[at.INDEX], n, s[at.BELOW], 0, 0, 0.0)


def _make(stamp: str) -> Any:
    def run_plan(
        s,
        code,
        lists,
        constants,
        masks,
        columns,
        recodes,
        tests,
        zone,
        checks,
        bounds,
        kinds,
        sends,
        among,
        share,
        counters,
    ):
        """Execute a plan for rows START to STOP. Gives 1 if an operation was undefined for known operands."""
        stamp  # noqa: B018 (see `compiled`)
        block, stride, wide = s[at.BLOCK], s[at.BLOCK] >> 3, s[at.BLOCK] << 3
        base, numbers, pointers = s[at.MASKS], s[at.NUMBERS], s[at.POINTERS]
        idx, spare, fates = s[at.INDEX], s[at.SPARE], s[at.FATE_COUNTERS]
        any_born = 0
        recode_words(s, columns, recodes)
        l.fill_words(base, -1, stride >> 3)
        for r in range(s[at.NUMBER_COUNT]):
            st_i64(pointers, r, numbers + r * wide)
        row = s[at.START]
        while row < s[at.STOP]:
            dense = min(block, s[at.STOP] - row)
            n = dense
            born = s[at.FORCED]
            alive = begin(s, row, n, checks, bounds)
            pc = s[at.ENTRY]
            auditing = False
            while True:
                op, o1, o2 = i64(code[pc, 0]), i64(code[pc, 1]), i64(code[pc, 2])
                o3, o4, o5 = i64(code[pc, 3]), i64(code[pc, 4]), i64(code[pc, 5])
                pc += 1
                if op >= FIRST_NUMBER:
                    target = numbers + o1 * wide
                    make_number(
                        op,
                        o1,
                        target,
                        o2,
                        o3,
                        o4,
                        row,
                        n,
                        columns,
                        constants,
                        zone,
                        base,
                        stride,
                        pointers,
                        idx,
                        spare,
                    )
                elif op >= FIRST_MASK:
                    target = base + o1 * stride
                    make_mask(
                        op,
                        target,
                        o2,
                        o3,
                        o4,
                        row,
                        n,
                        columns,
                        constants,
                        masks,
                        tests,
                        lists,
                        base,
                        stride,
                        pointers,
                        idx,
                        spare,
                    )
                elif op == GATE:
                    target = base + o1 * stride
                    words = (n + 63) >> 6
                    if gate(s, row, target, alive, base, stride, lists, o2, o3, words, counters) == 0:
                        pc = o4
                elif op == SELECT:
                    n = selected.select(idx, base + (o1 >> 1) * stride, -(o1 & 1), dense)
                    if n == 0:
                        pc = o2
                        n = dense
                elif op == CHECK:
                    born |= v.check(numbers + o1 * wide, ld_i64(pointers, o2), ld_i64(pointers, o3), n)
                elif op == KEEP:
                    target = numbers + o1 * wide
                    st_i64(pointers, o1, target)
                    if s[at.OUT_FATES]:
                        note_dropped(s, row, ld_i64(pointers, o2), o3, n)
                    kept = keep(s, target, ld_i64(pointers, o2), o4, o5, n, constants, pointers)
                    counters[fates + at.FATES * o3 + at.NO_SCORE] += kept >> 32
                    counters[fates + at.FATES * o3 + at.THRESHOLD] += n - (kept & 0xFFFFFFFF) - (kept >> 32)
                    n = kept & 0xFFFFFFFF
                elif op == OFFER:
                    tier = 0 if o3 < 0 else ld_i64(pointers, o3)
                    counters[fates + at.FATES * o2 + at.PASSED] += n
                    offer(s, row, ld_i64(pointers, o1), tier, o4, o2, n)
                    if s[at.OUT_FATES]:
                        note_passed(s, row, o2, n)
                elif op == DENSE:
                    n = dense
                elif op == SKIP:
                    if constants[o1] != 1.0:
                        pc = o2
                elif op == STAND:
                    stood = let_stand(s, o2, base + (o1 >> 1) * stride, -(o1 & 1), dense)
                    counters[fates + at.FATES * o2 + at.PASSED] += stood
                    if s[at.OUT_FATES]:
                        note_passed(s, row, o2, stood)
                elif op == COUNT:
                    counters[o2] += count_rows(o1, base, stride, spare, (n + 63) >> 6)
                elif op == GIVE:
                    constants[o1] = ld_f64(ld_i64(pointers, o2), 0)
                elif op == FLAG:
                    yes = (ld_i64(base + (o2 >> 1) * stride, 0) ^ -(o2 & 1)) & 1
                    no = (ld_i64(base + (o3 >> 1) * stride, 0) ^ -(o3 & 1)) & 1
                    constants[o1] = 1.0 if yes else 0.0 if no else NAN
                elif op == END:
                    if s[at.RESULTS] and not auditing:
                        finish(s, row, n, kinds, sends, among, share, counters)
                    if born and s[at.AUDIT] >= 0 and not auditing:
                        auditing = True
                        pc = s[at.AUDIT]
                    else:
                        break
            any_born |= born
            row += block
        return any_born

    return run_plan


run = Compiled(_make, SIGNATURE, apart="from nbadsl.engine.kernel import run; run.compile()")
