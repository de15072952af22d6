"""`nba new`: start a policy."""

from __future__ import annotations

import re
import shlex
import shutil
from datetime import date
from pathlib import Path

import click

from nbadsl.aside import aside
from nbadsl.cli.common import fail, input_errors
from nbadsl.resources import folder

_FILES = ("customers.csv", "nba.toml", "policy.nba")
_WRITTEN = date(2026, 11, 10)  # the day on which the customers of the template are as they are


@click.command()
@click.argument("name")
def command(name: str) -> None:
    """Start a policy: a folder NAME with a small policy, a dozen customers and settings. A folder that is there must be
    empty.

    \b
    Examples:
      nba new shop && cd shop && nba run
      nba new .
    """
    here, target = Path(name), Path(name).resolve()
    if target.is_dir() and any(target.iterdir()):
        fail(
            f"{here} is already there, and not empty" if target != Path.cwd() else "this folder is not empty"
        )
    if target.exists() and not target.is_dir():
        fail(f"{here} is already there")
    if not target.parent.is_dir():
        fail(f"there is no folder {here.parent}")
    with input_errors():
        if target.is_dir():
            _fill(target, target.name)
        else:
            with aside(target) as part:
                part.mkdir()
                _fill(part, target.name)
    click.echo(f"made {here}/")
    for file in _FILES:
        click.echo(f"  {file}")
    go = "" if target == Path.cwd() else f"  cd {shlex.quote(name)}\n"
    click.echo(f"next:\n{go}  nba check\n  nba run\n  nba explain C003")


def _fill(target: Path, name: str) -> None:
    """The template, called by its own name, with customers as of today."""
    for file in _FILES:
        shutil.copy(folder("templates") / file, target)
    word = "".join(c if c.isalnum() else "_" for c in name.lower()).strip("_") or "policy"
    if not word[0].isalpha():
        word = f"policy_{word}"
    policy, customers = target / "policy.nba", target / "customers.csv"
    policy.write_text(policy.read_text(encoding="utf-8").replace("my_policy", word), encoding="utf-8")
    customers.write_text(_as_of(customers.read_text(encoding="utf-8"), date.today()), encoding="utf-8")


def _as_of(customers: str, today: date) -> str:
    """The same customers on another day, so that who complained two days ago always did."""

    def moved(found: re.Match[str]) -> str:
        return str(today - (_WRITTEN - date.fromisoformat(found[0])))

    return re.sub(r"\d{4}-\d\d-\d\d", moved, customers)
