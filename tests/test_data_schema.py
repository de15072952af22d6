"""What stops a run before it starts: columns that are missing, double, or of a wrong type."""

from __future__ import annotations

import pyarrow as pa
import pytest
from strategies_profile import FIELDS, arrow_types, field

from nbadsl.data.schema import Problem, accepts, arrow_type, check_schema, column_of
from nbadsl.program.nodes import Input

WHOLE = pa.schema([(column_of(f), arrow_type(f)) for f in FIELDS])


def without(*names: str) -> pa.Schema:
    return pa.schema([f for f in WHOLE if f.name not in names])


def told(schema: pa.Schema, *fields: Input, used: set[str] | None = None) -> list[str]:
    return [str(problem) for problem in check_schema(schema, fields or FIELDS, used)]


def test_the_types_that_we_write_ourselves_are_accepted() -> None:
    assert told(WHOLE) == []


@pytest.mark.parametrize("of", FIELDS, ids=lambda f: f.name)
def test_every_type_that_holds_a_field_is_accepted(of: Input) -> None:
    assert all(accepts(of, type) for type in arrow_types(of))


def test_a_column_without_a_type_is_accepted_for_every_field() -> None:
    assert told(pa.schema([(column_of(f), pa.null()) for f in FIELDS])) == []


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("age", pa.float64()),
        ("age", pa.bool_()),
        ("age", pa.decimal128(5, 0)),
        ("fee", pa.string()),
        ("churn", pa.bool_()),
        ("consent", pa.int8()),
        ("plan", pa.int32()),
        ("plan", pa.list_(pa.string())),
        ("note", pa.binary()),
        ("note", pa.dictionary(pa.int8(), pa.int32())),
        ("interests", pa.string()),
        ("interests", pa.list_(pa.int32())),
        ("since", pa.date32()),
        ("since", pa.int64()),
        ("birthday", pa.timestamp("s")),
        ("wait", pa.int64()),
        ("offset", pa.string()),
        ("wakes", pa.timestamp("us")),
    ],
)
def test_a_column_of_another_type_is_not_accepted(name: str, type: pa.DataType) -> None:
    assert not accepts(field(name), type)


def test_all_problems_are_told_in_the_order_of_the_fields() -> None:
    schema = (
        without("since", "age").append(pa.field("age", pa.float32())).append(pa.field("Since", pa.int64()))
    )
    assert told(schema) == [
        "column `age` is numbers (float), expected a whole number (int8 to int64, uint8 to uint64); tools write "
        "whole numbers with gaps as floats: cast it to int64, or declare a number",
        "column `since` is missing, expected a moment in time (timestamp); did you mean `Since`?",
    ]


def test_a_column_that_is_there_twice_is_a_problem() -> None:
    assert told(WHOLE.append(pa.field("age", pa.int8()))) == [
        "column `age` is there 2 times, expected one column of that name"
    ]


def test_only_columns_that_nobody_reads_and_that_may_be_null_may_be_missing() -> None:
    schema = without("note", "complaint", "age")
    assert [p.column for p in check_schema(schema, FIELDS, {"plan"})] == ["age"]
    assert [p.column for p in check_schema(schema, FIELDS, {"note", "age"})] == ["age", "note"]
    assert [p.column for p in check_schema(schema, FIELDS, {"complaint"})] == ["age", "complaint"]


def test_columns_are_named_as_in_the_data() -> None:
    (problem,) = check_schema(without("MONTHLY FEE"), FIELDS)
    assert problem.column == "MONTHLY FEE"
    assert problem.expected == "an amount in EUR (an integer, float or decimal column)"


def test_a_problem_gives_its_parts_as_data() -> None:
    (problem,) = check_schema(pa.schema([("consent", pa.int8())]), (field("consent"),))
    assert problem == Problem("consent", "yes or no (bool)", "whole numbers (int8)", "cast it to bool")
