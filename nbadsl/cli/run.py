"""`nba run`: decide for everybody in a file of profiles."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbadsl.cli import config
from nbadsl.cli.common import (
    input_errors,
    load_policy,
    open_history,
    parse_share,
    policy_path,
    progress,
    run_options,
    use_system_memory,
    wants_color,
)
from nbadsl.data.options import typed

if TYPE_CHECKING:
    from nbadsl.api import Policy
    from nbadsl.history.store import Store
    from nbadsl.report import Report
    from nbadsl.run import Run, RunOptions


@dataclass(frozen=True, slots=True)
class _Files:
    """What a run writes, and where."""

    out: str | None
    rejects: str | None
    record: str | None


@click.command()
@click.argument("policy", required=False)
@click.option("--profiles", "-p", metavar="FILE", help="Parquet (a file or a folder of them), CSV or Arrow.")
@click.option(
    "--out", "-o", metavar="FILE", help="The decisions: .parquet, .csv or .arrow. Without it only the report."
)
@click.option("--rejects", metavar="FILE", help="Rows that are bad data, with what is wrong with them.")
@click.option(
    "--strict",
    is_flag=True,
    default=None,
    help="A rejected row is an error: nothing is written, exit code 1.",
)
@click.option(
    "--history",
    metavar="WHERE",
    help="What was decided before, for limits to count: a file (SQLite; made where there is none), redis://… or "
    "postgresql://…; with --out, what is decided is kept there. Or contacts in a Parquet file, a folder of them, or a CSV "
    "file, which are only read.",
)
@click.option(
    "--discard",
    is_flag=True,
    help="Give up an earlier run to --out that did not end, and release its decisions in the history.",
)
@click.option(
    "--record", metavar="FILE", help="Decisions with all that they were made of, for `nba replay`: .jsonl."
)
@click.option(
    "--record-share",
    metavar="SHARE",
    callback=parse_share,
    default="100%",
    show_default=True,
    help="Of the decisions that --record writes, such as 1%.",
)
@click.option("--threads", type=click.IntRange(1), help="Threads of the engine; all cores if not given.")
@click.option(
    "--report", type=click.Choice(["text", "full", "json", "none"]), default="text", show_default=True
)
@run_options
def command(
    policy: str | None,
    profiles: str | None,
    out: str | None,
    rejects: str | None,
    strict: bool | None,
    history: str | None,
    discard: bool,
    record: str | None,
    record_share: float,
    threads: int | None,
    report: str,
    now: datetime | None,
    seed: int | None,
    context: dict[str, str],
    parameters: dict[str, str],
) -> None:
    """Decide for everybody in a file of profiles, and report what was decided and why not.

    Options that are not given come from nba.toml. Files are written aside and renamed when they are complete.

    \b
    Examples:
      nba run policy.nba --profiles customers.parquet --out decisions.parquet
      nba run policy.nba -p customers.csv --now "2026-11-10 09:00" --set sales_lever=1.2
      nba run policy.nba -p customers.csv -o decisions.csv --history contacts.db
      nba run policy.nba -p customers.csv -o decisions.csv --record decisions.jsonl --record-share 1%
    """
    settings, path = config.load(), policy_path(policy)
    source = profiles or settings.get("profiles")
    if source is None:
        raise click.UsageError("say where the profiles are: --profiles FILE")
    loaded = load_policy(path)
    use_system_memory()
    files = _Files(out or settings.get("out"), rejects or settings.get("rejects"), record)
    where = history or settings.get("history")
    with input_errors(), ExitStack() as opened:
        from nbadsl.run import RunOptions

        options = RunOptions(
            now=now,
            seed=settings.get("seed", 0) if seed is None else seed,
            context=typed(context, loaded.facts.context),
            parameters=typed(parameters, tuple(p.input for p in loaded.facts.parameters)),
            threads=threads or settings.get("threads") or os.cpu_count() or 1,
            history=None if where is None else opened.enter_context(_opened(where, loaded)),
            keeps=files.out is not None,
            out=None if files.out is None else Path(files.out),
            strict=bool(settings.get("strict") if strict is None else strict),
            share=None if record is None else record_share,
        )
        if discard:
            click.echo(f"{_give_up(options):,} decisions are released", err=True)
        result = _run(loaded, source, options, files)
    if report == "json":
        click.echo(json.dumps(result.as_dict(), indent=2, ensure_ascii=False))
    elif report != "none":
        from nbadsl.cli.report import show

        show(result, wants_color(sys.stdout), report == "full")


def _opened(where: str, policy: Policy) -> Store:
    store = open_history(where, policy.program, create=True)
    if not store.keeps:
        click.echo(f"note: {where}: it is only read: what is decided is not kept there", err=True)
    return store


def _run(policy: Policy, source: str, options: RunOptions, files: _Files) -> Report:
    from nbadsl.engine import compiled
    from nbadsl.run import Rejected

    with compiled.telling(lambda note: click.echo(note, err=True)):
        run = policy.run(source, options)
    for note in run.profiles.notes:
        click.echo(f"note: {run.profiles.name}: {note}", err=True)
    if run.parts is not None and run.parts.resumes:
        click.echo(f"taking up the run of {policy.moment_text(run.given)}, which did not end", err=True)
    started = time.perf_counter()
    try:
        with run.parts or nullcontext():
            _write(run, files)
            if run.parts is not None:
                run.parts.remove()
    except Rejected as error:
        _show_rejects(error.rejects)
        released = _give_up(options) if run.parts is not None else 0
        kept = f", and {released:,} decisions are released" if released else ""
        click.echo(f"nothing was written{kept} (--strict)", err=True)
        raise SystemExit(1) from None
    return policy.report(run, time.perf_counter() - started)


def _give_up(options: RunOptions) -> int:
    """Release what a run that did not end has decided; gives how many decisions."""
    from nbadsl.limited.parts import discard

    if options.out is None or options.history is None:
        return 0
    return discard(options.out, options.history)


def _write(run: Run, files: _Files) -> None:
    """Decide everybody, and write what was decided; nothing where that does not come to its end."""
    from nbadsl.data.output import write_lines, write_table

    with ExitStack() as stack:
        tick = stack.enter_context(progress("deciding"))
        reads = run.profiles.paths
        decisions = stack.enter_context(write_table(files.out, run.schema, reads)) if files.out else None
        rejected = None
        if files.rejects:
            rejected = stack.enter_context(write_table(files.rejects, run.reject_schema, reads))
        lines = stack.enter_context(write_lines(files.record, reads)) if files.record else None
        done = 0
        for step in run:
            if decisions is not None:
                decisions.write(step.decisions)
            if rejected is not None:
                rejected.write(step.rejects)
            if lines is not None:
                lines.writelines(step.recorded)
            done += step.rows
            if run.profiles.rows is not None or step.position is None:
                tick(done, run.profiles.rows)
            else:
                tick(step.position, run.profiles.size)


def _show_rejects(rejects: Any) -> None:
    """The first bad rows."""
    for row in rejects.slice(0, 5).to_pylist():
        click.echo(f"row {row['row']}: {row['reason']}: {row['problem']}", err=True)
    more = rejects.num_rows - 5
    if more > 0:
        click.echo(f"… and {more} more in the same batch", err=True)
