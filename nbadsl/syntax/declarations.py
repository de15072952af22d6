"""Cuts a file into declarations, the units of parsing and of recovery from errors.

A declaration starts at a line whose first character begins one of the declarations' keywords. A line that
starts with some other word is a start as well when no block is open: so a misspelt keyword is one
mistake, and code that somebody did not indent is still read as part of its block.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KEYWORDS = (
    "policy",
    "import",
    "profile",
    "context",
    "parameter",
    "define",
    "function",
    "table",
    "channel",
    "group",
    "action",
    "priority",
    "arbitrate",
    "holdout",
    "experiment",
    "explore",
    "guarantee",
    "test",
    "limit",
    "rest",
    "budget",
    "quiet",
)

RESERVED = ("event", "signal", "model", "source", "catalog", "placement", "learn", "paced")

_MARKS = re.compile(r'"(?:\\[^\n]|[^"\\\n])*"|#[^\n]*|[{}]|^([^\W\d]\w*)', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a file that should be one declaration: its first word and its range of characters."""

    keyword: str
    start: int
    end: int


def pieces(text: str) -> tuple[list[Piece], int]:
    """The declarations of a text, and where the first of them starts."""
    starts: list[tuple[str, int]] = []
    depth = 0
    for mark in _MARKS.finditer(text):
        word = mark.group(1)
        if word is not None:
            if word in KEYWORDS:
                depth = 0  # whatever was left open ends here
            if depth == 0:
                starts.append((word, mark.start()))
        elif mark.group() == "{":
            depth += 1
        elif mark.group() == "}":
            depth = max(0, depth - 1)
    ends = [*[start for _, start in starts][1:], len(text)]
    found = [Piece(word, start, end) for (word, start), end in zip(starts, ends, strict=bool(starts))]
    return found, (found[0].start if found else len(text))


def is_policy(text: str) -> bool:
    """Whether a file declares a policy: others are parts of some."""
    return any(piece.keyword == "policy" for piece in pieces(text)[0])


def end_of(text: str, piece: Piece) -> int:
    """Where the words of a declaration end: before the comments and blank lines that follow them."""
    end = piece.end
    for mark in _MARKS.finditer(text, piece.start, piece.end):
        if mark.group().startswith("#") and not text[mark.end() : piece.end].strip():
            end = mark.start()
    stripped = piece.start + len(text[piece.start : end].rstrip())
    return stripped if end == piece.end else end_of(text, Piece(piece.keyword, piece.start, stripped))
