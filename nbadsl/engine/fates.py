"""The fate of every candidate for every person, written down where somebody asks for it.

A table of small numbers, [people, candidates]: the index of the rule that stopped a candidate, or one of the numbers
below. They are written where the kernel counts the same. Of people with bad data nothing is written: INACTIVE.
"""

# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nbadsl.engine import bitmasks as b
from nbadsl.engine import settings as at
from nbadsl.engine.loops import ld_f64, ld_i32, ld_i64, st_i16
from nbadsl.engine.parts import part
from nbadsl.plan.plan import Plan

INACTIVE, QUIET, NO_SCORE, THRESHOLD, PASSED = -1, -2, -3, -4, -5
"""Beside the indices of rules. A rule of quiet hours has its index; QUIET is that there is no moment to send at."""

Fates = NDArray[np.int16]


def counted_by(plan: Plan) -> NDArray[np.int32]:
    """[counters, 2]: the candidate that each counter of a gate belongs to, and the fate that it counts."""
    found = np.full((plan.counters, 2), -1, np.int32)
    lengths = [len(candidate.rules) for candidate in plan.facts.candidates]
    candidates, firsts = np.arange(len(lengths)), np.cumsum([0, *lengths])
    rules = found[: plan.rule_counters : 2]
    rules[:, 0] = np.repeat(candidates, lengths)
    rules[:, 1] = np.arange(firsts[-1]) - np.repeat(firsts[:-1], lengths)
    quiet = found[plan.rule_counters + at.QUIET :: at.FATES][: len(lengths)]
    quiet[:, 0], quiet[:, 1] = candidates, QUIET
    return found


@part("Iiiiiii")
def note_stopped(s, row, source, rule, flip, counter, words):
    """The rows of a mask that a rule stops: those that are not in the rule's mask."""
    candidate, fate = ld_i32(s[at.COUNTED_BY], 2 * counter), ld_i32(s[at.COUNTED_BY], 2 * counter + 1)
    for w in range(words):
        stopped = ld_i64(source, w) & ~(ld_i64(rule, w) ^ flip)
        while stopped != 0:
            i = (w << 6) + b.lowest(stopped)
            st_i16(s[at.OUT_FATES], (row + i) * s[at.CANDIDATES] + candidate, fate)
            stopped &= stopped - 1


@part("Iiiii")
def note_dropped(s, row, score, candidate, n):
    """The current rows may have no score, or not reach the threshold; who does has another fate noted later."""
    for k in range(n):
        x = ld_f64(score, k)
        place = (row + ld_i32(s[at.INDEX], k)) * s[at.CANDIDATES] + candidate
        st_i16(s[at.OUT_FATES], place, NO_SCORE if x != x else THRESHOLD)


@part("Iiii")
def note_passed(s, row, candidate, n):
    """The current rows."""
    for k in range(n):
        st_i16(s[at.OUT_FATES], (row + ld_i32(s[at.INDEX], k)) * s[at.CANDIDATES] + candidate, PASSED)
