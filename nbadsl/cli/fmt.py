"""`nba fmt`: one layout for all policies."""

from __future__ import annotations

import codecs
import difflib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from nbadsl.cli import config
from nbadsl.cli.common import fail, input_errors, say_error, source_path, wants_color, write_file
from nbadsl.format import WIDTH, Formatted, formatted
from nbadsl.source import Source, Span, decode

_COLORS = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; list the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option(
    "--width",
    type=click.IntRange(min=20),
    metavar="COLUMNS",
    help=f"How wide lines may be; {WIDTH} if not given.",
)
def command(paths: tuple[str, ...], check: bool, diff: bool, width: int | None) -> None:
    """Lay policies out in the one style. Only white space changes, never what a policy says.

    PATHS are files and folders; `-` reads a policy from standard input and prints it; without any, it is the folder of
    the policy. What cannot be read stays as it is, and the rest of its file is laid out.

    Ends with 1 when something could not be read, or with --check or --diff when a file would change.

    \b
    Examples:
      nba fmt
      nba fmt policies/ --check
      nba fmt policy.nba --diff
      nba fmt - < policy.nba
    """
    settings = config.load()
    width = width or (settings.get("format") or {}).get("width") or WIDTH
    stays = check or diff
    with input_errors():
        work = [_read(path, width) for path in _files(paths or (_home(settings),))]
        for file in () if stays else work:
            file.write()
    changed = [file for file in work if file.changes]
    for file in changed:
        if diff:
            _show_diff(file)
        elif check:
            click.echo(file.path)
    if stays or "-" not in paths:
        _say_how_many(work, "would change" if stays else "changed", err=diff)
    _end(work, bool(stays and changed))


@dataclass(frozen=True, slots=True)
class File:
    """A file and how it would be laid out; `-` is standard input. `mark`: the byte order mark, if it begins with one."""

    path: Path
    source: Source
    mark: bytes
    result: Formatted

    @property
    def changes(self) -> bool:
        return self.result.text != self.source.text

    def write(self) -> None:
        """Write the new text, aside first; nothing if it is the old one."""
        data = self.mark + self.result.text.encode("utf-8")
        if self.path == Path("-"):
            click.echo(data, nl=False)
        elif self.changes:
            write_file(self.path, data)


def _home(settings: dict[str, object]) -> str:
    """The folder of the policy that the settings name, or this one."""
    return str(Path(str(settings.get("policy") or "policy.nba")).parent)


def _files(paths: tuple[str, ...]) -> list[Path]:
    """Files as named, and of a folder every policy in it that no hidden folder holds; each once."""
    found: dict[Path, None] = {}
    for name in paths:
        path = Path(name)
        if path.is_dir():
            inside = [p for p in sorted(path.rglob("*.nba")) if p.is_file() and not _is_hidden(p, path)]
            if not inside:
                raise click.UsageError(f"there is no .nba file in {path.resolve() if name == '.' else path}")
            found |= dict.fromkeys(inside)
        else:
            found[path if name == "-" else source_path(name)] = None
    return list(found)


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _read(path: Path, width: int) -> File:
    """A file, laid out. One that is not UTF-8 ends the command: what cannot be read cannot be kept."""
    data = sys.stdin.buffer.read() if path == Path("-") else path.read_bytes()
    text, bad = decode(data)
    source = Source("standard input" if path == Path("-") else str(path), text)
    if bad is not None:
        fail(f"{Span(source, bad, bad)}: this is not UTF-8; save the file as UTF-8")
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    return File(path, source, mark, formatted(source, width))


def _show_diff(file: File) -> None:
    """What would change, as `patch` reads it."""
    before, after = (list(_lines(text)) for text in (file.source.text, file.result.text))
    name = file.source.path
    for line in difflib.unified_diff(before, after, name, name):
        is_head = line.startswith(("--- ", "+++ "))
        shown = click.style(line, fg=None if is_head else _COLORS.get(line[0]), bold=is_head or None)
        click.echo(shown, nl=False, color=wants_color(sys.stdout))
        if not line.endswith("\n"):
            click.echo("\n\\ No newline at end of file")


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends; a form feed ends none."""
    *whole, rest = text.split("\n")
    yield from (f"{line}\n" for line in whole)
    if rest:
        yield rest


def _say_how_many(work: list[File], what: str, err: bool) -> None:
    of, changed = f"{len(work)} file{'' if len(work) == 1 else 's'}", sum(file.changes for file in work)
    laid_out = not changed and not any(file.result.left or file.result.refused for file in work)
    click.echo(f"{of} already laid out" if laid_out else f"{changed} of {of} {what}", err=err)


def _end(work: list[File], found: bool) -> None:
    """Say what stayed as it was, and end with the code for it."""
    for file in work:
        if left := file.result.left:
            these = (
                f"this declaration and {len(left) - 1} more stay" if left[1:] else "this declaration stays"
            )
            click.echo(
                f"{left[0].span}: {these} as written, for nba cannot read it: see `nba check`", err=True
            )
    refused = [declaration for file in work for declaration in file.result.refused]
    for declaration in refused:
        say_error(
            f"{declaration.span}: this declaration stays as written: laid out it would say something else. "
            "This is a mistake of nba; please report it"
        )
    if refused:
        raise SystemExit(2)
    if found or any(file.result.left for file in work):
        raise SystemExit(1)
