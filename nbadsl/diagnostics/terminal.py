"""Findings for people: text with the source line, a caret under exactly what is meant, and the way out.

    error[unknown-name]: there is no value called `ag`
      --> policy.nba:12:17
       |
    12 |   eligible when ag >= 18
       |                 ^^
       help: did you mean `age`?
       fix: write `age`
    12 -   eligible when ag >= 18
    12 +   eligible when age >= 18

Takes findings; gives lines made of (text, role) parts. Plain text joins the parts. Colour gives each role
its style through rich, which is imported for that alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import TypeAlias

from nbadsl.diagnostics.diagnostic import Diagnostic, Edit, Fix
from nbadsl.diagnostics.display import excerpt, shown_path, visible
from nbadsl.diagnostics.fixes import edited
from nbadsl.source import Source, Span

Part: TypeAlias = tuple[str, str]
Line: TypeAlias = list[Part]

STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "hint": "bold cyan",
    "note": "bold cyan",
    "message": "bold",
    "gutter": "blue",
    "help": "cyan",
    "removed": "red",
    "added": "green",
    "": "",
}
LONGEST_PREVIEW = 6  # lines before, and lines after


def render_text(diagnostics: Sequence[Diagnostic], color: bool, width: int, root: Path | None) -> str:
    """The findings one after the other, then a line that counts them; "" when there are none."""
    lines: list[Line] = []
    for diagnostic in diagnostics:
        lines += [*_finding(diagnostic, width, root), []]
    lines += _summary(diagnostics)
    return (
        _coloured(lines) if color else "".join("".join(t for t, _ in line).rstrip() + "\n" for line in lines)
    )


def _coloured(lines: list[Line]) -> str:
    from rich.console import Console
    from rich.text import Text

    out = StringIO()
    # An empty environment: whether there is colour was decided by the caller.
    console = Console(file=out, force_terminal=True, color_system="standard", _environ={})
    for line in lines:
        console.print(Text.assemble(*((t, STYLES[role]) for t, role in line)), soft_wrap=True)
    return out.getvalue()


def _finding(d: Diagnostic, width: int, root: Path | None) -> Iterator[Line]:
    spans = [d.span, *(s for s, _ in d.related), *(e.span for f in d.fixes for e in f.edits)]
    gutter = max(len(str(_last_line(s))) for s in spans)
    severity = d.kind.severity
    yield [(f"{severity}[{d.kind.name}]", severity), (": " + visible(d.message), "message")]
    yield from _place(d.span, "-->", severity, "^", "", gutter, width, root)
    for span, note in d.related:
        yield from _place(span, ":::", "note", "-", note, gutter, width, root)
    indent = " " * (gutter + 1)
    if d.help:
        yield [(indent + "help: ", "help"), (visible(d.help), "")]
    for fix in d.fixes:
        if not d.help or len(d.fixes) > 1:  # one fix is what the help says
            yield [(indent + "fix: ", "help"), (visible(fix.title), "")]
        yield from _preview(fix, gutter, width)


# --- places ---


def _place(
    span: Span, arrow: str, role: str, mark: str, note: str, gutter: int, width: int, root: Path | None
) -> Iterator[Line]:
    """Where a span is, and its line, or its first and last line, with the span underlined."""
    source = span.source
    (first, column), end = source.position(span.start), _end_of(span)
    where = visible(f"{shown_path(source.path, root)}:{first}:{column}")
    yield [(" " * gutter + arrow, "gutter"), (f" {where}", "")]
    if not source.text:
        return
    yield [(" " * gutter + " |", "gutter")]
    last, end_column = source.position(end)
    if last == first:
        yield from _underlined(source, first, column, end_column, mark, role, note, gutter, width)
        return
    length = len(source.line(first)) + 1
    yield from _underlined(source, first, column, length, mark, role, "from here", gutter, width)
    if last > first + 1:
        yield [("." * 3, "gutter")]
    text = source.line(last)
    begin = len(text) - len(text.lstrip()) + 1
    yield from _underlined(source, last, begin, end_column, mark, role, note or "to here", gutter, width)


def _underlined(
    source: Source,
    number: int,
    start: int,
    end: int,
    mark: str,
    role: str,
    note: str,
    gutter: int,
    width: int,
) -> Iterator[Line]:
    """A line of the source and marks under its columns `start` up to, not including, `end`."""
    part = excerpt(source.line(number), start - 1, end - 1, width - gutter - 3)
    yield [(f"{number:>{gutter}} | ", "gutter"), (part.text, "")]
    marks = " " * part.before + mark * max(1, part.width)
    yield [(" " * gutter + " | ", "gutter"), (f"{marks} {visible(note)}" if note else marks, role)]


def _end_of(span: Span) -> int:
    """The end of a span without the white space that it ends with, so that it ends on the line it is seen on."""
    return max(span.start + len(span.text.rstrip()), min(span.start + 1, span.end))


def _last_line(span: Span) -> int:
    return span.source.position(_end_of(span))[0]


# --- fixes ---


def _preview(fix: Fix, gutter: int, width: int) -> Iterator[Line]:
    """The lines that a fix changes, before and after."""
    room = width - gutter - 3
    for edits in _neighbours(fix.edits):
        source = edits[0].span.source
        first = source.position(min(e.span.start for e in edits))[0]
        last = source.position(max(e.span.end for e in edits))[0]
        start, last_start = source.line_starts[first - 1], source.line_starts[last - 1]
        region = source.text[start : last_start + len(source.line(last))]
        moved = [Edit(Span(source, e.span.start - start, e.span.end - start), e.text) for e in edits]
        old, new = region.split("\n"), edited(region, moved).split("\n")
        while old and new and old[0] == new[0]:
            old, new, first = old[1:], new[1:], first + 1
        while old and new and old[-1] == new[-1]:
            old, new = old[:-1], new[:-1]
        same = _same_start(old[0], new[0]) if old and new else 0
        for sign, role, texts in (("-", "removed", old), ("+", "added", new)):
            if any(texts):
                yield from _changed(first, same, sign, role, texts, gutter, room)


def _changed(
    first: int, same: int, sign: str, role: str, texts: list[str], gutter: int, room: int
) -> Iterator[Line]:
    """Lines from number `first` on. Their first `same` characters did not change, so what follows is shown."""
    for number, text in enumerate(texts[:LONGEST_PREVIEW], first):
        shown = excerpt(text.rstrip("\r"), min(same, len(text)), min(same, len(text)), room).text
        yield [(f"{number:>{gutter}} ", "gutter"), (f"{sign} {shown}", role)]
    if len(texts) > LONGEST_PREVIEW:
        yield [("." * 3, "gutter")]


def _same_start(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _neighbours(edits: Iterable[Edit]) -> list[list[Edit]]:
    """Edits in groups that touch the same or the next line of one file."""
    groups: list[list[Edit]] = []
    for edit in sorted(edits, key=lambda e: (e.span.source.path, e.span.start)):
        before = groups[-1][-1].span if groups else None
        near = before is not None and before.source is edit.span.source
        if before is not None and near and edit.span.line <= before.source.position(before.end)[0] + 1:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


# --- the last line ---


def _summary(diagnostics: Sequence[Diagnostic]) -> list[Line]:
    if not diagnostics:
        return []
    severities = [d.kind.severity for d in diagnostics]
    counts = [(severities.count(s), s) for s in dict.fromkeys(["error", "warning", *severities])]
    said = ", ".join(f"{n} {s}{'s' if n > 1 else ''}" for n, s in counts if n)
    files = len({d.span.source.path for d in diagnostics})
    worst = "error" if "error" in severities else severities[0]
    where = f" in {files} file{'s' if files > 1 else ''}"
    return [[(said, worst), (where, ""), (f"; {_hint(diagnostics)}", "")]]


def _hint(diagnostics: Sequence[Diagnostic]) -> str:
    kinds = list(dict.fromkeys(d.kind.name for d in diagnostics))
    if len(kinds) == 1:
        return f"`nba doc {kinds[0]}` explains it"
    return f"`nba doc KIND` explains a kind, such as `nba doc {kinds[0]}`"
