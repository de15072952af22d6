"""What several commands share: options, loading a policy, ending with a clear error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from nbadsl.aside import write
from nbadsl.cli import config
from nbadsl.mistake import Mistake
from nbadsl.syntax.declarations import is_policy

if TYPE_CHECKING:
    from nbadsl.api import Policy
    from nbadsl.diagnostics import Diagnostic
    from nbadsl.history.store import Store
    from nbadsl.program.nodes import Program

Command = TypeVar("Command", bound=Callable[..., Any])


def say_error(message: str) -> None:
    """Print an error that is none in a policy."""
    click.echo(
        f"{click.style('error', fg='red', bold=True)}: {message}", err=True, color=wants_color(sys.stderr)
    )


def fail(message: str) -> NoReturn:
    """End with an input error."""
    say_error(message)
    raise SystemExit(2)


def wants_color(stream: Any) -> bool:
    """Whether a stream should get colours: a terminal, unless NO_COLOR; always with FORCE_COLOR."""
    if os.environ.get("FORCE_COLOR"):
        return True
    return not os.environ.get("NO_COLOR") and stream.isatty()


def width() -> int:
    """Columns of the terminal."""
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


@contextmanager
def input_errors() -> Iterator[None]:
    """Turn what a user can cause into a message and exit code 2."""
    from nbadsl.api import NeedsHistory

    try:
        yield
    except NeedsHistory as error:
        fail(f"{error}\nadd --history contacts.db, which is made where there is none")
    except Mistake as error:
        fail(str(error))
    except FileNotFoundError as error:
        fail(f"there is no file {error.filename}")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def policy_path(given: str | None) -> Path:
    """The policy that a command is about: named, or from the settings, or `policy.nba`, or the only one."""
    if given is None:
        given = config.load().get("policy")
    if given is None and Path("policy.nba").is_file():
        given = "policy.nba"
    if given is None:
        here = sorted(Path.cwd().glob("*.nba"))
        if len(here) != 1:
            which = "there are several here" if here else "there is none here: `nba new shop` starts one"
            command = click.get_current_context().command_path
            raise click.UsageError(f"name a policy, as in `{command} policy.nba` ({which})")
        return here[0].relative_to(Path.cwd())
    path = Path(given)
    if path.is_dir():
        inside = path / "policy.nba"
        path = inside if inside.is_file() else path
    if not path.exists():
        from nbadsl.diagnostics.suggest import did_you_mean

        beside = [p.name for p in path.parent.glob("*.nba*")] if path.parent.is_dir() else []
        help = did_you_mean(path.name, beside)
        fail(f"there is no file {path}{'; ' + help if help else ''}")
    if path.is_dir():
        fail(f"{path} is a folder without a policy.nba; name a policy in it")
    return path


def source_path(given: str | None) -> Path:
    """The same for a command that reads the text of a policy."""
    path = policy_path(given)
    if path.suffix == ".nbac":
        command = click.get_current_context().command_path
        fail(f"{path} is compiled: `{command}` reads the .nba file that it was made of")
    return path


def policy_paths(policies: tuple[str, ...]) -> list[Path]:
    """Files as named; of a folder, every policy in it (files that declare `policy`)."""
    if not policies:
        return [source_path(None)]
    paths: list[Path] = []
    for name in policies:
        path = Path(name)
        if path.is_dir() and not (path / "policy.nba").is_file():
            files = sorted(path.rglob("*.nba"))
            inside = [p for p in files if is_policy(p.read_text(encoding="utf-8", errors="replace"))]
            if not inside:
                raise click.UsageError(f"there is no policy in {path}")
            paths += inside
        else:
            paths.append(source_path(name))
    return paths


format_option = click.option(
    "--format",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="How findings are written.",
)


def show_findings(diagnostics: tuple[Diagnostic, ...], format: str = "text", err: bool = False) -> None:
    """Print findings to standard output, or to standard error."""
    from nbadsl.diagnostics.render import render

    color = wants_color(sys.stderr if err else sys.stdout)
    click.echo(render(diagnostics, format, color, width(), Path.cwd()), nl=False, color=color, err=err)


def show_or_say(found: list[Diagnostic], said: list[str], format: str, quiet: bool) -> tuple[Diagnostic, ...]:
    """Print the findings of several policies, or what is `said` of each where there are none; gives what was printed."""
    # Those in a file that policies share, once.
    shown = tuple({(str(d.span), d.span.end, d.message): d for d in found}.values())
    if shown or format != "text":
        show_findings(shown, format)
    elif not quiet:
        click.echo("\n".join(said))
    return shown


def write_file(path: Path, data: bytes) -> None:
    """A file that is whole or as it was. It keeps its permissions, and a link stays one."""
    try:
        write(path, data)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror or error}")


def load_policy(path: Path) -> Policy:
    """A policy to run. One with errors ends the command with its findings and exit code 1."""
    from nbadsl import api

    with input_errors():
        try:
            return api.load(path)
        except api.PolicyError as error:
            show_findings(error.diagnostics)
            raise SystemExit(1) from None


def open_history(where: str, program: Program | None, create: bool = False) -> Store:
    """The history at an address; what is to be said of a file of events goes to standard error. Raises HistoryError.

    `program`: the policy for which such a file is read."""
    from nbadsl.history.open import open_history

    store = open_history(where, create, program)
    for note in store.notes:
        click.echo(f"note: {where}: {note}", err=True)
    return store


def history_to_read(named: str | None) -> str | None:
    """The address of the history that a command only reads: as `named`, else that of nba.toml. None where there is none,
    and where nba.toml names one that the first run has yet to make, which is said."""
    from nbadsl.history.open import is_there

    where: str | None = config.load().get("history")
    if named is not None or where is None or is_there(where):
        return named or where
    click.echo(
        f"note: {where}, which nba.toml names, is not there yet: nobody was contacted before", err=True
    )
    return None


def parse_now(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """`2026-11-21`, `2026-11-21 10:00`, `2026-11-21T10:00:00Z`; without a zone it is the policy's."""
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"`{value}` is not a time; write `2026-11-21`, `2026-11-21 10:00` or `2026-11-21T10:00:00Z`"
        ) from None


def parse_share(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """`1%`, `0.01`."""
    number = value.strip().removesuffix("%")
    try:
        share = float(number) / (100 if number != value.strip() else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise click.BadParameter(f"`{value}` is not a share; write `1%`, up to `100%`")
    return share


def parse_pairs(ctx: click.Context, param: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """`name=value`, several times."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"`{pair}` is not `name=value`")
        found[name.strip()] = value.strip()
    return found


def run_options(command: Command) -> Command:
    """The options that say when, with what chance and in which context something is decided."""
    options = [
        click.option(
            "--now",
            callback=parse_now,
            metavar="TIME",
            help="The moment of deciding; the current one if not given.",
        ),
        click.option("--seed", type=int, default=None, help="Of chance (exploration). Default 0."),
        click.option(
            "--context",
            callback=parse_pairs,
            multiple=True,
            metavar="NAME=VALUE",
            help="A field of the context.",
        ),
        click.option(
            "--set",
            "parameters",
            callback=parse_pairs,
            multiple=True,
            metavar="NAME=VALUE",
            help="A parameter's value.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on a terminal; elsewhere silence. Gives what is told how much is done, and of how much if that is
    known."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def use_system_memory() -> None:
    """Have Arrow take memory from the system's allocator, unless the environment names one. Its own gives pages back and
    takes them anew all the time, which is a quarter of the time of a run that holds all its people."""
    import pyarrow as pa

    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
        pa.set_memory_pool(pa.system_memory_pool())
