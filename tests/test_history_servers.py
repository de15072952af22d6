"""A history on a server outlives its connections: what is asked after the server was away is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import servers
from conftest import started

from nbadsl.history.demands import Demand
from nbadsl.history.events import Event, decided
from nbadsl.history.postgres import PostgresStore
from nbadsl.history.redis import RedisStore
from nbadsl.history.store import HistoryError, Request, Store
from nbadsl.program.limits import Contacts

START = 1_795_000_000_000_000
ROOM = [Demand(Contacts("decided"), START + 1000, most=9)]


def contact(number: int) -> Event:
    return Event(
        f"d{number}", decided(1), "decided", START + number, f"p{number}", "tip", (), "push", None, 7
    )


def kill(address: str, store: PostgresStore) -> None:
    """End the connection of a store as a server does that is started again."""
    with psycopg.connect(address, autocommit=True) as other:
        pid = store._connection.info.backend_pid
        assert other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchall() == [(True,)]


ASKED = {
    "rooms": lambda store: store.rooms(ROOM) == [8],
    "times": lambda store: store.times(Contacts("decided"), "", None, START + 9).keys.to_pylist() == ["p1"],
    "events": lambda store: list(store.events()) == [contact(1)],
    "decision": lambda store: store.decision("d1") == (contact(1),),
    "stats": lambda store: store.stats().events == 1,
    "add": lambda store: store.add([contact(2)]) == 1,
    "reserve": lambda store: store.reserve([Request("d2", (contact(2),))], START) == [(contact(2),)],
    "confirm": lambda store: store.confirm("d1", START + 9),
    "release": lambda store: store.release("d1", START + 9),
    "expire": lambda store: store.expire(START + 9) == 0,
    "forget": lambda store: store.forget("p1", START + 9) == 1,
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_postgres_is_connected_again(postgres_address: str, asked, request):
    with psycopg.connect(postgres_address, autocommit=True) as other:
        other.execute("DROP SCHEMA IF EXISTS again CASCADE")
    store = PostgresStore(postgres_address, "again")
    store.add([contact(1)])
    kill(postgres_address, store)
    assert asked(store)
    assert store.rooms(ROOM)[0] in (7, 8, 9)
    store.close()


def test_postgres_does_not_connect_again_inside_a_step(postgres_address: str):
    store = PostgresStore(postgres_address, "inside")
    with pytest.raises(HistoryError), store._transaction():
        store._add([contact(1)])
        kill(postgres_address, store)
        store._add([contact(2)])
    assert list(store.events()) == []
    store.close()
    with pytest.raises(HistoryError, match="closed"):
        store.rooms(ROOM)


def test_redis_is_connected_again(tmp_path: Path):
    port = servers.free_port()
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir(), second.mkdir()
    running: Iterator[str] = started(lambda folder: servers.redis_server(folder, port), first)
    store: Store = RedisStore(next(running))
    store.add([contact(1)])
    assert store.rooms(ROOM) == [8]
    next(running, None)
    with pytest.raises(HistoryError):
        store.rooms(ROOM)
    with servers.redis_server(second, port):
        # This server keeps nothing when it ends.
        assert store.add([contact(2)]) == 1 and store.rooms(ROOM) == [8]
    store.close()
