"""Arrow columns as the kernel reads them: in place where possible, checked on the way.

Takes a plan and a record batch; gives a table of addresses, one row for each column that the plan reads, and for
each row of data which field is bad, if any (see `data.rules`: null in a required field, a number out of
range, not finite or not whole, a word that is not declared).

`Stored` is one field's values in a form the kernel knows: numbers of any width, and booleans with their
validity bits, stay where Arrow has them. Texts become codes into their distinct values, words and arms
codes into the words of their type, sets 64-bit masks; instants and lengths of time in other units than
microseconds, decimals, and halves are converted. The data behind an address lives as long as `Bound`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.data.schema import column_of
from nbadsl.engine import loops as l
from nbadsl.engine.settings import CHECK_WIDTH, COLUMN_WIDTH, NO_NUMBERS
from nbadsl.engine.hashing import PLACES, bases, places
from nbadsl.plan.flags import passes
from nbadsl.plan.plan import FLAG, NUMBER, PAIR, SET, TEXT, WORDS, Column, Plan, Source, Test
from nbadsl.plan.ranges import FIRST_DAY, LAST_DAY, MAX
from nbadsl.program.nodes import Experiment, Input, Value
from nbadsl.types import (
    DAY,
    EXACT,
    Clock,
    Date,
    Duration,
    Flag,
    Integer,
    Money,
    Number,
    Set,
    Text,
    Time,
    Words,
    is_numeric,
)

KINDS = {
    pa.float64(): l.F64,
    pa.float32(): l.F32,
    pa.int64(): l.I64,
    pa.int32(): l.I32,
    pa.int16(): l.I16,
    pa.int8(): l.I8,
    pa.uint32(): l.U32,
    pa.uint16(): l.U16,
    pa.uint8(): l.U8,
}
DTYPES = {
    l.F64: np.float64,
    l.F32: np.float32,
    l.I64: np.int64,
    l.I32: np.int32,
    l.I16: np.int16,
    l.I8: np.int8,
    l.U32: np.uint32,
    l.U16: np.uint16,
    l.U8: np.uint8,
}


class BadColumn(ValueError):
    """A column that stops a run: it is missing, or of a type that the field does not take."""


@dataclass(slots=True, eq=False)
class Stored:
    """A field's values where the kernel reads them.

    `kind`: one of the kernel's kinds of elements. `validity`: address of a bitmap, 0 when nothing is null.
    `values`: the distinct texts of codes, the last code being null. `bad`: rows that break a rule already.
    """

    kind: int
    address: int
    validity: int = 0
    validity_bit: int = 0
    value_bit: int = 0
    values: list[str | None] = field(default_factory=list)
    parts: list[NDArray[np.int64]] = field(default_factory=list)
    bad: NDArray[np.bool_] | None = None
    keep: Any = None


@dataclass(slots=True, eq=False)
class Bound:
    """A batch, bound to a plan.

    `table`: int64 [columns, 6], see `settings`. `tests`: addresses of the answers for each distinct value.
    `checks`, `bounds`: what the kernel checks of the data. `bad`: int16 [n], 1 + index of the first bad input, 0
    for none; the kernel completes it. `arms`: int32 [n, experiments]. `held`: for each holdout, who is in it.
    """

    rows: int
    table: NDArray[np.int64]
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
    """Bind a batch. Raises BadColumn."""
    return _Binding(plan, batch, given).bound()


class _Binding:
    def __init__(self, plan: Plan, batch: pa.RecordBatch, given: Mapping[str, Value]) -> None:
        self.plan, self.batch, self.given = plan, batch, given
        self.rows = batch.num_rows
        self.inputs = {i.name: i for i in plan.facts.inputs}
        self.experiments = {e.name: e for e in plan.facts.experiments}
        self.read = {c.source.name for c in plan.columns if c.source.kind == "field"}
        self.read |= {c.other.name for c in plan.columns if c.other and c.other.kind == "field"}
        self.bad = np.zeros(self.rows, np.int16)
        self.stored: dict[Source, Stored] = {}
        self.keep: list[Any] = []
        self.held: list[NDArray[np.bool_]] = []
        self.checks: list[tuple[int, ...]] = []
        self.bounds: list[tuple[float, float]] = []

    def bound(self) -> Bound:
        for index, each in enumerate(self.plan.facts.inputs):
            self._input(index, each)
        arms = np.zeros((self.rows, len(self.experiments)), np.int32)
        for number, experiment in enumerate(self.plan.facts.experiments):
            arms[:, number] = codes = self._arms(experiment)
            self.stored[Source(experiment.name, "arm")] = self._codes_of_words(
                codes, [name for name, _ in experiment.arms]
            )
        self._holdouts()
        table = np.zeros((max(len(self.plan.columns), 1), COLUMN_WIDTH), np.int64)
        for row, column in enumerate(self.plan.columns):
            table[row] = self._row(column)
        tests = np.array([self._test(test) for test in self.plan.tests] or [0], np.int64)
        checks = np.array(self.checks, np.int64).reshape(-1, CHECK_WIDTH)
        limits = np.array(self.bounds, np.float64).reshape(-1, 2)
        return Bound(
            self.rows, table, tests, checks, limits, self.bad, arms, self.held, self._key(), self.keep
        )

    # --- fields ---

    def _input(self, index: int, each: Input) -> None:
        name = column_of(each)
        if name not in self.batch.schema.names:
            if each.optional or each.never:
                if each.name in self.read:
                    self.stored[Source(each.name)] = self._store(each, pa.nulls(self.rows))
                return
            raise BadColumn(f"column `{name}` is missing")
        stored = self._store(each, self.batch.column(name))
        self.stored[Source(each.name)] = stored
        required = not (each.optional or each.never)
        if stored.bad is not None:
            validity, keep = _bitmap(~stored.bad)
            self.keep.append(keep)
            self._check(index, 0, NO_NUMBERS, validity, 0, True, False, (0.0, 0.0))
        numeric = is_numeric(each.type)
        if numeric or (required and stored.validity):
            kind = stored.kind if numeric else NO_NUMBERS
            exact = isinstance(each.type, Time | Duration)
            self._check(
                index,
                stored.address,
                kind,
                stored.validity,
                stored.validity_bit,
                required,
                exact,
                bounds(each) if numeric else (0.0, 0.0),
            )

    def _check(
        self,
        index: int,
        address: int,
        kind: int,
        validity: int,
        bit: int,
        required: bool,
        exact: bool,
        limits: tuple[float, float],
    ) -> None:
        """Have the kernel check an input's column."""
        self.checks.append((address, kind, validity, bit, index + 1, required, exact))
        self.bounds.append(limits)

    def _store(self, each: Input, array: pa.Array) -> Stored:
        if pa.types.is_null(array.type):
            array = _nulls(each, self.rows)
        if each.default is not None and array.null_count:
            array = _filled(each, array)
        try:
            stored = self._stored(each, array)
        except (pa.ArrowException, KeyError, TypeError) as error:
            raise BadColumn(f"column `{column_of(each)}` is {array.type}, which `{each.type}` does not take") from error
        self.keep.append((array, stored))
        return stored

    def _stored(self, each: Input, array: pa.Array) -> Stored:
        match each.type:
            case Flag():
                _, values = array.buffers()
                if not pa.types.is_boolean(array.type):
                    raise TypeError
                return _with_validity(Stored(l.BITS, values.address, value_bit=array.offset), array)
            case Text():
                return _texts(array)
            case Words(words):
                return self._words(each, array, words)
            case Set(words):
                return _sets(array, words, self.rows)
        return _numbers(_in_own_unit(each, array))

    def _words(self, each: Input, array: pa.Array, words: tuple[str, ...]) -> Stored:
        texts = _texts(array)
        codes: NDArray[np.int32] = texts.keep
        place = {word: code for code, word in enumerate(words)}
        undeclared, null = len(words), len(words) + 1
        table = np.array([null if v is None else place.get(v, undeclared) for v in texts.values], np.int32)
        coded = table[codes]
        stored = self._codes_of_words(coded, list(words))
        bad = coded == undeclared
        if not (each.optional or each.never):
            bad |= coded == null
        stored.bad = bad if bad.any() else None
        return stored

    def _codes_of_words(self, codes: NDArray[np.int32], words: list[str]) -> Stored:
        """Codes as small as they go; null and undeclared ones are beyond the words."""
        small = len(words) + 2 <= 256
        array = codes.astype(np.uint8 if small else np.uint16)
        self.keep.append(array)
        values: list[str | None] = [*words, None, None]
        return Stored(l.U8 if small else l.U16, array.ctypes.data, values=values, keep=array)

    def _arms(self, experiment: Experiment) -> NDArray[np.int32]:
        n = np.arange(PLACES) / PLACES
        arm, end = np.full(PLACES, len(experiment.arms) - 1, np.int32), 0.0
        for number, (_, share) in enumerate(experiment.arms):
            start, end = end, end + share
            arm[(start <= n) & (n < end)] = number
        return arm[places(self._by(experiment.by), experiment.seed)]

    def _holdouts(self) -> None:
        """For each person the holdouts that would have the person, were they active."""
        for holdout in self.plan.holdouts:
            inside = np.arange(PLACES) / PLACES < holdout.share
            self.held.append(inside[places(self._by(holdout.by), holdout.seed)])
            bits = np.packbits(self.held[-1], bitorder="little")
            self.keep.append(bits)
            self.stored[Source(holdout.name, "holdout")] = Stored(l.BITS, bits.ctypes.data)

    def _by(self, name: str) -> pa.Array:
        return self.batch.column(column_of(self.inputs[name]))

    def _key(self) -> pa.Array:
        return self._by(self.plan.facts.key)

    # --- what the plan reads ---

    def _row(self, column: Column) -> tuple[int, ...]:
        stored = self.stored[column.source]
        if column.kind == PAIR:
            assert column.other is not None
            left, right = _common_codes(stored, self.stored[column.other])
            self.keep += [left, right]
            return left.ctypes.data, l.I32, 0, 0, 0, right.ctypes.data
        address = stored.address
        if column.kind == SET:
            address = stored.parts[column.part].ctypes.data
        return address, stored.kind, stored.validity, stored.validity_bit, stored.value_bit, 0

    def _test(self, test: Test) -> int:
        column = self.plan.columns[test.column]
        answers = test_answers(test, self.stored[column.source].values, self.given)
        self.keep.append(answers)
        address: int = answers.ctypes.data
        return address


def test_answers(test: Test, values: list[str | None], given: Mapping[str, Value]) -> NDArray[np.uint8]:
    """The answer of a test for each distinct value, 1 or 0."""
    wanted = test.values
    if test.given is not None:
        pattern = given[test.given]
        if not isinstance(pattern, str):
            return np.zeros(len(values), np.uint8)
        wanted = (pattern,)
    return np.array(
        [v is not None and passes(test.op, v, wanted) == test.answer for v in values], np.uint8
    )


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


# --- forms -------------------------------------------------------------------------------------------


def _with_validity(stored: Stored, array: pa.Array) -> Stored:
    if array.null_count:
        validity = array.buffers()[0]
        stored.validity, stored.validity_bit = validity.address, array.offset
    return stored


def _numbers(array: pa.Array) -> Stored:
    kind = KINDS[array.type]
    data = array.buffers()[1]
    size = l.SIZES[kind]
    address = data.address + array.offset * size if data is not None else 0
    return _with_validity(Stored(kind, address, keep=array), array)


def _in_own_unit(each: Input, array: pa.Array) -> pa.Array:
    """Numbers of any Arrow type in the unit of the field's type, in an array of a type of `KINDS`."""
    type = array.type
    if pa.types.is_float16(type):
        array = array.cast(pa.float32())
    elif pa.types.is_decimal(type):
        array = _decimals(array)
    elif pa.types.is_uint64(type):
        array = _unsigned(array)
    elif pa.types.is_date32(type):
        array = array.view(pa.int32())
    elif pa.types.is_date64(type):
        array = _divided(array.view(pa.int64()), 86_400_000)
    elif pa.types.is_timestamp(type) or pa.types.is_duration(type) or pa.types.is_time64(type):
        array = _microseconds(array.view(pa.int64()), type.unit)
    elif pa.types.is_time32(type):
        array = _microseconds(array.view(pa.int32()).cast(pa.int64()), type.unit)
    if array.type == pa.int64() and isinstance(each.type, Number | Money):
        array = _comparable(array)
    if isinstance(each.type, Duration) and not pa.types.is_duration(type):
        array = _array(_values(array).astype(np.float64) * (each.unit or 1.0), array)
    return array


def _comparable(array: pa.Array) -> pa.Array:
    """Whole numbers in place, if doubles hold them all; otherwise as the doubles that they are read as."""
    extremes = pc.min_max(array)
    low, high = extremes["min"].as_py(), extremes["max"].as_py()
    if low is None or (low >= -EXACT and high <= EXACT):
        return array
    return _array(_values(array).astype(np.float64), array)


def _values(array: pa.Array) -> NDArray[Any]:
    """An array's numbers without copying, whatever stands where it is null."""
    dtype = DTYPES[KINDS[array.type]]
    data = array.buffers()[1]
    if data is None:
        return np.zeros(len(array), dtype)
    return np.frombuffer(data, dtype, len(array), array.offset * np.dtype(dtype).itemsize)


def _array(values: NDArray[Any], like: pa.Array) -> pa.Array:
    """Numbers as an array with the nulls of another."""
    mask = like.is_null().to_numpy(zero_copy_only=False) if like.null_count else None
    return pa.array(values, mask=mask)


def _microseconds(counts: pa.Array, unit: str) -> pa.Array:
    """Counts of seconds, ms or ns as µs; finer digits are cut off. What overflows is beyond every range."""
    if unit == "us":
        return counts
    if unit == "ns":
        return _divided(counts, 1_000)
    factor = {"s": 1_000_000, "ms": 1_000}[unit]
    values = _values(counts)
    limit = (2**62) // factor
    return _array(np.where(np.abs(values) > limit, 2**62, values * factor), counts)


def _divided(counts: pa.Array, by: int) -> pa.Array:
    return _array(_values(counts) // by, counts)


def _unsigned(array: pa.Array) -> pa.Array:
    """As int64 in place, if no value is beyond it; otherwise as doubles, and what no int64 holds as no integer."""
    data = array.buffers()[1]
    values = np.frombuffer(data, np.uint64, len(array), array.offset * 8) if data else np.zeros(len(array), np.uint64)
    if not (values >> np.uint64(63)).any():
        return array.view(pa.int64())
    rounded = values.astype(np.float64)
    return _array(np.where(values > EXACT, np.maximum(rounded, EXACT + 2), rounded), array)


def _decimals(array: pa.Array) -> pa.Array:
    """Correctly rounded doubles: a quotient of two exact ones where both are, else digit by digit."""
    scale, precision = array.type.scale, array.type.precision
    if precision <= 15 and 0 <= scale <= 22:
        whole = array.cast(pa.decimal128(38, scale)) if not pa.types.is_decimal128(array.type) else array
        data = whole.buffers()[1]
        low = np.frombuffer(data, np.int64, 2 * len(whole), whole.offset * 16)[::2]
        return _array(low / 10.0**scale, array)
    return pa.array([None if v is None else float(v) for v in array.to_pylist()], pa.float64())


def _texts(array: pa.Array) -> Stored:
    """Codes (int32) into the distinct texts; one more for null."""
    if not pa.types.is_dictionary(array.type):
        if pa.types.is_string_view(array.type):
            array = array.cast(pa.large_string())
        if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
            raise TypeError
        array = array.dictionary_encode()
    values: list[str | None] = array.dictionary.to_pylist()
    if not pa.types.is_string(array.type.value_type) and not all(v is None or isinstance(v, str) for v in values):
        raise TypeError
    indices = array.indices
    codes = indices.cast(pa.int32()) if indices.type != pa.int32() else indices
    if codes.null_count:
        codes = codes.fill_null(len(values))
    numbers = np.ascontiguousarray(codes.to_numpy(zero_copy_only=False)) if len(codes) else np.zeros(0, np.int32)
    stored = Stored(l.I32, numbers.ctypes.data, values=[*values, None], keep=numbers)
    if array.null_count or None in values:
        known = np.array([v is not None for v in stored.values])
        stored.validity, stored.parts = _bitmap(known[numbers])
    return stored


def _bitmap(known: NDArray[np.bool_]) -> tuple[int, list[Any]]:
    bits = np.packbits(known, bitorder="little")
    return bits.ctypes.data, [bits]


def _sets(array: pa.Array, words: tuple[str, ...], rows: int) -> Stored:
    """One int64 for each row and 64 words. A word that is not declared, or null, makes a row bad."""
    if not (pa.types.is_list(array.type) or pa.types.is_large_list(array.type)):
        raise TypeError
    texts = _texts(array.values)
    place = {word: code for code, word in enumerate(words)}
    code_of = np.array([-1 if v is None else place.get(v, -1) for v in texts.values], np.int64)
    codes = code_of[texts.keep]
    offsets = array.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    known = array.is_valid().to_numpy(zero_copy_only=False)
    filled = known & (offsets[1:] > offsets[:-1])
    spans = np.stack([offsets[:-1][filled], offsets[1:][filled]], axis=1).ravel()

    def reduced(values: NDArray[np.int64]) -> NDArray[np.int64]:
        out = np.zeros(rows, np.int64)
        if len(spans):
            out[filled] = np.bitwise_or.reduceat(np.append(values, 0), spans)[::2]
        return out

    stored = Stored(l.I64, 0)
    for part in range((len(words) + 63) // 64 or 1):
        inside = (codes >= part * 64) & (codes < part * 64 + 64)
        bits = np.where(inside, np.left_shift(np.int64(1), codes & 63), 0)
        stored.parts.append(reduced(bits))
    bad = reduced((codes < 0).astype(np.int64)) != 0
    stored.bad = bad if bad.any() else None
    if not known.all():
        stored.validity, stored.keep = _bitmap(known)
    return stored


def _common_codes(a: Stored, b: Stored) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Codes of two columns that are equal where their texts are; -1 for null."""
    numbers: dict[str, int] = {}
    both = []
    for stored in (a, b):
        table = np.array(
            [-1 if v is None else numbers.setdefault(v, len(numbers)) for v in stored.values], np.int32
        )
        both.append(np.ascontiguousarray(table[stored.keep]))
    return both[0], both[1]


def _nulls(each: Input, rows: int) -> pa.Array:
    match each.type:
        case Flag():
            return pa.nulls(rows, pa.bool_())
        case Text() | Words():
            return pa.nulls(rows, pa.string())
        case Set():
            return pa.nulls(rows, pa.list_(pa.string()))
    return pa.nulls(rows, pa.float64())


def _filled(each: Input, array: pa.Array) -> pa.Array:
    """Nulls replaced by the field's default."""
    default: Any = each.default
    if isinstance(default, frozenset):
        return pa.array([sorted(default) if v is None else v for v in array.to_pylist()], array.type)
    if isinstance(default, float) and not pa.types.is_floating(array.type):
        default = int(default)
    return pc.fill_null(array, pa.scalar(default, array.type))
