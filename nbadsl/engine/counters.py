"""What a run counts: the funnel of every candidate, reasons, bad data, undefined operations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nbadsl.data.decisions import REASONS as NAMES
from nbadsl.data.decisions import Outcome
from nbadsl.engine.choose import BAD_DATA, HELD
from nbadsl.plan.plan import Plan

REASONS = len(NAMES)


@dataclass(frozen=True, slots=True, eq=False)
class Counters:
    """What a run counts. Counters of several batches add up.

    `rows`: people. `bad`: [inputs], people whose first bad field is this one. `stopped`, `unknown`: [rules of all
    candidates, one after the other], people whom the rule stopped first, and those among them for whom it
    was neither yes nor no. `fates`: [candidates, 6]: inactive, quiet, no score, threshold, passed, chosen (a
    chosen one has passed, too; in a holdout it is what would have been). `undefined`: [plan.undefined],
    people for whom the operation was undefined. `reasons`: people by reason, see `data.decisions`.
    `held`: [holdouts]. `moved`: [limits, 3], people whom a limit moved, and to what; see `limited.moved`, which
    counts them.
    """

    rows: int
    bad: NDArray[np.int64]
    stopped: NDArray[np.int64]
    unknown: NDArray[np.int64]
    fates: NDArray[np.int64]
    undefined: NDArray[np.int64]
    reasons: NDArray[np.int64]
    held: NDArray[np.int64]
    moved: NDArray[np.int64]

    def __add__(self, other: Counters) -> Counters:
        return Counters(
            self.rows + other.rows,
            self.bad + other.bad,
            self.stopped + other.stopped,
            self.unknown + other.unknown,
            self.fates + other.fates,
            self.undefined + other.undefined,
            self.reasons + other.reasons,
            self.held + other.held,
            self.moved + other.moved,
        )


def counted(
    plan: Plan, counters: NDArray[np.int64], outcome: Outcome, constants: NDArray[np.float64]
) -> Counters:
    """What the kernel counted, with what only the results tell. `counters`: as the kernel lays them out."""
    rules, candidates = plan.rule_counters, len(plan.facts.candidates)
    reasons = counters[plan.counters :].copy()
    good = len(outcome.reason) - int(reasons[BAD_DATA])
    fates = np.zeros((candidates, 6), np.int64)
    fates[:, 1:] = counters[rules : rules + 5 * candidates].reshape(candidates, 5)
    for candidate, slot in enumerate(plan.active):
        if slot >= 0 and constants[slot] != 1.0:
            fates[candidate, 0] = good
    held = np.zeros(len(plan.holdouts), np.int64)
    if held.size:
        inside = (outcome.holdout >= 0) & (outcome.bad < 0)
        held += np.bincount(outcome.holdout[inside], minlength=held.size)
        reasons -= np.bincount(outcome.reason[inside], minlength=REASONS)
        reasons[HELD] = held.sum()
    bad = np.zeros(len(plan.facts.inputs), np.int64)
    if reasons[BAD_DATA]:
        bad += np.bincount(outcome.bad[outcome.bad >= 0], minlength=bad.size)
    return Counters(
        len(outcome.reason),
        bad,
        counters[0:rules:2].copy(),
        counters[1:rules:2].copy(),
        fates,
        counters[rules + 5 * candidates : plan.counters].copy(),
        reasons,
        held,
        np.zeros((len(plan.facts.limits), 3), np.int64),
    )


def nothing(plan: Plan) -> Counters:
    """What there is to count, before anybody has been decided."""
    facts = plan.facts

    def zeros(*shape: int) -> NDArray[np.int64]:
        return np.zeros(shape, np.int64)

    rules = sum(len(c.rules) for c in facts.candidates)
    return Counters(
        0,
        zeros(len(facts.inputs)),
        zeros(rules),
        zeros(rules),
        zeros(len(facts.candidates), 6),
        zeros(len(plan.undefined)),
        zeros(REASONS),
        zeros(len(facts.holdouts)),
        zeros(len(facts.limits), 3),
    )
