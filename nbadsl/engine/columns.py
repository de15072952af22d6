"""Binds a batch of people to a plan: addresses of its columns, answers of its tests, checks of its data.

Takes a plan and a record batch whose columns have right names and types (see `data.schema`); gives a `Bound`. What
the rules of `data.rules` ask of values is checked by the kernel, block by block, while the values are at hand
(null in a required field, a number out of range or not finite, an instant that no double holds); words
that are not declared are found here, from the distinct words of a column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.data.schema import column_of
from nbadsl.engine import loops as l
from nbadsl.engine.forms import CODE_KINDS, Stored, bitmap, codes_of_words, common_codes, store
from nbadsl.engine.hashing import PLACES, places
from nbadsl.engine.settings import CHECK_WIDTH, COLUMN_WIDTH, NO_NUMBERS, RECODE_WIDTH
from nbadsl.plan.flags import passes
from nbadsl.plan.plan import PAIR, SET, Column, Plan, Source, Test
from nbadsl.program.intervals import FIRST_DAY, LAST_DAY, MAX
from nbadsl.program.nodes import Experiment, Holdout, Input, Value
from nbadsl.types import DAY, EXACT, Clock, Date, Duration, Integer, Time, is_numeric

MANY = 1_000  # distinct texts from which Arrow's own functions answer tests


@dataclass(slots=True, eq=False)
class Bound:
    """A batch, bound to a plan.

    `table`: int64 [columns, 6], see `settings`. `recodes`: int64 [columns of words, 4], likewise. `tests`: addresses of the answers for each distinct value.
    `checks`, `bounds`: what the kernel checks of the data. `bad`: int16 [n], 1 + index of the first bad input, 0
    for none; the kernel completes it. `arms`: int32 [n, experiments]. `held`: for each holdout, who is in it.
    """

    rows: int
    table: NDArray[np.int64]
    recodes: NDArray[np.int64]
    tests: NDArray[np.int64]
    checks: NDArray[np.int64]
    bounds: NDArray[np.float64]
    bad: NDArray[np.int16]
    arms: NDArray[np.int32]
    held: list[NDArray[np.bool_]]
    keys: pa.Array
    keep: list[Any]

    @staticmethod
    def of_nobody() -> Bound:
        """What the part that runs once needs: nothing."""
        return Bound(
            0,
            np.zeros((1, COLUMN_WIDTH), np.int64),
            np.zeros((0, RECODE_WIDTH), np.int64),
            np.zeros(1, np.int64),
            np.zeros((0, CHECK_WIDTH), np.int64),
            np.zeros((0, 2)),
            np.zeros(0, np.int16),
            np.zeros((0, 0), np.int32),
            [],
            None,
            [],
        )


def bind(plan: Plan, batch: pa.RecordBatch, given: Mapping[str, Value]) -> Bound:
    """Bind a batch. `given`: what the run brings; tests of texts may ask for a given one."""
    return _Binding(plan, batch, given).bound()


class _Binding:
    def __init__(self, plan: Plan, batch: pa.RecordBatch, given: Mapping[str, Value]) -> None:
        self.plan, self.given = plan, given
        self.rows = batch.num_rows
        self.columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        self.inputs = {i.name: i for i in plan.facts.inputs}
        self.stored: dict[Source, Stored] = {}
        self.arms = np.zeros((self.rows, len(plan.facts.experiments)), np.int32)
        self.held: list[NDArray[np.bool_]] = [np.zeros(0, np.bool_)] * len(plan.holdouts)
        self.keep: list[Any] = []
        self.recodes: list[tuple[int, ...]] = []
        self.checks: list[tuple[int, ...]] = []
        self.bounds: list[tuple[float, float]] = []

    def bound(self) -> Bound:
        self._store_all()
        for index, each in enumerate(self.plan.facts.inputs):
            if Source(each.name) in self.stored:
                self._check_input(index, each, self.stored[Source(each.name)])
        table = np.zeros((max(len(self.plan.columns), 1), COLUMN_WIDTH), np.int64)
        for row, column in enumerate(self.plan.columns):
            table[row] = self._row(row, column)
        tests = np.array([self._test(test) for test in self.plan.tests] or [0], np.int64)
        self.keep.append(self.stored)
        return Bound(
            self.rows,
            table,
            np.array(self.recodes, np.int64).reshape(-1, RECODE_WIDTH),
            tests,
            np.array(self.checks, np.int64).reshape(-1, CHECK_WIDTH),
            np.array(self.bounds, np.float64).reshape(-1, 2),
            np.zeros(self.rows, np.int16),
            self.arms,
            self.held,
            self._by(self.plan.facts.key),
            self.keep,
        )

    # --- columns, arms, holdouts ---

    def _store_all(self) -> None:
        plan, read = self.plan, self.plan.fields
        for each in (*plan.facts.inputs, *plan.facts.rooms):
            self._store(each, each.name in read)
        for number, experiment in enumerate(plan.facts.experiments):
            self._place_arm(number, experiment)
        for number, h in enumerate(plan.holdouts):
            self._place_holdout(number, Holdout(h.name, h.share, h.by, h.seed))

    def _store(self, each: Input, is_read: bool) -> None:
        array = self.columns.get(column_of(each))
        if array is None and is_read:
            array = pa.nulls(self.rows)
        if array is not None:
            self.stored[Source(each.name)] = store(each, array, is_read)

    def _place_arm(self, number: int, experiment: Experiment) -> None:
        n = np.arange(PLACES) / PLACES
        arm, end = np.full(PLACES, len(experiment.arms) - 1, np.int32), 0.0
        for index, (_, share) in enumerate(experiment.arms):
            start, end = end, end + share
            arm[(start <= n) & (n < end)] = index
        codes = arm[places(self._by(experiment.by), experiment.seed)]
        self.arms[:, number] = codes
        words = [name for name, _ in experiment.arms]
        self.stored[Source(experiment.name, "arm")] = codes_of_words(codes, words)

    def _place_holdout(self, number: int, holdout: Holdout) -> None:
        """Whom a holdout would have, were it active."""
        inside = np.arange(PLACES) / PLACES < holdout.share
        self.held[number] = inside[places(self._by(holdout.by), holdout.seed)]
        address, bits = bitmap(self.held[number])
        self.stored[Source(holdout.name, "holdout")] = Stored(l.BITS, address, keep=[bits])

    def _by(self, name: str) -> pa.Array:
        return self.columns[column_of(self.inputs[name])]

    # --- what the kernel checks ---

    def _check_input(self, index: int, each: Input, stored: Stored) -> None:
        if stored.sound:
            self.checks.append((0, NO_NUMBERS, stored.sound, 0, index + 1, True, False))
            self.bounds.append((0.0, 0.0))
        required = not (each.optional or each.never)
        numeric = is_numeric(each.type)
        if numeric or (required and stored.validity):
            kind = stored.kind if numeric else NO_NUMBERS
            exact = isinstance(each.type, Time | Duration)
            validity = (stored.validity, stored.validity_bit)
            self.checks.append((stored.address, kind, *validity, index + 1, required, exact))
            self.bounds.append(bounds(each) if numeric else (0.0, 0.0))

    # --- what the plan reads ---

    def _row(self, row: int, column: Column) -> tuple[int, ...]:
        stored = self.stored[column.source]
        if stored.table is not None and column.kind != PAIR:
            table = stored.table
            self.recodes.append((stored.address, table.ctypes.data, table.itemsize, row))
            return 0, CODE_KINDS[table.dtype], 0, 0, 0, 0
        if column.kind == PAIR:
            assert column.other is not None
            left, right = common_codes(stored, self.stored[column.other])
            self.keep += [left, right]
            return left.ctypes.data, l.I32, 0, 0, 0, right.ctypes.data
        address = stored.address
        if column.kind == SET:
            address = stored.parts[column.part].ctypes.data
        return address, stored.kind, stored.validity, stored.validity_bit, stored.value_bit, 0

    def _test(self, test: Test) -> int:
        texts = self.stored[self.plan.columns[test.column].source].texts
        assert texts is not None
        answers = answers_of(test, texts, self.given)
        self.keep.append(answers)
        address: int = answers.ctypes.data
        return address


# --- tests of texts -------------------------------------------------------------------------------------


def answers_of(test: Test, texts: pa.Array, given: Mapping[str, Value]) -> NDArray[np.uint8]:
    """The answer of a test for each distinct text, 1 or 0, and twice no for what comes after them (null)."""
    wanted = _wanted(test, given)
    answers = np.zeros(len(texts) + 2, np.uint8)
    if wanted is None:
        return answers
    if len(texts) < MANY:
        answers[: len(texts)] = _one_by_one(test, texts.to_pylist(), wanted)
    else:
        yes = _ARROW[test.op](texts, wanted)
        asked = yes if test.answer else pc.invert(yes)
        # Arrow's functions say null of null, but `is_in` says no.
        known = pc.and_(pc.fill_null(asked, False), texts.is_valid())
        answers[: len(texts)] = known.to_numpy(zero_copy_only=False)
    return answers


def test_answers(test: Test, texts: list[str | None], given: Mapping[str, Value]) -> NDArray[np.uint8]:
    """As `answers_of`, for a few texts; null has its place among them."""
    wanted = _wanted(test, given)
    if wanted is None:
        return np.zeros(len(texts), np.uint8)
    return np.array(_one_by_one(test, texts, wanted), np.uint8)


def _wanted(test: Test, given: Mapping[str, Value]) -> tuple[str, ...] | None:
    """What is asked for; None where that is unknown."""
    if test.given is None:
        return test.values
    pattern = given[test.given]
    return (pattern,) if isinstance(pattern, str) else None


def _one_by_one(test: Test, texts: list[str | None], wanted: tuple[str, ...]) -> list[bool]:
    return [text is not None and passes(test.op, text, wanted) == test.answer for text in texts]


# UTF-8 begins, ends with and contains what its text does.
_ARROW: dict[str, Callable[[pa.Array, tuple[str, ...]], pa.Array]] = {
    "member": lambda texts, wanted: pc.is_in(texts, pa.array(wanted, texts.type)),
    "starts": lambda texts, wanted: pc.starts_with(texts, wanted[0]),
    "ends": lambda texts, wanted: pc.ends_with(texts, wanted[0]),
    "contains": lambda texts, wanted: pc.match_substring(texts, wanted[0]),
    "known": lambda texts, wanted: texts.is_valid(),
}


def bounds(each: Input) -> tuple[float, float]:
    """What the field's numbers must keep, both included, in the unit in which they are stored."""
    low, high = -MAX, MAX
    match each.type:
        case Integer():
            low, high = -EXACT, EXACT
        case Date():
            low, high = FIRST_DAY, LAST_DAY
        case Time():
            low, high = FIRST_DAY * DAY, math.nextafter((LAST_DAY + 1) * DAY, 0.0)
        case Clock():
            low, high = 0.0, DAY - 1
    if each.low is not None:
        low = max(low, each.low)
    if each.high is not None:
        high = min(high, each.high)
    return low, high
