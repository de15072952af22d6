"""`nba diff`: what differs between two policies, in meaning."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbadsl.cli.common import input_errors, show_findings, source_path, wants_color

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbadsl.difference import Change
    from nbadsl.difference.revision import Revision
    from nbadsl.difference.show import Line
    from nbadsl.semantics.model import Model

_COLORS = {"added": "green", "removed": "red", "tightened": "yellow", "loosened": "magenta", "place": "blue"}
Operand = tuple[Path, "Revision | None"]
"""A file, and the revision that it is taken from; None: as it is on the disk."""


@click.command()
@click.argument("policies", nargs=-1, metavar="[OLD] [NEW] [-- POLICY]")
@click.option(
    "--format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How changes are written; `github`: a comment in Markdown.",
)
@click.option("--exit-code", is_flag=True, help="End with 1 when there is a difference.")
def command(policies: tuple[str, ...], format: str, exit_code: bool) -> None:
    """Say what differs between two policies in meaning: rules added, removed, tightened, loosened; limits, priority,
    scores, tables, fields, tests. White space, comments and other spellings of the same are no difference.

    OLD and NEW are .nba files, files of a revision (REV:FILE), or revisions of git, followed by the policy. What is left
    out: NEW is the policy on the disk, OLD is its last commit (HEAD), and the policy is that of nba.toml or the only one
    here. Imports are those of the same revision. Ends with 1 when a policy has errors.

    \b
    Examples:
      nba diff old.nba new.nba
      nba diff
      nba diff HEAD~1 -- policy.nba
      nba diff v1.0:policy.nba policy.nba
      nba diff origin/main policy.nba --format github --exit-code
    """
    from nbadsl.difference import differences, show

    old, new = _operands(policies)
    changes = differences(_model(*old, format), _model(*new, format))
    names = _called(*old), _called(*new)
    if format == "text":
        _show(changes)
    else:
        write = {"json": show.as_json, "github": show.as_github}[format]
        click.echo(write(*names, changes, Path.cwd()), nl=False)
    if exit_code and changes:
        raise SystemExit(1)


def _show(changes: Sequence[Change]) -> None:
    from nbadsl.difference.show import as_lines

    color = wants_color(sys.stdout)
    for line in as_lines(changes, Path.cwd()):
        click.echo(_styled(line), color=color)


def _styled(line: Line) -> str:
    return "".join(
        click.style(text, fg=_COLORS.get(role), bold=role == "subject" or None) for text, role in line
    )


def _model(path: Path, at: Revision | None, format: str) -> Model:
    """A policy without errors; one that has some ends the command with its findings."""
    from nbadsl import pipeline
    from nbadsl.source import read

    with input_errors():
        checked = pipeline.check(path, at.read if at else read)
    if not checked.ok:
        machine = format == "json"
        show_findings(checked.diagnostics, format if format == "github" else "text", err=machine)
        raise SystemExit(1)
    return checked.model


# --- what is compared ---


def _operands(given: tuple[str, ...]) -> tuple[Operand, Operand]:
    """The old and the new one."""
    files = [name for name in given if _is_file(name)]
    revisions = [name for name in given if not _is_file(name)]
    with input_errors():
        if len(files) == 2 and not revisions:
            return _file(files[0]), _file(files[1])
        if len(files) < 2 and len(revisions) < 3 and [*revisions, *files] == list(given):
            path = source_path(files[0] if files else None)
            old, *rest = [(path, _at(name, path)) for name in revisions or ["HEAD"]]
            return old, rest[0] if rest else (path, None)
    raise click.UsageError("name two policies, as in `nba diff old.nba new.nba`")


def _is_file(name: str) -> bool:
    """Whether an argument names a file, on the disk or of a revision, or looks as if it should."""
    return Path(name).exists() or name.endswith(".nba") or ":" in name


def _file(name: str) -> Operand:
    if Path(name).exists() or ":" not in name:
        return source_path(name), None
    at, _, path = name.partition(":")
    return Path(path), _at(at, Path(path))


def _at(name: str, path: Path) -> Revision:
    from nbadsl.difference.revision import revision

    folder = next(p for p in path.absolute().parents if p.is_dir())
    return revision(name, folder)


def _called(path: Path, at: Revision | None) -> str:
    return f"{at.name}:{path}" if at else str(path)
