"""The compiler on one page.

    source → tree → model → program → plan → decision
             parse   check   from_model  lower   decide

Each step takes what the one before gave. Steps up to the model never fail: they give what they understood,
and findings. A program exists only when nothing was found to be an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from nbadsl.diagnostics import Diagnostic, Findings
from nbadsl.program.from_model import from_model
from nbadsl.program.nodes import Program
from nbadsl.room import room
from nbadsl.semantics.declare import declare
from nbadsl.semantics.ignores import without_ignored
from nbadsl.semantics.judge import judge
from nbadsl.semantics.load import Parser, Reader, load
from nbadsl.semantics.model import Model
from nbadsl.source import Span
from nbadsl.source import read as read_file
from nbadsl.syntax.parser import parse as parse_file


@dataclass(frozen=True, slots=True)
class Checked:
    """The model of a policy and what was found in it. `ok`: nothing is an error. `ignored`: warnings that a comment
    of the author ignores, which are not among `diagnostics`."""

    model: Model
    diagnostics: tuple[Diagnostic, ...]
    ignored: tuple[Diagnostic, ...] = ()

    @property
    def ok(self) -> bool:
        return all(d.kind.severity != "error" for d in self.diagnostics)


def where_it_is(span: Span) -> Span:
    """The place of a span in its file: parsing gives it."""
    return span


def check(
    path: Path,
    read: Reader = read_file,
    parse: Parser = parse_file,
    part: bool = False,
    place: Callable[[Span], Span] = where_it_is,
) -> Checked:
    """Everything that can be said about a policy without running it. Raises OSError when it cannot be read.

    `part`: the file belongs to a policy that is not known, so names that it does not declare are not reported. `place`:
    where a span is in its file, for who parses it in parts."""
    found = Findings()
    with room():
        loaded = load(path, found, read, parse)
        loaded = replace(loaded, partial=True) if part else loaded
        model = declare(loaded, found)
        judge(model, found)
    return Checked(model, *without_ignored(found.all, model.files, place))


def compile(path: Path, read: Reader = read_file) -> tuple[Checked, Program | None]:
    """The program of a policy, if nothing is wrong with it."""
    with room():
        checked = check(path, read)
        return checked, (from_model(checked.model) if checked.ok else None)
