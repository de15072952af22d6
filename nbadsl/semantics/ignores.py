"""Findings that the author does not want to hear of: `# nba: ignore[unused-field] read by the data team`.

At the end of a line the comment is about what begins on that line; on a line of its own, about the next line that is
not a comment. It names one kind of finding or several, and why. Errors cannot be ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nbadsl.diagnostics import Diagnostic
from nbadsl.source import Source, Span
from nbadsl.syntax import nodes
from nbadsl.syntax.comments import FOR_TOOLS, comments

_IGNORE = re.compile(r"ignore\s*\[([^\]]*)\]")
_KIND = re.compile(r"[^\s,]+")

Place = Callable[[Span], Span]


@dataclass(frozen=True, slots=True)
class Ignore:
    """One kind in a comment. `line`: what it is about. `wrong`: the comment cannot be read."""

    kind: str
    span: Span
    comment: Span
    line: int
    reason: str = ""
    wrong: bool = False

    def fits(self, found: Diagnostic, place: Place) -> bool:
        return (
            self.kind == found.kind.name
            and found.kind.severity != "error"
            and self.comment.source.path == found.span.source.path
            and self.line == place(found.span).line
        )


def ignores(source: Source) -> tuple[Ignore, ...]:
    """What the comments of a source ignore, in order."""
    if "nba:" not in source.text:
        return ()
    found: list[Ignore] = []
    for comment in comments(source):
        mark = FOR_TOOLS.match(comment.text)
        if mark is not None:
            found += _read(comment, mark.end())
    return tuple(found)


def without_ignored(
    found: tuple[Diagnostic, ...], files: Iterable[nodes.File], place: Place
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """The findings that count, and those that comments ignore. `place`: see `pipeline.check`."""
    written = [ignore for file in files for ignore in ignores(file.source)]
    ignored = tuple(d for d in found if any(ignore.fits(d, place) for ignore in written))
    return tuple(d for d in found if d not in ignored) if ignored else found, ignored


def _read(comment: Span, start: int) -> list[Ignore]:
    line, text = _line(comment), comment.text
    told = _IGNORE.match(text, start)
    kinds = list(_KIND.finditer(text, told.start(1), told.end(1))) if told else []
    if told is None or not kinds:
        return [Ignore("", comment, comment, line, wrong=True)]
    reason = text[told.end() :].strip()
    at = comment.start
    return [
        Ignore(k.group(), Span(comment.source, at + k.start(), at + k.end()), comment, line, reason)
        for k in kinds
    ]


def _line(comment: Span) -> int:
    """The line that a comment is about."""
    source, line = comment.source, comment.line
    if source.text[source.line_starts[line - 1] : comment.start].strip():
        return line
    while line < len(source.line_starts) and source.line(line).lstrip().startswith("#"):
        line += 1
    return line
