"""Every store of the contact history does what the one in memory does, whatever happens in whatever order."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from histories import as_file, connected
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nbadsl
from nbadsl.history.carried import CarriedHistory, Told
from nbadsl.history.counted import Counts, Times
from nbadsl.history.demands import Demand, room_of_times
from nbadsl.history.events import PERSON, Event, decided, outcome, standing
from nbadsl.history.memory import MemoryStore
from nbadsl.history.redis import RedisStore
from nbadsl.history.sqlite import SHIFTS, SqliteStore, cover
from nbadsl.history.store import HistoryError, Request, Store
from nbadsl.program.limits import Contacts, Pause

HOUR = 3_600_000_000
START = 1_795_000_000_000_000

# --- things that happen ---

KEYS = ["ann", "ben", "çem 'x'"]
keys = st.sampled_from(KEYS)
decisions = st.sampled_from([f"d{n}" for n in range(8)])
moments = (
    st.integers(-30, 30).map(lambda n: START + n * 7 * HOUR)
    | st.integers(-3, 3).map(lambda n: START + n * 6000 * HOUR)
    | st.integers(START - 5, START + 5)
)
places = st.sampled_from(
    [("winback", ("promo", "retention"), "email"), ("winback", ("promo",), None), ("tip", (), "push")]
)


@st.composite
def events(draw: Any, decision: str | None = None, at: int | None = None) -> Event:
    action, groups, channel = draw(places)
    decision = decision or draw(decisions)
    key = KEYS[int(decision[1]) % 3]
    return Event(
        decision,
        decided(draw(st.integers(1, 3))),
        "decided",
        draw(moments) if at is None else at,
        key,
        action,
        groups,
        channel,
        draw(st.none() | st.just("a")),
        draw(st.none() | st.sampled_from([2000, 150_000])),
        draw(
            st.just(())
            | st.just((("household", f"h {key[0]}"),))
            | st.just((("household", "h"), ("cart", "1")))
        ),
    )


@st.composite
def outcomes(draw: Any) -> Event:
    kind = draw(st.sampled_from(["sent", "accepted", "released"]))
    id = draw(st.none() | st.just("again"))
    return outcome(draw(events()), kind, draw(moments), id)


contacts = st.builds(
    Contacts,
    st.sampled_from(["decided", "decided", "sent", "accepted"]),
    actions=st.sampled_from([(), ("winback",), ("winback", "tip"), ("gone",)]),
    groups=st.sampled_from([(), (), ("promo",), ("retention",)]),
    channels=st.sampled_from([(), (), ("email",), ("email", "push")]),
    exempt=st.sampled_from([(), (), ("tip",), ("retention",)]),
)
pauses = st.builds(
    Pause, st.integers(1, 20).map(lambda n: n * 7 * HOUR), st.integers(1, 3), st.none() | st.just(40 * HOUR)
)


@st.composite
def demands(draw: Any, now: int | None = None) -> Demand:
    field, key = draw(
        st.sampled_from([(None, None), ("household", "h"), ("cart", "1")])
        | keys.map(lambda key: (PERSON, key))
    )
    pause = draw(st.none() | pauses) if field == PERSON else None
    return Demand(
        draw(contacts),
        draw(moments) if now is None else now,
        draw(st.none() | moments) if pause is None else None,
        draw(st.integers(0, 3)),
        field,
        key,
        draw(st.none() | st.just(100)) if pause is None else None,
        pause,
        draw(st.sampled_from([1, 1, 2])),
    )


@st.composite
def requests(draw: Any, now: int) -> Request:
    decision = draw(decisions)
    made = draw(st.lists(events(decision, now), min_size=1, max_size=3, unique_by=lambda e: e.id))
    made = [replace(event, subjects=made[0].subjects) for event in made]
    return Request(decision, tuple(made), tuple(draw(st.lists(demands(now), max_size=2))))


@st.composite
def steps(draw: Any) -> tuple[str, Any]:
    now = draw(moments)
    match draw(
        st.sampled_from(["add", "reserve", "reserve", "rooms", "confirm", "release", "expire", "forget"])
    ):
        case "add":
            return "add", (draw(st.lists(events() | outcomes(), max_size=5)),)
        case "reserve":
            until = draw(st.none() | moments)
            chunk = draw(st.none() | st.tuples(st.just("run"), st.integers(0, 3)))
            return "reserve", (draw(st.lists(requests(now), min_size=1, max_size=3)), now, until, chunk)
        case "rooms":
            return "rooms", (draw(st.lists(demands(now), min_size=1, max_size=4)),)
        case "confirm":
            return "confirm", (draw(decisions), now)
        case "release":
            return "release", (draw(decisions), now)
        case "expire":
            return "expire", (now,)
    return "forget", (draw(keys), now)


# --- the stores ---


@pytest.fixture(params=["sqlite", "redis", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Callable[[], Store]]:
    """Makes an empty store; gives what connects to it."""
    kind, number = request.param, count()
    if kind == "sqlite":
        return lambda: partial(connected, kind, str(tmp_path / f"{next(number)}.db"), "")
    address = request.getfixturevalue(f"{kind}_address")
    return lambda: partial(connected, kind, address, f"{request.node.name}{next(number)}")


def seen(store: Store, asked: list[Demand]) -> dict[str, Any]:
    """All that can be seen of a store; the ids of forgotten decisions are chance."""
    fields = ("household", PERSON)
    return {
        "rooms": store.rooms(asked),
        "tallies": store.tallies(asked),
        "times": [times(store.times(d.contacts, f, d.start, d.now)) for d in asked for f in fields],
        "counts": [counts(store.counts(d.contacts, f, d.start, d.now)) for d in asked for f in fields],
        "decisions": [store.decision(f"d{n}") for n in range(8)] if store.keeps else [],
        "events": [event if event.key else replace(event, decision="") for event in store.events()],
        "chunks": store.chunks("run"),
        "stats": store.stats(),
    }


def counts(found: Counts) -> dict[str, int]:
    return dict(zip(found.keys.to_pylist(), found.numbers.tolist(), strict=True))


def times(found: Times) -> dict[str, list[int]]:
    bounds, moments = found.bounds.tolist(), found.moments.tolist()
    assert len(bounds) == len(found.keys) + 1
    return {
        key: moments[low:high]
        for key, low, high in zip(found.keys.to_pylist(), bounds, bounds[1:], strict=False)
    }


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 1), steps()), max_size=12), st.lists(demands(), min_size=1, max_size=6)
)
def test_every_store_is_like_the_one_in_memory(fresh, what, asked):
    """`what` happens through two connections, as if they were two processes."""
    memory, connect = MemoryStore(), fresh()
    stores = connect(), connect()
    for which, (name, values) in what:
        assert getattr(stores[which], name)(*values) == getattr(memory, name)(*values), (name, values)
    for store in stores:
        assert seen(store, asked) == seen(memory, asked)
        store.close()


@pytest.mark.parametrize("ending", ["parquet", "csv"])
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps(), max_size=12), st.lists(demands(), min_size=1, max_size=6))
def test_a_file_says_what_the_store_does_that_it_was_taken_from(tmp_path, ending, what, asked):
    memory = MemoryStore()
    for name, values in what:
        getattr(memory, name)(*values)
    memory.expire(2**60)  # what still waits is not in a file
    file = as_file(memory.events(), tmp_path / f"events.{ending}")
    for each in ("rooms", "times", "counts"):
        assert seen(file, asked)[each] == seen(memory, asked)[each]
    events = [replace(event, subjects=tuple(sorted(event.subjects))) for event in memory.events()]
    assert list(file.events()) == events
    assert file.stats() == replace(memory.stats(), forgotten=0)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(events() | outcomes(), max_size=12),
    st.sampled_from(["memory", "file"]),
    st.none() | moments,
    st.lists(events(), max_size=8, unique_by=lambda e: (e.decision, e.id)),
    st.lists(demands(), min_size=1, max_size=6),
)
def test_a_history_that_is_carried_counts_what_it_began_with_and_what_it_is_told(
    tmp_path, before, kind, until, later, asked
):
    start = MemoryStore(before)
    past = [event for event in standing(start.events()) if until is None or event.at <= until]
    memory = MemoryStore([*past, *(replace(e, decision=f"later {e.decision}") for e in later)])
    carried = CarriedHistory(
        start if kind == "memory" else as_file(start.events(), tmp_path / "e.parquet"), until
    )
    for at in {event.at for event in later}:
        some = [event for event in later if event.at == at]
        fields = {field for event in some for field, _ in event.subjects}
        subjects = {f: pa.array([dict(e.subjects).get(f) for e in some], pa.string()) for f in fields}
        sorts = [(event.kind, event.action, event.groups, event.channel) for event in some]
        keys = pa.array([event.key for event in some])
        carried.tell(Told(at, sorts, [e.cost for e in some], np.arange(len(some)), keys, subjects))
    assert carried.rooms(asked) == memory.rooms(asked)
    assert carried.tallies(asked) == memory.tallies(asked)
    for demand in asked:
        for field in ("household", PERSON):
            what = (demand.contacts, field, demand.start, demand.now)
            assert times(carried.times(*what)) == times(memory.times(*what))
            assert counts(carried.counts(*what)) == counts(memory.counts(*what))


@given(
    st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(-20, 0), min_size=1, max_size=8)),
    st.lists(st.tuples(st.integers(0, 3), st.integers(-21, 1)), max_size=6),
    st.builds(Pause, st.integers(1, 20), st.integers(1, 4), st.none() | st.integers(1, 12)),
)
def test_times_are_counted_and_rest_as_one_by_one(found, asked, pause):
    each = {key: sorted(START + at for at in moments) for key, moments in sorted(found.items())}
    times = Times.of([[(key, at) for at in moments] for key, moments in each.items()])
    assert times.keys.to_pylist() == list(each)
    demand = Demand(Contacts("decided"), START, pause=pause)
    assert times.rooms(pause, START).tolist() == [room_of_times(demand, x) for x in each.values()]
    asked = [(place, START + start) for place, start in asked if place < len(each)]
    places, starts = np.array(asked, np.int64).reshape(-1, 2).T
    after = [sum(at > start for at in list(each.values())[place]) for place, start in asked]
    assert times.after(places, starts).tolist() == after


@given(st.integers(-(2**45), 2**45), st.integers(0, 2**45))
def test_bins_cover_moments_once(first, length):
    last = first + length
    found = sorted(
        (low, high) if level < 0 else (low << SHIFTS[level], high << SHIFTS[level])
        for level, low, high in cover(first, last)
    )
    assert [low for low, _ in found] == [first, *(high for _, high in found[:-1])] if found else length == 0
    assert not found or found[-1][1] == last


# --- several processes ---


def contact(number: int, key: str = "ann") -> Event:
    decision = f"d{number}"
    return Event(decision, decided(1), "decided", START + number, key, "tip", (), "push", None, 2000)


def test_an_event_that_is_known_is_not_another_one(fresh):
    """A release under the id of what was sent is no release: the reservation still ends in time."""
    demand = Demand(Contacts("decided"), START + HOUR, most=1)
    for store in (MemoryStore(), fresh()()):
        store.reserve([Request("d5", (contact(5),))], START, START + 10)
        sent = Event("d5", "again", "sent", START + 6, "ann", "tip", (), "push", None, None)
        assert store.add([sent]) == 1 and store.add([replace(sent, kind="released")]) == 0
        assert store.expire(START + 10) == 1 and store.rooms([demand]) == [1]


def test_what_another_process_writes_is_seen(fresh):
    one, other = (connect := fresh())(), connect()
    asked = [
        Demand(Contacts("decided"), START + HOUR, most=3),
        Demand(Contacts("decided"), START + HOUR, most=3, field=PERSON, key="ann"),
        Demand(Contacts("decided"), START + HOUR, START, most=10_000, each=1000),
    ]
    one.add([contact(1)])
    assert one.rooms(asked) == other.rooms(asked) == [2, 2, 8]
    other.add([contact(2), contact(3, "ben")])
    assert one.rooms(asked) == [0, 1, 4]
    one.release("d2", START + HOUR)
    assert other.rooms(asked) == [1, 2, 6]
    one.close(), other.close()


def test_who_only_reads_waits_for_no_writer(tmp_path, monkeypatch):
    path = tmp_path / "contacts.db"
    writer = SqliteStore(path)
    writer.add([contact(1)])
    monkeypatch.setattr("nbadsl.history.sqlite._WAIT", 0.05)
    with writer._transaction():
        reader = SqliteStore(path)
        assert reader.rooms([Demand(Contacts("decided"), START + HOUR, most=3)]) == [2]
    reader.close(), writer.close()


def named(folder: Path) -> list[str]:
    """The files that know somebody."""
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    return [name for name, said in contents.items() if b"Wanda" in said or b"own home" in said]


@pytest.mark.parametrize("many", [1, 3000])
def test_who_is_forgotten_is_in_no_file(tmp_path, many):
    store = SqliteStore(tmp_path / "contacts.db")
    household = (("household", "their own home"),)
    store.add([replace(contact(n, f"person {n}"), decision=f"person {n}@then") for n in range(many)])
    mine = [replace(contact(n, "Wanda Gone"), decision=f"Wanda Gone@{n}") for n in range(many)]
    store.add([replace(event, subjects=household) for event in mine])
    assert named(tmp_path)
    assert store.forget("Wanda Gone", START + HOUR) == many and named(tmp_path) == []
    store.close()


def test_who_forgets_while_somebody_reads_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("nbadsl.history.sqlite._WAIT", 0.05)
    store, other = SqliteStore(tmp_path / "contacts.db"), SqliteStore(tmp_path / "contacts.db")
    store.add([contact(1, "Wanda Gone")])
    other._connection.execute("BEGIN")
    other._ask("SELECT count(*) FROM events")
    with pytest.raises(HistoryError, match="forget them once more"):
        store.forget("Wanda Gone", START + HOUR)
    other._connection.execute("COMMIT")
    assert store.forget("Wanda Gone", START + HOUR) == 0 and named(tmp_path) == []
    store.close(), other.close()


@pytest.mark.parametrize(
    "broken", ["no database, but a text that is long enough to be one" * 30, "CREATE TABLE about (version)"]
)
def test_what_cannot_be_opened_is_closed(tmp_path, monkeypatch, broken):
    path, made, connect = tmp_path / "contacts.db", [], sqlite3.connect
    if broken.startswith("CREATE"):
        connect(path).execute(broken)
    else:
        path.write_text(broken)
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: made.append(connect(*a, **k)) or made[-1])
    with pytest.raises(HistoryError):
        SqliteStore(path)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        made[0].execute("SELECT 1")


def test_a_store_is_closed_where_its_block_ends(fresh):
    with fresh()() as store, MemoryStore() as memory:
        assert store.add([contact(1)]) == memory.add([contact(1)]) == 1
    if not isinstance(store, RedisStore):  # whose client connects again where it is asked
        with pytest.raises(HistoryError):
            store.stats()


RIVAL = """
import sys
import test_history as t
store, name, each, most = t.connected(*sys.argv[1:4]), int(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6])
served = 0
for number in range(each):
    event = t.contact(name * each + number, f"person {name} {number}")
    demand = t.Demand(t.Contacts("decided"), t.START + 10**9, most=most)
    (answer,) = store.reserve([t.Request(event.decision, (event,), (demand,))], event.at, event.at + t.HOUR)
    if answer == (event,):
        served += store.confirm(event.decision, event.at)
print(served)
"""


@pytest.mark.parametrize("kind", ["sqlite", "redis", "postgres"])
def test_eight_processes_do_not_exceed_a_limit(kind, request, tmp_path):
    each = request.config.getoption("--race")
    path = str(tmp_path / "race.db")
    address = path if kind == "sqlite" else request.getfixturevalue(f"{kind}_address")
    connected(kind, address, "race").close()
    command = [sys.executable, "-c", RIVAL, kind, address, "race"]
    rivals = [
        subprocess.Popen(
            [*command, str(n), str(each), str(each // 2)], stdout=subprocess.PIPE, cwd=Path(__file__).parent
        )
        for n in range(8)
    ]
    served = [int(rival.communicate()[0]) for rival in rivals]
    store = connected(kind, address, "race")
    kept = [event for event in store.events() if event.kind == "decided"]
    assert sum(served) == len(kept) == each // 2
    assert store.rooms([Demand(Contacts("decided"), START + 10**9, most=each // 2)]) == [0]
    store.close()


def test_moments_and_outcomes_of_the_python_interface():
    at = datetime(2026, 11, 10, 12, 0, 0, 7, tzinfo=UTC)
    assert nbadsl.moment(at) == 1_794_312_000_000_007
    assert abs(nbadsl.moment() - nbadsl.moment(datetime.now(UTC))) < 60_000_000
    with pytest.raises(ValueError, match="has no time zone"):
        nbadsl.moment(at.replace(tzinfo=None))
    made = Event("d", decided(1), "decided", 1, "p", "a")
    assert nbadsl.outcome(made, "accepted", 2).kind == "accepted"
    with pytest.raises(ValueError, match="`acepted` is no outcome; did you mean `accepted`"):
        nbadsl.outcome(made, "acepted", 2)
