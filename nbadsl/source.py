"""Source text and places in it: the only module that knows lines and columns.

A `Source` is one file's text; a `Span` is a half-open range of character offsets in it.
Everything else in the compiler passes spans around and never counts columns. Editors count lines and columns
their own way: `place` and `offset` translate.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, eq=False)
class Source:
    """The text of one file. `path` is how messages name it, also when there is no such file on disk."""

    path: str
    text: str

    @cached_property
    def line_starts(self) -> list[int]:
        return [0] + [i + 1 for i, c in enumerate(self.text) if c == "\n"]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both from 1, columns in characters."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1) without its line end."""
        starts = self.line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    # --- for editors ---

    @cached_property
    def editor_lines(self) -> list[int]:
        """Where lines start for an editor: a carriage return alone ends one as well."""
        return [0] + [m.end() for m in _LINE_END.finditer(self.text)]

    def place(self, offset: int, encoding: str) -> tuple[int, int]:
        """Line and column of a character offset, both from 0, columns in units of `utf-8`, `utf-16` or `utf-32`."""
        starts = self.editor_lines
        line = bisect_right(starts, offset) - 1
        before = self.text[starts[line] : offset]
        return line, len(before) if before.isascii() else sum(_units(c, encoding) for c in before)

    def offset(self, line: int, column: int, encoding: str) -> int:
        """The inverse of `place`. A column behind the end of its line is the end, one inside a character the
        character's start, and a line behind the last one the end of the text."""
        starts = self.editor_lines
        if line >= len(starts):
            return len(self.text)
        start = starts[line]
        end = starts[line + 1] if line + 1 < len(starts) else len(self.text)
        text = self.text[start:end].rstrip("\r\n")
        if text.isascii() or encoding == "utf-32":
            return start + min(column, len(text))
        at = 0
        for i, c in enumerate(text):
            at += _units(c, encoding)
            if at > column:
                return start + i
        return start + len(text)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` up to, not including, `end` of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def words(self) -> str:
        """The text on one line."""
        return " ".join(self.text.split())

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of the other."""
        return Span(self.source, self.start, other.end)

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.path}:{line}:{column}"


def _units(character: str, encoding: str) -> int:
    """Code units of a character; half a surrogate pair, which JSON may bring, counts as any of its size."""
    code = ord(character)
    match encoding:
        case "utf-8":
            return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
        case "utf-16":
            return 1 if code < 0x10000 else 2
        case _:
            return 1


def decode(data: bytes) -> tuple[str, int | None]:
    """Bytes of a file as text, and the offset of the first character that was not UTF-8, if any.

    A byte order mark is dropped. Characters that cannot be decoded become U+FFFD, so that the
    compiler can go on and report the rest.
    """
    text = data.decode("utf-8-sig", errors="replace")
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return text, len(error.object[: error.start].decode())  # of what follows the mark
    return text, None


def read(path: Path) -> tuple[Source, int | None]:
    """A file as a source, and the offset of its first undecodable character, if any."""
    text, bad = decode(path.read_bytes())
    return Source(str(path), text), bad


def overlaid(texts: Mapping[str, str]) -> Callable[[Path], tuple[Source, int | None]]:
    """A `read` that has texts, by absolute path, in front of the disk."""

    def reader(path: Path) -> tuple[Source, int | None]:
        text = texts.get(os.path.abspath(path))
        return read(path) if text is None else (Source(str(path), text), None)

    return reader
