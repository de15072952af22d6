"""A recorded decision is made again to the bit; a changed record, and another policy, are noticed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from arrays import to_arrow
from commands import change, fails, nba
from differential import decide as decide_together
from differential import plan_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies_profile import FIELDS, exactly, rows
from strategies_program import Case, cases

import nbadsl
from nbadsl.data.plain import plain
from nbadsl.data.records import read_record
from nbadsl.engine.batch import Engine
from nbadsl.engine.single import Single
from nbadsl.history.memory import MemoryStore
from nbadsl.interpreter import decide
from nbadsl.interpreter.decide import run_all
from nbadsl.program.facts import facts_of
from nbadsl.replay import Replayed, recording, replay
from nbadsl.replay.batch import Recorded
from nbadsl.types import DAY

NOW = datetime(2026, 11, 20, 9, 0, 0, 1, tzinfo=UTC)
POLICY = """
policy shop { timezone "Europe/Berlin"  currency EUR }
profile customer key customer_id {
  customer_id: text
  fee: number
  risk: probability
  joined: time
  pause: duration in hours optional
  wants: any of sport, film
  seen: clock optional
}
context { page: one of home, cart = home }
parameter lever: number = 1.1 { from 2026-12-01 = 1.3 }
parameter start: date = 2026-01-01
experiment price by customer_id { low 50%, high 50% }
holdout few 10% by customer_id
action a { limit 1 per customer per 7 days  value fee * risk * lever  boost 1.7 when price is high }
action b { eligible when joined < now  value fee ^ 0.3 * risk }
action c { limit 3 per day  value log(fee + 2)  eligible when page is home }
action d { value 1 + risk  exclude when wants has sport }
explore 20%
arbitrate { score value * boost }
"""


@pytest.fixture
def shop(tmp_path: Path) -> nbadsl.Policy:
    (tmp_path / "policy.nba").write_text(POLICY)
    return nbadsl.load(tmp_path / "policy.nba")


def people(number: int = 60) -> list[dict[str, Any]]:
    return [
        {
            "customer_id": f"c{n}",
            "fee": 0.1 * n,
            "risk": (n * 0.37) % 1,
            "joined": f"2026-0{n % 9 + 1}-03T04:05:06.{n:06}Z",
            "pause": n / 7 if n % 3 else None,
            "wants": ["sport"] if n % 4 else ["film", "sport"],
            "seen": "07:08:09" if n % 2 else None,
        }
        for n in range(number)
    ]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def found(policy: nbadsl.Policy, path: Path, **how: Any) -> list[Replayed]:
    return list(policy.replay(path.read_text().splitlines(), **how))


def record_all(policy: nbadsl.Policy, path: Path) -> list[nbadsl.Decision]:
    history = MemoryStore()
    with nbadsl.Recorder(path) as record:
        return [
            policy.decide_one(
                person, now=NOW, seed=7, context={"page": "home"}, history=history, record=record
            )
            for person in people()
        ]


def test_what_python_decides_is_recorded_and_made_again(shop, tmp_path):
    decisions = record_all(shop, tmp_path / "d.jsonl")
    written = lines_of(tmp_path / "d.jsonl")
    assert [line["id"] for line in written] == [decision.id for decision in decisions]
    assert {line["decision"]["reason"] for line in written} >= {"chosen", "explored", "holdout: few"}
    assert {each["room"] for line in written for each in line["limits"] if each["name"] == "3 per day"} >= {
        0,
        3,
    }
    for line, decision in zip(written, decisions, strict=True):
        assert [c["score"] for c in line["decision"]["choices"]] == [c.score for c in decision.choices]
        assert line["decision"]["arms"] == decision.arms
    assert all(each.agrees for each in found(shop, tmp_path / "d.jsonl"))


def test_a_decision_that_was_made_before_is_recorded_once(shop, tmp_path):
    history, person = MemoryStore(), people(2)[1]
    with nbadsl.Recorder(tmp_path / "d.jsonl") as record:
        for _ in range(2):
            shop.decide_one(person, now=NOW, history=history, record=record)
    assert len(lines_of(tmp_path / "d.jsonl")) == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_a_run_is_recorded_too_with_what_limits_left(shop, tmp_path, threads):
    table = pa.Table.from_pylist(
        [{**p, "joined": datetime(2026, 1, 2, tzinfo=UTC), "seen": None} for p in people()]
    )
    table = table.set_column(table.column_names.index("seen"), "seen", pa.nulls(60, pa.time64("us")))
    with nbadsl.Recorder(tmp_path / "d.jsonl") as record:
        decisions = shop.decide(table, now=NOW, seed=3, history=MemoryStore(), record=record, threads=threads)
    written = lines_of(tmp_path / "d.jsonl")
    assert [line["profile"]["customer_id"] for line in written] == [f"c{n}" for n in range(60)]
    actions = [
        line["decision"]["choices"][0]["action"] if line["decision"]["choices"] else None for line in written
    ]
    assert actions == decisions.table.column("action").to_pylist()
    assert actions.count("c") == 3  # the limit that people share, which others must have wanted
    assert any(each["lost"] == ["c"] for line in written for each in line["limits"])
    assert all(each.agrees for each in found(shop, tmp_path / "d.jsonl"))


def test_a_share_is_part_of_a_larger_one_and_the_same_for_a_run_and_for_one_by_one(shop, tmp_path):
    def ids(share: float, alone: bool) -> set[str]:
        path = tmp_path / f"{share} {alone}.jsonl"
        with nbadsl.Recorder(path, share) as record:
            if alone:
                for person in people(300):
                    shop.decide_one(person, now=NOW, history=MemoryStore(), record=record)
            else:
                shop.decide(people(300), now=NOW, history=MemoryStore(), record=record)
        return {line["id"] for line in lines_of(path)}

    few, more = ids(0.1, True), ids(0.3, True)
    assert few < more and 10 <= len(few) <= 60 and ids(0.1, False) == few
    with pytest.raises(ValueError, match="a share is from 0 to 1"):
        nbadsl.Recorder(tmp_path / "x.jsonl", 1.5)


CHANGES = {
    "choices 1 score": lambda line: line["decision"]["choices"][0].update(
        score=line["decision"]["choices"][0]["score"] * (1 + 2**-52)
    ),
    "choices 1 action": lambda line: line["decision"]["choices"][0].update(action="x"),
    "choices 1 probability": lambda line: line["decision"]["choices"][0].update(probability=0.5),
    "reason": lambda line: line["decision"].update(reason="below threshold"),
    "arms price": lambda line: line["decision"]["arms"].update(price="none"),
    "holdout": lambda line: line["decision"].update(holdout="few"),
    "choices 2 action": lambda line: line["decision"]["choices"].append({"action": "x"}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_record_is_noticed_to_the_last_bit(shop, tmp_path, what):
    path = tmp_path / "d.jsonl"
    record_all(shop, path)
    written = lines_of(path)
    number = next(n for n, line in enumerate(written) if line["decision"]["choices"])
    CHANGES[what](written[number])
    path.write_text("".join(json.dumps(line) + "\n" for line in written))
    unlike = [each for each in found(shop, path) if not each.agrees]
    assert [(each.line, [d.what for d in each.differences][:1]) for each in unlike] == [(number + 1, [what])]


@pytest.mark.parametrize("field", ["fee", "risk", "joined", "seed", "lever", "page", "room", "now"])
def test_a_changed_input_is_noticed(shop, tmp_path, field):
    path = tmp_path / "d.jsonl"
    record_all(shop, path)
    written = lines_of(path)
    for line in written:
        match field:
            case "seed":
                line["seed"] += 1
            case "now":
                line["now"] = "2026-11-20T09:00:00.000002Z"
            case "lever":
                line["parameters"]["lever"] = 1.2
            case "page":
                line["context"]["page"] = "cart"
            case "room":
                line["limits"][0]["room"] = 0
            case "joined":
                line["profile"]["joined"] = "2027-01-01T00:00:00Z"
            case _:
                line["profile"][field] = 0.3
    path.write_text("".join(json.dumps(line) + "\n" for line in written))
    assert any(each.differences for each in found(shop, path))


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(cases(shares=True))
def test_whatever_is_decided_is_made_again_to_the_bit(case: Case):
    facts, single = facts_of(case.program), Single(Engine(plan_of(case.program)))
    fields = frozenset(field.name for field in case.program.inputs)

    for decides in (partial(decide, case.program), single.decide):
        lines = [
            recording(
                facts,
                "h",
                row,
                case.given,
                case.seed,
                replace(decides(row, case.given, case.seed), stories=()),
            ).line()
            for row in case.rows
        ]
        again = list(replay(lines, facts, "h", fields, decides))
        assert len(again) == len(lines) and all(each.agrees for each in again), again


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(cases(min_size=2, shares=True))
def test_what_is_decided_with_others_is_made_again_alone(case: Case):
    plan, facts = plan_of(case.program), facts_of(case.program)
    fields = frozenset(field.name for field in case.program.inputs)
    people = to_arrow(case.rows, (*facts.inputs, *facts.rooms)).combine_chunks()
    rooms = [people.column(limit.room).to_numpy().astype(np.int64) for limit in facts.limits]
    found = replace(decide_together(plan, case, people), rooms=rooms)
    recorded = Recorded(facts, "h", case.given, case.seed, 1.0, fields)
    (batch,) = people.to_batches()
    lines = recorded.lines(batch, found)
    again = list(replay(lines, facts, "h", fields, Single(Engine(plan)).decide))
    assert len(again) == len(case.rows) and all(each.agrees for each in again), again

    lines = []
    for row, outcome in zip(case.rows, run_all(case.program, case.rows, case.given, case.seed), strict=True):
        decision = outcome.decision
        stopped = [(n, s.rule) for n, s in enumerate(decision.stories) if s.rule is not None]
        limits = {n: case.program.candidates[n].rules[rule].room for n, rule in stopped}
        names = [limit.room for limit in facts.limits]
        lost = {n: names.index(room) for n, room in limits.items() if room and row[room] > 0}
        lines.append(recording(facts, "h", row, case.given, case.seed, decision, lost=lost).line())
    again = list(replay(lines, facts, "h", fields, partial(decide, case.program)))
    assert all(each.agrees for each in again), again


@settings(deadline=None)
@given(rows())
def test_values_read_back_as_they_were(some):
    for row in some:
        written = json.loads(json.dumps({field.name: plain(field, row[field.name]) for field in FIELDS}))
        assert exactly(read_record(FIELDS, written)) == exactly(row)


@settings(deadline=None)
@given(st.floats(-1e9, 1e9), st.sampled_from([3.6e9, 8.64e10, 1e6]))
def test_a_length_in_its_own_unit_reads_back_to_the_bit(times, unit):
    field = replace(next(f for f in FIELDS if f.name == "offset"), unit=unit)
    value = read_record([field], {"offset": times})["offset"]
    written = json.loads(json.dumps(plain(field, value)))
    assert read_record([field], {"offset": written})["offset"] == value


@given(st.integers(-(10**15), 10**15), st.sampled_from(["since", "complaint", "wait", "wakes"]))
def test_moments_and_lengths_read_back_to_the_microsecond(microseconds, name):
    field = replace(next(f for f in FIELDS if f.name == name), low=None)
    value = float(microseconds % DAY if name == "wakes" else microseconds)
    assert read_record([field], {name: json.loads(json.dumps(plain(field, value)))})[name] == value


# --- the command ---


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    nba("new", tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    ended = nba(
        "run", "-p", "customers.csv", "--now", "2026-11-10 09:00", "--record", "d.jsonl", "--report", "none"
    )
    assert ended.code == 0, ended.said
    return tmp_path / "shop" / "d.jsonl"


def test_nba_replay_says_how_many_agree(recorded: Path):
    number = len(lines_of(recorded))
    ended = nba("replay", "d.jsonl")
    assert (ended.code, ended.out) == (0, f"{number} decisions of shop: {number} agree to the bit\n")
    nba("build", "policy.nba", "-o", "policy.nbac")
    for how in (("--policy", "policy.nbac"), ("--interpreter",)):
        assert nba("replay", "d.jsonl", *how).out == ended.out
    data = json.loads(nba("replay", "d.jsonl", "--format", "json").out)
    assert (data["schema_version"], data["agree"], data["lines"]) == (1, number, [])


def test_nba_replay_names_damaged_lines_and_goes_on(recorded: Path):
    written = recorded.read_text().splitlines()
    missing = json.loads(written[1])
    del missing["profile"]["churn_risk"]
    written[0], written[1] = written[0][:50], json.dumps(missing)
    written[2] = written[2].replace('"schema_version":1', '"schema_version":9')
    recorded.write_text("\n".join(written) + "\n\n")
    said = fails(1, "replay", "d.jsonl").splitlines()
    assert said[0].startswith("line 1: damaged: not JSON")
    assert said[1].startswith("line 2: ") and said[1].endswith("`churn_risk` is not in the record")
    assert said[2].endswith("schema_version is 9, this nba reads 1")
    assert (
        said[3]
        == f"{len(written)} decisions of shop: {len(written) - 3} agree to the bit, 3 cannot be made again"
    )


def test_nba_replay_refuses_another_policy_unless_it_is_asked_what_changes(recorded: Path):
    change(Path("policy.nba"), "  score ", "  score 2 * ")
    said = fails(2, "replay", "d.jsonl")
    assert "was decided by another policy: shop" in said and "add --changed" in said
    changed = fails(1, "replay", "d.jsonl", "--changed")
    assert " differ" in changed and "choices 1 score: " in changed


def test_another_policy_decides_by_its_own_parameters_and_the_room_that_was_left(shop, tmp_path):
    record_all(shop, tmp_path / "d.jsonl")
    text = POLICY.replace("lever: number = 1.1", "lever: number = 2.2")
    (tmp_path / "p.nba").write_text(text.replace("limit 3 per day", "limit 3 per day  limit 5 per week"))
    again = found(nbadsl.load(tmp_path / "p.nba"), tmp_path / "d.jsonl", changed=True)
    written = lines_of(tmp_path / "d.jsonl")
    assert all(not each.problem for each in again)
    twice = [
        (line["decision"]["choices"][0]["score"] * 2, each.differences)
        for line, each in zip(written, again, strict=True)
        if [c["action"] for c in line["decision"]["choices"]] == ["a"]
        and line["decision"]["reason"] == "chosen"
    ]
    assert twice and all(
        [(d.what, d.now) for d in differences] == [("choices 1 score", pytest.approx(score))]
        for score, differences in twice
    )


TOGETHER = """
policy p { timezone "UTC" }
profile customer key id { id: text  home: text }
action a { value 4  limit 1 per home ever }
action b { value 3  limit 2 per day }
action c { value 2 }
arbitrate { score value  pick 2 }
"""


def test_everybody_who_is_decided_with_others_is_written_down(tmp_path):
    (tmp_path / "p.nba").write_text(TOGETHER)
    path, together = tmp_path / "d.jsonl", nbadsl.load(tmp_path / "p.nba")
    with nbadsl.Recorder(path) as record:
        some = [{"id": f"c{n}", "home": f"h{n // 3}"} for n in range(9)]
        together.decide(some, now=NOW, history=MemoryStore(), record=record)
    written = lines_of(path)
    lost = [[name for limit in line["limits"] for name in limit["lost"]] for line in written]
    assert len(written) == 9 and sum(map(len, lost)) == 6 + 7
    for how in ({}, {"interpreter": True}):
        assert all(each.agrees for each in found(together, path, **how))
    # Another policy has as much room as each person was given, and decides the same by another name.
    (tmp_path / "p.nba").write_text(
        TOGETHER.replace('"UTC"', '"UTC"  title "Other"').replace("value 2", "value 1")
    )
    again = found(nbadsl.load(tmp_path / "p.nba"), path, changed=True)
    assert {d.what for each in again for d in each.differences} == {"choices 1 score", "choices 2 score"}
    assert all(d.recorded == 2 and d.now == 1 for each in again for d in each.differences)


@pytest.mark.parametrize(
    ("part", "value", "problem"),
    [
        ("lost", ["c"], "1 per home ever does not stop `c`"),
        ("lost", ["x"], "1 per home ever does not stop `x`"),
        ("lost", "a", "`limits` is not what it should be"),
        ("room", 10**400, "`limits` is not what it should be"),
        ("room", True, "`limits` is not what it should be"),
    ],
)
def test_a_damaged_limit_is_named(tmp_path, part, value, problem):
    (tmp_path / "p.nba").write_text(TOGETHER)
    path, together = tmp_path / "d.jsonl", nbadsl.load(tmp_path / "p.nba")
    with nbadsl.Recorder(path) as record:
        together.decide_one({"id": "c", "home": "h"}, now=NOW, history=MemoryStore(), record=record)
    (line,) = lines_of(path)
    line["limits"][0][part] = value
    (again,) = together.replay([json.dumps(line)])
    assert again.problem == problem


def test_record_share_is_a_share(recorded: Path):
    assert "write `1%`" in fails(
        2, "run", "-p", "customers.csv", "--record", "x.jsonl", "--record-share", "many"
    )
    assert "cannot write" in fails(2, "run", "-p", "customers.csv", "--record", "customers.csv")
    assert "there is no file" in fails(2, "replay", "nowhere.jsonl")
