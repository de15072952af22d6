"""Comments, which the grammar ignores.

A comment runs from `#` to the end of its line unless the `#` stands in a text. The comment lines directly
above a declaration or a field are its documentation, except those that are for tools: `# nba: …`.
"""

from __future__ import annotations

import re

from nbadsl.source import Source, Span

FOR_TOOLS = re.compile(r"#\s*nba:\s*")
_TEXT_OR_COMMENT = re.compile(r'"(?:\\[^\n]|[^"\\\n])*"|#[^\n]*')


def comments(source: Source) -> tuple[Span, ...]:
    """The comments of a source, in order."""
    found = _TEXT_OR_COMMENT.finditer(source.text)
    return tuple(Span(source, m.start(), m.end()) for m in found if m.group().startswith("#"))


def documentation(span: Span) -> str:
    """The comment block directly above the line on which a span starts, without its marks."""
    source, lines = span.source, []
    number = span.line - 1
    while number >= 1 and source.line(number).lstrip().startswith("#"):
        comment = source.line(number).strip()
        if not FOR_TOOLS.match(comment):
            lines.append(comment.removeprefix("#").removeprefix(" "))
        number -= 1
    return "\n".join(reversed(lines))
