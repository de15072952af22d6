"""The words and marks of a declaration, with the comments between them.

Takes a range of a source that parses; gives its tokens as the author wrote them. White space is dropped but for what
an author may mean by it: which tokens begin a line, and where a line was left blank.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbadsl.diagnostics.display import width as shown_width

# As the grammar reads them: a moment has one blank in it, and a number may end with a percent sign.
_TOKEN = re.compile(
    r'"(?:\\[^\n]|[^"\\\n])*"|#[^\n]*'
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?"
    r"|[0-9]{1,2}:[0-9]{2}|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?%?"
    r"|[^\W\d]\w*|\.\.|<=|>=|\S"
)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a line of its own, without the blanks at its end. `blank`: a blank line is above it."""

    text: str
    blank: bool


@dataclass(slots=True)
class Words:
    """Tokens by number. `first` and `behind` find them by the offset of their start and end: `behind` gives the number of
    the token that follows. `above`: comments on lines of their own; `after`: a comment at the end of the token's line.
    `fresh`: begins a line. `blank`: a blank line is directly above."""

    text: list[str] = field(default_factory=list)
    first: dict[int, int] = field(default_factory=dict)
    behind: dict[int, int] = field(default_factory=dict)
    above: dict[int, list[Comment]] = field(default_factory=dict)
    after: dict[int, str] = field(default_factory=dict)
    fresh: set[int] = field(default_factory=set)
    blank: set[int] = field(default_factory=set)


def words_of(text: str, start: int, end: int) -> Words:
    """The tokens of a range of a text."""
    words, comments, last = Words(), [], start
    for match in _TOKEN.finditer(text, start, end):
        piece, at = match.group(), match.start()
        lines = text.count("\n", last, at)
        number, last = len(words.text), match.end()
        if piece[0] == "#":
            if lines == 0:
                words.after[number - 1] = piece.rstrip()
            else:
                comments.append(Comment(piece.rstrip(), lines > 1))
            continue
        if comments:
            words.above[number], comments = comments, []
        if lines:
            words.fresh.add(number)
            if lines > 1:
                words.blank.add(number)
        words.text.append(piece)
        words.first[at] = number
        words.behind[last] = number + 1
    return words


def columns(text: str) -> int:
    """How many columns a text takes."""
    return len(text) if text.isascii() else shown_width(text)
