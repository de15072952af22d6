"""Line ends matter in tables only.

The lexer makes a ROW token of every line end; this filter keeps those that separate the rows of `table`
and `cases`, so that everywhere else line ends are white space. A line that ends in `|`, a comma or an
operator goes on in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token

_OPEN_ENDED = {
    "VBAR",
    "COMMA",
    "PLUS",
    "MINUS",
    "STAR",
    "SLASH",
    "CIRCUMFLEX",
    "COMPARISON",
    "LPAR",
    "LBRACE",
    "ROW",
}


class Rows:
    """A Lark post-lexer."""

    # Accepted in every state: a misplaced one is then a token that can be named in the message,
    # and a keyword is not found inside a longer word.
    always_accept = ("ROW", "NAME", "NUMBER", "STRING")

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin a new declaration. (The parser may resume one: so the state stands here.)"""
        self.table = False  # the next brace opens rows
        self.inside = False
        self.last = "ROW"

    def process(self, tokens: Iterator[Token]) -> Iterator[Token]:
        for token in tokens:
            kind = token.type
            if kind == "ROW":
                if self.inside and self.last not in _OPEN_ENDED:
                    self.last = kind
                    # At once: the lexer must know that a row begins before it reads its first word.
                    yield token
                continue
            if kind in ("TABLE", "CASES"):
                self.table = True
            elif kind == "LBRACE":
                self.inside, self.table = self.table, False
            elif kind == "RBRACE":
                self.inside = False
            self.last = kind
            yield token
