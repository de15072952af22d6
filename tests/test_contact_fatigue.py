"""Twelve weeks of example 04: what limits promise is counted again by DuckDB, in what `nba history export` wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import duckdb
import meaning
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from documents import ROOT
from example_data import need

import nbadsl
from nbadsl.history.events import Event
from nbadsl.history.sqlite import SqliteStore

FOLDER = ROOT / "examples" / "04-contact-fatigue"
RUNS = [datetime(2000, 12, 11, 9) + timedelta(weeks=week) for week in range(12)]
RUNS[3] += timedelta(days=1)  # New Year


def profiles(week: int) -> Path:
    return FOLDER / "data" / f"profiles-week-{week:02}.parquet"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the history of twelve weeks and its export, as `run.py` makes them."""
    need()
    out = tmp_path_factory.mktemp("out")
    code = "import run, sys, pathlib; run.decide('policy.nba', 'contacts', pathlib.Path(sys.argv[1]))"
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join([str(FOLDER), *sys.path])}
    subprocess.run([sys.executable, "-c", code, str(out)], env=settings, check=True)
    return out


@pytest.fixture(scope="module")
def events(done: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """`contact`: every event, with the calendar of Taipei and its place within its decision; `sort` is the innermost group. `profile`: of each run."""
    found = duckdb.connect()
    exported = pq.read_table(done / "contacts.parquet")
    plain = exported.set_column(3, "moment", exported["at"].cast(pa.timestamp("us")))
    found.register("exported", plain)
    found.execute("""
        create table contact as
        select *, moment + interval 8 hours as clock, split_part(id, ':', 1)::int as place,
               split_part(groups, '/', -1) as sort, groups like '%/promotional/%' as promotional
        from exported
    """)
    for week, now in enumerate(RUNS, 1):
        verb = "create table profile as" if week == 1 else "insert into profile"
        found.execute(f"{verb} select timestamp '{now}' as clock, * from read_parquet('{profiles(week)}')")
    yield found
    found.close()


def number(events: duckdb.DuckDBPyConnection, query: str) -> int:
    (row,) = events.execute(query).fetchall()
    return int(row[0])


def most_before(events: duckdb.DuckDBPyConnection, days: int) -> int:
    """With a promotional contact, how many a customer has had in so many days before it, itself and service counted."""
    return number(
        events,
        f"""
        select max(n) from (
            select count(*) as n from contact as mine join contact as other using (key)
            where mine.promotional and other.moment > mine.moment - interval {days} days
              and (other.moment < mine.moment or (other.moment = mine.moment and other.place <= mine.place))
            group by mine.decision, mine.id)
        """,
    )


def shortest_gap(events: duckdb.DuckDBPyConnection, first: str, then: str) -> timedelta:
    """The shortest time from a contact of one sort to the next of another, of one customer."""
    ((gap,),) = events.execute(f"""
        select min(later.moment - earlier.moment) from contact as earlier join contact as later using (key)
        where earlier.{first} and later.{then}
          and (later.moment > earlier.moment or (later.moment = earlier.moment and later.place > earlier.place))
    """).fetchall()
    return gap


def test_the_policy_keeps_its_tests():
    for name in ("policy.nba", "without_limits.nba"):
        loaded = meaning.load(FOLDER / name)
        for trial in meaning.trials(loaded):
            assert meaning.unmet(trial, trial.decided()) == [], trial.text


def test_nobody_hears_more_than_the_limits_allow(events: duckdb.DuckDBPyConnection):
    # The limits are reached, so it is they that hold.
    assert most_before(events, 7) == 2
    assert most_before(events, 30) == 5


def test_in_any_seven_days_only_service_comes_on_top(events: duckdb.DuckDBPyConnection):
    rolling = """
        select key, moment, count(*) over (partition by key order by moment
            range between interval '6 days 23:59:59.999999' preceding and current row) as n from contact
    """
    assert number(events, f"select max(n) from ({rolling} where promotional)") == 2
    more = f"select distinct key, moment from ({rolling}) where n > 2"
    assert number(events, f"select count(*) from ({more})") == 3
    assert (
        number(events, f"select count(*) from ({more}) join contact using (key, moment) where promotional")
        == 0
    )


def test_each_kind_rests(events: duckdb.DuckDBPyConnection):
    days = timedelta(days=1)
    assert (
        shortest_gap(events, "sort = 'leaflets'", "sort = 'leaflets'") == 13 * days
    )  # weekly runs, one a day late
    assert shortest_gap(events, "sort = 'cross_sell'", "sort = 'cross_sell'") >= 30 * days
    assert shortest_gap(events, "sort = 'winback'", "sort = 'winback'") >= 30 * days
    assert shortest_gap(events, "action = 'winback_coupon'", "sort = 'winback'") >= 60 * days


def test_calendars_count_in_taipei(events: duckdb.DuckDBPyConnection):
    def most(by: str, where: str) -> int:
        counted = f"select count(*) as n from contact where {where} group by {by}"
        return number(events, f"select max(n) from ({counted})")

    assert most("key, date_trunc('month', clock)", "sort = 'app_tips'") == 1
    assert most("key, clock::date", "channel = 'push' and promotional") == 1
    assert most("date_trunc('week', clock)", "channel = 'post'") == 400
    assert most("date_trunc('week', clock)", "channel = 'phone'") <= 20
    behind_service = """
        select count(*) from contact as mine join contact as other on other.key = mine.key
        and other.clock::date = mine.clock::date and other.place < mine.place
        where mine.promotional and mine.channel = 'push' and other.channel = 'push'
    """
    assert number(events, behind_service) == 0


def test_one_reminder_for_each_time_of_shopping(events: duckdb.DuckDBPyConnection):
    reminded = "select key as customer_id, clock from contact where action = 'time_to_refill'"
    again = f"""
        select count(*) from ({reminded}) as mine join ({reminded}) as before using (customer_id)
        join profile on profile.customer_id = mine.customer_id and profile.clock = mine.clock
        where before.clock < mine.clock
    """
    assert number(events, again) > 500
    assert number(events, f"{again} and before.clock >= profile.last_purchase") == 0


def test_a_month_of_coupons_costs_what_it_may(events: duckdb.DuckDBPyConnection):
    spent = """
        select strftime(clock, '%Y-%m') as month, sum(cost), count(*) * 9 from contact where channel = 'post'
        group by month order by month
    """
    assert events.execute(spent).fetchall() == [(m, 9000, 9000) for m in ("2000-12", "2001-01", "2001-02")]


def test_service_reaches_everybody_whatever_was_sent_before(events: duckdb.DuckDBPyConnection):
    due = {
        "recall": "list_contains(departments, 'd_32') and clock::date = date '2001-01-15'",
        "apology": "complaint_on >= clock::date - 7",
    }
    for action, condition in due.items():
        people = (
            f"select customer_id, clock from profile where (consent_push or consent_email) and {condition}"
        )
        sent = f"select key as customer_id, clock from contact where action = '{action}'"
        assert number(events, f"select count(*) from ({people})") > 100
        assert number(events, f"select count(*) from ({people} except {sent})") == 0
        assert number(events, f"select count(*) from ({sent} except {people})") == 0
    full = """
        select count(*) from (
            select mine.id from contact as mine join contact as other using (key)
            where mine.action = 'recall' and other.moment < mine.moment and other.moment > mine.moment - interval 30 days
            group by mine.decision, mine.id having count(*) >= 5)
    """
    assert number(events, full) > 10


def test_a_run_that_is_repeated_contacts_nobody_again(done: Path):
    history, before = done / "contacts.db", pq.read_table(done / "contacts.parquet")
    nba = [sys.executable, "-c", "from nbadsl.cli import main; main()"]
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    repeated = [
        "run",
        FOLDER / "policy.nba",
        "--profiles",
        profiles(12),
        "--now",
        f"{RUNS[11]:%Y-%m-%d %H:%M}",
    ]
    for command in (
        [*repeated, "--history", history, "--out", done / "again.parquet", "--report", "none"],
        ["history", "export", done / "again-contacts.parquet", "--history", history],
    ):
        subprocess.run([*nba, *map(str, command)], env=settings, check=True)
    assert pq.read_table(done / "again-contacts.parquet").equals(before)


def test_the_difference_is_drawn(tmp_path: Path):
    pytest.importorskip("matplotlib")
    code = """
import collections, pathlib, sys, numpy as np, run
ways = {"with limits": [1, 2, 2], "without": [0, 5, 9]}
found = {way: run.Quarter(np.array(n), np.array([sum(n)]), 0, collections.Counter()) for way, n in ways.items()}
run.draw(found, pathlib.Path(sys.argv[1]))
"""
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join([str(FOLDER), *sys.path])}
    for name in ("a.svg", "b.svg"):
        subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], env=settings, check=True)
    assert "<svg" in (tmp_path / "a.svg").read_text()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@cache
def weeks_of_some() -> list[pa.Table]:
    """The weeks of 600 customers."""
    need()
    people = pq.read_table(profiles(12), columns=["customer_id"])["customer_id"].combine_chunks()
    some = people.take(pa.array(range(0, len(people), len(people) // 600)))
    tables = [pq.read_table(profiles(week)) for week in range(1, 13)]
    return [table.filter(pc.is_in(table["customer_id"], some)) for table in tables]


def decided(reverse: bool) -> list[Event]:
    """What twelve weeks of some customers leave in a history."""
    policy, history = nbadsl.load(FOLDER / "policy.nba"), SqliteStore(":memory:")
    for now, people in zip(RUNS, weeks_of_some(), strict=True):
        order = range(people.num_rows)
        people = people.take(pa.array(reversed(order) if reverse else order))
        policy.decide(people, now=now, history=history, parameters={"coupons_a_month": 700.0})
    return sorted(history.events(), key=lambda event: (event.at, event.decision, event.id))


def test_deciding_again_from_an_empty_history_gives_the_same_whatever_the_order_of_the_rows():
    once = decided(reverse=False)
    assert len(once) > 3000
    assert decided(reverse=True) == once
