"""`nba new`: start a policy."""

from __future__ import annotations

import re
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
    """Start a policy: a folder NAME with a small policy, a dozen customers and settings.

    \b
    Example:
      nba new shop && cd shop && nba run
    """
    target, template = Path(name), folder("templates")
    if target.exists():
        fail(f"{target} is already there")
    with input_errors(), aside(target) as part:
        part.mkdir()
        for file in _FILES:
            shutil.copy(template / file, part)
        _make_own(part, target.name)
    click.echo(f"made {target}/")
    for path in sorted(target.iterdir()):
        click.echo(f"  {path.name}")
    click.echo(f"next:\n  cd {target}\n  nba check\n  nba run\n  nba explain C003")


def _make_own(folder: Path, name: str) -> None:
    """Have a copy of the template called by its own name, with customers as of today."""
    word = "".join(c if c.isalnum() else "_" for c in name.lower()).strip("_") or "policy"
    if not word[0].isalpha():
        word = f"policy_{word}"
    policy, customers = folder / "policy.nba", folder / "customers.csv"
    policy.write_text(policy.read_text(encoding="utf-8").replace("my_policy", word), encoding="utf-8")
    customers.write_text(_as_of(customers.read_text(encoding="utf-8"), date.today()), encoding="utf-8")


def _as_of(customers: str, today: date) -> str:
    """The same customers on another day, so that who complained two days ago always did."""

    def moved(found: re.Match[str]) -> str:
        return str(today - (_WRITTEN - date.fromisoformat(found[0])))

    return re.sub(r"\d{4}-\d\d-\d\d", moved, customers)
