"""`nba simulate --arms`: a control policy decides what a policy does that somebody wrote to say the same."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import nbadsl
from nbadsl.history.memory import MemoryStore
from nbadsl.program import chance
from nbadsl.simulate.arms import FULL, Arm, Arms, compare
from nbadsl.simulate.control import LOT, controls
from nbadsl.simulate.deciding import Side
from nbadsl.simulate.draws import LOTTERY, Draws
from nbadsl.simulate.simulate import Asked

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
AT = NOW.timestamp() * 1e6
SEED = 7

POLICY = """
policy arms { currency EUR }
profile customer key customer_id {
  customer_id: text
  age: integer in 0..120
  risk: probability optional
  fee: money in 0 EUR..500 EUR
  member: flag
  LOTS
}
channel email { require age >= 18 }
channel push { limit 60 per day }
channel call { budget 60 EUR per month, 3 EUR each }
group sales { exclude when risk > 90%, unknown keeps }
action winback in sales {
  eligible when risk > 40%
  via email, call
  propensity 0.9 - risk * 0.5
  VALUE_WINBACK
  BOOST_MEMBERS
  limit 40 per day
}
action tip in sales {
  via push
  via email { BOOST_EMAIL }
  propensity if member then 40% else 10%
  VALUE_TIP
}
action thanks { eligible when member and age > 60  via email  propensity 5%  VALUE_THANKS }
action wave { eligible when age < 70 }
PRIORITY
arbitrate { SCORE  pick PICK  fallback wave }
holdout none_of_it 10% by customer_id
"""
WRITTEN = {
    "LOTS": "",
    "VALUE_WINBACK": "value fee * 2",
    "VALUE_TIP": "value 30 EUR",
    "VALUE_THANKS": "value 1 EUR",
    "BOOST_MEMBERS": "boost 3 when member",
    "BOOST_EMAIL": "boost 0.5",
    "PRIORITY": "priority { thanks when age > 80  everything else }",
    "SCORE": "score propensity * value * boost  nothing below 2 EUR",
}
BY_HAND = {
    "no boosts": {"BOOST_MEMBERS": "", "BOOST_EMAIL": ""},
    "propensity only": {"SCORE": "score propensity"},
    "rules only": {"SCORE": "score 1"},
    "random eligible": {
        "LOTS": "\n".join(f'lot_{n}: number from column "{LOT.format(n)}"' for n in range(6)),
        "VALUE_WINBACK": "value if channel is email then lot_0 else lot_1",
        "VALUE_TIP": "value if channel is push then lot_2 else lot_3",
        "VALUE_THANKS": "value lot_4",
        "PRIORITY": "",
        "SCORE": "score value",
    },
}


def policy(folder: Path, words: Mapping[str, str] = {}, pick: int = 1) -> nbadsl.Policy:
    text = POLICY.replace("PICK", str(pick))
    for name, value in {**WRITTEN, **words}.items():
        text = text.replace(name, value)
    path = folder / "policy.nba"
    path.write_text(text)
    return nbadsl.load(path)


def people(size: int = 400) -> pa.Table:
    chance = random.Random(3)
    rows = [
        {
            "customer_id": f"c{number}",
            "age": chance.randrange(10, 95),
            "risk": chance.choice([None, *(n / 20 for n in range(21))]),
            "fee": float(chance.randrange(100)),
            "member": chance.random() < 0.5,
        }
        for number in range(size)
    ]
    rows[5]["age"] = 200  # bad data
    return pa.Table.from_pylist(rows)


def compared(loaded: nbadsl.Policy, folder: Path, profiles: pa.Table) -> Arms:
    model = nbadsl.check(folder / "policy.nba").model
    batches = pa.Table.from_batches(profiles.combine_chunks().to_batches(max_chunksize=150))
    return compare(Side(loaded), model, Asked(batches, NOW, SEED))


def lots(profiles: pa.Table) -> pa.Table:
    """With the lots of each candidate, as `program.chance` draws them one by one."""
    keys = profiles["customer_id"].to_pylist()
    for number in range(6):
        drawn = [
            chance.unit(chance.draw(chance.base(chance.decision_id(key, AT, "arms"), SEED), LOTTERY + number))
            for key in keys
        ]
        profiles = profiles.append_column(LOT.format(number), pa.array(drawn, pa.float32()))
    return profiles


def told(decisions: nbadsl.Decisions) -> dict[str, list[tuple[str, str | None]]]:
    """What everybody gets, place by place; nothing in a holdout."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    for row in decisions.to_pylist():
        mine = found.setdefault(row["customer_id"], [])
        if row["action"]:
            mine.append((row["action"], row["channel"]))
    return found


def person(profiles: pa.Table, key: str) -> dict[str, Any]:
    return profiles.slice(int(key[1:]), 1).to_pylist()[0]


def propensity(profiles: pa.Table, key: str, action: str) -> float | None:
    """As the policy says it; the fallback has none."""
    row = person(profiles, key)
    match action:
        case "winback":
            return 0.9 - row["risk"] * 0.5
        case "tip":
            return 0.4 if row["member"] else 0.1
    return 0.05 if action == "thanks" else None


def score(profiles: pa.Table, key: str, action: str, channel: str | None) -> float | None:
    """The policy's own, whatever somebody goes by."""
    row, hoped = person(profiles, key), propensity(profiles, key, action)
    if hoped is None:
        return None
    value = {"winback": row["fee"] * 2, "tip": 30.0, "thanks": 1.0}[action]
    boosted = (
        3.0 if action == "winback" and row["member"] else 0.5 if (action, channel) == ("tip", "email") else 1
    )
    return hoped * value * boosted


def arm(found: Arms, name: str) -> Arm:
    return next(each for each in found.arms if each.name == name)


@pytest.mark.parametrize("pick", [1, 2])
def test_each_arm_decides_what_a_policy_written_by_hand_does(tmp_path, pick):
    profiles = people()
    found = compared(policy(tmp_path, pick=pick), tmp_path, profiles)
    assert [each.name for each in found.arms] == [FULL, *BY_HAND]
    assert found.left_out == {}
    full = policy(tmp_path, pick=pick).decide(profiles, now=NOW, seed=SEED, history=MemoryStore())
    by_full = told(full)
    for name, words in {FULL: {}, **BY_HAND}.items():
        written, mine = policy(tmp_path, words, pick), arm(found, name)
        people_ = lots(profiles) if name == "random eligible" else profiles
        decisions = written.decide(people_, now=NOW, seed=SEED, history=MemoryStore())
        by_hand = told(decisions)
        firsts = Counter(choices[0][0] for choices in by_hand.values() if choices)
        assert {share.name: share.people for share in mine.actions if share.people} == firsts, name
        assert mine.contacts == decisions.report.contacts
        assert mine.decided == sum(firsts.values())
        assert [(use.used, use.stopped, use.moved) for use in mine.limits] == [
            (use.used, use.stopped, use.moved) for use in decisions.report.limits
        ]
        contacts = [(key, *choice) for key, choices in by_hand.items() for choice in choices]
        scores = [score(profiles, *contact) for contact in contacts]
        assert mine.score == pytest.approx(sum(filter(None, scores)))
        assert mine.unscored == scores.count(None)
        hoped = [propensity(profiles, key, action) for key, action, _ in contacts]
        assert mine.accepted == pytest.approx(sum(filter(None, hoped)))
        first = {key: [action for action, _ in choices[:1]] for key, choices in by_hand.items()}
        changed = sum(first[key] != [a for a, _ in by_full[key][:1]] for key in first)
        assert mine.changed == changed
        assert mine.changed + mine.varied == sum(by_hand[key] != by_full[key] for key in by_hand)
    # The arms are told apart: none says the same as another.
    assert len({each.actions for each in found.arms}) == 5
    assert all(each.changed for each in found.arms[1:])


EQUAL = """
policy equal { currency EUR }
profile customer key customer_id { customer_id: text  likes: flag }
channel email { }
channel push { }
action a { via email, push  value 1 }
action b { eligible when likes  value 2 }
action c { value 3 }
priority { c  everything else }
arbitrate { score value }
"""


def test_by_lot_each_candidate_has_the_same_chance(tmp_path):
    (tmp_path / "policy.nba").write_text(EQUAL)
    loaded = nbadsl.load(tmp_path / "policy.nba")
    size = 8000
    profiles = pa.table(
        {"customer_id": [f"p{n}" for n in range(size)], "likes": [n % 2 == 0 for n in range(size)]}
    )
    found = compared(loaded, tmp_path, profiles)
    people = {share.name: share.people for share in arm(found, "random eligible").actions}
    # Half of the people have four candidates, of which two are of action `a`, the others three.
    expected = {"a": size * (2 / 8 + 2 / 6), "b": size / 8, "c": size * (1 / 8 + 1 / 6)}
    distance = sum((people[name] - many) ** 2 / many for name, many in expected.items())
    assert distance < 13.8  # with two degrees of freedom, of a thousand fair lots one is farther away
    assert compared(loaded, tmp_path, profiles) == found


def test_draws_are_those_of_one_decision():
    keys = pa.array(["ann", "ben", "çem"])
    drawn = Draws(keys, AT, -3, "p").units(np.array([0, 5, LOTTERY]))
    bases = [chance.base(chance.decision_id(key, AT, "p"), -3) for key in keys.to_pylist()]
    assert drawn.tolist() == [
        chance.unit(chance.draw(b, k)) for b, k in zip(bases, (0, 5, LOTTERY), strict=True)
    ]


def test_arms_that_make_no_sense_are_left_out_and_say_why(tmp_path):
    (tmp_path / "policy.nba").write_text(EQUAL)
    loaded = nbadsl.load(tmp_path / "policy.nba")
    made, left_out = controls(loaded.program, nbadsl.check(tmp_path / "policy.nba").model)
    assert list(made) == ["rules only", "random eligible"]
    assert left_out == {
        "no boosts": "it is the policy itself",
        "propensity only": "a, b and c have no propensity",
    }
    profiles = pa.table({"customer_id": ["p"], "likes": [True]})
    assert [each.accepted for each in compared(loaded, tmp_path, profiles).arms] == [None] * 3


def test_a_long_score_is_no_trouble(tmp_path):
    sum_of_many = " + ".join(["1"] * 1500)
    (tmp_path / "policy.nba").write_text(EQUAL.replace("value 3", f"value {sum_of_many}"))
    loaded = nbadsl.load(tmp_path / "policy.nba")
    made, _ = controls(loaded.program, nbadsl.check(tmp_path / "policy.nba").model)
    assert list(made) == ["rules only", "random eligible"]
