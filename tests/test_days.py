"""`nba simulate --days`: runs in a row are what `nba run` decides by hand on these dates, told what people do."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from histories import as_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nbadsl
from nbadsl.history.carried import CarriedHistory, Told
from nbadsl.history.events import Event, outcome
from nbadsl.history.sqlite import SqliteStore
from nbadsl.history.store import Store
from nbadsl.program import chance
from nbadsl.program.givens import BadInput
from nbadsl.simulate.days import Course, Days, days
from nbadsl.simulate.deciding import Side
from nbadsl.simulate.draws import RESPONSES
from nbadsl.simulate.respond import Response, happened, responses
from nbadsl.simulate.simulate import Asked
from nbadsl.types import DAY

FIRST = datetime(2026, 10, 12, 9)  # the clocks change on the way
SEED = 5
TELL = CarriedHistory.tell

POLICY = """
policy runs { timezone "Europe/Berlin"  currency EUR }
profile customer key customer_id {
  customer_id: text
  home: text optional
  risk: probability
  member: flag
}
context { shop: text = "north" }
parameter most: integer = 2 { from 2026-11-02 = 3 }
parameter tip_cost: money = 2 EUR { from 2026-11-09 = 3 EUR }
channel email { limit 25 per day }
channel push { }
group sales {
  limit most per customer per 21 days
  limit 1 per home per 10 days, unknown passes
  limit 90 per shop per month
}
action winback in sales {
  eligible when risk > 40%
  via email, push
  propensity 0.9 - risk * 0.5
  value 20 EUR
  rest 30 days after accepted
  rest 20 days after 2 ignored within 40 days
  budget 60 EUR per month, 3 EUR each on accepted
}
action tip in sales {
  via push
  propensity if member then 40% else 10%
  value 30 EUR
  rest 12 days after rejected
  budget 100 EUR per month, tip_cost each
}
action thanks { eligible when member  propensity 5%  value 1 EUR  exempt from limits but counted }
action hello { propensity 1%  value 1 EUR  limit 3 clicked per customer ever }
arbitrate { score propensity * value  pick 2 }
holdout none_of_it 10% by customer_id
"""
TOLD = "accepted with propensity, clicked with 30%, rejected with 8%, ignored otherwise"


@pytest.fixture
def policy(tmp_path: Path) -> nbadsl.Policy:
    (tmp_path / "policy.nba").write_text(POLICY)
    return nbadsl.load(tmp_path / "policy.nba")


def people(size: int = 150) -> pa.Table:
    chance = random.Random(3)
    return pa.Table.from_pylist(
        [
            {
                "customer_id": f"c{number}",
                "home": chance.choice([None, *(f"h{n}" for n in range(40))]),
                "risk": chance.randrange(20) / 20,
                "member": chance.random() < 0.4,
            }
            for number in range(size)
        ]
    )


def simulated(
    policy: nbadsl.Policy, folder: Path, store: Store | None, runs: int = 7, **more: object
) -> Days:
    model = nbadsl.check(folder / "policy.nba").model
    batches = pa.Table.from_batches(people().combine_chunks().to_batches(max_chunksize=60))
    course = Course(runs, 7, responses([TOLD]))
    return days(Side(policy, store), model, Asked(batches, FIRST, SEED), course, **more)


def before(policy: nbadsl.Policy) -> list[Event]:
    """Some contacts of the weeks before, of which the last is later than the first run."""
    found = []
    for number in range(0, 150, 4):
        at = int(datetime(2026, 9, 1 + number // 6, 7, tzinfo=UTC).timestamp()) * 1_000_000
        made = Event(f"old{number}", "1:decided", "decided", at, f"c{number}", "tip", ("sales",), "push")
        found += [made, outcome(made, "rejected", at)]
    later = int(datetime(2026, 10, 14, tzinfo=UTC).timestamp()) * 1_000_000
    keys = [f"c{number}" for number in range(40)]
    return [
        *found,
        *(Event(f"later {k}", "1:decided", "decided", later, k, "tip", ("sales",), "push") for k in keys),
    ]


def propensity(row: dict[str, object], action: str) -> float:
    return {
        "winback": 0.9 - row["risk"] * 0.5,
        "tip": 0.4 if row["member"] else 0.1,
        "thanks": 0.05,
        "hello": 0.01,
    }[action]


def answers(event: Event, row: dict[str, object], now: float) -> list[str]:
    """What somebody does with a contact, as `respond` says, computed one by one."""
    place = int(event.id.partition(":")[0]) - 1
    base = chance.base(chance.decision_id(event.key, now, "runs"), SEED)
    draw = chance.unit(chance.draw(base, RESPONSES + place))
    found = [
        name
        for name, share in (("clicked", 0.3), ("accepted", propensity(row, event.action)))
        if draw < share
    ]
    if not found and draw >= 1 - 0.08:
        found = ["rejected"]
    return found or ["ignored"]


@pytest.mark.parametrize("kind", ["nothing", "database", "file"])
def test_runs_are_what_somebody_decides_by_hand_on_these_dates(tmp_path, policy, kind):
    rows = {row["customer_id"]: row for row in people().to_pylist()}
    start = [] if kind == "nothing" else before(policy)
    past = SqliteStore(tmp_path / "start.db")
    past.add(start)
    begin = {"nothing": None, "database": past, "file": as_file(start, tmp_path / "start.parquet")}[kind]
    found = simulated(policy, tmp_path, begin)
    # By hand: what is later than the first run is not yet known.
    store = SqliteStore(tmp_path / "hand.db")
    store.add(event for event in start if not event.decision.startswith("later"))
    heard: Counter[str] = Counter()
    assert len(found.days) == 7
    for number, day in enumerate(found.days):
        now = FIRST + timedelta(days=7 * number)
        decisions = policy.decide(people(), now=now, seed=SEED, history=store)
        report = decisions.report
        assert (day.now, day.people, day.contacts) == (report.now, report.people, report.contacts)
        assert day.nothing == report.nothing
        assert day.limits == report.limits
        moment = policy.given(now)["now"]
        made = [e for e in store.events() if e.kind == "decided" and e.at == moment]
        assert Counter(e.action for e in made) == {s.name: s.people for s in day.actions if s.people}
        scores = [row["score"] for row in decisions.to_pylist() if row["action"]]
        assert day.score == pytest.approx(sum(scores))
        told = [(event, kind) for event in made for kind in answers(event, rows[event.key], moment)]
        store.add(outcome(event, kind, event.at) for event, kind in told)
        assert {share.name: share.people for share in day.outcomes} == {
            name: sum(kind == name for _, kind in told)
            for name in ("clicked", "accepted", "rejected", "ignored")
        }
        heard.update(event.key for event in made)
        burden = Counter(heard[key] for key in rows)
        assert {each.contacts: each.people for each in day.burden if each.people} == burden
    assert any(use.moved.people for day in found.days for use in day.limits if use.stage == "rest")
    if kind == "database":
        assert list(past.events()) == start, "the given history is only read"


def test_without_limits_is_what_a_policy_without_them_decides(tmp_path, policy):
    found = simulated(policy, tmp_path, None, 3, without_limits=True)
    words = ("limit", "rest", "budget")
    kept = [line for line in POLICY.splitlines() if not line.strip().startswith(words)]
    text = (
        "\n".join(kept)
        .replace("{ limit 25 per day }", "{ }")
        .replace("  limit 3 clicked per customer ever", "")
    )
    (tmp_path / "policy.nba").write_text(text.replace("  rest 12 days after rejected", ""))
    free = nbadsl.load(tmp_path / "policy.nba")
    assert not free.facts.limits
    assert found.without_limits is not None
    for number, day in enumerate(found.without_limits):
        report = free.decide(people(), now=FIRST + timedelta(days=7 * number), seed=SEED).report
        assert (day.contacts, day.nothing, day.limits) == (report.contacts, report.nothing, ())
    assert sum(d.contacts for d in found.days) < sum(d.contacts for d in found.without_limits)
    assert found.days == simulated(policy, tmp_path, None, 3).days


def test_the_same_seed_gives_the_same_days_and_another_one_others(tmp_path, policy):
    found = simulated(policy, tmp_path, None)
    assert simulated(policy, tmp_path, None) == found
    asked = Asked(people(), FIRST, SEED + 1)
    other = days(
        Side(policy), nbadsl.check(tmp_path / "policy.nba").model, asked, Course(7, 7, responses([TOLD]))
    )
    assert other.days[0].actions == found.days[0].actions  # nothing explores
    assert other.days[0].outcomes != found.days[0].outcomes


LIMITED = """
policy limited { }
profile customer key customer_id { customer_id: integer  home: text optional  risk: probability }
channel post { limit 7 per day }
group sales {
  limit MOST per customer per WINDOW days
  limit 2 per home per 9 days, unknown passes
  rest 15 days after accepted
}
action a in sales { via post  propensity risk  value 3 }
action b in sales { propensity 30%  value 2  rest 11 days after 2 ignored within 25 days }
arbitrate { score value * (1 + propensity)  pick PICK }
"""


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 3),
    st.integers(1, 30),
    st.integers(1, 2),
    st.integers(1, 9),
    st.integers(0, 5),
    st.integers(1, 40),
)
def test_no_limit_is_ever_exceeded(tmp_path, most, window, pick, every, seed, size):
    text = LIMITED.replace("MOST", str(most)).replace("WINDOW", str(window)).replace("PICK", str(pick))
    (tmp_path / "policy.nba").write_text(text)
    loaded = nbadsl.load(tmp_path / "policy.nba")
    homes = [None, "x", "y", "z"]
    profiles = {
        "customer_id": list(range(size)),
        "home": [homes[n % 4] for n in range(size)],
        "risk": [(n % 10) / 10 for n in range(size)],
    }
    told: list[Told] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CarriedHistory, "tell", lambda self, some: (told.append(some), TELL(self, some)))
        course = Course(9, every, responses(["accepted with propensity", "ignored otherwise"]))
        model = nbadsl.check(tmp_path / "policy.nba").model
        days(Side(loaded), model, Asked(profiles, FIRST, seed), course)
    events = [
        (some.at / DAY, key, home, *some.sorts[which])
        for some in told
        for which, key, home in zip(
            some.which.tolist(), some.keys.to_pylist(), some.subjects["home"].to_pylist(), strict=True
        )
    ]
    contacts = [event for event in events if event[3] == "decided"]
    assert contacts
    for at, key, home, _, action, _, channel in contacts:
        mine = [e for e in events if e[1] == key]
        assert sum(at - window < e[0] <= at for e in mine if e[3] == "decided") <= most
        if home is not None:
            assert sum(at - 9 < e[0] <= at and e[2] == home for e in contacts) <= 2
        if channel == "post":
            assert sum(e[0] == at and e[6] == "post" for e in contacts) <= 7
        assert not any(at - 15 < e[0] < at for e in mine if e[3] == "accepted")
        if action == "b":
            ignored = [e[0] for e in mine if e[3:5] == ("ignored", "b") and e[0] < at]
            pairs = [(x, y) for x, y in pairwise(ignored) if y - x < 25]
            assert not any(at - 11 < y for _, y in pairs)


# --- what people do ---


def test_one_draw_decides_so_that_outcomes_fit_together():
    asked = responses(
        [
            "ignored otherwise, rejected with 0.1",
            "accepted with propensity",
            "clicked with 30%",
            "sent with 100%",
        ]
    )
    draws = np.array([0.0, 0.04, 0.05, 0.29, 0.3, 0.89, 0.9, 0.99])
    hoped = np.full(8, 0.05)
    hoped[1], hoped[-1] = np.nan, 1.0
    found = {name: np.flatnonzero(mask).tolist() for name, mask in happened(asked, draws, hoped).items()}
    assert found == {
        "sent": [0, 1, 2, 3, 4, 5, 6, 7],
        "clicked": [0, 1, 2, 3],
        "accepted": [0, 7],
        "rejected": [6],
        "ignored": [4, 5],
    }


def test_responses_are_read_and_told_again():
    texts = ["accepted with propensity", "clicked with 2.5%", "seen with 0.5", "ignored otherwise"]
    found = responses(texts)
    assert found[0] == Response("seen", 0.5)
    assert list(map(str, found)) == [
        "seen with 50%",
        "clicked with 2.5%",
        "accepted with propensity",
        "ignored otherwise",
    ]
    assert responses([", ".join(texts)]) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acepted with 20%", "`acepted` is no outcome; did you mean `accepted`?"),
        ("decided with 20%", "`decided` is no outcome"),
        (
            "accepted",
            "does not say what happens how often: write `accepted with propensity`, `clicked with 20%` or",
        ),
        ("accepted with propensty", "`propensty` is no share; did you mean `propensity`?"),
        ("clicked with often", "`often` is no share; write `accepted with propensity`"),
        ("clicked with 20", "a share is at most 100%; for so many of a hundred, write `clicked with 20%`"),
        ("clicked with 120%", "a share is at most 100%"),
        ("seen with 1%, seen with 2%", "--respond says twice when `seen` happens"),
        ("seen otherwise, ignored otherwise", "only one outcome can happen `otherwise`"),
        ("accepted with 60%, rejected with 30%, ignored with 20%", "are 110% together"),
    ],
)
def test_a_wrong_response_gets_one_clear_line(text, message):
    with pytest.raises(BadInput) as error:
        responses([text])
    assert message in str(error.value)
    assert "\n" not in str(error.value)
