"""A field's default stands for null in a batch as for one person, whatever the type of the column."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import nbadsl

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
SEEN = datetime(2026, 11, 1, tzinfo=UTC)
MANY = [f"text {i}" for i in range(1500)]

CASES: list[tuple[str, str, pa.DataType, Any]] = [
    # the field, a rule that its default keeps, the column's type, a value that does not keep the rule
    ("number = 0.5", "x is 0.5", pa.int64(), 3),
    ("number = 0.5", "x is 0.5", pa.decimal128(5, 0), Decimal(3)),
    ("number = 0.1", "x is 0.1", pa.float32(), 3.0),
    ("number = -1", "x is -1", pa.uint8(), 3),
    ("integer = 1000", "x is 1000", pa.int8(), 3),
    ("duration in days = 2 days", "x is 2 days", pa.int64(), 3),
    *(
        ("duration = 2 days", "x is 2 days", pa.duration(unit), timedelta(days=3))
        for unit in ("s", "ms", "us", "ns")
    ),
    *(
        ("time = 2026-11-09 10:00", "x is 2026-11-09 10:00", pa.timestamp(u, "UTC"), SEEN)
        for u in ("s", "ms", "us", "ns")
    ),
    ("date = 2026-11-09", "x is 2026-11-09", pa.date64(), date(2026, 11, 1)),
    ("date = 2026-11-09", "x is 2026-11-09", pa.date32(), date(2026, 11, 1)),
    ("clock = 08:30", "x is 08:30", pa.time32("s"), time(9)),
    ("flag = yes", "x", pa.bool_(), False),
    ('text = "b"', 'x is "b"', pa.string_view(), "a"),
]


def policy(folder: Path, field: str, rule: str) -> nbadsl.Policy:
    path = folder / "policy.nba"
    path.write_text(
        'policy p { timezone "Europe/Berlin" }\n'
        f"profile person key id {{ id: text\n x: {field} }}\n"
        f"action a {{ eligible when {rule} }}\n"
        "arbitrate { score 1 }\n"
    )
    return nbadsl.load(path)


@pytest.mark.parametrize(("field", "rule", "type", "other"), CASES, ids=[f"{f} {t}" for f, _, t, _ in CASES])
def test_a_default_stands_for_null(tmp_path: Path, field: str, rule: str, type: pa.DataType, other: Any):
    table = pa.table({"id": ["c", "d"], "x": pa.array([None, other], type)})
    loaded = policy(tmp_path, field, rule)
    rows = loaded.decide(table, now=NOW).to_pylist()
    assert [(row["action"], row["reason"]) for row in rows] == [("a", "chosen"), (None, "nobody passed")]
    assert loaded.decide_one({"id": "c"}, now=NOW).action == "a"


@pytest.mark.parametrize("field", ['text = "b"', "one of a, b = b"])
@pytest.mark.parametrize("index", [pa.int8(), pa.uint16(), pa.int64()])
def test_a_default_stands_for_a_null_among_the_values_of_a_dictionary(
    tmp_path: Path, field: str, index: pa.DataType
):
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], index), pa.array([None, "a"], pa.string()))
    rule = 'x is "b"' if field.startswith("text") else "x is b"
    rows = (
        policy(tmp_path, field, rule)
        .decide(pa.table({"id": ["c", "d", "e"], "x": column}), now=NOW)
        .to_pylist()
    )
    assert [row["action"] for row in rows] == ["a", None, "a"]


def test_many_texts_of_any_form_are_tested(tmp_path: Path):
    indices = pa.array(range(len(MANY)), pa.int32())
    column = pa.DictionaryArray.from_arrays(indices, pa.array(MANY, pa.string_view()))
    table = pa.table({"id": MANY, "x": column})
    rows = policy(tmp_path, "text", 'x is "text 7"').decide(table, now=NOW).to_pylist()
    assert [row["id"] for row in rows if row["action"] == "a"] == ["text 7"]
