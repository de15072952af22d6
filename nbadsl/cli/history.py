"""`nba history`: look at a contact history, take it out, add to it, forget a person."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbadsl.cli import config
from nbadsl.cli.common import fail, history_to_read, input_errors, load_policy, open_history, policy_path
from nbadsl.zone import EPOCH, microseconds

if TYPE_CHECKING:
    from nbadsl.history.store import Store
    from nbadsl.program.nodes import Program

_where = click.option(
    "--history",
    metavar="WHERE",
    help="The history: a file (SQLite), redis://… or postgresql://…; else that of nba.toml.",
)
_policy = click.option(
    "--policy",
    metavar="POLICY",
    help="By whose time zone, groups and fields a Parquet or CSV file is read; else that of nba.toml or of this "
    "folder, where there is one. Without one, times are in UTC.",
)


@click.group()
def command() -> None:
    """Look at a contact history, take it out, add to it, forget a person.

    \b
    Examples:
      nba history stats --history contacts.db
      nba history export contacts.parquet --history contacts.db
      nba history add old_contacts.csv --history contacts.db
      nba history forget C003 --history contacts.db
    """


@command.command()
@_where
@_policy
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def stats(history: str | None, policy: str | None, format: str) -> None:
    """How much there is of what, and since when.

    \b
    Examples:
      nba history stats --history contacts.db
      nba history stats --history contacts.parquet --format json
    """
    with input_errors(), _reading(history, policy) as store:
        found = store.stats()
    if format == "json":
        told = {name: getattr(found, name) for name in found.__slots__}
        click.echo(json.dumps(told | {"kinds": dict(found.kinds)}, indent=2))
        return
    people, decisions = _many(found.people, "person", "people"), _many(found.decisions, "decision")
    click.echo(f"{_many(found.events, 'event')} of {people}, {decisions}")
    if found.first is not None and found.last is not None:
        click.echo(f"from {_moment(found.first)} to {_moment(found.last)}")
    for kind, count in sorted(found.kinds.items(), key=lambda each: (-each[1], each[0])):
        click.echo(f"  {kind:<10}{count:>12,}")
    if found.reserved:
        click.echo(f"to be confirmed: {_many(found.reserved, 'decision')}")
    if found.forgotten:
        click.echo(f"forgotten: {_many(found.forgotten, 'person', 'people')}")


@command.command()
@_where
@_policy
@click.argument("out")
def export(history: str | None, policy: str | None, out: str) -> None:
    """Write all events to OUT: .parquet, .csv or .arrow.

    What is written takes its place when it is complete. Parquet and CSV can be given as --history again.

    \b
    Examples:
      nba history export contacts.parquet --history contacts.db
      nba history export contacts.csv --history redis://localhost
    """
    where = _named(history)
    with input_errors(), _reading(history, policy) as store:
        from nbadsl.data.output import write_table
        from nbadsl.history.events_table import batches_of, fields_of, schema_of

        schema = schema_of(fields_of(store.events()))
        with write_table(out, schema, [] if "://" in where else [Path(where)]) as table:
            for batch in batches_of(store.events(), schema):
                table.write(batch)
    click.echo(f"{out}: {_many(table.rows, 'event')}")


@command.command()
@_where
@_policy
@click.argument("file")
def add(history: str | None, policy: str | None, file: str) -> None:
    """Add the events in FILE: Parquet (a file or a folder of them) or CSV.

    Columns are `key`, `action` and `at`, and as there are: `kind` (decided, sent, …; without it all are decided),
    `groups` (joined by /; without them those of the policy), `channel`, `content`, `cost`, `decision` and `id`, and
    the fields that limits count by. What the history has already is not added again.

    \b
    Examples:
      nba history add old_contacts.csv --history contacts.db
      nba history add responses.parquet --history contacts.db --policy policy.nba
    """
    where = _named(history)
    with input_errors():
        from nbadsl.history.open import has_events

        if not has_events(file):
            fail(f"{file}: events are read from Parquet and CSV")
        if has_events(where):
            fail(f"{where} is only read; events are added to a database, such as contacts.db")
        with _opened(file, policy) as events, _opened(where, policy, create=True) as store:
            count, new = events.stats().events, store.add(events.events())
    known = f", {count - new:,} were there already" if new < count else ""
    click.echo(f"{where}: {_many(new, 'new event')}{known}")


@command.command()
@_where
@click.argument("key")
def forget(history: str | None, key: str) -> None:
    """Erase the person with KEY. What was spent and counted for everybody together stays, without the person.

    The history remembers when somebody was forgotten and how many events there were, and not whom.

    \b
    Examples:
      nba history forget C003 --history contacts.db
    """
    with input_errors(), _opened(_named(history), None) as store:
        count = store.forget(key, microseconds(datetime.now(UTC), "UTC"))
    click.echo(f"nobody's now: {_many(count, 'event')}" if count else "there is nobody with this key")


# --- parts ---


def _named(history: str | None) -> str:
    where: str | None = history or config.load().get("history")
    if where is None:
        raise click.UsageError("say which history: --history contacts.db")
    return where


def _opened(where: str, policy: str | None, create: bool = False) -> Store:
    from nbadsl.history.open import has_events

    return open_history(where, _program(policy) if has_events(where) else None, create)


def _reading(history: str | None, policy: str | None) -> AbstractContextManager[Store]:
    """A history that is only looked at; an empty one where the first run has yet to make it."""
    from nbadsl.history.memory import MemoryStore

    _named(history)
    where = history_to_read(history)
    return nullcontext(MemoryStore()) if where is None else _opened(where, policy)


def _program(policy: str | None) -> Program | None:
    """The program of a policy that is named, or of the one that is here."""
    try:
        path = policy_path(policy)
    except click.UsageError:
        return None
    return load_policy(path).program


def _moment(at: int) -> str:
    return f"{EPOCH + timedelta(microseconds=at):%Y-%m-%d %H:%M} UTC"


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"
