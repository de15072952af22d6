"""A whole file, declaration by declaration.

Takes a source; gives its text in the one style, and what to change for it: at most one edit for each declaration, with
the comments above it. A declaration that could not be parsed stays byte for byte; so does one that would come out with
another meaning, which is then said. Lines end as the first one of the file does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbadsl.diagnostics import Edit
from nbadsl.diagnostics.fixes import edited
from nbadsl.format.declarations import lines_of
from nbadsl.format.tree import same
from nbadsl.room import room
from nbadsl.source import Source, Span
from nbadsl.syntax import nodes
from nbadsl.syntax.comments import comments
from nbadsl.syntax.parser import parse

WIDTH = 110  # columns of a line

_BETWEEN = re.compile(r"(?:\s|#[^\n]*)*")
_COMMENT_OF_BLOCK = re.compile(r"^[ \t]+#[^\n]*\n?", re.MULTILINE)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Formatted:
    """A formatted source. `text`: all of it. `edits`: what makes it from the source, in order; each replaces whole lines,
    those of a declaration and of the comments and blank lines above it. `left`: declarations that could not be parsed
    and stay as they were. `refused`: declarations that stay because our layout would have changed what they say, which
    is a mistake of ours."""

    text: str
    edits: tuple[Edit, ...]
    left: tuple[nodes.Broken, ...]
    refused: tuple[nodes.Declaration, ...]


def formatted(source: Source, width: int = WIDTH) -> Formatted:
    """A source in the one style, `width` columns wide where its words allow it. Any text can be formatted."""
    with room():
        return format_file(parse(source)[0], width)


def format_file(file: nodes.File, width: int = WIDTH) -> Formatted:
    """The same for a file that was parsed."""
    source, text = file.source, file.source.text
    ending = _line_end(text)
    edits: list[Edit] = []
    refused: list[nodes.Declaration] = []
    with room():
        for start, end, declaration in _stretches(file):
            old = text[start:end]
            begin = declaration.span.start if declaration else end
            new = _between(text[start:begin], start == 0, declaration is None)
            if declaration is not None and not isinstance(declaration, nodes.Broken):
                new += "".join(f"{line}\n" for line in lines_of(declaration, end, width))
                begin = end
            new = _ended(new, ending) + text[begin:end]
            if new == old:
                continue
            if _says_the_same(source, old, new, declaration):
                edits.append(Edit(Span(source, start, end), new))
            elif declaration is not None:
                refused.append(declaration)
    left = tuple(d for d in file.declarations if isinstance(d, nodes.Broken))
    return Formatted(edited(text, edits), tuple(edits), left, tuple(refused))


def _stretches(file: nodes.File) -> Iterator[tuple[int, int, nodes.Declaration | None]]:
    """The whole text in ranges of whole lines, each up to the end of a declaration; the last has none."""
    text, at = file.source.text, 0
    starts = [*(d.span.start for d in file.declarations), len(text)]
    for declaration, following in zip(file.declarations, starts[1:], strict=True):
        end = text.find("\n", declaration.span.end) + 1 or len(text)
        if isinstance(declaration, nodes.Broken):
            # Comments that are indented below it may belong to its block.
            end = max([end, *(m.end() for m in _COMMENT_OF_BLOCK.finditer(text, end, following))])
        yield at, end, declaration
        at = end
    if at < len(text):
        yield at, len(text), None


def _between(text: str, is_first: bool, is_last: bool) -> str:
    """Comments and blank lines: one blank line stands for several, none where a file starts or ends."""
    if not _BETWEEN.fullmatch(text):
        return text  # a word that nobody can read stands before the first declaration
    lines: list[str] = []
    blank = False
    for line in text.removesuffix("\n").split("\n") if text else ():
        if not line.strip():
            blank = bool(lines) or not is_first
            continue
        lines += ["", line.strip()] if blank else [line.strip()]
        blank = False
    if blank and not is_last:
        lines.append("")
    return "".join(f"{line}\n" for line in lines)


def _line_end(text: str) -> str:
    return "\r\n" if "\r" in text[: text.find("\n") + 1][-2:] else "\n"


def _ended(text: str, ending: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", ending)


def _says_the_same(source: Source, old: str, new: str, declaration: nodes.Declaration | None) -> bool:
    """Whether only white space was changed, comments are what they were, and it means what it meant."""
    if _SPACE.sub("", old) != _SPACE.sub("", new):
        return False
    if declaration is None or isinstance(declaration, nodes.Broken):
        return True
    again = Source(source.path, new)
    read = parse(again)[0].declarations
    return len(read) == 1 and same(declaration, read[0]) and _comments(Source("", old)) == _comments(again)


def _comments(source: Source) -> list[str]:
    return [span.text.rstrip() for span in comments(source)]
