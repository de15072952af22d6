"""The tables that come out: decisions, and rejects with what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from arrays import outcome_of, to_arrow
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_profile import FIELDS, field, person

from nbadsl.data.decisions import REASONS, DecisionTable, Outcome, reason_texts
from nbadsl.data.output import write_table
from nbadsl.data.profiles import open_profiles
from nbadsl.data.records import read_record
from nbadsl.data.rejects import RejectTable
from nbadsl.program.decision import Choice, Decision
from nbadsl.program.facts import CandidateFacts, Facts
from nbadsl.program.nodes import Experiment, Input
from nbadsl.types import INTEGER, TEXT

CANDIDATES = (
    ("winback", "email", "winback_a", "now"),
    ("winback", "email", "winback_b", "evening"),
    ("winback", "push", None, None),
    ("apology", None, None, None),
)
ARMS = (("control", 0.5), ("lower", 0.5))


def facts(pick: int = 1, key: Input = FIELDS[0], inputs: tuple[Input, ...] = FIELDS) -> Facts:
    return Facts(
        name="p",
        title="",
        owner="",
        timezone="UTC",
        currency="EUR",
        week_start=1,
        profile="customer",
        key=key.name,
        inputs=inputs,
        context=(),
        parameters=(),
        candidates=tuple(CandidateFacts(*c, groups=(), title="", name="", rules=()) for c in CANDIDATES),
        tiers=("a", "b"),
        pick=pick,
        holdouts=("universal", "second"),
        experiments=(Experiment("price", "customer_id", "price", ARMS),),
        limits=(),
    )


def decided(*choices: Choice, reason: str = "chosen", holdout: str | None = None) -> Decision:
    held = choices if holdout else ()
    return Decision("", () if holdout else choices, reason, holdout, held, ("lower",))


def choice(
    candidate: int, rank: int = 1, tier: int | None = 0, score: float | None = 2.5, **more: Any
) -> Choice:
    return Choice(candidate, rank, tier, score, more.get("probability", 1.0), more.get("send_at"))


def table(*decisions: Decision, pick: int = 1, bad: list[int] | None = None) -> list[dict[str, Any]]:
    """The rows of the table for people c0, c1, …, each as a dict without its nulls."""
    made = DecisionTable(facts(pick), pa.string(), "abc")
    found = outcome_of(decisions, facts(pick))
    if bad is not None:
        found.bad[:] = bad
    batch = made.batch(pa.array([f"c{i}" for i in range(len(decisions))]), found)
    batch.validate(full=True)
    return [{k: v for k, v in row.items() if v is not None} for row in batch.to_pylist()]


# --- decisions ---------------------------------------------------------------------------------------


def test_what_is_chosen_has_a_row_with_all_that_is_to_be_done() -> None:
    (row,) = table(decided(choice(1, tier=1, probability=0.25, send_at=1e6)))
    assert row.pop("send_at").isoformat() == "1970-01-01T00:00:01+00:00"
    assert row == {
        "customer_id": "c0",
        "rank": 1,
        "action": "winback",
        "channel": "email",
        "content": "winback_b",
        "slot": "evening",
        "score": 2.5,
        "tier": 2,
        "probability": 0.25,
        "reason": "chosen",
        "arm_price": "lower",
        "policy": "abc",
    }


def test_parts_that_a_candidate_does_not_have_are_null() -> None:
    (row,) = table(decided(choice(3)))
    assert row["action"] == "apology"
    assert not {"channel", "content", "slot", "send_at"} & set(row)


@pytest.mark.parametrize("reason", ["nobody passed", "below threshold"])
def test_somebody_who_gets_nothing_has_one_row_of_rank_0(reason: str) -> None:
    rows = table(decided(reason=reason), decided(choice(0)), pick=2)
    assert [(row["customer_id"], row["rank"]) for row in rows] == [("c0", 0), ("c1", 1)]
    assert rows[0] == {
        "customer_id": "c0",
        "rank": 0,
        "reason": reason,
        "arm_price": "lower",
        "policy": "abc",
    }


def test_a_ranked_list_has_a_row_for_each_place() -> None:
    rows = table(
        decided(choice(2, 1, score=3.0), choice(3, 2, score=1.0, tier=1)), decided(choice(0)), pick=3
    )
    assert [(r["customer_id"], r["rank"], r["action"], r["score"], r["tier"]) for r in rows] == [
        ("c0", 1, "winback", 3.0, 1),
        ("c0", 2, "apology", 1.0, 2),
        ("c1", 1, "winback", 2.5, 1),
    ]


def test_a_holdout_records_what_would_have_been_and_decides_nothing() -> None:
    rows = table(
        decided(choice(1, send_at=5.0), choice(3, 2, score=1.0), reason="x", holdout="second"), pick=2
    )
    assert [(r["rank"], r["would_action"], r["score"], r["tier"], r["probability"]) for r in rows] == [
        (1, "winback", 2.5, 1, 1.0),
        (2, "apology", 1.0, 1, 1.0),
    ]
    assert rows[0]["would_channel"] == "email"
    assert rows[0]["would_content"] == "winback_b"
    assert rows[0]["would_slot"] == "evening"
    for row in rows:
        assert (row["holdout"], row["reason"]) == ("second", "holdout: second")
        assert not {"action", "channel", "content", "slot", "send_at"} & set(row)


def test_somebody_in_a_holdout_for_whom_there_was_nothing_has_a_row_of_rank_0() -> None:
    (row,) = table(decided(reason="x", holdout="universal"))
    assert (row["rank"], row["holdout"], row["reason"]) == (0, "universal", "holdout: universal")
    assert "would_action" not in row


def test_the_fallback_has_neither_score_nor_tier() -> None:
    (row,) = table(decided(choice(3, tier=None, score=None), reason="fallback"))
    assert (row["action"], row["rank"], row["probability"], row["reason"]) == ("apology", 1, 1.0, "fallback")
    assert not {"score", "tier"} & set(row)


def test_bad_data_is_decided_nothing_whatever_else_was_found() -> None:
    fee = FIELDS.index(field("fee"))
    (row,) = table(decided(choice(0), reason="x", holdout="universal"), bad=[fee])
    assert row == {"customer_id": "c0", "rank": 0, "reason": "bad data: MONTHLY FEE", "policy": "abc"}
    assert len(table(decided(choice(0), choice(3, 2)), pick=2, bad=[fee])) == 1


def test_nobody_is_no_row() -> None:
    assert table() == []


def test_keys_keep_their_type_but_for_dictionaries() -> None:
    made = DecisionTable(facts(), pa.int32(), "abc")
    keys = pa.array([7, 8], pa.int32())
    found = outcome_of([decided(choice(0)), decided()], facts())
    assert made.batch(keys, found).column("customer_id").equals(keys)
    made = DecisionTable(facts(), pa.dictionary(pa.int8(), pa.large_string()), "abc")
    coded = pa.array(["a", "b"], pa.large_string()).dictionary_encode()
    assert made.batch(coded, found).column(0).equals(pa.array(["a", "b"], pa.large_string()))


def test_keys_and_rejects_may_be_views_as_polars_has_them() -> None:
    found = outcome_of([decided(), decided(choice(0), choice(1, 2))], facts(2))
    made = DecisionTable(facts(2), pa.string_view(), "abc")
    batch = made.batch(pa.array(["a", "b"], pa.string_view()), found)
    assert batch.column(0).to_pylist() == ["a", "b", "b"]
    fields = (Input("id", TEXT), field("interests"))
    views = pa.table(
        {
            "id": pa.array(["a", "b"], pa.string_view()),
            "interests": pa.array([["golf"], []], pa.large_list(pa.string_view())),
        }
    )
    (reject,) = rejects(views, fields, [1, -1])
    assert (reject["id"], reject["interests"]) == ("a", ["golf"])


def test_a_key_named_like_a_column_of_ours_keeps_its_name() -> None:
    key = Input("rank", INTEGER)
    made = DecisionTable(facts(key=key, inputs=(key,)), pa.int64(), "abc")
    assert made.schema.names[:3] == ["rank", "rank_", "action"]


def test_reasons_have_a_code_for_everything_that_can_happen() -> None:
    texts = reason_texts(facts())
    assert texts[: len(REASONS)] == list(REASONS)
    assert texts[len(REASONS) : len(REASONS) + 3] == [
        "holdout: universal",
        "holdout: second",
        "bad data: customer_id",
    ]


places = st.builds(
    Choice,
    candidate=st.integers(0, 3),
    rank=st.just(0),
    tier=st.none() | st.integers(0, 1),
    score=st.none() | st.floats(allow_nan=False),
    probability=st.floats(0, 1),
    send_at=st.none() | st.integers(0, 10**15).map(float),
)
some_decisions = st.builds(
    lambda places, reason, holdout: decided(*places, reason=reason, holdout=holdout),
    st.lists(places, max_size=3),
    st.sampled_from(REASONS),
    st.sampled_from([None, None, "universal", "second"]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(some_decisions, max_size=6))
def test_every_decision_can_be_read_back_from_the_table(decisions: list[Decision]) -> None:
    rows = table(*decisions, pick=3)
    for i, each in enumerate(decisions):
        mine = [row for row in rows if row["customer_id"] == f"c{i}"]
        made = each.chosen or each.held
        assert [row["rank"] for row in mine] == (list(range(1, len(made) + 1)) or [0])
        prefix = "would_" if each.holdout else ""
        for row, one in zip(mine, made, strict=False):
            action, channel, content, slot = CANDIDATES[one.candidate]
            assert row[prefix + "action"] == action
            assert [row.get(prefix + part) for part in ("channel", "content", "slot")] == [
                channel,
                content,
                slot,
            ]
            assert (row.get("score"), row["probability"]) == (one.score, one.probability)
            assert row.get("tier") == (None if one.tier is None else one.tier + 1)


# --- rejects -----------------------------------------------------------------------------------------


def rejects(source: Any, inputs: tuple[Input, ...], bad: list[int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    profiles = open_profiles(source, inputs, batch_rows=2)
    made = RejectTable(inputs, profiles.given)
    for batch in profiles:
        marks = np.array(bad[batch.first : batch.first + len(batch.people)])
        rejected = made.batch(batch, marks)
        rejected.validate(full=True)
        assert rejected.schema.equals(made.schema)
        found += rejected.to_pylist()
    return found


def test_a_reject_is_the_row_as_it_came_with_its_number_and_what_is_wrong() -> None:
    data = pa.table({"id": ["a", "b", "c"], "age": [30, 130, 140]})
    fields = (Input("id", TEXT), Input("age", INTEGER, low=0.0, high=120.0))
    assert rejects(data, fields, [-1, 1, 1]) == [
        {
            "id": "b",
            "age": 130,
            "reason": "bad data: age",
            "problem": "130 is not a whole number from 0 to 120",
            "row": 2,
        },
        {
            "id": "c",
            "age": 140,
            "reason": "bad data: age",
            "problem": "140 is not a whole number from 0 to 120",
            "row": 3,
        },
    ]


def test_rejects_of_a_csv_file_have_its_text_and_say_what_is_wrong_with_it(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(b"id,age,plan\na,x,gold\nb,30,bsic\nc\nd\xe9,30,plus\n,3,plus\n")
    fields = (Input("id", TEXT), field("age"), field("plan"))
    found = rejects(path, fields, [1, 2, 0, 0, 0])
    assert [row["problem"] for row in found] == [
        '"x" is not a whole number from 0 to 120',
        '"bsic" is not one of basic, plus, unlimited; did you mean "basic"?',
        "1 fields where the first line has 3: c",
        '"d\ufffd" is not text; it is not valid UTF-8',
        "nothing is given, text is needed",
    ]
    assert [row["row"] for row in found] == [1, 2, 3, 4, 5]
    assert [row["age"] for row in found] == ["x", "30", None, "30", "3"]


def test_rejects_of_python_values_say_what_is_wrong_with_them() -> None:
    fields = (Input("id", TEXT), field("age"), field("interests"))
    data = {"id": ["a", "b", "c"], "age": [30.5, None, 30], "interests": [[], [], ["golf"]]}
    assert [row["problem"] for row in rejects(data, fields, [1, 1, 2])] == [
        "30.5 is not a whole number from 0 to 120",
        "nothing is given, a whole number from 0 to 120 is needed",
        '"golf" is not any of sport, film, travel',
    ]


def test_names_that_the_data_has_already_are_not_taken() -> None:
    made = RejectTable((Input("row", TEXT),), pa.schema([("row", pa.string()), ("row_", pa.string())]))
    assert made.schema.names == ["row", "row_", "reason", "problem", "row__"]


def test_rejects_have_no_dictionaries_as_those_differ_from_batch_to_batch(tmp_path: Path) -> None:
    table = to_arrow([read_record(FIELDS, person())], FIELDS)
    words = table.set_column(
        5, "interests", pa.array([["film"]], pa.list_(pa.dictionary(pa.int8(), pa.string())))
    )
    made = RejectTable(FIELDS, words.schema)
    assert made.schema.field("plan").type == pa.string()
    assert made.schema.field("interests").type == pa.list_(pa.string())
    (batch,) = open_profiles(words, FIELDS)
    with write_table(tmp_path / "rejects.arrow", made.schema) as out:
        out.write(made.batch(batch, np.array([1])))
    assert pa.ipc.open_file(str(tmp_path / "rejects.arrow")).read_all().column("interests").to_pylist() == [
        ["film"]
    ]


def test_an_outcome_has_an_array_for_every_part() -> None:
    found = outcome_of([decided(choice(0))], facts(2))
    assert isinstance(found, Outcome)
    assert found.chosen.tolist() == [[0, -1]]
    assert found.arms.tolist() == [[1]]
