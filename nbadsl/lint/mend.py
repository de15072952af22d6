"""Carrying out safe fixes, on texts in memory.

Takes a policy's path and how its files are read; gives new texts of the files that change, and the findings that
were mended. Fixes that touch each other are left for another round, and so is what only a fix brings to light. A
round whose result is an error is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from nbadsl.diagnostics import Diagnostic, Fix
from nbadsl.diagnostics.fixes import compatible, edited
from nbadsl.lint import Options, lint
from nbadsl.pipeline import check
from nbadsl.semantics.load import Reader
from nbadsl.source import Source
from nbadsl.source import read as read_file

MOST_ROUNDS = 20


@dataclass(slots=True)
class Mended:
    """`texts`: by path, of the files that change. `done`: what was mended, in order, with the fix."""

    texts: dict[str, str] = field(default_factory=dict)
    done: list[tuple[Diagnostic, Fix]] = field(default_factory=list)


def mend(path: Path, options: Options, read: Reader = read_file) -> Mended:
    """A policy after all safe fixes of what checking and the linter find in it. Raises OSError as reading does."""
    mended = Mended()

    def reader(file: Path) -> tuple[Source, int | None]:
        source, bad = read(file)
        text = mended.texts.get(source.path)
        return (source if text is None else Source(source.path, text)), bad

    for _ in range(MOST_ROUNDS):
        checked = check(path, reader)
        found = (*checked.diagnostics, *lint(checked, options))
        offered = {fix: d for d in found for fix in d.fixes if fix.safe and options.wants(d.kind.name)}
        fixes = compatible(offered)
        if not checked.ok or not fixes:
            break
        before = dict(mended.texts)
        _carry_out(fixes, mended.texts)
        if not check(path, reader).ok:
            mended.texts = before
            break
        mended.done += [(offered[fix], fix) for fix in fixes]
    return mended


def _carry_out(fixes: tuple[Fix, ...], texts: dict[str, str]) -> None:
    edits = [edit for fix in fixes for edit in fix.edits]
    for source in {edit.span.source for edit in edits}:
        texts[source.path] = edited(source.text, [e for e in edits if e.span.source is source])
