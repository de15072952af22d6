"""Connects to the stores of the contact history that tests run against."""

from __future__ import annotations

from nbadsl.history.postgres import PostgresStore
from nbadsl.history.redis import RedisStore
from nbadsl.history.sqlite import SqliteStore
from nbadsl.history.store import Store


def connected(kind: str, address: str, name: str) -> Store:
    match kind:
        case "sqlite":
            return SqliteStore(address)
        case "redis":
            return RedisStore(address, name)
    return PostgresStore(address, name)
