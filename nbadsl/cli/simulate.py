"""`nba simulate`: what a policy would do to everybody in a file of profiles, and what it changes."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbadsl.cli import config
from nbadsl.cli.common import (
    history_to_read,
    input_errors,
    load_policy,
    open_history,
    policy_path,
    progress,
    run_options,
    say_error,
    wants_color,
    write_file,
)
from nbadsl.cli.trials import Trials, show_trials, trial_options
from nbadsl.data.options import typed

if TYPE_CHECKING:
    from nbadsl.api import Policy
    from nbadsl.simulate.arms import Arms
    from nbadsl.simulate.days import Days
    from nbadsl.simulate.deciding import Side
    from nbadsl.simulate.figures import Simulation


def names_of_figures(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    """`--figures`: what `--fail-if` can name."""
    if wanted:
        from nbadsl.simulate.failing import names

        click.echo(names())
        ctx.exit()


@click.command()
@click.argument("policy", required=False)
@click.option("--profiles", "-p", metavar="FILE", help="Parquet (a file or a folder of them), CSV or Arrow.")
@click.option(
    "--history", metavar="WHERE", help="What was decided before, for limits to count, as in `nba run`."
)
@click.option(
    "--against", metavar="OLD", help="The policy that runs now: who changes, and what is responsible."
)
@click.option(
    "--by", multiple=True, metavar="FIELD,…", help="Fields of the profile, to see groups of people."
)
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only so many people, taken by chance.")
@click.option("--report", metavar="FILE", help="Write it as a page as well: one HTML file, with plots.")
@click.option(
    "--fail-if",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="End with exit code 1 if this holds, as in 'changed > 5%'.",
)
@click.option(
    "--figures",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=names_of_figures,
    help="What --fail-if can name.",
)
@trial_options
@click.option("--threads", type=click.IntRange(1), help="Threads of the engine; all cores if not given.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@run_options
def command(
    policy: str | None,
    profiles: str | None,
    history: str | None,
    against: str | None,
    by: tuple[str, ...],
    sample: int | None,
    report: str | None,
    conditions: tuple[str, ...],
    arms: bool,
    days: int | None,
    every: int | None,
    respond: tuple[str, ...],
    without_limits: bool,
    threads: int | None,
    format: str,
    now: datetime | None,
    seed: int | None,
    context: dict[str, str],
    parameters: dict[str, str],
) -> None:
    """See what a policy would do to everybody in a file of profiles, before anybody feels it.

    Decides as `nba run` does and keeps nothing. Shows who gets what, what stops people, who is left with nothing and why,
    groups of people side by side, and whether guarantees hold. With --against: who gets something else than by the
    old policy, or the same by another channel, content or slot, and which rule is responsible.

    \b
    --fail-if compares a figure with a number, or with % a share:
      changed > 5%           people who get another action than before
      varied > 5%            people who get the same one by another channel, content or slot
      broken > 0             guarantees that do not hold
      nothing > 20%          people who get nothing
      action winback < 2%    people who get an action
      more_contacts > 10%    contacts, more than before
    All figures: nba simulate --figures

    With --arms the policy is compared with control policies that are made of it: what are its boosts worth, its values, all
    of its score? With --days it runs several times, on later and later days, and each run counts what those before it have
    decided, and what people are assumed to have done with it: so limits and rests show what they do over time.

    \b
    --respond says how often an outcome happens, each once:
      accepted with propensity    as often as the action's propensity says
      clicked with 20%            of every hundred contacts, twenty
      ignored otherwise           where nobody clicks, accepts or rejects

    \b
    Examples:
      nba simulate policy.nba --profiles customers.parquet --by plan,region
      nba simulate new.nba -p customers.parquet --against policy.nba --fail-if 'changed > 5%'
      nba simulate policy.nba -p customers.csv --sample 10000 --format json
      nba simulate new.nba -p customers.csv --against policy.nba --report changes.html
      nba simulate policy.nba -p customers.parquet --arms
      nba simulate policy.nba -p customers.parquet --days 84 --respond 'accepted with propensity' --without-limits
    """
    settings, path = config.load(), policy_path(policy)
    source = profiles or settings.get("profiles")
    if source is None:
        raise click.UsageError("say where the profiles are: --profiles FILE")
    where = history_to_read(history)
    trials = Trials(arms, days, every, respond, without_limits)
    trials.check((("--against", against), ("--by", by), ("--fail-if", conditions)))
    with input_errors(), ExitStack() as opened:
        new = _side(load_policy(path), where, context, parameters, opened)
        old = None
        if against is not None:
            old = _side(load_policy(policy_path(against)), where, context, parameters, opened, new.policy)
        from nbadsl.engine import compiled
        from nbadsl.simulate.failing import condition
        from nbadsl.simulate.people import actions_of
        from nbadsl.simulate.renames import Renames
        from nbadsl.simulate.simulate import Asked, simulate

        actions = actions_of(new.policy.facts)
        if old is not None:
            today = Renames.of(old.policy.program, new.policy.program)
            actions += map(today.name, actions_of(old.policy.facts))
        asked_for = [condition(text, list(dict.fromkeys(actions)), old is not None) for text in conditions]
        fields = tuple(name.strip() for each in by for name in each.split(",") if name.strip())
        asked = Asked(
            source,
            now,
            settings.get("seed", 0) if seed is None else seed,
            threads or settings.get("threads") or os.cpu_count() or 1,
            fields,
            sample,
        )
        if trials.asked:
            tried = show_trials(new, path, asked, trials, format)
            if report is not None:
                _write_page(tried, Path(report))
            return
        with compiled.telling(lambda note: click.echo(note, err=True)), progress("deciding") as tick:
            found = simulate(new, asked, old, tick)
    _show(found, format)
    if report is not None:
        _write_page(found, Path(report))
    failures = [failure for each in asked_for if (failure := each.failure(found))]
    for failure in failures:
        say_error(failure)
    if failures:
        raise SystemExit(1)


def _side(
    policy: Policy,
    history: str | None,
    context: dict[str, str],
    parameters: dict[str, str],
    opened: ExitStack,
    new: Policy | None = None,
) -> Side:
    """A policy with what it is simulated with. `opened`: what closes its history. `new`: of an old policy, the one that it is compared with: values for this
    one are taken as far as the old policy has them."""
    from nbadsl.simulate.deciding import Side

    declared = policy.facts.context, tuple(p.input for p in policy.facts.parameters)
    values = [context, parameters]
    if new is not None:
        values = [
            {name: each[name] for name in each if name in {i.name for i in inputs}}
            for each, inputs in zip(values, declared, strict=True)
        ]
    store = None if history is None else opened.enter_context(open_history(history, policy.program))
    return Side(policy, store, *(typed(each, inputs) for each, inputs in zip(values, declared, strict=True)))


def _show(found: Simulation, format: str) -> None:
    if format == "json":
        click.echo(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
        return
    from nbadsl.cli.simulation import show

    show(found, wants_color(sys.stdout))


def _write_page(found: Simulation | Arms | Days, path: Path) -> None:
    from nbadsl.page.plot import EXTRA, can_plot
    from nbadsl.simulate.page import as_html

    if not can_plot():
        click.echo(f"note: {path} has no plots: pip install '{EXTRA}'", err=True)
    write_file(path, as_html(found).encode())
