"""`nba prove`: what holds for all possible customers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbadsl.cli.common import (
    fail,
    input_errors,
    policy_paths,
    show_findings,
    source_path,
    wants_color,
    write_file,
)

if TYPE_CHECKING:
    from nbadsl.prove.answers import Answer
    from nbadsl.prove.questions import Options, Question


@click.command()
@click.argument("policies", nargs=-1)
@click.option("--same", is_flag=True, help="Whether two policies decide the same for everybody.")
@click.option(
    "--implies", is_flag=True, help="Whether whatever the first policy allows, the second one does."
)
@click.option(
    "--seconds", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="For each question."
)
@click.option(
    "--parameters",
    type=click.Choice(["declared", "any"]),
    default="declared",
    show_default=True,
    help="Parameters have their declared values, on all days, or any value of their ranges.",
)
@click.option(
    "--guarantees", "only", is_flag=True, help="Only guarantees; not what never happens, nor tables."
)
@click.option("--allow-unknown", is_flag=True, help="End with 0 also where something could not be told.")
@click.option("--write-tests", metavar="FILE", help="Write customers who refute something as tests.")
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How answers are written.",
)
def command(
    policies: tuple[str, ...],
    same: bool,
    implies: bool,
    seconds: float,
    parameters: str,
    only: bool,
    allow_unknown: bool,
    write_tests: str | None,
    format: str,
) -> None:
    """Prove guarantees for all possible customers, or show a customer who breaks one. Say which actions never win, which
    rules never stop anybody, which lines of priority are never reached, and where tables lack a row.

    POLICIES are .nba files or folders; without any, the policy of nba.toml or the only one here. Ends with 1 when a
    guarantee is refuted or could not be told, or something never happens; with 2 when the prover itself failed. Needs z3: pip install 'nbadsl[prove]'

    \b
    Examples:
      nba prove policy.nba
      nba prove policy.nba --seconds 60 --write-tests found.nba
      nba prove --same old.nba new.nba
      nba prove --implies strict.nba loose.nba
    """
    _need_z3()
    from nbadsl.prove import report
    from nbadsl.prove.questions import Options

    options, begin = Options(seconds, parameters == "any", not only), time.perf_counter()
    answers: list[Answer] = []
    for answer in (
        _compared(policies, same, implies, options) if same or implies else _proved(policies, options)
    ):
        answers.append(answer)
        if format == "text":
            _show(answer)
    if format == "json":
        click.echo(report.as_json(answers), nl=False)
    else:
        click.echo(report.summary(answers, time.perf_counter() - begin))
    if write_tests is not None:
        write_file(Path(write_tests), report.tests_of(answers).encode())
    if code := report.code(answers, allow_unknown):
        raise SystemExit(code)


def _need_z3() -> None:
    from importlib.util import find_spec

    if find_spec("z3") is None:
        fail("proving needs the library z3: pip install 'nbadsl[prove]'")


def _proved(policies: tuple[str, ...], options: Options) -> Iterator[Answer]:
    from nbadsl.prove.questions import questions_of
    from nbadsl.prove.subject import Subject
    from nbadsl.prove.worker import ask

    for path in policy_paths(policies):
        checked, program = _compiled(path)
        questions = questions_of(Subject(path, checked.model, program), options)
        with _progress(path) as begins:
            yield from ask((path,), questions, options, begins)


def _compared(policies: tuple[str, ...], same: bool, implies: bool, options: Options) -> Iterator[Answer]:
    from nbadsl.prove.questions import IMPLIES, SAME, Question
    from nbadsl.prove.worker import ask

    if len(policies) != 2:
        raise click.UsageError("name two policies, as in `nba prove --same old.nba new.nba`")
    paths = source_path(policies[0]), source_path(policies[1])
    for path in paths:
        _compiled(path)
    questions = [Question(kind, 0, kind) for kind, asked in ((SAME, same), (IMPLIES, implies)) if asked]
    with _progress(paths[1]) as begins:
        yield from ask(paths, questions, options, begins)


def _compiled(path: Path):  # type: ignore[no-untyped-def]
    """The model and program of a policy; with errors the command ends."""
    from nbadsl import pipeline

    with input_errors():
        checked, program = pipeline.compile(path)
    if program is None:
        show_findings(checked.diagnostics, err=True)
        raise SystemExit(1)
    return checked, program


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[Question], None]]:
    """What is asked now, on a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda question: None
        return
    with console.status(f"{path}") as status:
        yield lambda question: status.update(f"{path}: {question.name}")


def _show(answer: Answer) -> None:
    from nbadsl.prove.report import lines_of

    colors = {"proved": "green", "refuted": "red", "unknown": "yellow", "failed": "red"}
    first, *others = lines_of(answer)
    color = colors[answer.status] if not first.startswith(answer.path or "\n") else None
    click.echo(click.style(first, fg=color), color=wants_color(sys.stdout))
    for line in others:
        click.echo(line)
