"""The options of `nba simulate` that try a policy several times: `--arms`, and `--days` with what belongs to it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbadsl.cli.common import Command, wants_color

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from nbadsl.semantics.model import Model
    from nbadsl.simulate.arms import Arms
    from nbadsl.simulate.days import Days
    from nbadsl.simulate.deciding import Side
    from nbadsl.simulate.simulate import Asked


@dataclass(frozen=True, slots=True)
class Trials:
    """What is tried. `days`: None: no dated runs; `every`: None where it is not said."""

    arms: bool
    days: int | None
    every: int | None
    responses: tuple[str, ...]
    without_limits: bool

    @property
    def asked(self) -> bool:
        return self.arms or self.days is not None

    def check(self, others: Iterable[tuple[str, object]]) -> None:
        """Raises click.UsageError for options that say nothing together. `others`: of the command, and their values."""
        if self.days is None:
            mine = (
                ("--every", self.every),
                ("--respond", self.responses),
                ("--without-limits", self.without_limits),
            )
            lost = [name for name, value in mine if value]
            if lost:
                raise click.UsageError(
                    f"{lost[0]} is about runs in a row: say how long with --days, as in --days 84"
                )
        if self.arms and self.days is not None:
            raise click.UsageError("--arms and --days are two questions: ask one after the other")
        for name, value in others:
            if self.asked and value:
                raise click.UsageError(f"{name} does not go with {'--arms' if self.arms else '--days'}")


def trial_options(command: Command) -> Command:
    """The options, which come as `arms`, `days`, `every`, `respond` and `without_limits`."""
    options = [
        click.option(
            "--arms",
            is_flag=True,
            help="Beside the policy, decide everybody without its boosts, by propensity only, by rules only, and by lot.",
        ),
        click.option(
            "--days",
            type=click.IntRange(1, 3660),
            metavar="N",
            help="Runs in a row over so many days, each with the history of those before it.",
        ),
        click.option(
            "--every", type=click.IntRange(1), metavar="N", help="Days from one run to the next. Default 7."
        ),
        click.option(
            "--respond",
            multiple=True,
            metavar="TEXT",
            help="What people do with a contact, as in 'accepted with propensity', 'clicked with 20%', 'ignored otherwise'.",
        ),
        click.option(
            "--without-limits", is_flag=True, help="With --days: beside it the same runs without any limits."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def show_trials(side: Side, path: Path, asked: Asked, trials: Trials, format: str) -> Arms | Days:
    """Try a policy, and print what comes of it, which is given back. `path`: of the policy. Raises what `simulate` does."""
    from nbadsl.cli.common import progress
    from nbadsl.engine import compiled
    from nbadsl.simulate import arms, days
    from nbadsl.simulate.respond import responses

    told = responses(trials.responses)
    model = _model(path) if trials.arms or any(each.reads_propensity for each in told) else None
    found: arms.Arms | days.Days
    with compiled.telling(lambda note: click.echo(note, err=True)), progress("deciding") as tick:
        if trials.days is None:
            assert model is not None
            found = arms.compare(side, model, asked, tick)
        else:
            every = trials.every or 7
            course = days.Course(-(-trials.days // every), every, told)
            found = days.days(side, model, asked, course, trials.without_limits, tick)
    if format == "json":
        click.echo(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
        return found
    from nbadsl.cli import arms as arms_text
    from nbadsl.cli import days as days_text

    parts = arms_text.parts(found) if isinstance(found, arms.Arms) else days_text.parts(found)
    print_parts(parts, wants_color(sys.stdout))
    return found


def _model(path: Path) -> Model:
    """What the policy was compiled from, to score in another way."""
    from nbadsl import api
    from nbadsl.program.givens import BadInput

    if path.suffix == ".nbac":
        raise BadInput(f"{path} is compiled: to score in another way, give the policy's source (.nba)")
    return api.check(path).model


def print_parts(parts: Iterable[Table | Text], color: bool) -> None:
    """Print the parts of a report to standard output."""
    from rich.console import Console
    from rich.table import Table

    from nbadsl.cli.report import WIDTH

    width = None if sys.stdout.isatty() else WIDTH
    console = Console(no_color=not color, highlight=False, force_terminal=color or None, width=width)
    for part in parts:
        if isinstance(part, Table):
            console.print()
            for column in part.columns:
                column.no_wrap = column.justify == "right"
        console.print(part)
