"""A column refuses a row exactly when the record reader refuses the person, and for the same field.

Cells are drawn from the storage of a column (counts, bits, bytes), far beyond what is valid. One side is the
engine's reading of the batch in place, the other is `from_arrow` and `read_record`, person by person.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_programs import NOW, candidate, program
from strategies_profile import FIELDS, SMALL, STRINGS, UNITS

from nbadsl.data.arrow import from_arrow
from nbadsl.data.batches import Batch
from nbadsl.data.profiles import open_profiles
from nbadsl.data.records import BadRecord, read_record
from nbadsl.data.schema import accepts, column_of
from nbadsl.engine.batch import Engine
from nbadsl.plan.lower import lower
from nbadsl.program.givens import givens
from nbadsl.program.nodes import Input

PROGRAM = program(candidate("a"), key="customer_id", inputs=FIELDS)
ENGINE, GIVEN = Engine(lower(PROGRAM)), givens(PROGRAM, NOW)
INDEX = {f.name: i for i, f in enumerate(FIELDS)}

NUMBERS = (*SMALL, pa.float64(), pa.float32(), pa.float16(), pa.decimal128(12, 2), pa.decimal128(30, 4))
MOMENTS = tuple(pa.timestamp(u, zone) for u in UNITS for zone in (None, "Asia/Tokyo"))
LENGTHS = tuple(pa.duration(u) for u in UNITS)
CLOCKS = (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"))
CODED = tuple(
    pa.dictionary(index, text) for index in (pa.int8(), pa.int16(), pa.uint32()) for text in STRINGS[:2]
)
LISTS = tuple(make(text) for make in (pa.list_, pa.large_list) for text in (*STRINGS, CODED[0]))
TYPES = (
    pa.bool_(),
    *NUMBERS,
    *MOMENTS,
    *LENGTHS,
    *CLOCKS,
    pa.date32(),
    pa.date64(),
    *STRINGS,
    *CODED,
    *LISTS,
    pa.null(),
)

# Instants and days at the edges of the years 1 and 9999, and around 2^53 µs, in units of a second.
EDGES = (0, -62135596800, 253402300800, 9007199255, -9007199255, 2**62 // 10**6, -(2**63) // 10**6)
WORDS = st.sampled_from(["basic", "plus", "sport", "film", "travel", "", "gold", "Basic"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=2
)


def counts(bits: int, per_second: int = 1) -> st.SearchStrategy[int]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    near = st.builds(
        lambda edge, off: min(max(edge * per_second + off, low), high),
        st.sampled_from(EDGES),
        st.integers(-2, 2),
    )
    return near | st.integers(low, high) | st.integers(-200, 200).map(lambda n: min(max(n, low), high))


def cells(type: pa.DataType) -> st.SearchStrategy[Any]:
    """What may stand in a column of a type, as a value for `made`."""
    if pa.types.is_boolean(type):
        return st.booleans()
    if pa.types.is_integer(type):
        low = 0 if pa.types.is_unsigned_integer(type) else -(2 ** (type.bit_width - 1))
        high = low + 2**type.bit_width - 1
        special = [n for n in (0, 1, 120, 121, -1, 2**53, 2**53 + 1, -(2**53) - 1) if low <= n <= high]
        return st.sampled_from([*special, low, high]) | st.integers(low, high)
    if pa.types.is_floating(type):
        return st.sampled_from([0.0, -0.0, 1.0, 1.5, -1.0, float("nan"), float("inf")]) | st.floats(
            width=type.bit_width
        )
    if pa.types.is_decimal(type):
        whole = st.integers(-(10**type.precision) + 1, 10**type.precision - 1) | st.integers(-200, 200)
        return whole.map(lambda n: Decimal(f"{n}e-{type.scale}"))
    if pa.types.is_date32(type):
        return counts(32) | st.sampled_from([-719163, -719162, 2932896, 2932897])
    if pa.types.is_date64(type):
        return (st.integers(-800_000, 3_000_000) | st.sampled_from([-719163, 2932897])).map(
            lambda n: n * 86_400_000
        )
    if pa.types.is_temporal(type):
        return counts(type.bit_width, {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[type.unit])
    if pa.types.is_nested(type):
        return st.lists(st.none() | WORDS, max_size=2)
    return WORDS if not pa.types.is_null(type) else st.none()


def made(values: list[Any], type: pa.DataType) -> pa.Array:
    """An array of raw cells, valid or not."""
    if pa.types.is_temporal(type):
        return pa.array(values, pa.int32() if type.bit_width == 32 else pa.int64()).view(type)
    if pa.types.is_float16(type):
        return pa.array([None if v is None else np.float16(v) for v in values], type)
    return pa.array(values, type)


def columns(of: Input, rows: int) -> st.SearchStrategy[pa.Array]:
    types = st.sampled_from([type for type in TYPES if accepts(of, type)])
    return types.flatmap(
        lambda type: st.lists(st.none() | cells(type), min_size=rows, max_size=rows).map(
            lambda v: made(v, type)
        )
    )


def refused_by_records(batch: pa.RecordBatch) -> list[int]:
    found = []
    for i in range(batch.num_rows):
        try:
            read_record(FIELDS, from_arrow(batch, FIELDS, i))
            found.append(-1)
        except BadRecord as error:
            found.append(INDEX[error.field])
    return found


def refused_by_columns(batch: pa.RecordBatch) -> list[int]:
    found: list[int] = ENGINE.decide(batch, GIVEN).outcome.bad.tolist()
    return found


def whole(columns: dict[str, pa.Array], rows: int) -> pa.RecordBatch:
    """A batch in which the other columns are right."""
    right = {
        "customer_id": "c",
        "age": 1,
        "plan": "plus",
        "interests": ["sport"],
        "fee": 1.0,
        "churn": 0.5,
        "consent": True,
        "since": 0,
    }
    arrays = {f.name: columns.get(f.name, pa.array([right.get(f.name)] * rows)) for f in FIELDS}
    if "since" not in columns:
        arrays["since"] = arrays["since"].view(pa.timestamp("us"))
    return pa.record_batch(list(arrays.values()), names=[column_of(f) for f in FIELDS])


@pytest.mark.parametrize("of", FIELDS, ids=lambda f: f.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_column_refuses_what_the_record_reader_refuses(of: Input, data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 4))
    batch = whole({of.name: data.draw(columns(of, rows))}, rows)
    assert refused_by_columns(batch) == refused_by_records(batch)


def test_a_number_that_no_double_holds_is_refused_beside_one_that_is_too_large_for_its_type() -> None:
    (of,) = (f for f in FIELDS if f.name == "visits")
    batch = whole({of.name: pa.array([2**53 + 1, 2**64 - 1, 2**53], pa.uint64())}, 3)
    assert refused_by_columns(batch) == refused_by_records(batch) == [FIELDS.index(of)] * 2 + [-1]


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_of_several_fields_both_name_the_first(data: st.DataObject) -> None:
    rows, start = 4, data.draw(st.integers(0, 2))
    chosen = data.draw(st.lists(st.sampled_from(FIELDS), min_size=2, max_size=5, unique_by=lambda f: f.name))
    batch = whole({f.name: data.draw(columns(f, rows)) for f in chosen}, rows).slice(start)
    assert refused_by_columns(batch) == refused_by_records(batch)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_reading_a_table_changes_nothing_of_it(data: st.DataObject) -> None:
    """What is refused is the same before `open_profiles` and after it."""
    rows = 3
    chosen = data.draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3, unique_by=lambda f: f.name))
    batch = whole({f.name: data.draw(columns(f, rows)) for f in chosen}, rows)
    found: list[Batch] = list(open_profiles(batch, FIELDS))
    assert all(each.unreadable is None for each in found)
    assert [bad for each in found for bad in refused_by_columns(each.people)] == refused_by_records(batch)
