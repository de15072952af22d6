"""Limits, rests and budgets with a history: deciding a batch is deciding its people one by one, and nobody exceeds them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nbadsl
from nbadsl.history.events import Event, decided
from nbadsl.history.memory import MemoryStore
from nbadsl.history.sqlite import SqliteStore

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
AT = int(NOW.timestamp()) * 1_000_000
HOUR = 3_600_000_000

ALONE = """
policy alone { timezone "Europe/Berlin" }
profile customer key customer_id {
  customer_id: text
  home: text optional
  worth: number
  joined: date optional
  left: time or never
}
channel email { limit 3 per customer per 7 days }
channel push { }
group promo { limit 2 per customer per week  rest 20 days after rejected }
action coupon in promo { via email, push  value worth  limit 1 accepted per customer ever }
action news in promo { via push  value 4  limit 1 per customer since joined }
action care { value 3  exempt from limits but counted  rest 3 days after 2 decided within 10 days }
action back { value 2  limit 1 per customer since left }
limit 4 per customer per 30 days
arbitrate { score value  pick PICK }
"""

SHARED = """
policy shared { timezone "Europe/Berlin" }
profile customer key customer_id {
  customer_id: text
  home: text optional
  worth: number
}
group promo { limit 1 per home per 30 days, unknown passes  limit 5 per day }
action coupon in promo { value worth  budget 40 EUR per month, 15 EUR each }
action news in promo { value 2 }
action tip { value 1  limit 4 per week }
arbitrate { score value  pick PICK }
"""


def policy(folder: Path, text: str, pick: int = 1) -> nbadsl.Policy:
    path = folder / "policy.nba"
    path.write_text(text.replace("PICK", str(pick)))
    return nbadsl.load(path)


people = st.lists(
    st.fixed_dictionaries(
        {
            "home": st.sampled_from([None, "h1", "h2", "h3"]),
            "worth": st.sampled_from([1.0, 5.0, 5.0, 7.0, 9.0]),
            "joined": st.sampled_from([None, datetime(2026, 11, 1).date(), datetime(2026, 11, 10).date()]),
            "left": st.sampled_from([None, NOW - timedelta(days=5), NOW + timedelta(days=5)]),
        }
    ),
    min_size=1,
    max_size=12,
)
PLACES = [
    ("coupon", ("promo",), "email"),
    ("news", ("promo",), "push"),
    ("care", (), None),
    ("back", (), None),
]


@st.composite
def pasts(draw: Any) -> list[Event]:
    found = []
    for number in range(draw(st.integers(0, 12))):
        action, groups, channel = draw(st.sampled_from(PLACES))
        kind = draw(st.sampled_from(["decided", "decided", "accepted", "rejected"]))
        hours = draw(st.integers(0, 40)) * 24 + draw(st.integers(-2, 2))
        key, home = draw(st.sampled_from(["p0", "p1", "p2"])), draw(st.sampled_from(["h1", "h2"]))
        at = AT - max(hours, 0) * HOUR
        found.append(
            Event(
                f"before {number}",
                decided(1),
                kind,
                at,
                key,
                action,
                groups,
                channel,
                subjects=(("home", home),),
            )
        )
    return found


def rows(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"customer_id": f"p{number}"} | row for number, row in enumerate(found)]


def wanted(rows: list[dict[str, Any]], policy: nbadsl.Policy) -> list[dict[str, Any]]:
    """Only the fields that a policy has."""
    names = {i.name for i in policy.facts.inputs}
    return [{name: value for name, value in row.items() if name in names} for row in rows]


@pytest.mark.parametrize("pick", [1, 3])
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people, pasts())
def test_a_batch_is_decided_as_its_people_one_by_one(tmp_path, pick, found, past):
    one = policy(tmp_path, ALONE, pick)
    asked = rows(found)
    batch, stream = MemoryStore(past), MemoryStore(past)
    table = one.decide(asked, now=NOW, history=batch).to_pylist()
    together = {row["customer_id"]: [] for row in asked}
    for row in table:
        if row["rank"]:
            together[row["customer_id"]].append((row["action"], row["channel"]))
    alone = {}
    for row in asked:
        decision = one.decide_one(row, now=NOW, history=stream)
        alone[row["customer_id"]] = [(c.action, c.channel) for c in decision.choices]
    assert together == alone
    assert list(batch.events()) == list(stream.events())


@pytest.mark.parametrize("pick", [1, 2])
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people, pasts(), st.randoms(use_true_random=False))
def test_shared_limits_are_not_exceeded_and_the_best_are_served_first(tmp_path, pick, found, past, chance):
    one = policy(tmp_path, SHARED, pick)
    asked = wanted(rows(found), one)
    for history in (MemoryStore(past), SqliteStore(":memory:")):
        before = Counter(e.id for e in history.events())
        decisions = one.decide(asked, now=NOW, history=history).to_pylist()
        keep(history, past if before else [])
        order = list(asked)
        chance.shuffle(order)
        again = one.decide(order, now=NOW, history=MemoryStore(list(past) if before else [])).to_pylist()
        key = lambda row: (row["customer_id"], row["rank"])  # noqa: E731
        assert sorted(map(str, sorted(decisions, key=key))) == sorted(map(str, sorted(again, key=key)))


def keep(history: Any, past: list[Event]) -> None:
    """Assert that what was decided now is within the limits of SHARED, as far as they had room."""
    new = [e for e in history.events() if e.at == AT and e.kind == "decided" and e not in past]
    old = [e for e in past if e.kind == "decided" and e.at <= AT]
    promo = [e for e in new if "promo" in e.groups]
    today = [e for e in old if "promo" in e.groups and e.at >= AT - 10 * HOUR]
    assert len(promo) <= max(0, 5 - len(today))
    for home in ("h1", "h2", "h3"):
        mine = [e for e in promo if ("home", home) in e.subjects]
        assert len(mine) <= 1
    assert len([e for e in new if e.action == "coupon"]) <= 2
    assert len([e for e in new if e.action == "tip"]) <= 4


def test_the_last_room_goes_to_whom_it_is_worth_most(tmp_path):
    one = policy(tmp_path, SHARED)
    asked = [{"customer_id": f"p{n}", "home": None, "worth": float(n)} for n in range(12)]
    history = MemoryStore()
    decisions = one.decide(asked, now=NOW, history=history)
    chosen = {row["customer_id"]: row["action"] for row in decisions.to_pylist()}
    # Two coupons are paid for, five promotions a day, four tips a week; the others get nothing.
    assert [chosen[f"p{n}"] for n in (11, 10)] == ["coupon", "coupon"]
    assert Counter(chosen.values()) == {"coupon": 2, "news": 3, "tip": 4, None: 3}
    stopped = {rule.reason: rule.stopped for funnel in decisions.report.funnels for rule in funnel.rules}
    # The money went first: nine more asked for a coupon.
    assert stopped["40 EUR per month, 15 EUR each"] == 9
    assert history.stats().events == 9


def test_who_asks_twice_gets_one_decision(tmp_path):
    one, history = policy(tmp_path, ALONE), SqliteStore(":memory:")
    row = {"customer_id": "p1", "home": None, "worth": 9.0, "joined": None, "left": None}
    first = one.decide_one(row, now=NOW, history=history, id="request 7", hold=timedelta(minutes=5))
    again = one.decide_one(row, now=NOW, history=history, id="request 7")
    assert (first.id, first.action, first.reason) == ("request 7", "coupon", "chosen")
    assert (again.id, again.action, again.reason) == ("request 7", "coupon", "decided before")
    assert history.stats().events == history.stats().reserved == 1
    assert history.release("request 7", AT + 1)
    assert one.decide_one(row, now=NOW, history=history, id="request 7").reason == "released"


def test_what_a_run_has_decided_before_has_no_probability(tmp_path):
    one, history = policy(tmp_path, ALONE), MemoryStore()
    person = {"customer_id": "p1", "home": None, "worth": 9.0, "joined": None, "left": None}
    (first,), (again,) = (one.decide([person], now=NOW, history=history).to_pylist() for _ in range(2))
    assert (first["action"], first["probability"], first["reason"]) == ("coupon", 1.0, "chosen")
    assert (again["action"], again["probability"], again["reason"]) == ("coupon", None, "decided before")


def test_nothing_is_not_kept_and_is_decided_again_if_asked_twice(tmp_path):
    """Of one person as of a batch: there is nothing that could happen twice."""
    said = """policy tips { timezone "UTC" currency EUR }
profile customer key customer_id { customer_id: text  worth: number }
action tip { eligible when worth > 5  value worth  limit 1 per customer per day }
arbitrate { score value  pick 1 }
"""
    one, asked = policy(tmp_path, said), [{"customer_id": "p1", "worth": worth} for worth in (1.0, 9.0, 1.0)]
    history, batch = SqliteStore(":memory:"), SqliteStore(":memory:")
    alone = [one.decide_one(row, now=NOW, history=history, id="request 7") for row in asked]
    runs = [one.decide([row], now=NOW, history=batch).to_pylist()[0] for row in asked]
    assert [each.reason for each in alone] == [row["reason"] for row in runs]
    assert [each.reason for each in alone] == ["nobody passed", "chosen", "decided before"]
    assert history.stats().events == batch.stats().events == 1


def test_what_is_not_confirmed_in_time_is_released(tmp_path):
    one, history = policy(tmp_path, SHARED), SqliteStore(":memory:")
    ask = [{"customer_id": f"p{n}", "home": "h1", "worth": 9.0} for n in range(3)]
    first = one.decide_one(ask[0], now=NOW, history=history, hold=timedelta(minutes=5))
    second = one.decide_one(ask[1], now=NOW + timedelta(minutes=4), history=history)
    third = one.decide_one(ask[2], now=NOW + timedelta(minutes=5), history=history)
    assert [first.action, second.action, third.action] == ["coupon", "tip", "coupon"]
    assert not history.confirm(first.id, AT + 6 * 60_000_000)
    assert history.confirm(third.id, AT + 6 * 60_000_000)


def test_an_edit_counts_what_happened_before(tmp_path):
    history = MemoryStore()
    ask = {"customer_id": "p1", "home": None, "worth": 9.0}
    one = policy(tmp_path, SHARED.replace("value worth", "value worth  limit 1 per customer per 1 day"))
    assert one.decide_one(ask, now=NOW, history=history).action == "coupon"
    later = NOW + timedelta(days=3)
    assert one.decide_one(ask, now=later, history=MemoryStore(history.events())).action == "coupon"
    wider = SHARED.replace("action coupon in", 'action voucher was "coupon" in').replace(
        "value worth", "value worth  limit 1 per customer per 7 days"
    )
    assert policy(tmp_path, wider).decide_one(ask, now=later, history=history).action == "news"


HUGE = """
policy huge { timezone "Europe/Berlin"  currency EUR }
profile customer key customer_id { customer_id: text  home: text  left: time or never }
parameter n: number = 1
parameter m: money = 1 EUR
action a { value 2  LIMIT }
action b { value 1 }
arbitrate { score value }
"""
LONG = f"1{'0' * 15} days"


@pytest.mark.parametrize("store", [MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
@pytest.mark.parametrize(
    ("limit", "stops"),
    [
        ("limit n per day", False),
        ("limit n per home per day", False),
        ("limit 0 - n per home per day", True),
        ("limit n per customer since left", False),
        ("budget m per day, 1 EUR each", False),
        ("budget 5 EUR per day, m each", True),
        ("budget m per day, m each", True),
        (f"limit 9 per customer per {LONG}", False),
        (f"rest 3 days after 9 decided within {LONG}", False),
        (f"rest {LONG} after rejected", False),
    ],
)
def test_the_largest_numbers_are_as_good_as_endless_and_costs_that_cannot_be_added_up_stop(
    tmp_path, limit, stops, store
):
    one, history = policy(tmp_path, HUGE.replace("LIMIT", limit)), store()
    asked = [{"customer_id": f"p{n}", "home": "h", "left": None} for n in range(3)]
    how: dict[str, Any] = {"parameters": {"n": 1e300, "m": 1e305}, "history": history}
    for hours in range(2):  # what was decided counts
        found = one.decide(asked, now=NOW + timedelta(hours=hours), **how).to_pylist()
        assert [row["action"] for row in found] == ["b" if stops else "a"] * 3
    later = NOW + timedelta(hours=2)
    assert one.decide_one(asked[0], now=later, **how).action == ("b" if stops else "a")
    fates = [c.fate for c in one.explain(asked[0], now=later, **how).candidates]
    assert fates == ([limit.split()[0], "chosen"] if stops else ["chosen", "outranked"])
