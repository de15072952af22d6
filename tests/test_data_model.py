"""The profile as a pydantic model: it takes what `read_record` takes, and describes it as JSON Schema."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from arrays import to_arrow
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from strategies_profile import FIELDS, exactly, field, person, rows
from test_data_decisions import facts

from nbadsl.data.arrow import from_arrow
from nbadsl.data.model import context_model, profile_model
from nbadsl.data.records import BadRecord, read_record
from nbadsl.program.nodes import Input
from nbadsl.types import DURATION, FLAG, HOUR, INTEGER, TEXT, TIME

DOCUMENTED = replace(FIELDS[1], doc="Full years.")
MODEL = profile_model(facts(inputs=(FIELDS[0], DOCUMENTED, *FIELDS[2:])))


def test_a_person_has_python_values() -> None:
    made = MODEL.model_validate(
        person(
            birthday="1990-02-03", wait="14 days", wakes="21:00", complaint="2026-01-01T10:00Z", offset=1.5
        )
    )
    assert made.model_dump(exclude_none=True) == {
        "customer_id": "c1",
        "age": 30,
        "plan": "plus",
        "interests": frozenset({"sport"}),
        "fee": 20.0,
        "churn": 0.25,
        "consent": True,
        "since": datetime(2020, 1, 1),
        "birthday": date(1990, 2, 3),
        "wait": timedelta(days=14),
        "wakes": time(21),
        "complaint": datetime(2026, 1, 1, 10, tzinfo=UTC),
        "offset": 1.5,
    }


def test_what_may_be_null_need_not_be_given_and_the_rest_must() -> None:
    assert MODEL.model_validate(person()).note is None  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="Field required"):
        MODEL.model_validate({k: v for k, v in person().items() if k != "age"})


def test_people_are_frozen_and_have_no_other_fields() -> None:
    made = MODEL.model_validate(person())
    with pytest.raises(ValidationError, match="frozen"):
        made.age = 31  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        MODEL.model_validate(person(agee=3))


def test_what_is_wrong_is_said_in_the_words_of_the_record_reader() -> None:
    with pytest.raises(
        ValidationError, match='"bsic" is not one of basic, plus, unlimited; did you mean "basic"'
    ):
        MODEL.model_validate(person(plan="bsic"))


def test_a_field_is_given_by_its_name_or_its_columns_name() -> None:
    record = person()
    record["MONTHLY FEE"] = record.pop("fee")
    assert MODEL.model_validate(record).fee == 20.0  # type: ignore[attr-defined]
    assert MODEL.model_validate(record).model_dump(by_alias=True)["MONTHLY FEE"] == 20.0


@settings(max_examples=60, deadline=None)
@given(rows())
def test_every_person_goes_through_the_model_and_through_json_unchanged(people: list) -> None:
    table = to_arrow(people, FIELDS)
    for i, row in enumerate(people):
        made = MODEL.model_validate(from_arrow(table, FIELDS, i))
        assert exactly(read_record(FIELDS, made.model_dump(by_alias=True))) == exactly(row)
        again = MODEL.model_validate_json(made.model_dump_json(by_alias=True))
        assert exactly(read_record(FIELDS, json.loads(again.model_dump_json(by_alias=True)))) == exactly(row)


odd_values = st.sampled_from(
    [
        None,
        True,
        0,
        1,
        -1,
        130,
        2**53 + 1,
        0.5,
        30.0,
        float("nan"),
        "",
        "basic",
        "sport",
        "2026-11-21",
        "21:00",
        "2026-11-21 10:00",
        "14 days",
        "P1D",
        [],
        ["sport"],
        ["golf"],
        [None],
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FIELDS), odd_values)
def test_the_model_refuses_exactly_what_the_record_reader_refuses(of: Input, value: Any) -> None:
    record = person(**{of.name: value})
    try:
        row = read_record(FIELDS, record)
    except BadRecord:
        with pytest.raises(ValidationError):
            MODEL.model_validate(record)
    else:
        made = MODEL.model_validate(record)
        assert exactly(read_record(FIELDS, made.model_dump(by_alias=True))) == exactly(row)


# --- JSON Schema -------------------------------------------------------------------------------------


def properties() -> dict[str, Any]:
    schema: dict[str, Any] = MODEL.model_json_schema()
    assert schema["additionalProperties"] is False
    return schema["properties"]  # type: ignore[no-any-return]


def test_the_schema_of_a_field_says_its_type_range_words_and_documentation() -> None:
    found = properties()
    assert found["age"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 120,
        "title": "age",
        "description": "Full years.\n\na whole number from 0 to 120",
    }
    assert found["plan"]["enum"] == ["basic", "plus", "unlimited"]
    assert found["interests"]["items"] == {"type": "string", "enum": ["sport", "film", "travel"]}
    assert found["MONTHLY FEE"]["type"] == "number"
    assert found["churn"]["maximum"] == 1.0
    assert found["consent"]["type"] == "boolean"
    assert found["since"]["format"] == "date-time"
    assert found["wait"]["anyOf"] == [{"type": "string", "format": "duration"}, {"type": "null"}]
    assert found["complaint"]["description"] == "a moment in time; null: it has not happened"
    assert found["complaint"]["default"] is None


def test_the_schema_requires_what_must_be_given() -> None:
    required = MODEL.model_json_schema()["required"]
    assert required == [f.column or f.name for f in FIELDS if not f.optional and not f.never]


def test_the_schema_is_one_and_accepts_what_the_model_accepts() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = MODEL.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    record = {k: v for k, v in person().items() if k != "fee"} | {"MONTHLY FEE": 20.0}
    jsonschema.validate(record, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record | {"age": 130}, schema)


def test_names_that_python_or_pydantic_use_keep_their_name_in_the_data() -> None:
    odd = tuple(
        Input(name, TEXT) for name in ("class", "schema", "copy", "model_config", "model_x", "_id", "__")
    )
    model = profile_model(replace(facts(), inputs=odd))
    record = {f.name: "a" for f in odd}
    made = model.model_validate(record)
    assert made.model_dump(by_alias=True) == record
    assert made.class_ == "a"  # type: ignore[attr-defined]
    assert list(model.model_json_schema()["properties"]) == [f.name for f in odd]


def test_a_context_has_its_defaults() -> None:
    context = (
        Input("roaming", FLAG, default=False),
        Input("tries", INTEGER, default=3.0),
        Input("at", TIME, default=0.0),
        Input("late", DURATION, default=HOUR, optional=True),
        Input("hours", DURATION, unit=HOUR, default=1.5 * HOUR),
        Input("page", field("plan").type),
    )
    model = context_model(replace(facts(), context=context))
    assert model.model_validate({"page": "plus"}).model_dump() == {
        "roaming": False,
        "tries": 3,
        "at": datetime(1970, 1, 1, tzinfo=UTC),
        "late": timedelta(hours=1),
        "hours": 1.5,
        "page": "plus",
    }
    found = model.model_json_schema()
    assert found["properties"]["tries"]["default"] == 3
    assert found["required"] == ["page"]


# --- imports -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "unloaded"),
    [
        ("nbadsl.data", ["numpy", "pyarrow", "pydantic"]),
        ("nbadsl.data.records", ["numpy", "pyarrow", "pydantic", "numba"]),
        ("nbadsl.data.model", ["numpy", "pyarrow", "numba"]),
        ("nbadsl.data.profiles", ["pydantic", "numba"]),
    ],
)
def test_reading_loads_no_library_that_it_does_not_need(module: str, unloaded: list[str]) -> None:
    code = f"import sys, {module}; print([m for m in {unloaded!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=365), "P365DT0S"),
        (timedelta(hours=1, microseconds=1), "P0DT3600.000001S"),
        (timedelta(hours=-1), "-P0DT3600S"),
    ],
)
def test_lengths_of_time_are_written_without_months_and_years(length: timedelta, text: str) -> None:
    lengths = (Input("wait", DURATION),)
    made = profile_model(replace(facts(), inputs=lengths)).model_validate({"wait": length})
    assert made.model_dump_json() == f'{{"wait":"{text}"}}'
    assert read_record(lengths, {"wait": text}) == read_record(lengths, {"wait": length})
