"""`nba history`: look at a contact history, take it out, forget a person."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from nbadsl.cli import config
from nbadsl.cli.common import input_errors

if TYPE_CHECKING:
    from nbadsl.history.store import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def history_option(help: str) -> object:
    return click.option("--history", metavar="WHERE", help=help)


_where = history_option("The history: a file (SQLite), redis://… or postgresql://…; else that of nba.toml.")


@click.group()
def command() -> None:
    """Look at a contact history, take it out, forget a person.

    \b
    Examples:
      nba history stats --history contacts.db
      nba history export contacts.parquet --history contacts.db
      nba history forget C003 --history contacts.db
    """


@command.command()
@_where
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def stats(history: str | None, format: str) -> None:
    """How much there is of what, and since when."""
    with input_errors():
        found = _open(history).stats()
    if format == "json":
        told = {name: getattr(found, name) for name in found.__slots__}
        click.echo(json.dumps(told | {"kinds": dict(found.kinds)}, indent=2))
        return
    click.echo(f"{found.events:,} events of {found.people:,} people, {found.decisions:,} decisions")
    if found.first is not None and found.last is not None:
        click.echo(f"from {_moment(found.first)} to {_moment(found.last)}")
    for kind, count in sorted(found.kinds.items(), key=lambda each: -each[1]):
        click.echo(f"  {kind:<10}{count:>12,}")
    if found.reserved:
        click.echo(f"{found.reserved:,} decisions wait to be confirmed")
    if found.forgotten:
        click.echo(f"{found.forgotten:,} people were forgotten")


@command.command()
@_where
@click.argument("out")
def export(history: str | None, out: str) -> None:
    """Write all events to OUT: .parquet, .csv or .arrow."""
    with input_errors():
        from nbadsl.data.output import write_table
        from nbadsl.history.events_table import batches_of, fields_of, schema_of

        store = _open(history)
        schema = schema_of(fields_of(store.events()))
        count = 0
        with write_table(out, schema, ()) as table:
            for batch in batches_of(store.events(), schema):
                table.write(batch)
                count += batch.num_rows
    click.echo(f"{out}: {count:,} events")


@command.command()
@_where
@click.argument("key")
def forget(history: str | None, key: str) -> None:
    """Erase the person with KEY. What was spent and counted for everybody together stays, without the person."""
    with input_errors():
        now = (datetime.now(UTC) - _EPOCH) // timedelta(microseconds=1)
        count = _open(history).forget(key, now)
    click.echo(f"{count:,} events are nobody's now" if count else "there is nobody with this key")


def _open(history: str | None) -> Store:
    from nbadsl.history.open import open_history

    where = history or config.load().get("history")
    if where is None:
        raise click.UsageError("say which history: --history contacts.db")
    return open_history(where, create=False)


def _moment(at: int) -> str:
    return f"{_EPOCH + timedelta(microseconds=at):%Y-%m-%d %H:%M} UTC"
