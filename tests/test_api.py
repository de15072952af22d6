"""The Python interface: one policy, many ways to hand it people, one answer."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from invented_customers import NOW, PEOPLE, POLICY, ROWS, arrow

import nbadsl

BERLIN = ZoneInfo("Europe/Berlin")  # the policy's time zone


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("policy") / "policy.nba"
    file.write_text(POLICY)
    return file


@pytest.fixture(scope="module")
def policy(path: Path) -> nbadsl.Policy:
    return nbadsl.load(path)


@pytest.fixture(scope="module")
def expected(policy: nbadsl.Policy) -> list[dict[str, Any]]:
    """The decisions for `ROWS`; every way of a decision occurs among them."""
    rows = policy.decide(arrow(), now=NOW).to_pylist()
    assert {r["reason"] for r in rows} == {"chosen", "below threshold", "nobody passed", "holdout: universal"}
    assert {r["action"] for r in rows} == {"upgrade", "cinema", "apology", None}
    assert {r["content"] for r in rows} == {"short", "long", None}
    return rows


# --- many ways to hand over people ---


def polars() -> Any:
    import polars as pl

    return pl.from_arrow(arrow())


def pandas() -> Any:
    return arrow().to_pandas()


def duckdb() -> Any:
    import duckdb

    customers = arrow()
    relation = duckdb.connect().from_arrow(customers)
    return relation.project("*")


def arrays() -> dict[str, Any]:
    def column(name: str, type: Any) -> np.ndarray[Any, Any]:
        return np.array([row[name] for row in ROWS], type)

    never = np.datetime64("NaT")
    return {
        "customer_id": column("customer_id", str),
        "age": column("age", np.int16),
        "plan": column("plan", str),
        "fee": column("fee", np.float64),
        "income": pa.array([row["income"] for row in ROWS], pa.float64()),
        "last_complaint": np.array(
            [
                never
                if r["last_complaint"] is None
                else r["last_complaint"].astimezone(BERLIN).replace(tzinfo=None)
                for r in ROWS
            ],
            "datetime64[us]",
        ),
        "interests": [row["interests"] for row in ROWS],
        "consent": column("consent", bool),
    }


WAYS: dict[str, Callable[[], Any]] = {
    "Polars": polars,
    "pandas": pandas,
    "PyArrow": arrow,
    "a record batch": lambda: arrow().to_batches()[0],
    "DuckDB": duckdb,
    "arrays": arrays,
    "dicts": lambda: ROWS,
}


@pytest.mark.parametrize("way", WAYS)
def test_however_people_are_handed_over_they_are_decided_the_same(
    way: str, policy: nbadsl.Policy, expected: list[dict[str, Any]]
):
    assert policy.decide(WAYS[way](), now=NOW).to_pylist() == expected


def test_a_path_is_read(policy: nbadsl.Policy, expected: list[dict[str, Any]], tmp_path: Path):
    pq.write_table(arrow(), tmp_path / "people.parquet")
    for source in (tmp_path / "people.parquet", str(tmp_path / "people.parquet")):
        assert policy.decide(source, now=NOW).to_pylist() == expected


def test_what_are_no_people_is_refused_by_name(policy: nbadsl.Policy, tmp_path: Path):
    with pytest.raises(TypeError, match=r"cannot read profiles from builtins\.int"):
        policy.decide(5, now=NOW)
    with pytest.raises(ValueError, match=r"nowhere\.parquet"):
        policy.decide(tmp_path / "nowhere.parquet", now=NOW)
    with pytest.raises(ValueError, match="age"):
        policy.decide(arrow().drop_columns(["age"]), now=NOW)


def test_nobody_is_decided_without_complaint(policy: nbadsl.Policy):
    decisions = policy.decide(arrow().slice(0, 0), now=NOW)
    assert len(decisions) == 0 and decisions.report.people == 0


# --- what comes back ---


def test_one_person_is_decided_as_in_the_table(policy: nbadsl.Policy, expected: list[dict[str, Any]]):
    by_person: dict[str, list[dict[str, Any]]] = {}
    for row in expected:
        by_person.setdefault(row["customer_id"], []).append(row)
    for person in ROWS:
        rows, one = by_person[person["customer_id"]], policy.decide_one(person, now=NOW)
        assert (one.key, one.reason, one.holdout) == tuple(
            rows[0][n] for n in ("customer_id", "reason", "holdout")
        )
        assert dict(one.arms) == {"look": rows[0]["arm_look"]}
        assert one.policy == rows[0]["policy"]
        listed = [r for r in rows if r["action"] is not None]
        assert [
            (c.rank, c.action, c.channel, c.content, c.score, c.tier, c.probability) for c in one.choices
        ] == [
            tuple(r[n] for n in ("rank", "action", "channel", "content", "score", "tier", "probability"))
            for r in listed
        ]
        held = [r for r in rows if r["would_action"] is not None]
        assert [(c.action, c.channel, c.content) for c in one.would] == [
            tuple(r[n] for n in ("would_action", "would_channel", "would_content")) for r in held
        ]


def test_the_story_of_a_person_ends_as_the_decision(policy: nbadsl.Policy):
    for person in ROWS[:50]:
        one, story = policy.decide_one(person, now=NOW), policy.explain(person, now=NOW)
        assert story.reason == one.reason
        won = {(c.action, c.channel, c.content) for c in (*one.choices, *one.would)}
        chosen = [t for t in story.candidates if t.fate == "chosen"]
        assert len(chosen) == len(won) and {t.action for t in chosen} == {action for action, _, _ in won}
        assert str(story).startswith("nothing" if not one.choices else one.action)


def test_the_best_choice_can_be_read_directly(policy: nbadsl.Policy):
    one = policy.decide_one(
        ROWS[0] | {"last_complaint": NOW - timedelta(days=1), "customer_id": "c1"}, now=NOW
    )
    assert (
        one.best == one.choices[0] and one.action == "apology" and one.channel is None and one.content is None
    )
    none = policy.decide_one(ROWS[0] | {"age": 10, "interests": [], "last_complaint": None}, now=NOW)
    assert none.best is None and none.action is None and none.channel is None and none.content is None


def test_results_cannot_be_changed(policy: nbadsl.Policy):
    one = policy.decide_one(ROWS[0], now=NOW)
    with pytest.raises(FrozenInstanceError):
        one.reason = "chosen"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        policy.decide([ROWS[0]], now=NOW).report.people = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        policy.decide([ROWS[0]], now=NOW).table = None  # type: ignore[misc]


def test_decisions_speak_arrow(policy: nbadsl.Policy, expected: list[dict[str, Any]]):
    import polars as pl

    decisions = policy.decide(ROWS, now=NOW)
    assert pa.table(decisions).num_rows == len(decisions) == len(expected)
    assert pl.DataFrame(decisions)["action"].to_list() == [row["action"] for row in expected]
    assert repr(decisions) == f"<Decisions: {PEOPLE} people, {len(expected)} rows>"


def test_rejects_are_there_with_what_is_wrong(policy: nbadsl.Policy):
    decisions = policy.decide([ROWS[0], ROWS[1] | {"age": 200}], now=NOW)
    (reject,) = decisions.rejects.to_pylist()
    assert (reject["customer_id"], reject["row"], reject["reason"]) == ("c1", 2, "bad data: age")
    with pytest.raises(ValueError, match="age"):
        policy.decide_one(ROWS[1] | {"age": 200}, now=NOW)


def test_rejects_of_a_polars_frame_keep_their_values(policy: nbadsl.Policy):
    import polars as pl

    frame = polars().with_columns(
        age=pl.when(pl.col("customer_id") == "c2").then(200).otherwise(pl.col("age"))
    )
    (reject,) = policy.decide(frame, now=NOW).rejects.to_pylist()
    assert {name: reject[name] for name in ("customer_id", "plan", "interests")} == {
        name: ROWS[2][name] for name in ("customer_id", "plan", "interests")
    }


# --- inputs of a run ---


def test_a_moment_without_a_zone_is_the_policys(policy: nbadsl.Policy):
    local = datetime(2026, 11, 10, 10, 0)
    assert policy.decide(ROWS, now=local).table.equals(policy.decide(ROWS, now=NOW).table)
    assert policy.decide(ROWS, now=local).report.now == "2026-11-10 10:00 Europe/Berlin"


def test_parameters_and_context_change_decisions(policy: nbadsl.Policy):
    person = ROWS[0] | {
        "plan": "basic",
        "age": 30,
        "fee": 20.0,
        "income": None,
        "consent": True,
        "last_complaint": None,
    }
    person |= {"interests": ["film"], "customer_id": "c1"}
    scores = [c.score for c in policy.decide_one(person, now=NOW).choices]
    assert scores == [30.0, 20.0]
    assert [c.score for c in policy.decide_one(person, now=NOW, parameters={"lever": 3}).choices] == [
        60.0,
        30.0,
    ]
    assert [c.score for c in policy.decide_one(person, now=NOW, context={"page": "cart"}).choices] == [20.0]
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert [c.score for c in policy.decide_one(person, now=later).choices] == [40.0, 30.0]


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"parameters": {"levr": 1}}, "there is no parameter `levr`: did you mean `lever`?"),
        ({"parameters": {"lever": 11}}, "parameter `lever` is 11, and must be between 0 and 10"),
        ({"context": {"page": "hme"}}, "page"),
    ],
)
def test_wrong_inputs_are_named(given: dict[str, Any], part: str, policy: nbadsl.Policy):
    for decide in (
        lambda: policy.decide(ROWS, now=NOW, **given),
        lambda: policy.decide_one(ROWS[0], now=NOW, **given),
    ):
        with pytest.raises(nbadsl.BadInput) as error:
            decide()
        assert part in str(error.value)


# --- policies ---


def test_eight_threads_may_use_one_policy(path: Path, expected: list[dict[str, Any]]):
    fresh = nbadsl.load(path)
    table = arrow()

    def work(number: int) -> bool:
        if number % 2:
            return fresh.decide(table, now=NOW).to_pylist() == expected
        ones = [fresh.decide_one(person, now=NOW).reason for person in ROWS[number * 10 : number * 10 + 40]]
        return all(ones)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(24)))


def test_the_number_of_threads_changes_nothing(policy: nbadsl.Policy, expected: list[dict[str, Any]]):
    assert policy.decide(arrow(), now=NOW, threads=2).to_pylist() == expected


def test_a_compiled_policy_is_the_policy(
    policy: nbadsl.Policy, expected: list[dict[str, Any]], tmp_path: Path
):
    policy.save(tmp_path / "policy.nbac")
    compiled = nbadsl.load(tmp_path / "policy.nbac")
    assert compiled.hash == policy.hash and repr(compiled) == repr(policy) == "<Policy shop: 5 candidates>"
    assert compiled.decide(arrow(), now=NOW).to_pylist() == expected
    assert compiled.decide_one(ROWS[3], now=NOW) == policy.decide_one(ROWS[3], now=NOW)
    assert str(compiled.explain(ROWS[3], now=NOW)) == str(policy.explain(ROWS[3], now=NOW))
    assert compiled.facts == policy.facts


def test_the_hash_is_of_the_meaning_not_of_the_text(policy: nbadsl.Policy, tmp_path: Path):
    def hash_of(text: str) -> str:
        (tmp_path / "other.nba").write_text(text)
        return nbadsl.load(tmp_path / "other.nba").hash

    assert hash_of("# A comment more.\n" + POLICY) == policy.hash
    assert hash_of(POLICY.replace("age >= 18", "age >= 21")) != policy.hash


MEANS = """policy p { currency EUR }
profile customer key id { id: text  age: integer  vip: flag optional }
context { hour: integer  page: text }
parameter least: money = 1 EUR
parameter most: number = 10
define grown = age >= 18
group promo { exclude when age > 90 because "too old" }
action a in promo { eligible when grown  value 3 EUR }
action b { value 2 EUR * most  limit 1 per week }
arbitrate { score value  nothing below least }
"""
SAME = [
    ("currency EUR", 'currency EUR title "A policy"'),
    ("{ eligible when grown ", '{ title "The first"  eligible when grown because "of age" '),
    ('because "too old"', 'because "much too old"'),
    ("hour: integer  page: text", "page: text  hour: integer"),
    (
        "parameter least: money = 1 EUR\nparameter most: number = 10",
        "parameter most: number = 10\nparameter least: money = 1 EUR",
    ),
    ("define grown = age >= 18\n", "define old = age > 60\ndefine grown = age >= 18\n"),
    ("when grown", "when age >= 18"),
    ("arbitrate", 'guarantee "grown up": never a when age < 18\narbitrate'),
]
OTHER = [
    ("age >= 18", "age >= 19"),
    ("age > 90", "age >= 90"),
    ("value 3 EUR", "value 1 EUR + 2 EUR"),  # no rewriting is done
    ("exclude when age > 90", "exclude when age > 90, unknown keeps"),
    ("vip: flag optional", "vip: flag"),
    ("1 per week", "2 per week"),
    ("1 per week", "1 per day"),
    ("most: number = 10", "most: number = 11"),
    ("least }", "2 EUR }"),
    ("action b", "action c"),
]


@pytest.mark.parametrize(
    ("before", "after", "same"), [(*e, True) for e in SAME] + [(*e, False) for e in OTHER]
)
def test_the_hash_changes_with_the_meaning_alone(before: str, after: str, same: bool, tmp_path: Path):
    assert before in MEANS
    hashes = []
    for name, text in (("one", MEANS), ("two", MEANS.replace(before, after))):
        (tmp_path / f"{name}.nba").write_text(text)
        policy = nbadsl.load(tmp_path / f"{name}.nba")
        policy.save(tmp_path / f"{name}.nbac")
        hashes.append(policy.hash)
        assert nbadsl.load(tmp_path / f"{name}.nbac").hash == policy.hash
    assert (hashes[0] == hashes[1]) is same


def test_the_hash_does_not_ask_what_the_compiler_makes_of_it(
    policy: nbadsl.Policy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("nbadsl.plan.lower.lower", None)
    assert nbadsl.Policy(None, policy.program).hash == policy.hash


def test_a_policy_with_errors_is_not_loaded_and_says_why(tmp_path: Path):
    (tmp_path / "wrong.nba").write_text(POLICY.replace("age >= 18", "agee >= 18"))
    with pytest.raises(nbadsl.PolicyError, match="did you mean `age`") as error:
        nbadsl.load(tmp_path / "wrong.nba")
    assert [d.kind.name for d in error.value.diagnostics] == ["unknown-name"]
    assert [d.kind.name for d in nbadsl.check(tmp_path / "wrong.nba").diagnostics] == ["unknown-name"]
    with pytest.raises(FileNotFoundError):
        nbadsl.load(tmp_path / "nowhere.nba")


def test_a_policy_with_limits_needs_a_history(tmp_path: Path):
    (tmp_path / "limited.nba").write_text(
        POLICY.replace("value 30 EUR", "value 30 EUR\n  limit 2 per customer per day")
    )
    limited = nbadsl.load(tmp_path / "limited.nba")
    for decide in (lambda: limited.decide(ROWS, now=NOW), lambda: limited.decide_one(ROWS[0], now=NOW)):
        with pytest.raises(nbadsl.NeedsHistory, match="limit 2 per customer per day"):
            decide()
    assert limited.explain(ROWS[0], now=NOW).policy == "shop"


def test_the_models_take_a_person_and_a_context(policy: nbadsl.Policy):
    person = policy.Profile.model_validate(ROWS[0])
    expected = policy.decide_one(ROWS[0], now=NOW)
    assert policy.decide_one(person.model_dump(by_alias=True), now=NOW) == expected
    assert policy.decide_one(person, now=NOW) == expected
    assert str(policy.explain(person, now=NOW)) == str(policy.explain(ROWS[0], now=NOW))
    with pytest.raises(ValueError, match="age"):
        policy.Profile.model_validate(ROWS[0] | {"age": 200})
    assert policy.Context.model_validate({"page": "home"}).model_dump() == {"page": "home"}
    assert set(policy.Profile.model_json_schema()["required"]) == {
        "customer_id",
        "age",
        "plan",
        "fee",
        "interests",
        "consent",
    }


def test_what_cannot_be_a_person_a_moment_or_a_history_is_said_at_once(policy: nbadsl.Policy):
    for ask in (policy.decide_one, policy.explain):
        with pytest.raises(TypeError, match=r"a person is a dict or a Policy\.Profile, not list"):
            ask([ROWS[0]])  # type: ignore[arg-type]
    for ask in (policy.decide_one, policy.explain, policy.decide):
        with pytest.raises(TypeError, match=r"what nbadsl\.open_history gives"):
            ask(ROWS[0], now=NOW, history="contacts.db")  # type: ignore[operator]
        with pytest.raises(TypeError, match="`now` is a datetime, not str"):
            ask(ROWS[0], now="2026-11-10")  # type: ignore[operator]


def test_errors_that_a_service_catches_have_public_names(policy: nbadsl.Policy):
    with pytest.raises(nbadsl.BadRecord, match="age") as error:
        policy.decide_one(ROWS[0] | {"age": 200}, now=NOW)
    assert (error.value.field, error.value.value) == ("age", 200)
    with pytest.raises(nbadsl.BadData, match="column `age` is missing"):
        policy.decide({"customer_id": ["a"]}, now=NOW)


def test_importing_is_cheap_and_checking_needs_no_engine(path: Path):
    code = (
        "import sys, nbadsl\n"
        f"found = nbadsl.check({str(path)!r})\n"
        "assert found.diagnostics == ()\n"
        "print(sorted({'numba', 'numpy', 'pyarrow', 'rich', 'pydantic', 'click'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stdout + done.stderr


def test_public_names_are_all_there():
    assert all(getattr(nbadsl, name) is not None for name in nbadsl.__all__)
    assert set(nbadsl.__all__) < set(dir(nbadsl))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        nbadsl.nothing  # noqa: B018 - it is the attribute that is asked for


def test_making_the_engine_ready_is_no_part_of_a_runs_time(path: Path, monkeypatch: pytest.MonkeyPatch):
    from nbadsl.engine.batch import Engine

    ready: list[float] = []
    make = Engine.__init__

    def slowly(engine: Engine, plan: Any) -> None:
        make(engine, plan)
        time.sleep(0.1)
        ready.append(time.time())

    monkeypatch.setattr(Engine, "__init__", slowly)
    report = nbadsl.load(path).decide(arrow(), now=NOW).report
    assert [report.seconds <= time.time() - moment for moment in ready] == [True]
