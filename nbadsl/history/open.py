"""Where a history is: a file (SQLite), `redis://…` or `rediss://…`, `postgresql://…`; or events in a Parquet or CSV file,
or a folder of Parquet files, which are only read."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from nbadsl.history.store import HistoryError, Store
from nbadsl.program.facts import LimitFacts
from nbadsl.program.nodes import Program

_EVENTS = (".parquet", ".pq", ".csv", ".tsv", ".gz")
_NOT_SQLITE = (".arrow", ".json", ".nba", ".nbac")


class NeedsHistory(RuntimeError):
    """The policy has limits, which count what was decided before, and was given no history."""

    def __init__(self, limits: tuple[LimitFacts, ...]) -> None:
        some = "\n".join(f"  {x.path}:{x.line}: {x.stage} {x.name}" for x in limits[:5])
        more = f"\n  … and {len(limits) - 5} more" if len(limits) > 5 else ""
        super().__init__(f"the policy has limits, so it needs a history of what was before:\n{some}{more}")
        self.limits = limits


def open_history(address: str, create: bool = True, program: Program | None = None) -> Store:
    """The store at an address. `create`: make a file that is not there. `program`: the policy for which events in a file
    are read, see `event_file`. Raises HistoryError.

    Secrets come from the environment: REDIS_PASSWORD, and what libpq reads (PGPASSWORD, a password file).
    """
    scheme = address.partition("://")[0] if "://" in address else ""
    if scheme in ("redis", "rediss"):
        return _make("redis", "RedisStore", "redis", address, password=os.environ.get("REDIS_PASSWORD"))
    if scheme in ("postgresql", "postgres"):
        return _make("postgres", "PostgresStore", "psycopg", address)
    if scheme:
        raise HistoryError(f"{scheme}:// is no kind of history: give a file, redis://… or postgresql://…")
    path = Path(address)
    if path.suffix.lower() in _NOT_SQLITE:
        raise HistoryError(f"{address}: decisions are kept in a database; a usual name is contacts.db")
    if not path.exists() and has_events(address):
        raise HistoryError(
            f"there is no file {address}; to keep decisions, name a database, such as contacts.db"
        )
    if not path.exists() and not create:
        raise HistoryError(f"there is no history {address}")
    if has_events(address):
        return _make("file", "FileHistory", "pyarrow", path, program=program)
    if not path.parent.is_dir():
        raise HistoryError(f"{address}: there is no folder {path.parent}")
    return _make("sqlite", "SqliteStore", "sqlite3", address)


def judge_history(history: object, limits: tuple[LimitFacts, ...] = ()) -> None:
    """Raises NeedsHistory where there is none for these limits, and TypeError for an address of one."""
    if history is None and limits:
        raise NeedsHistory(limits)
    if isinstance(history, str | Path):
        raise TypeError("`history` is what nbadsl.open_history gives: open it once, for all decisions")


def is_there(address: str) -> bool:
    """Whether an address has a history already: a file that is there, or a server."""
    return "://" in address or Path(address).exists()


def has_events(address: str) -> bool:
    """Whether an address is that of events in a file, or in a folder of files."""
    return "://" not in address and (Path(address).is_dir() or Path(address).suffix.lower() in _EVENTS)


def _make(module: str, name: str, needs: str, address: str | Path, **more: Any) -> Store:
    try:
        store: Store = getattr(import_module(f"nbadsl.history.{module}"), name)(address, **more)
    except ModuleNotFoundError as error:
        if error.name != needs:
            raise
        raise HistoryError(f"{address} needs `pip install nbadsl[{module}]`") from error
    return store
