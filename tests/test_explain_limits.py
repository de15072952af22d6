"""What an explanation says of limits: how many were counted of how many, and when there is room again, to the microsecond."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from commands import nba
from hypothesis import given, settings
from hypothesis import strategies as st

import nbadsl
from nbadsl.data.records import read_record
from nbadsl.history.asking import Asking
from nbadsl.history.events import Event, decided
from nbadsl.history.memory import MemoryStore
from nbadsl.history.sqlite import SqliteStore
from nbadsl.history.standing import Standing, standings
from nbadsl.program.limit_text import length_text, money_text
from nbadsl.story import Told, ToldLimit
from nbadsl.story.values import not_before
from nbadsl.zone import EPOCH, microseconds

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)  # a Friday, ten o'clock in Berlin
AT = microseconds(NOW, "UTC")
HOUR = 3_600_000_000

POLICY = """
policy shop { timezone "Europe/Berlin"  currency EUR }
profile customer key customer_id {
  customer_id: text
  home: text optional
  left: time or never
}
context { seats: integer optional }
channel email { limit 3 per customer per 7 days }
group promo {
  limit 1 per home per 30 days, unknown passes
  rest 14 days after rejected
}
action coupon in promo { via email  value 9  budget 60 EUR per month, 15.3 EUR each }
action news in promo { value 8  limit 1 per customer since left }
action tip { value 7  limit 2 per customer per 36 hours  rest 3 days after 2 decided within 10 days }
action once { value 6  limit 1 clicked per customer ever }
action seat { value 5  limit seats per quarter  limit 1 per home per year, unknown blocks }
action gift { value 4  budget 40 EUR per 20 days, 15 EUR each  budget 5 EUR per day, 0 EUR each }
limit 6 per week
arbitrate { score value  pick PICK }
"""


@cache
def policy(pick: int = 1) -> nbadsl.Policy:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.nba"
        path.write_text(POLICY.replace("PICK", str(pick)))
        return nbadsl.load(path)


def event(action: str, ago: timedelta, kind: str = "decided", **others: Any) -> Event:
    groups = ("promo",) if action in ("coupon", "news") else ()
    channel = "email" if action == "coupon" else None
    home = (("home", others.pop("home", "h1")),)
    at = microseconds(NOW - ago, "UTC")
    return Event(
        f"{action} {kind} {at}", decided(1), kind, at, "c1", action, groups, channel, None, subjects=home, **others
    )  # fmt: skip


def story(past: list[Event], home: str | None = "h1", seats: int = 1, pick: int = 1, left: Any = None) -> Any:
    row = {"customer_id": "c1", "home": home, "left": left}
    return policy(pick).explain(row, now=NOW, context={"seats": seats}, history=MemoryStore(past))


def told(found: Any, name: str) -> ToldLimit:
    (limit,) = (limit for limit in found.limits if limit.name.startswith(name))
    return limit


def candidate(found: Any, name: str) -> Told:
    (one,) = (each for each in found.candidates if each.candidate == name)
    return one


DAY = timedelta(days=1)
SAID: dict[str, tuple[str, list[Event], str, str | None]] = {
    "a rolling window moves on": (
        "limit 3 per customer per 7 days",
        [event("coupon", n * DAY) for n in (1, 2, 6)],
        "3 of 3 in the last 7 days, free again 2026-11-21 10:00",
        "2026-11-21T10:00:00+01:00",
    ),
    "more were counted than there is room for": (
        "limit 2 per customer per 36 hours",
        [event("tip", timedelta(hours=n)) for n in (1, 2, 35)],
        "3 of 2 in the last 36 hours, free again 2026-11-21 20:00",
        "2026-11-21T20:00:00+01:00",
    ),
    "of a household": (
        "limit 1 per home per 30 days",
        [event("news", 10 * DAY)],
        "1 of 1 in the last 30 days for home h1, free again 2026-12-10 10:00",
        "2026-12-10T10:00:00+01:00",
    ),
    "a period ends": (
        "limit 6 per week",
        [event("once", timedelta(hours=n)) for n in range(6)],
        "6 of 6 this week for everybody, free again 2026-11-23 00:00",
        "2026-11-23T00:00:00+01:00",
    ),
    "money of a period": (
        "budget 60 EUR per month",
        [event("coupon", n * DAY) for n in (1, 2, 3)],
        "45.90 EUR of 60 EUR this month for everybody, free again 2026-12-01 00:00",
        "2026-12-01T00:00:00+01:00",
    ),
    "money of a rolling window": (
        "budget 40 EUR per 20 days",
        [event("gift", 19 * DAY, cost=5_000_000), event("gift", 15 * DAY, cost=30_000_000)],
        "35 EUR of 40 EUR in the last 20 days for everybody, free again 2026-11-25 10:00",
        "2026-11-25T10:00:00+01:00",
    ),
    "a rest": (
        "rest 14 days after rejected",
        [event("coupon", 3 * DAY, "rejected"), event("news", 5 * DAY, "rejected")],
        "last contact 2026-11-17 10:00, free again 2026-12-01 10:00",
        "2026-12-01T10:00:00+01:00",
    ),
    "a rest that a second contact made begin": (
        "rest 3 days after 2 decided within 10 days",
        [event("tip", DAY), event("tip", 2 * DAY)],
        "last contact 2026-11-19 10:00, free again 2026-11-22 10:00",
        "2026-11-22T10:00:00+01:00",
    ),
    "a rest that has not begun": (
        "rest 3 days after 2 decided within 10 days",
        [event("tip", DAY)],
        "1 of 2 in the last 10 days",
        None,
    ),
    "ever": ("limit 1 clicked per customer ever", [event("once", 900 * DAY, "clicked")], "1 of 1 ever, never again", None),
    "since a moment": (
        "limit 1 per customer since left",
        [event("news", 900 * DAY)],
        "1 of 1 since left, not again before left changes",
        None,
    ),
    "what is free": ("budget 5 EUR per day", [event("gift", DAY)], "a contact costs nothing", None),
    "what is not reached": ("limit 3 per customer per 7 days", [event("coupon", DAY)], "1 of 3 in the last 7 days", None),
}  # fmt: skip


@pytest.mark.parametrize("what", SAID)
def test_a_limit_is_told_with_its_count_its_window_and_when_there_is_room_again(what):
    name, past, said, free_again = SAID[what]
    found = told(story(past), name)
    assert (found.said, found.free_again) == (said, free_again)


def test_a_limit_as_data():
    found = story([event("coupon", n * DAY) for n in (1, 2, 6)])
    (data,) = (each for each in found.as_dict()["limits"] if each["scope"] == "channel email")
    assert data == {
        "name": "limit 3 per customer per 7 days",
        "stage": "limit",
        "scope": "channel email",
        "at": told(found, "limit 3").at,
        "subject": "customer_id",
        "window": "in the last 7 days",
        "count": 3,
        "most": 3,
        "room": 0,
        "last": None,
        "free_again": "2026-11-21T10:00:00+01:00",
        "said": "3 of 3 in the last 7 days, free again 2026-11-21 10:00",
    }
    money = told(found, "budget 60")
    assert (money.count, money.most, money.subject) == (45.9, 60.0, None)
    rest = told(story([event("coupon", 3 * DAY, "rejected")]), "rest 14")
    assert (rest.count, rest.most, rest.last) == (1, 1, "2026-11-17T10:00:00+01:00")


def test_who_has_no_value_is_told_so_where_that_stops_and_nothing_where_it_passes():
    found = story([], home=None)
    assert told(found, "limit 1 per home per year").said == "home is unknown, so it stops"
    assert not any(limit.name.startswith("limit 1 per home per 30") for limit in found.limits)
    assert candidate(found, "seat").limit == told(found, "limit 1 per home per year")


def test_a_limit_of_an_unknown_number_and_one_of_none_never_have_room():
    row = {"customer_id": "c1", "home": "h1", "left": None}
    found = told(policy().explain(row, now=NOW, context={"seats": None}), "limit seats")
    assert (found.said, found.room, found.count) == ("what it reads is unknown, so it stops", 0, None)
    assert told(story([], seats=0), "limit seats").said == "0 of 0 this quarter for everybody, never again"


def test_the_story_of_a_candidate_that_was_stopped_names_the_limit_and_no_room():
    found = story([event("coupon", n * DAY) for n in (1, 2, 6)], home="h2")
    stopped = candidate(found, "coupon via email")
    assert (stopped.fate, stopped.values) == ("limit", ())
    assert stopped.limit == told(found, "limit 3 per customer")
    assert "room " not in str(found) and "room 1" not in json.dumps(found.as_dict())
    lines = str(found).split("\n")
    place = next(number for number, line in enumerate(lines) if "coupon via email" in line)
    assert lines[place].startswith("  limit reached ")
    assert lines[place + 1].strip().startswith("channel email: 3 per customer per 7 days (")
    assert lines[place + 2].strip() == "3 of 3 in the last 7 days, free again 2026-11-21 10:00"
    section = lines[lines.index("  limits:") :]
    assert "    action once: limit 1 clicked per customer ever   0 of 1 ever" in section


def test_what_the_same_decision_takes_is_told():
    found = story([], pick=5)
    stopped = candidate(found, "news")
    assert (stopped.fate, stopped.limit.room) == ("limit", 1)
    assert stopped.limit.said == "0 of 1 in the last 30 days for home h1; what is chosen takes the rest of it"
    assert told(found, "limit 1 per home per 30").said == "0 of 1 in the last 30 days for home h1"


@pytest.mark.parametrize("store", [MemoryStore, lambda: SqliteStore(":memory:")])
def test_explaining_keeps_nothing(store):
    history = store()
    history.add([event("tip", DAY)])
    row = {"customer_id": "c1", "home": "h1", "left": None}
    policy().explain(row, now=NOW, context={"seats": 1}, history=history)
    assert history.stats().events == 1


def test_nba_explain_tells_limits(tmp_path: Path):
    (tmp_path / "policy.nba").write_text(POLICY.replace("PICK", "1"))
    (tmp_path / "one.json").write_text('{"customer_id": "c1", "home": "h1"}')
    history = SqliteStore(tmp_path / "contacts.db")
    history.add([event("news", 10 * DAY)])
    history.close()
    ask = (
        "explain",
        str(tmp_path / "policy.nba"),
        "--profile",
        str(tmp_path / "one.json"),
        "--now",
        "2026-11-20 10:00",
    )
    with_history = nba(*ask, "--history", str(tmp_path / "contacts.db"))
    assert "1 of 1 in the last 30 days for home h1, free again 2026-12-10 10:00" in with_history.out
    data = json.loads(nba(*ask, "--history", str(tmp_path / "contacts.db"), "--format", "json").out)
    assert {limit["name"]: limit["count"] for limit in data["limits"]}["limit 6 per week"] == 0
    without = nba(*ask)
    assert "    limit 6 per week" not in without.out and "0 of 6 this week for everybody" in without.out  # fmt: skip


@pytest.mark.parametrize("store", [MemoryStore, lambda: SqliteStore(":memory:")])
def test_windows_longer_than_calendars_are_ever(store, tmp_path):
    path = tmp_path / "policy.nba"
    path.write_text(
        "policy shop { }\nprofile customer key id { id: text }\narbitrate { score 1 }\n"
        "action a { limit 1 per customer per 99_999_999_999 days  rest 9_999_999 days after sent }\n"
    )
    history = store()
    history.add([event("a", DAY), event("a", DAY, "sent")])
    found = nbadsl.load(path).explain({"id": "c1"}, now=NOW, history=history)
    assert [(limit.room, limit.free_again) for limit in found.limits] == [(0, None), (0, None)]
    assert all(limit.said.endswith(", never again") for limit in found.limits)


# --- to the microsecond ---

ACTIONS = ("coupon", "news", "tip", "once", "seat", "gift")
pasts = st.lists(
    st.builds(
        event,
        st.sampled_from(ACTIONS),
        st.integers(0, 40 * 24).map(lambda hours: timedelta(hours=hours))
        | st.integers(0, 10).map(lambda n: timedelta(microseconds=n)),
        st.sampled_from(["decided", "decided", "decided", "rejected", "clicked"]),
        home=st.sampled_from(["h1", "h2"]),
        cost=st.sampled_from([None, 2_000_000, 30_000_000]),
    ),
    max_size=15,
)


def asked(at: int, row: dict[str, Any], store: Any) -> tuple[dict[str, float], tuple[Standing, ...]]:
    found = policy()
    given = found.given(EPOCH + timedelta(microseconds=at), {"seats": 2}, None)
    person = read_record(found.facts.inputs, row)
    asking = Asking(found.program, given)
    rooms = asking.rooms(store, asking.demands(person))
    return rooms, standings(asking, store, person | rooms)


@settings(deadline=None, max_examples=200)
@given(pasts, st.sampled_from([None, "h1"]), st.sampled_from([None, NOW - 10 * DAY, NOW + DAY]))
def test_room_comes_back_at_that_very_moment_and_not_before(past, home, left):
    row, store = {"customer_id": "c1", "home": home, "left": left}, MemoryStore(past)
    rooms, found = asked(AT, row, store)
    for standing in found:
        limit, free = standing.limit, standing.free_again
        assert standing.room is None or standing.room == rooms[limit.room]
        if rooms[limit.room] >= 1:
            assert (free, standing.last) == (None, None)
        elif free is None:
            later = asked(AT + 20_000 * 24 * HOUR, row, store)[0]
            assert later[limit.room] < 1
        else:
            assert free > AT
            assert asked(free, row, store)[0][limit.room] >= 1
            assert asked(free - 1, row, store)[0][limit.room] < 1
        if standing.last is not None:
            assert standing.last in {e.at for e in past} and limit.pause is not None


@pytest.mark.parametrize(
    "length, said",
    [(7 * 24 * HOUR, "7 days"), (24 * HOUR, "day"), (36 * HOUR, "36 hours"), (5_400_000_000, "90 minutes")],
)
def test_lengths_are_read_in_the_unit_that_fits(length, said):
    assert length_text(length) == said


def test_money_and_moments_are_rounded_to_the_safe_side():
    assert [money_text(n, "EUR") for n in (60_000_000, 61_200_000, 2_000)] == [
        "60 EUR",
        "61.20 EUR",
        "0.002 EUR",
    ]
    moments = [NOW, NOW + timedelta(seconds=5), NOW + timedelta(microseconds=1)]
    assert [not_before(m)[11:] for m in moments] == ["09:00", "09:00:05", "09:00:01"]


def test_a_decision_that_was_made_is_explained_as_it_was_made(tmp_path):
    (tmp_path / "policy.nba").write_text(POLICY.replace("PICK", "1"))
    shop, store = nbadsl.load(tmp_path / "policy.nba"), MemoryStore()
    ann = {"customer_id": "ann", "home": None, "left": None}
    before = shop.explain(ann, now=NOW, history=store).as_dict()
    decision = shop.decide_one(ann, now=NOW, history=store)
    assert shop.explain(ann, now=NOW, history=store).as_dict() == before
    after = shop.explain(ann, now=NOW + timedelta(hours=1), history=store).as_dict()
    assert decision.action == "coupon" and after["limits"] != before["limits"]
