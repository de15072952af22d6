"""One person from a dict: what is taken, what is refused, and in which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from arrays import to_arrow
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_profile import FIELDS, arrow_types, exactly, field, person, rows

from nbadsl.data.arrow import column, from_arrow
from nbadsl.data.records import BadRecord, read_record, read_value
from nbadsl.data.rules import BadValue, check
from nbadsl.program.nodes import Input, Value
from nbadsl.types import DAY, HOUR, MINUTE, SECOND, WEEK


def read(name: str, given: object) -> object:
    return read_value(field(name), given)


def refused(name: str, given: object) -> str:
    with pytest.raises(BadValue) as error:
        read_value(field(name), given)
    return str(error.value)


# --- values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("age", 30, 30.0),
        ("age", 30.0, 30.0),
        ("age", Decimal("30.0"), 30.0),
        ("age", np.int8(30), 30.0),
        ("visits", -(2**53), -(2.0**53)),
        ("fee", 12, 12.0),
        ("fee", Decimal("0.1"), 0.1),
        ("fee", np.float32(0.5), 0.5),
        ("consent", np.bool_(True), True),
        ("plan", np.str_("basic"), "basic"),
        ("interests", ["film", "film"], frozenset({"film"})),
        ("interests", np.array(["film", "sport"]), frozenset({"film", "sport"})),
        ("interests", (), frozenset()),
        ("birthday", date(1970, 1, 2), 1.0),
        ("birthday", "1969-12-31", -1.0),
        ("birthday", np.datetime64("1970-01-03"), 2.0),
        ("since", datetime(1970, 1, 1, 1), 3600e6),
        ("since", datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0.0),
        ("since", datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=1), -1.0),
        ("since", "1970-01-01T00:00:00.000001Z", 1.0),
        ("since", np.datetime64(-1, "ns"), -1.0),
        ("since", np.datetime64(1, "s"), SECOND),
        ("since", datetime(9999, 12, 31, 23, 59, 59), 253402300799e6),
        ("offset", 1.5, 1.5 * HOUR),
        ("offset", timedelta(minutes=30), 30 * MINUTE),
        ("wait", timedelta(days=14), 14 * DAY),
        ("wait", "2 weeks", 2 * WEEK),
        ("wait", np.timedelta64(3, "h"), 3 * HOUR),
        ("wakes", time(21, 0, 30), 21 * HOUR + 30 * SECOND),
        ("wakes", "21:00", 21 * HOUR),
        ("note", "", ""),
        ("note", None, None),
        ("since", "2020-01-01 10:00+02:00", (18262 * DAY) + 8 * HOUR),
    ],
)
def test_python_values_become_values_of_the_language(name: str, given: object, value: object) -> None:
    read = read_value(field(name), given)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("age", 130, "130 is not a whole number from 0 to 120"),
        ("age", 30.5, "30.5 is not a whole number from 0 to 120"),
        ("age", "30", '"30" is not a whole number from 0 to 120'),
        ("age", True, "yes is not a whole number from 0 to 120"),
        ("age", None, "nothing is given, a whole number from 0 to 120 is needed"),
        ("age", Decimal("NaN"), "NaN is not a whole number from 0 to 120"),
        ("visits", 2**53 + 1, "9007199254740993 is not a whole number"),
        ("visits", Decimal("1e999999999"), "1E+999999999 is not a whole number"),
        ("visits", float("inf"), "inf is not a whole number"),
        ("fee", float("nan"), "nan is not an amount in EUR"),
        ("fee", 10**400, "is not an amount in EUR"),
        ("fee", Decimal("sNaN"), "sNaN is not an amount in EUR"),
        ("churn", 1.5, "1.5 is not a number from 0 to 1"),
        ("income", -1, "-1 EUR is not an amount in EUR from 0 EUR"),
        ("consent", 1, "1 is not yes or no"),
        ("plan", "basics", '"basics" is not one of basic, plus, unlimited; did you mean "basic"?'),
        ("interests", "sport", '"sport" is not any of sport, film, travel; give a list of words'),
        ("interests", ["sport", None], '"sport, None" is not any of sport, film, travel'),
        ("interests", ["sport", "flim"], 'did you mean "film"?'),
        ("birthday", datetime(2000, 1, 1), "is not a day; leave out the time of day"),
        ("since", date(2000, 1, 1), "is not a moment in time; add the time of day"),
        ("since", datetime(9999, 12, 31, 23, 59, 59, 999_999), "is not a moment in time"),
        ("since", np.datetime64(10**12, "s"), "is not a moment in time"),
        ("since", "0001-01-01T00:00+00:01", "is not a moment in time"),
        ("wait", 14, "14 is not a length of time from 0 days; give a timedelta"),
        ("wait", timedelta(days=-1), "-1 days is not a length of time from 0 days"),
        ("wait", timedelta(days=10**8), "is not a length of time"),
        ("offset", float("inf"), "inf is not a number of hours"),
        ("wakes", time(21, tzinfo=UTC), "is not a time of day"),
        ("note", b"caf\xe9", "is not text"),
        ("note", "\ud83d", "is not text"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_words(name: str, given: object, message: str) -> None:
    assert message in refused(name, given)


def test_a_long_value_is_shortened_in_the_message() -> None:
    assert len(refused("plan", "x" * 10_000)) < 200


def test_whole_zero_has_no_sign() -> None:
    assert str(read("visits", -0.0)) == "0.0"


def test_pandas_nulls_are_null_but_nan_is_not() -> None:
    pd = pytest.importorskip("pandas")
    assert read("visits", pd.NA) is None
    assert read("complaint", pd.NaT) is None
    assert read("since", pd.Timestamp("1970-01-01 00:00:00.000001999")) == 1.0
    assert "nan" in refused("heat", float("nan"))


# --- people ------------------------------------------------------------------------------------------


def test_the_first_field_at_fault_in_the_order_of_the_policy_is_named() -> None:
    with pytest.raises(BadRecord) as error:
        read_record(FIELDS, person(note=3, age=130, plan="gold"))
    assert error.value.field == "age"
    assert error.value.value == 130
    assert str(error.value) == "age: 130 is not a whole number from 0 to 120"


def test_a_field_is_found_under_the_name_of_its_column() -> None:
    record = person()
    record["MONTHLY FEE"] = record.pop("fee")
    assert read_record(FIELDS, record)["fee"] == 20.0


def test_a_field_is_not_found_under_a_column_that_is_another_fields_name() -> None:
    swapped = (Input("a", FIELDS[1].type, column="b"), Input("b", FIELDS[1].type, column="a"))
    assert read_record(swapped, {"a": 1, "b": 2}) == {"a": 1.0, "b": 2.0}
    optional = tuple(replace(f, optional=True) for f in swapped)
    assert read_record(optional, {"b": 2}) == {"a": None, "b": 2.0}


def test_a_strict_reader_refuses_keys_that_are_no_fields() -> None:
    assert read_record(FIELDS, person(agee=30))
    with pytest.raises(BadRecord, match=r"^agee: is not a field of the profile; did you mean `age`\?$"):
        read_record(FIELDS, person(agee=30), strict=True)


def test_a_strict_reader_refuses_a_field_given_under_both_names() -> None:
    both = person(**{"MONTHLY FEE": 21})
    with pytest.raises(BadRecord, match="given twice"):
        read_record(FIELDS, both, strict=True)


def test_every_field_is_in_the_row_also_when_nothing_is_given() -> None:
    row = read_record(FIELDS, person())
    assert list(row) == [f.name for f in FIELDS]
    assert row["complaint"] is None


# --- there and back ----------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(rows(), st.data())
def test_rows_come_back_from_columns_of_every_accepted_type(people: list, data: st.DataObject) -> None:
    types = {f.name: data.draw(st.sampled_from(arrow_types(f)), label=f.name) for f in FIELDS}
    table = to_arrow(people, FIELDS, types)
    back = [read_record(FIELDS, from_arrow(table, FIELDS, i)) for i in range(table.num_rows)]
    assert [exactly(row) for row in back] == [exactly(row) for row in people]


def test_a_number_that_a_type_cannot_hold_is_not_rounded_on_the_way_there() -> None:
    with pytest.raises(pa.ArrowInvalid):
        column([300.0], field("age"), pa.int8())
    with pytest.raises(ValueError, match="more than 2 decimal places"):
        column([0.125], field("fee"), pa.decimal128(10, 2))
    with pytest.raises(ValueError, match="no whole number of s"):
        column([1.0], field("since"), pa.timestamp("s"))


def test_a_decimal_column_holds_what_is_read_as_the_same_number() -> None:
    values = [0.1, -12.34, 1e20, None]
    array = column(values, field("fee"), pa.decimal128(38, 2))
    assert array.to_pylist() == [
        Decimal("0.10"),
        Decimal("-12.34"),
        Decimal("100000000000000000000.00"),
        None,
    ]


def test_what_is_finer_than_a_microsecond_is_cut_off_towards_the_past() -> None:
    only = (field("since"),)
    batch = pa.record_batch([pa.array([-1, -1001, 1999], pa.timestamp("ns"))], names=["since"])
    assert [read_record(only, from_arrow(batch, only, i))["since"] for i in range(3)] == [-1.0, -2.0, 1.0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("visits", 2.0**53 + 2),
        ("visits", 0.5),
        ("heat", float("nan")),
        ("since", 2932897 * DAY),
        ("since", -719163 * DAY),
        ("birthday", 2932897.0),
        ("wakes", DAY),
        ("wakes", -1.0),
        ("consent", 1.0),
        ("plan", "gold"),
        ("interests", frozenset({"gold"})),
        ("note", 1.0),
        ("age", 121.0),
        ("income", -0.01),
        ("age", None),
    ],
)
def test_a_value_of_the_language_that_breaks_a_rule_is_refused(name: str, value: Value) -> None:
    with pytest.raises(BadValue):
        check(field(name), value)


def test_there_is_no_person_behind_the_last_one() -> None:
    with pytest.raises(IndexError):
        from_arrow(to_arrow([], FIELDS), FIELDS, 0)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("since", pa.array([10**15], pa.timestamp("s"))),
        ("since", pa.array([-(2**62)], pa.timestamp("ms"))),
        ("complaint", pa.array([-(2**63)], pa.timestamp("us"))),
        ("wait", pa.array([-(2**63)], pa.duration("s"))),
        ("wakes", pa.array([86_400], pa.int32()).view(pa.time32("s"))),
        ("birthday", pa.array([3_000_000], pa.int32()).view(pa.date32())),
        ("wait", pa.array([2**62 + 1], pa.int64()).view(pa.duration("s"))),
        ("note", pa.array([b"caf\xe9"]).view(pa.string())),
        ("interests", pa.array([["sport", None]])),
        ("fee", pa.array([float("nan")])),
        ("visits", pa.array([2**64 - 1], pa.uint64())),
    ],
)
def test_cells_that_python_cannot_hold_are_refused_and_not_an_error_of_ours(
    name: str, array: pa.Array
) -> None:
    only = (field(name),)
    batch = pa.record_batch([array], names=[only[0].column or only[0].name])
    with pytest.raises(BadRecord, match=f"^{name}: "):
        read_record(only, from_arrow(batch, only, 0))


def test_a_decimal_is_the_double_nearest_to_it() -> None:
    only = (field("fee"),)
    cells = [Decimal("0.10"), Decimal("12345678901234567.89"), None]
    batch = pa.record_batch([pa.array(cells, pa.decimal128(30, 2))], names=["MONTHLY FEE"])
    assert [from_arrow(batch, only, i)["fee"] for i in range(3)] == cells
    assert read("fee", cells[1]) == 12345678901234567.89
