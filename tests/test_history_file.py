"""A history in a file of events: other people's columns, what is missing, what is wrong, and deciding with it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from histories import as_file

import nbadsl
from nbadsl.history.demands import Demand
from nbadsl.history.events import PERSON, Event, decided
from nbadsl.history.file import FileHistory
from nbadsl.history.memory import MemoryStore
from nbadsl.history.open import open_history
from nbadsl.history.store import HistoryError
from nbadsl.program.limits import Contacts

POLICY = """
policy p { timezone "Europe/Berlin" }
profile customer key customer_id {
  customer_id: text
  household: text
  worth: number
}
channel email { }
channel push { }
group promo {
  limit 2 per customer per 7 days
  limit 3 per household ever
}
action coupon in promo {
  via email, push
  value worth
  budget 40 EUR per month, 15 EUR each
}
action tip {
  value 1
  limit 1 accepted per customer per year
}
arbitrate { score value  pick 1 }
"""
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
FIRST = int(datetime(2026, 11, 9, 7, 30, tzinfo=UTC).timestamp()) * 1_000_000
EVER = (None, FIRST + 10**14)


@pytest.fixture
def policy(tmp_path: Path) -> nbadsl.Policy:
    (tmp_path / "policy.nba").write_text(POLICY)
    return nbadsl.load(tmp_path / "policy.nba")


def csv(folder: Path, *lines: str) -> Path:
    path = folder / "contacts.csv"
    path.write_text("\n".join((*lines, "")))
    return path


def parquet(folder: Path, **columns: Any) -> Path:
    path = folder / "contacts.parquet"
    pq.write_table(pa.table(columns), path)
    return path


# --- columns ---


def test_key_action_and_time_are_enough(tmp_path, policy):
    path = csv(tmp_path, "key;action;at", "ann;coupon;2026-11-09 08:30", "ben;tip;2026-11-09T07:30:00")
    history = FileHistory(path, policy.program)
    events = list(history.events())
    assert [(e.kind, e.at - FIRST, e.key, e.action, e.groups, e.id) for e in events] == [
        ("decided", 0, "ann", "coupon", ("promo",), "1:decided"),
        ("decided", -3_600_000_000, "ben", "tip", (), "1:decided"),
    ]
    assert history.notes == ["there is no column `household`, so nothing is counted by it"]
    assert next(FileHistory(path).events()).at == FIRST + 3_600_000_000  # without a policy in UTC


def test_keys_and_fields_may_be_whole_numbers_and_costs_decimals(tmp_path, policy):
    path = parquet(
        tmp_path,
        key=pa.array([7, None], pa.int32()),
        action=["coupon", "coupon"],
        at=pa.array([datetime(2026, 11, 9, 7, 30)] * 2, pa.timestamp("s", "Asia/Tokyo")),
        household=pa.array([12, 12], pa.uint16()),
        cost=pa.array([None, 3], pa.decimal128(5, 2)),
        weather=["fine", "rain"],
    )
    history = FileHistory(path, policy.program)
    assert [(e.key, e.subjects, e.cost) for e in history.events()] == [
        ("7", (("household", "12"),), None),
        (None, (("household", "12"),), 3_000_000),
    ]
    assert history.notes == [
        "not read: `weather`",
        "1 of 2 rows have no `key`: they count for nobody, but in totals and budgets",
    ]
    spent = Demand(Contacts("decided"), EVER[1], None, 10_000_000, each=1_000_000)
    assert history.rooms([spent]) == [6]
    assert [e.subjects for e in FileHistory(path).events()][1] == (("household", "12"), ("weather", "rain"))


def test_groups_of_the_file_come_before_those_of_the_policy(tmp_path, policy):
    path = csv(
        tmp_path,
        "key,action,at,groups,kind",
        'ann,coupon,2026-11-09T08:30:00Z,"",sent',
        "ann,coupon,2026-11-09T08:30:00Z,,sent",
        "ann,coupon,2026-11-09T08:30:00Z,old/promo,sent",
        "ann,gone,2026-11-09T08:30:00Z,,sent",
    )
    history = FileHistory(path, policy.program)
    assert [e.groups for e in history.events()] == [(), ("promo",), ("old", "promo"), ()]
    assert history.notes[1:] == [
        "no row is `decided`, so limits that name no outcome count nothing",
        "the policy has no `gone`: such contacts are in no group",
    ]


def test_a_folder_of_files_is_one_history(tmp_path):
    (tmp_path / "events").mkdir()
    for month in ("10", "11"):
        at = pa.array([datetime(2026, int(month), 1, tzinfo=UTC)])
        parquet(tmp_path, key=["ann"], action=["tip"], at=at).rename(tmp_path / "events" / f"{month}.parquet")
    history = open_history(str(tmp_path / "events"))
    assert history.counts(Contacts("decided"), PERSON, *EVER).numbers.tolist() == [2]
    assert history.stats().events == 2


def test_events_without_names_get_the_same_ones_each_time(tmp_path, policy):
    line = "ann,coupon,2026-11-09 08:30"
    path = csv(tmp_path, "key,action,at", line, line, "ben,coupon,2026-11-09 08:30")
    store = MemoryStore()
    assert store.add(FileHistory(path, policy.program).events()) == 3
    # Another file that has them as well, in another order, adds what is new.
    path = csv(tmp_path, "key,action,at", "ben,coupon,2026-11-09 08:30", line, line, line)
    assert store.add(FileHistory(path, policy.program).events()) == 1


def test_rows_of_one_decision_without_ids_are_events_of_it(tmp_path):
    path = csv(
        tmp_path,
        "key,action,at,kind,decision",
        "ann,tip,2026-11-09 08:30,decided,d1",
        "ann,tip,2026-11-09 08:31,released,d1",
        "ann,tip,2026-11-09 08:30,decided,d2",
        "ann,tip,2026-11-09 08:32,accepted,d2",
    )
    history = FileHistory(path)
    assert [e.id for e in history.events()] == ["1:decided", "released", "3:decided", "4:accepted"]
    assert history.counts(Contacts("decided"), PERSON, *EVER).numbers.tolist() == [1]
    assert history.stats().decisions == 2


# --- mistakes ---

GOOD = {"key": "ann", "action": "tip", "at": "2026-11-09 08:30"}
WRONG: list[tuple[dict[str, str], str]] = [
    ({"at": "09/11/2026"}, 'row 2: at: "09/11/2026" is not a moment in time'),
    ({"at": ""}, "row 2: `at` is empty"),
    ({"action": ""}, "row 2: `action` is empty"),
    ({"kind": "send"}, 'row 2: `kind` is "send"; did you mean `sent`?'),
    ({"kind": ""}, "row 2: `kind` is empty, and not decided, sent"),
    ({"cost": "two"}, 'row 2: cost: "two" is not a number'),
    ({"cost": "nan"}, "row 2: `cost` is nan, which is no amount of money"),
    ({"kind": "released"}, "row 2: what is released must say of which `decision`"),
    ({"id": "1:decided"}, "there is a column `id`, of events in a decision, and none `decision`"),
    ({"decision": ""}, "row 2: `decision` is empty"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[said[:40] for _, said in WRONG])
def test_a_row_that_cannot_be_read_is_named(tmp_path, change, said):
    good = GOOD | {"kind": "sent", "cost": "1", "decision": "d", "id": "1:decided"}
    row = GOOD | change
    first = [good[name] for name in row]
    path = csv(tmp_path, ",".join(row), ",".join(first), ",".join(row.values()))
    with pytest.raises(HistoryError) as error:
        FileHistory(path)
    assert str(error.value).startswith(str(path)) and said in str(error.value)


def test_an_id_of_what_was_decided_says_its_place(tmp_path):
    path = csv(tmp_path, "key,action,at,decision,id", "ann,tip,2026-11-09,d1,abc")
    with pytest.raises(HistoryError, match="`id` is abc, and not the place of the choice, as in 1:decided"):
        list(FileHistory(path).events())


def test_columns_that_are_missing_or_of_another_type_are_named(tmp_path):
    for columns, said in (
        ({"key": ["ann"], "actoin": ["tip"]}, "`action` is missing.*did you mean `actoin`"),
        ({"key": ["ann"], "action": ["tip"], "at": [date(2026, 11, 9)]}, "`at` is days .*expected a moment"),
        ({"key": [1.5], "action": ["tip"], "at": [NOW]}, "`key` is numbers .*expected text"),
        (
            {"key": ["ann"], "action": ["tip"], "at": [NOW], "cost": ["2"]},
            "`cost` is text .*expected a number",
        ),
    ):
        with pytest.raises(HistoryError, match=said):
            FileHistory(parquet(tmp_path, **columns))
    with pytest.raises(HistoryError, match="first line must name the columns"):
        FileHistory(csv(tmp_path, "a,b", "1,2"))


def test_what_is_no_file_of_events_is_told(tmp_path):
    (tmp_path / "no.parquet").write_text("no")
    (tmp_path / "empty").mkdir()
    for name, said in (
        ("no.parquet", "no Parquet file"),
        ("empty", "there is no Parquet file in the folder"),
        ("none.csv", "there is no file"),
        ("contacts.json", "decisions are kept in a database"),
    ):
        with pytest.raises(HistoryError, match=said):
            open_history(str(tmp_path / name))


# --- deciding ---


def test_a_batch_is_decided_with_a_file_and_keeps_nothing(tmp_path, policy):
    past = [
        Event(
            f"d{n}", decided(1), "decided", FIRST - n, key, "coupon", ("promo",), "email", None, cost,
            (("household", "h1"),),
        )
        for n, (key, cost) in enumerate([("ann", None), ("ann", 4_000_000), ("ben", None)])
    ]  # fmt: skip
    people = [
        {"customer_id": key, "household": home, "worth": 9.0}
        for key, home in (("ann", "h2"), ("ben", "h2"), ("cy", "h1"), ("di", "h2"))
    ]
    file = as_file(past, tmp_path / "contacts.parquet", policy.program)
    before = (tmp_path / "contacts.parquet").read_bytes()
    decisions = policy.decide(people, now=NOW, history=file)
    assert decisions.to_pylist() == policy.decide(people, now=NOW, history=MemoryStore(past)).to_pylist()
    chosen = {row["customer_id"]: row["action"] for row in decisions.to_pylist()}
    # Ann has had two promotions and the household h1 three; 34 of 40 EUR are spent.
    assert chosen == {"ann": "tip", "ben": "tip", "cy": "tip", "di": "tip"}
    assert (tmp_path / "contacts.parquet").read_bytes() == before and file.stats().events == 3
    with pytest.raises(HistoryError, match=r"contacts\.parquet is only read: .*nba history add"):
        policy.decide_one(people[0], now=NOW, history=file)
