"""Source to tree; with Lark.

The file is cut into declarations, and each is parsed by itself: one bad declaration gives one finding and
stands in the tree as `Broken`. Parsing never fails and never raises, whatever the text.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock

from lark import Lark, TextSlice, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from nbadsl.diagnostics import Diagnostic, Findings
from nbadsl.source import Source, Span
from nbadsl.syntax import nodes
from nbadsl.syntax.build import Builder
from nbadsl.syntax.declarations import Piece, end_of, pieces
from nbadsl.syntax.machine import make
from nbadsl.syntax.mistakes import report_before, report_character, report_keyword, report_token
from nbadsl.syntax.rows import Rows

LOCK = Lock()  # the builder holds the source that is being parsed


@lru_cache(maxsize=1)
def machine() -> tuple[Lark, Builder, Rows]:
    return make()


def parse(source: Source) -> tuple[nodes.File, tuple[Diagnostic, ...]]:
    """The tree of a file and what was wrong with its text."""
    found = Findings()
    cut, first = pieces(source.text)
    _check_before(source, first, found)
    declarations = tuple(_parse_piece(source, piece, found) for piece in cut)
    return nodes.File(source, declarations), found.all


def _parse_piece(source: Source, piece: Piece, found: Findings) -> nodes.Declaration:
    lark, builder, rows = machine()
    whole = Span(source, piece.start, end_of(source.text, piece))
    if report_keyword(whole, piece.keyword, found):
        return _broken(whole, piece.keyword)
    with LOCK:
        builder.source, builder.wrong = source, []
        rows.start()
        try:
            tree: nodes.Declaration = lark.parse(
                TextSlice(source.text, piece.start, piece.end), on_error=read_as_name
            )  # type: ignore[assignment]
        except UnexpectedToken as error:
            report_token(error, _possible(source, piece, error), lark, whole, piece.keyword, found)
            return _broken(whole, piece.keyword)
        except UnexpectedCharacters as error:
            report_character(error, whole, found)
            return _broken(whole, piece.keyword)
        except UnexpectedEOF:  # pragma: no cover - the LALR parser reports the end as a token
            found.report("unclosed-block", whole, what=f"`{piece.keyword}`")
            return _broken(whole, piece.keyword)
        wrong = builder.wrong
    for mistake in wrong:
        found.report(mistake.kind, mistake.span, **mistake.values)  # type: ignore[arg-type]
    # A date that does not exist has no value: what follows from it is not worth a message.
    return _broken(whole, piece.keyword) if wrong else tree


def _possible(source: Source, piece: Piece, error: UnexpectedToken) -> set[str]:
    """The terminals that could stand where the parser stumbled: asked of what stands before, for on the way to an
    error tables of the LALR kind close what could have gone on."""
    end = piece.end if error.token.type == "$END" else error.token.start_pos or piece.end
    parser = read_up_to(source, piece.start, end)
    return parser.accepts() if parser is not None else set(error.accepts or error.expected)  # type: ignore[no-untyped-call]


def read_up_to(source: Source, start: int, end: int) -> InteractiveParser | None:
    """The parser when it has read the beginning of a declaration; None when it stumbles before. Needs LOCK."""
    lark, builder, rows = machine()
    builder.source, builder.wrong = source, []
    rows.start()
    parser = lark.parse_interactive(TextSlice(source.text, start, end))
    while True:
        try:
            parser.exhaust_lexer()
            return parser
        except UnexpectedToken as error:
            error.interactive_parser = parser
            if not read_as_name(error):
                return None
        except UnexpectedCharacters:
            return None


def read_as_name(error: UnexpectedInput) -> bool:
    """Go on after a keyword that can only be a name where it stands, such as a field called `title`.

    The lexer asks what could follow, and in tables of the LALR kind that is a little too much: so a word may come
    as the keyword that it is elsewhere.
    """
    if not isinstance(error, UnexpectedToken) or not error.token[:1].isalpha():
        return False
    if error.token.type == "NAME" or "NAME" not in error.accepts:
        return False
    error.interactive_parser.feed_token(Token.new_borrow_pos("NAME", str(error.token), error.token))
    return True


def _broken(span: Span, keyword: str) -> nodes.Broken:
    words = span.text.split(None, 2)
    name = "".join(c for c in words[1].partition("(")[0] if c.isalnum() or c in "_") if len(words) > 1 else ""
    return nodes.Broken(keyword, name, span)


def _check_before(source: Source, first: int, found: Findings) -> None:
    """Nothing but comments and white space may stand before the first declaration."""
    offset = 0
    for line in source.text[:first].splitlines(keepends=True):
        text = line.strip()
        if text and not text.startswith("#"):
            start = offset + len(line) - len(line.lstrip())
            report_before(Span(source, start, start + len(text)), found)
            return
        offset += len(line)
