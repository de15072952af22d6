"""Connects to the stores of the contact history that tests run against."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nbadsl.data.output import write_table
from nbadsl.history.events import Event
from nbadsl.history.events_table import batches_of, fields_of, schema_of
from nbadsl.history.file import FileHistory
from nbadsl.history.postgres import PostgresStore
from nbadsl.history.redis import RedisStore
from nbadsl.history.sqlite import SqliteStore
from nbadsl.history.store import Store
from nbadsl.program.nodes import Program


def connected(kind: str, address: str, name: str) -> Store:
    match kind:
        case "sqlite":
            return SqliteStore(address)
        case "redis":
            return RedisStore(address, name)
    return PostgresStore(address, name)


def as_file(events: Iterable[Event], path: Path, program: Program | None = None) -> FileHistory:
    """Events written as `nba history export` writes them, and read."""
    events = list(events)
    schema = schema_of(fields_of(events))
    with write_table(path, schema) as table:
        for batch in batches_of(events, schema):
            table.write(batch)
    return FileHistory(path, program)
