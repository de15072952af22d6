"""`nba history`: what it prints, how it ends, what it leaves behind."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from commands import NOW, change, decided, fails, nba, read

from nbadsl.history.events import Event, outcome
from nbadsl.history.events import decided as place
from nbadsl.history.sqlite import SqliteStore
from nbadsl.history.store import HistoryError

AT = 1_794_000_000_000_000  # 2026-11-06 21:20 UTC
WHERE = ("--history", "contacts.db")


def contact(number: int, key: str) -> Event:
    groups, subjects = ("promo",), (("household", f"h {key}"),)
    return Event(
        f"d{number}",
        place(1),
        "decided",
        AT + number,
        key,
        "winback",
        groups,
        "email",
        "a",
        150_000,
        subjects,
    )


@pytest.fixture
def contacts(shop: Path) -> Path:
    """A history of five events beside the shop's policy."""
    one, two, three = contact(1, "C001"), contact(2, "C001"), contact(3, "Çelik, Ö")
    store = SqliteStore(shop / "contacts.db")
    store.add([one, two, outcome(two, "accepted", AT + 10), three])
    store.release("d3", AT + 20)
    store.close()
    return shop / "contacts.db"


# --- stats ---


def test_stats_say_how_much_there_is(contacts: Path):
    assert nba("history", "stats", *WHERE).out.splitlines() == [
        "5 events of 2 people, 3 decisions",
        "from 2026-11-06 21:20 UTC to 2026-11-06 21:20 UTC",
        "  decided              3",
        "  accepted             1",
        "  released             1",
    ]
    told = json.loads(nba("history", "stats", *WHERE, "--format", "json").out)
    assert told == {
        "events": 5,
        "people": 2,
        "decisions": 3,
        "kinds": {"decided": 3, "accepted": 1, "released": 1},
        "first": AT + 1,
        "last": AT + 20,
        "reserved": 0,
        "forgotten": 0,
    }


def test_the_history_of_the_settings_counts(contacts: Path):
    with (contacts.parent / "nba.toml").open("a") as settings:
        settings.write('\nhistory = "contacts.db"\n')
    assert nba("history", "stats").out.startswith("5 events of 2 people")
    (contacts.parent / "nba.toml").unlink()
    assert "say which history: --history contacts.db" in fails(2, "history", "stats")


@pytest.mark.parametrize(
    "command",
    [("explain", "C001"), ("simulate",), ("history", "stats"), ("history", "export", "out.csv")],
    ids=" ".join,
)
def test_a_history_that_the_first_run_has_yet_to_make_counts_nothing(shop: Path, command: tuple[str, ...]):
    limit = "\n  limit 1 per customer per 30 days"
    change(shop / "policy.nba", "propensity 1 - churn_risk", f"propensity 1 - churn_risk{limit}")
    with (shop / "nba.toml").open("a") as settings:
        settings.write('\nhistory = "contacts.db"\n')
    at = NOW if command[0] != "history" else ()
    first = nba(*command, *at)
    said = "note: contacts.db, which nba.toml names, is not there yet: nobody was contacted before"
    assert first.code == 0 and first.said.count(said) == 1 and said not in first.out
    assert "told as if" not in first.said and not (shop / "contacts.db").exists()
    assert "there is no history other.db" in fails(2, *command, *at, "--history", "other.db")
    assert nba("run", "--now", "2026-11-09 09:00", "--out", "decisions.csv").code == 0
    again = nba(*command, *at)
    assert again.code == 0 and "is not there yet" not in again.said and again.out != first.out


# --- export, and back ---


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.csv.gz"])
def test_what_is_exported_is_the_same_history_when_it_is_added(contacts: Path, name: str):
    assert nba("history", "export", name, *WHERE).out == f"{name}: 5 events\n"
    change(
        contacts.parent / "policy.nba",
        "propensity 10%",
        "propensity 10%\n  limit 1 per household ever, unknown passes",
    )
    change(
        contacts.parent / "policy.nba", "customer_id: text", "customer_id: text\n  household: text optional"
    )
    added = nba("history", "add", name, "--history", "copy.db")
    assert (added.code, added.said) == (0, "copy.db: 5 new events\n")
    assert (
        nba("history", "add", name, "--history", "copy.db").out
        == "copy.db: 0 new events, 5 were there already\n"
    )
    one, other = SqliteStore(contacts), SqliteStore(contacts.with_name("copy.db"))
    assert list(one.events()) == list(other.events()) and one.stats() == other.stats()
    one.close(), other.close()
    assert nba("history", "stats", "--history", name).out == nba("history", "stats", *WHERE).out


def test_an_export_is_written_aside_and_replaces_nothing_that_is_read(contacts: Path, monkeypatch):
    folder = contacts.parent
    (folder / "out.parquet").write_text("before")
    before = sorted(folder.iterdir())
    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setattr("nbadsl.history.events_table._row", lambda event: 1 / 0)
        nba("history", "export", "out.parquet", *WHERE)
    assert (folder / "out.parquet").read_text() == "before" and sorted(folder.iterdir()) == before
    assert nba("history", "export", "out.parquet", *WHERE).code == 0
    said = fails(2, "history", "export", "out.parquet", "--history", "out.parquet")
    assert said.endswith("error: cannot write out.parquet: the run reads it")
    assert read(folder / "out.parquet").num_rows == 5


# --- add ---


def test_old_contacts_are_added_in_the_time_zone_and_groups_of_the_policy(shop: Path):
    (shop / "old.csv").write_text(
        "key,action,at,agent\nC001,winback,2026-11-06 22:20,Kim\nC002,gone,2026-11-06,\n"
    )
    added = nba("history", "add", "old.csv", *WHERE)
    assert added.said.splitlines() == [
        "note: old.csv: not read: `agent`",
        "note: old.csv: the policy has no `gone`: such contacts are in no group",
        "contacts.db: 2 new events",
    ]
    store = SqliteStore(shop / "contacts.db")
    assert [(e.at, e.groups, e.kind) for e in store.events()] == [
        (AT, ("promotional",), "decided"),
        (AT - 80_400_000_000, (), "decided"),
    ]
    store.close()


def test_a_run_with_a_file_obeys_it_and_keeps_nothing(shop: Path):
    limit = "\n  limit 1 per customer per 30 days"
    change(shop / "policy.nba", "propensity 1 - churn_risk", f"propensity 1 - churn_risk{limit}")
    free = ("run", *NOW, "--out", "decisions.csv", "--history")
    ended = nba(*free, "empty.db")
    assert ended.code == 0 and "only read" not in ended.said
    before = {key: action for key, action, _ in decided(shop / "decisions.csv")}
    winback = next(key for key, action in before.items() if action == "winback")
    (shop / "old.csv").write_text(f"key,action,at\n{winback},winback,2026-11-01 10:00\n")
    ended = nba(*free, "old.csv")
    note = "note: old.csv: it is only read: what is decided is not kept there"
    assert ended.code == 0 and ended.said.count(note) == 1 and note not in ended.out
    after = {key: action for key, action, _ in decided(shop / "decisions.csv")}
    assert {key for key in before if before[key] != after[key]} == {winback}
    assert (shop / "old.csv").read_text().count("\n") == 2
    story = nba("explain", winback, *NOW, "--history", "old.csv")
    assert story.code == 0 and "limit reached    winback via email" in story.out


# --- forget ---


def test_who_is_forgotten_is_nowhere_and_what_was_spent_stays(contacts: Path):
    assert nba("history", "forget", "C001", *WHERE).out == "nobody's now: 3 events\n"
    assert nba("history", "forget", "C001", *WHERE).out == "there is nobody with this key\n"
    stats = nba("history", "stats", *WHERE).out.splitlines()
    assert stats[0] == "5 events of 1 person, 3 decisions" and stats[-1] == "forgotten: 1 person"
    files = [path.read_bytes() for path in contacts.parent.glob("contacts.db*")]
    assert files and not any(b"C001" in content for content in files)
    database = sqlite3.connect(contacts)
    assert [events for _, events in database.execute("SELECT * FROM forgotten")] == [3]
    database.close()
    assert nba("history", "export", "out.csv", *WHERE).code == 0
    assert [row["key"] for row in read(contacts.parent / "out.csv").to_pylist()] == [
        "",
        "",
        "",
        *["Çelik, Ö"] * 2,
    ]
    told = nba("history", "stats", "--history", "out.csv").said
    assert "note: out.csv: 3 of 5 rows have no `key`" in told and "5 events of 1 person" in told


# --- mistakes ---

MISTAKES = {
    "no history there": (("stats", "--history", "none.db"), "there is no history none.db"),
    "no file there": (("stats", "--history", "none.csv"), "there is no file none.csv"),
    "no database": (("stats", "--history", "policy.nba"), "policy.nba: decisions are kept in a database"),
    "no history": (("stats", "--history", "customers.txt"), "customers.txt is no history: file is not a database"),
    "no such scheme": (("stats", "--history", "mysql://x"), "mysql:// is no kind of history"),
    "nobody there": (("stats", "--history", "redis://127.0.0.1:1/0"), "the history cannot be reached"),
    "no such format": (("export", "out.xlsx", *WHERE), "the ending does not say what to write"),
    "no such folder": (("export", "no/out.csv", *WHERE), "there is no folder no"),
    "nothing to add": (("add", "none.csv", *WHERE), "there is no file none.csv"),
    "not to be added": (("add", "contacts.db", *WHERE), "contacts.db: events are read from Parquet and CSV"),
    "not to be added to": (("add", "customers.csv", "--history", "x.csv"), "x.csv is only read"),
    "profiles added": (("add", "customers.csv", *WHERE), "the first line must name the columns"),
    "no such policy": (("add", "customers.csv", *WHERE, "--policy", "polcy.nba"), "there is no file polcy.nba"),
    "forgotten in a file": (("forget", "C001", "--history", "old.csv"), "old.csv is only read"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_clear_line(contacts: Path, mistake: str):
    (contacts.parent / "customers.txt").write_text("no database, but long enough to look at" * 30)
    (contacts.parent / "old.csv").write_text("key,action,at\nC001,winback,2026-11-01 10:00\n")
    before = sorted(contacts.parent.iterdir())
    arguments, expected = MISTAKES[mistake]
    said = fails(2, "history", *arguments)
    assert expected in said and said.startswith("error: ") and "\n" not in said
    assert sorted(contacts.parent.iterdir()) == before


@pytest.mark.parametrize("name", ["stats", "export", "add", "forget"])
def test_the_help_of_each_has_an_example(name: str):
    ended = nba("history", name, "--help")
    assert ended.code == 0 and f"nba history {name}" in ended.out.partition("Examples:")[2]


@pytest.mark.parametrize(
    "command",
    [
        ("run", "policy.nba", "-p", "customers.csv", *NOW, "--out", "out.csv"),
        ("run", "policy.nba", "-p", "customers.csv", *NOW, "--out", "nowhere/out.csv"),
        ("explain", "policy.nba", "C003", "-p", "customers.csv", *NOW),
        ("simulate", "policy.nba", "-p", "customers.csv", *NOW, "--against", "policy.nba"),
        ("history", "stats"),
    ],
    ids=lambda command: f"{command[0]} {command[-1]}",
)
def test_every_command_closes_the_histories_that_it_opens(contacts: Path, monkeypatch, command):
    opened: list[SqliteStore] = []
    make = SqliteStore.__init__

    def noted(store: SqliteStore, path: str) -> None:
        opened.append(store)
        make(store, path)

    monkeypatch.setattr(SqliteStore, "__init__", noted)
    nba(*command, *WHERE)
    assert opened
    for store in opened:
        with pytest.raises(HistoryError, match="closed"):
            store.stats()
