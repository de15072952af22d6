"""What the report of a run says of limits, counted by hand and against runs without limits."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from commands import nba
from hypothesis import given, settings
from hypothesis import strategies as st

import nbadsl
from nbadsl.data.profiles import BATCH_ROWS
from nbadsl.history.events import Event, decided
from nbadsl.history.memory import MemoryStore
from nbadsl.history.sqlite import SqliteStore
from nbadsl.limited.used import LimitUse, Moved
from nbadsl.run import RunOptions
from nbadsl.zone import microseconds

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)  # a Friday
HEAD = """
policy counted { timezone "Europe/Berlin"  currency EUR }
profile customer key customer_id {
  customer_id: text
  home: text optional
  worth: number
}
"""


@cache
def policy(text: str) -> nbadsl.Policy:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.nba"
        path.write_text(HEAD + text)
        return nbadsl.load(path)


def event(key: str, action: str, days: int, kind: str = "decided", **others: Any) -> Event:
    at = microseconds(NOW - timedelta(days=days), "UTC")
    return Event(
        f"{key} {action} {days}", decided(1), kind, at, key, action, others.pop("groups", ()), None, **others
    )


def people(*worth: float, home: str | None = None) -> list[dict[str, Any]]:
    return [{"customer_id": f"p{n}", "home": home, "worth": float(w)} for n, w in enumerate(worth)]


def report(text: str, rows: Any, past: list[Event] = [], **more: Any) -> Any:  # noqa: B006
    return policy(text).decide(rows, now=NOW, history=MemoryStore(past), **more).report


def use(found: Any, name: str) -> LimitUse:
    (one,) = (use for use in found.limits if f"{use.stage} {use.name}" == name)
    return one


def moved(other_action: int = 0, same_action: int = 0, nothing: int = 0) -> Moved:
    return Moved(other_action + same_action + nothing, other_action, same_action, nothing)


# --- counted by hand ---

TOTAL = """
action coupon { value worth  limit 5 per month }
action news { eligible when worth > 10  value 2 }
arbitrate { score value  pick 1 }
"""


def test_a_limit_of_everybody_moves_those_whom_it_is_worth_least():
    past = [event("x", "coupon", 1), event("y", "coupon", 10), event("z", "coupon", 25)]  # that was October
    found = report(TOTAL, people(50, 40, 30, 20, 12, 9, 8), past)
    one = use(found, "limit 5 per month")
    assert (one.before, one.used, one.most, one.cost, one.subject) == (2, 3, 5, None, None)
    assert one.said == "2 before + 3 now of 5 this month" and one.window == "this month"
    assert (one.scope, one.counts, one.line) == ("action coupon", "decided", 9)
    # 20 and 12 fall to the news, for which 9 and 8 are too little.
    assert (one.stopped, one.moved) == (4, moved(other_action=2, nothing=2))
    assert found.contacts == 5


PERSON = """
channel email { limit 1 per customer per 7 days }
channel push { }
action coupon { via email, push  value if channel is email then worth else worth / 2 }
action tip { value 3  rest 10 days after rejected }
limit 2 per customer per 30 days
arbitrate { score value  pick 1 }
"""


def test_limits_and_rests_of_persons():
    past = [
        # p0 had an e-mail: the coupon goes by push. p1 as well, and the tip is worth more. p2 has had enough.
        event("p0", "coupon", 3, groups=()),
        event("p1", "coupon", 4),
        event("p2", "coupon", 8),
        event("p2", "tip", 9),
        # p3 rests from tips, so the coupon by e-mail comes. p4 hears what is best.
        event("p3", "tip", 5, "rejected"),
    ]
    mailed = [Event(**{n: getattr(e, n) for n in Event.__slots__} | {"channel": "email"}) for e in past[:3]]
    found = report(PERSON, people(9, 4, 9, 2, 9), [*mailed, *past[3:]])
    week, month = (
        use(found, "limit 1 per customer per 7 days"),
        use(found, "limit 2 per customer per 30 days"),
    )
    rest = use(found, "rest 10 days after rejected")
    # Who had an e-mail this week; p2's was longer ago.
    assert (week.used, week.stopped, week.moved) == (2, 2, moved(other_action=1, same_action=1))
    assert (week.said, week.before, week.most) == ("2 now", None, 1)
    assert (month.used, month.stopped, month.moved) == (4, 3, moved(nothing=1))
    assert (rest.used, rest.stopped, rest.moved) == (0, 1, moved(other_action=1))
    assert (rest.said, rest.most, rest.window) == (
        "0 now, as it counts rejected",
        None,
        "in the last 10 days",
    )


BUDGET = """
parameter spent_on: money = 40 EUR
action coupon { value worth  budget spent_on per month, 15.5 EUR each }
action free { value 1  budget 5 EUR per day, 0 EUR each }
arbitrate { score value  pick PICK }
"""


@pytest.mark.parametrize("pick", [1, 2])
def test_a_budget_says_money(pick: int):
    text = BUDGET.replace("PICK", str(pick))
    past = [event("x", "coupon", 2, cost=1_000_000)]  # which cost less then
    found = report(text, people(9, 8, 7, 0.5), past)
    one, none = found.limits
    assert (one.before, one.used, one.cost, one.most) == (1.0, 2, 31.0, 40.0)
    assert one.said == "1 EUR before + 31 EUR now of 40 EUR this month"
    # To whom it is worth little, the coupon is second: that is not what they would first be decided.
    assert (one.stopped, one.moved) == (pick, moved(other_action=1))
    assert (none.used, none.cost, none.said) == (4 if pick == 2 else 2, 0.0, "a contact costs nothing")
    assert found.contacts == (6 if pick == 2 else 4)


SEVERAL = """
group promo { limit 1 per home per 30 days, unknown passes }
action coupon in promo { value worth }
action news in promo { value 3 }
action tip { value 2  limit 2 per week }
action care { value 1 }
limit 2 per customer per week
arbitrate { score value  pick 3 }
"""


def test_of_several_picks_the_first_is_what_moves():
    rows = [*people(9, 8, home="h1"), {"customer_id": "p2", "home": None, "worth": 7.0}]
    found = report(SEVERAL, rows)
    home, tip = use(found, "limit 1 per home per 30 days"), use(found, "limit 2 per week")
    mine = use(found, "limit 2 per customer per week")
    # p0: coupon, tip. p1 lives there, too: tip, care. p2: coupon and news. Nobody has a third.
    assert (home.used, home.moved) == (3, moved(other_action=1))
    assert (tip.used, tip.said, tip.moved) == (2, "0 before + 2 now of 2 this week", moved())
    assert (mine.used, mine.moved) == (6, moved())
    assert (found.contacts, home.stopped) == (6, 3)  # p0's news, p1's coupon and news


KEPT = """
holdout control 50% by customer_id
action coupon { value worth  limit 1 per month }
action stand_in { }
arbitrate { score value  fallback stand_in }
"""


def test_who_is_held_out_is_not_moved_and_the_fallback_is_another_action():
    text, rows = KEPT, people(*range(1, 21))
    done = policy(text).decide(rows, now=NOW, history=MemoryStore([event("x", "coupon", 1)]))
    given = [row for row in done.to_pylist() if not row["holdout"]]
    assert 0 < len(given) < 20 and {row["action"] for row in given} == {"stand_in"}
    (one,) = done.report.limits
    assert (one.used, one.stopped, one.moved) == (0, 20, moved(other_action=len(given)))
    assert done.report.contacts == len(given)


def test_what_a_limit_reads_may_be_unknown():
    text = "context { seats: integer optional }\naction seat { value 1  limit seats per day }"
    text += "\narbitrate { score value  pick 1 }"
    one = report(text, people(1, 1)).limits[0]
    assert (one.said, one.most, one.moved) == (
        "what it reads is unknown, so it stops",
        None,
        moved(nothing=2),
    )
    assert report(text, people(1, 1), context={"seats": 1}).limits[0].said == "0 before + 1 now of 1 today"


CART = """
context { cart: text optional }
action seat { value 1  limit 2 per cart per day, unknown passes }
arbitrate { score value  pick 1 }
"""


def test_a_limit_by_the_context_is_one_for_all_people():
    past = [
        event("x", "seat", 0, subjects=(("cart", "c7"),)),
        event("x", "seat", 0, subjects=(("cart", "c8"),)),
    ]
    (one,) = report(CART, people(1, 1), past[:1], context={"cart": "c7"}).limits
    assert (one.said, one.moved) == ("1 before + 1 now of 2 today for cart c7", moved(nothing=1))
    (one,) = report(CART, people(1, 1), past).limits
    assert (one.said, one.before, one.moved) == ("2 now", None, moved())


BATCHES = """
action coupon { value worth  limit 1 per customer per 7 days }
action tip { value 4 TOGETHER }
arbitrate { score value  pick 1 }
"""


@pytest.mark.parametrize("together", ["", "limit 60_000 per day"])
def test_batches_add_up(together: str):
    many = 2 * BATCH_ROWS + 30
    number = np.arange(many)
    table = pa.table(
        {
            "customer_id": pa.array(number).cast(pa.string()),
            "home": pa.nulls(many, pa.string()),
            "worth": np.where(number % 3 == 0, 9.0, 1.0),
        }
    )
    one = policy(BATCHES.replace("TOGETHER", together))
    past = [event(str(n), "coupon", 1) for n in (0, 1, 3, 4, 6, many - 30, many - 1)]
    valued = sum(int(e.key or "") % 3 == 0 for e in past)
    run = one.run(table, RunOptions(now=NOW, history=MemoryStore(past), keeps=False))
    assert sum(1 for _ in run) == 3
    found = one.report(run, 1.0)
    tips = (number % 3 != 0).sum() + valued
    coupons = many - tips
    if not together:
        assert found.limits[0].moved == moved(other_action=valued)
        assert (found.limits[0].used, found.contacts) == (coupons, many)
        return
    # The tip is worth the same to everybody: chance says who of those with a coupon yesterday has it.
    day = use(found, "limit 60_000 per day")
    without = tips - 60_000
    nothing = many - found.contacts
    assert found.limits[0].moved.people == valued and nothing <= len(past)
    assert (day.used, day.stopped) == (60_000, without)
    assert day.moved.people == without - found.limits[0].moved.nothing
    assert day.moved.nothing + found.limits[0].moved.nothing == nothing
    assert found.limits[0].used == coupons + day.moved.other_action


# --- against a run without limits ---

ANY = """
holdout control 20% by customer_id
EXPLORE
channel email { { limit 1 per customer per 7 days } }
channel push { }
group promo { { limit 1 per home per 30 days, unknown passes  limit 4 per day } }
action coupon in promo { via email, push  value worth { budget 40 EUR per month, 15 EUR each } }
action news in promo { via push  value 4 { rest 20 days after decided  limit 2 per day } }
action tip { value 4 { limit 3 per week } }
action sorry { { limit 2 per customer ever  limit 6 per day } }
{ limit 3 per customer per 30 days }
arbitrate { score value  pick PICK  fallback sorry  nothing below 2 }
"""
LIMIT = re.compile(r"\{ ((?:limit|rest|budget)[^}]*) \}")


def pair(pick: int, explore: str) -> tuple[nbadsl.Policy, nbadsl.Policy]:
    """The same policy with limits and without."""
    text = ANY.replace("PICK", str(pick)).replace("EXPLORE", explore)
    return policy(LIMIT.sub(r"\1", text)), policy(LIMIT.sub("", text))


@st.composite
def pasts(draw: Any) -> list[Event]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        action, groups, channel = draw(
            st.sampled_from(
                [("coupon", ("promo",), "email"), ("news", ("promo",), "push"), ("sorry", (), None)]
            )
        )
        at = microseconds(NOW - timedelta(hours=draw(st.integers(0, 200))), "UTC")
        key, home = draw(st.sampled_from(["p0", "p1", "p2"])), draw(st.sampled_from(["h1", "h2"]))
        found.append(
            Event(
                f"d{number}",
                decided(1),
                "decided",
                at,
                key,
                action,
                groups,
                channel,
                subjects=(("home", home),),
            )
        )
    return found


rows = st.lists(
    st.tuples(st.sampled_from([None, "h1", "h2", "h3"]), st.sampled_from([1.0, 5.0, 7.0, 9.0])),
    min_size=1,
    max_size=14,
)


@pytest.mark.parametrize(("pick", "explore"), [(1, ""), (3, ""), (1, "explore 50% among promo")])
@settings(deadline=None, max_examples=60)
@given(rows, pasts())
def test_moved_are_those_whom_a_run_without_limits_decides_otherwise(pick, explore, found, past):
    limited, free = pair(pick, explore)
    asked = [{"customer_id": f"p{n}", "home": h, "worth": w} for n, (h, w) in enumerate(found)]
    with_limits, without = (
        limited.decide(asked, now=NOW, history=MemoryStore(past)),
        free.decide(asked, now=NOW),
    )
    got, wished = firsts(with_limits), firsts(without)
    lost = [key for key, first in wished.items() if first[0] is not None and got[key] != first]
    nothing = [key for key in lost if got[key][0] is None]
    same = [key for key in lost if got[key][0] == wished[key][0]]
    told = [use.moved for use in with_limits.report.limits]
    assert sum(m.people for m in told) == len(lost)
    assert (sum(m.nothing for m in told), sum(m.same_action for m in told)) == (len(nothing), len(same))
    assert all(m.people == m.other_action + m.same_action + m.nothing for m in told)
    assert all(use.stopped >= use.moved.people for use in with_limits.report.limits)
    assert with_limits.report.contacts == sum(
        row["rank"] > 0 and row["holdout"] is None for row in with_limits.to_pylist()
    )


def firsts(decisions: Any) -> dict[str, tuple[str | None, str | None]]:
    """Of everybody outside of the holdout, the first action and its channel."""
    return {
        row["customer_id"]: (row["action"], row["channel"])
        for row in decisions.to_pylist()
        if row["rank"] < 2 and row["holdout"] is None
    }


# --- what is shown ---


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "policy.nba").write_text(HEAD + TOTAL)
    (tmp_path / "people.csv").write_text(
        "customer_id,home,worth\n" + "".join(f"p{n},,{n}\n" for n in range(20))
    )
    store = SqliteStore(tmp_path / "contacts.db")
    store.add([event("x", "coupon", 1), event("y", "coupon", 10)])
    store.close()
    return tmp_path


RUN = ("run", "policy.nba", "-p", "people.csv", "--now", "2026-11-20 10:00", "--history", "contacts.db")


@pytest.mark.parametrize("name", ["text", "full"])
def test_the_text_shows_a_table_of_limits(shop: Path, name: str):
    lines = [" ".join(line.split()) for line in nba(*RUN, "--report", name).out.splitlines()]
    start = lines.index("Limits")
    assert lines[start + 1 : start + 4] == [
        "stopped moved other action nothing",
        "action coupon: limit 5 per month 17 17 6 11 policy.nba:9",
        "2 before + 3 now of 5 this month",
    ]
    assert "20 people, 9 decided something (45.0%)" in lines


def test_json_has_the_same_numbers(shop: Path):
    told = json.loads(nba(*RUN, "--report", "json").out)
    assert (told["schema_version"], told["people"], told["contacts"]) == (1, 20, 9)
    assert told["limits"] == [
        {
            "stage": "limit",
            "name": "5 per month",
            "scope": "action coupon",
            "path": "policy.nba",
            "line": 9,
            "subject": None,
            "counts": "decided",
            "window": "this month",
            "used": 3,
            "cost": None,
            "before": 2,
            "most": 5,
            "said": "2 before + 3 now of 5 this month",
            "stopped": 17,
            "moved": {"people": 17, "other_action": 6, "same_action": 0, "nothing": 11},
        }
    ]


def test_of_many_limits_those_that_did_most_are_shown(shop: Path):
    more = "".join(f"action other{n} {{ value 1  limit {n} per day }}\n" for n in range(2, 40))
    (shop / "policy.nba").write_text(HEAD + TOTAL + more)
    text, full = nba(*RUN).out, nba(*RUN, "--report", "full").out
    assert "… 9 more: --report full" in text and text.count(" before + ") == 30
    assert full.count(" before + ") == 39 and "more: --report full" not in full
    assert "limit 5 per month" in text


def test_contacts_are_told_where_several_are_picked(shop: Path):
    (shop / "policy.nba").write_text(HEAD + TOTAL.replace("pick 1", "pick 2"))
    # Nine have the news; the three with a coupon have both.
    assert "20 people, 9 decided something (45.0%), 12 contacts" in nba(*RUN).out


def test_a_policy_without_limits_shows_no_table(shop: Path):
    (shop / "policy.nba").write_text(HEAD + TOTAL.replace("limit 5 per month", ""))
    assert "Limits" not in nba(*RUN).out
    assert json.loads(nba(*RUN, "--report", "json").out)["limits"] == []
