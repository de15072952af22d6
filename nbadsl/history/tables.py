"""The tables of a history in SQL, and events as their rows.

- `sorts` numbers every kind × action × groups × channel there has been: some hundreds at most. Which of them a demand
  counts is found here, and asked for by number.
- `events` is what happened, in the order it was told. One that decided what has been released `stands` no more.
- `subjects` holds every event that stands once for each of its subjects, by subject and time: what limits of one
  person or household read. A person who is forgotten leaves it.
- `reservations` are the decisions that are released unless they are confirmed in time.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from nbadsl.history.events import PERSON, Event

VERSION = 2
TABLES = (
    "CREATE TABLE IF NOT EXISTS about (version INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS sorts (number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, action TEXT NOT NULL, path TEXT NOT NULL, channel TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS events (number BIGINT PRIMARY KEY, decision TEXT NOT NULL, id TEXT NOT NULL,
    sort INTEGER NOT NULL, at BIGINT NOT NULL, content TEXT, cost BIGINT, subjects TEXT NOT NULL,
    stands INTEGER NOT NULL, UNIQUE (decision, id))""",
    "CREATE INDEX IF NOT EXISTS moments ON events (sort, at, cost) WHERE stands = 1",
    """CREATE TABLE IF NOT EXISTS subjects (field TEXT NOT NULL, key TEXT NOT NULL, at BIGINT NOT NULL,
    event BIGINT NOT NULL, sort INTEGER NOT NULL, cost BIGINT, PRIMARY KEY (field, key, at, event))""",
    "CREATE TABLE IF NOT EXISTS reservations (decision TEXT PRIMARY KEY, until BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS ends ON reservations (until)",
    "CREATE TABLE IF NOT EXISTS chunks (run TEXT NOT NULL, chunk INTEGER NOT NULL, PRIMARY KEY (run, chunk))",
    "CREATE TABLE IF NOT EXISTS forgotten (at BIGINT NOT NULL, events INTEGER NOT NULL)",
)

EVENTS = """SELECT e.number, e.decision, e.id, s.kind, e.at, s.action, s.path, s.channel, e.content, e.cost, e.subjects,
    e.stands, e.sort FROM events e JOIN sorts s ON s.number = e.sort"""

_WRITER = json.JSONEncoder(ensure_ascii=False)  # made once: every decision that is kept needs it

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """An event with what the tables add to it."""

    number: int
    event: Event
    stands: bool
    sort: int


def marks(values: Collection[object]) -> str:
    """A `?` for each value of a list."""
    return ",".join("?" * len(values))


def groups_of(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")) if path else ()


def subjects_of(event: Event) -> str:
    return _WRITER.encode(event.of())


def row_of(kept: Kept) -> Row:
    """A row of `events`."""
    e = kept.event
    return (
        kept.number,
        e.decision,
        e.id,
        kept.sort,
        e.at,
        e.content,
        e.cost,
        subjects_of(e),
        int(kept.stands),
    )


def kept_of(row: Row) -> Kept:
    """Of a row of `EVENTS`."""
    number, decision, id, kind, at, action, path, channel, content, cost, subjects, stands, sort = row
    of = [(field, key) for field, key in json.loads(subjects)]
    key = next((key for field, key in of if field == PERSON), None)
    others = tuple(each for each in of if each[0] != PERSON)
    event = Event(
        decision, id, kind, at, key, action, groups_of(path), channel or None, content, cost, others
    )
    return Kept(number, event, bool(stands), sort)
