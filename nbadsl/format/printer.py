"""Puts a declaration on lines.

Takes its tokens, shape and tree; gives its lines. The idea: a stretch of tokens that fits on the line stands on it; one
that does not, or in which the author chose lines or wrote comments, is broken at the joints of its tree, from the outside
in. Sums of lengths tell in constant time whether something fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

from nbadsl.format.shape import Shape
from nbadsl.format.tree import children
from nbadsl.format.words import Words, columns

STEP = 2  # columns of one indentation

# Tokens that cannot begin a line.
_BOUND = frozenset(", ) ] : { =".split())


class Printer:
    """Lines in the making. `deep`: where a statement goes on that does not fit on its line."""

    def __init__(self, words: Words, shape: Shape, width: int) -> None:
        self.words, self.gaps, self.width = words, shape.gaps, width
        self.pieces = [" " * gap + text for gap, text in zip(shape.gaps, words.text, strict=True)]
        self.ends = [0, *accumulate(columns(piece) for piece in self.pieces)]
        self.bound = [self.ends[-1]] * (len(self.pieces) + 1)  # the end of what is bound to the tokens before
        for number in range(len(self.pieces) - 1, -1, -1):
            bound = words.text[number] in _BOUND
            self.bound[number] = self.bound[number + 1] if bound else self.ends[number]
        broken = (
            number in shape.chosen or number in words.above or number - 1 in words.after
            for number in range(len(words.text))
        )
        self.breaks = list(accumulate(broken))
        self.lines: list[str] = []
        self.start = 0  # the first line of the block that was begun last
        self.line: list[str] = []
        self.column = self.indent = self.deep = 0
        self.ended = False  # by a comment: what comes next begins a line

    # --- what fits ---

    def fits(self, first: int, behind: int) -> bool:
        """Whether tokens, and those bound to them, can stand on what is left of this line; also when it begins so far to
        the right that another line would not help."""
        room = self.width - self.column if self.indent < self.width else self.ends[-1]
        return self.is_flat(first, behind) and self.bound[behind] - self.ends[first] <= room

    def fits_at(self, column: int, first: int, behind: int) -> bool:
        """The same of a line that they begin."""
        length = self.bound[behind] - self.ends[first] - self.gaps[first]
        return self.is_flat(first, behind) and column + length <= self.width

    def is_flat(self, first: int, behind: int) -> bool:
        """Whether nothing forces a new line between tokens."""
        return self.breaks[behind - 1] == self.breaks[first]

    # --- what is written ---

    def newline(self, indent: int) -> None:
        """End the line, if there is one, and begin another."""
        if self.line:
            self.lines.append(" " * self.indent + "".join(self.line))
        self.line, self.indent, self.column, self.ended = [], indent, indent, False

    def put(self, first: int, behind: int) -> None:
        """Write tokens on this line, with the comments above and after them."""
        self.comments(first)
        if self.ended:
            self.newline(self.deep)
        pieces = self.pieces[first:behind]
        length = self.ends[behind] - self.ends[first]
        if not self.line:
            pieces[0] = self.words.text[first]
            length -= self.gaps[first]
        self.line += pieces
        self.column += length
        self._comment_after(behind - 1)

    def put_row(self, text: str, behind: int) -> None:
        """Write a text that stands for the tokens before `behind`, and the comment after them."""
        self.line.append(text)
        self._comment_after(behind - 1)

    def _comment_after(self, number: int) -> None:
        if number in self.words.after:
            self.line.append("  " + self.words.after[number])
            self.ended = True

    def text_of(self, first: int, behind: int) -> str:
        """Tokens on one line."""
        return "".join(self.pieces[first:behind]).lstrip(" ")

    def put_each(self, first: int, behind: int) -> None:
        """Write tokens between which there may be comments."""
        if first < behind and self.is_flat(first, behind):
            return self.put(first, behind)
        for number in range(first, behind):
            self.put(number, number + 1)

    def comments(self, number: int, indent: int | None = None, blanks: bool = False) -> None:
        """Write the comments above a token, once, and begin its line. `blanks`: with the blank lines between them."""
        above = self.words.above.pop(number, None)
        if above is None:
            return
        indent = self.deep if indent is None else indent
        for comment in above:
            self.newline(indent)
            if blanks and comment.blank:
                self.blank()
            self.line.append(comment.text)
        self.newline(indent)

    def blank(self) -> None:
        """A blank line, but not where a block starts."""
        if len(self.lines) > self.start:
            self.lines.append("")

    @contextmanager
    def deeper(self, by: int = STEP) -> Iterator[None]:
        """Go on further to the right for a while."""
        self.deep += by
        yield
        self.deep -= by

    # --- the tree ---

    def range_of(self, node: Any) -> tuple[int, int]:
        """The tokens of a node."""
        return self.words.first[node.span.start], self.words.behind[node.span.end]

    def parts(self, node: Any, first: int, behind: int) -> Iterator[tuple[int, int, Any]]:
        """The tokens from `first` up to `behind`, cut at the children of a node: ranges, with their child if they are one."""
        at = first
        for child in children(node):
            begin, end = self.range_of(child)
            if begin < at or end > behind:
                continue
            for number in range(at, begin):
                yield number, number + 1, None
            yield begin, end, child
            at = end
        for number in range(at, behind):
            yield number, number + 1, None

    def finished(self) -> list[str]:
        """The lines, when everything is written."""
        self.newline(0)
        return self.lines
