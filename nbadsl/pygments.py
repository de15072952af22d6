"""Colours for nba in documentation: a lexer for Pygments, which finds it by its entry point.

Takes source text, gives Pygments' tokens; joined they are the text. A word is a keyword wherever it looks like one,
but not before a colon or a parenthesis: there it is the name of a field or of a function. Only Pygments imports this
module.
"""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from nbadsl.syntax.declarations import KEYWORDS as DECLARATIONS

LINES = tuple(
    """
    title owner timezone currency week purposes purpose active require eligible exclude via content send
    propensity value cost boost exempt score nothing below pick fallback history cases expect now
    """.split()
)
PARTS = tuple(
    """
    key optional only for from column first unique collect was until because at by per since ever after
    each on limits but counted to everything most seed among some when if then else
    """.split()
)
OPERATORS = tuple(
    """
    and or not is in one of any all none between within next more than ago starts ends with contains has
    """.split()
)
CONSTANTS = tuple(
    """
    yes no known unknown never second seconds minute minutes hour hours day days weeks month months
    quarter year years decided sent seen clicked accepted rejected ignored
    """.split()
)
TYPES = tuple(
    """
    flag integer number probability money duration date time clock text
    """.split()
)
FUNCTIONS = tuple(
    """
    min max clamp abs floor ceil round exp log sqrt hour weekday day month year age_in_years
    months_between
    """.split()
)

_NAME = r"[^\W\d]\w*"


class NbaLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """Lexer of the language nba."""

    name = "nba"
    aliases: ClassVar = ["nba"]
    filenames: ClassVar = ["*.nba"]

    tokens: ClassVar = {
        "root": [
            (r"\s+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r'"(\\[^\n]|[^"\\\n])*"', String.Double),
            (r"\d{4}-\d\d-\d\d( \d{1,2}:\d\d(:\d\d(\.\d{1,6})?)?)?", Number.Date),
            (r"\d{1,2}:\d\d", Number.Date),
            (r"\d[\d_]*(\.\d[\d_]*)?%?", Number),
            (
                rf"(?m)^(define|function|table)( +)({_NAME})",
                bygroups(Keyword.Declaration, Whitespace, Name.Function),
            ),
            (
                rf"(?m)^(policy|profile|channel|group|action)( +)({_NAME})",
                bygroups(Keyword.Declaration, Whitespace, Name.Class),
            ),
            (words(TYPES, prefix=r"(?<=: )", suffix=r"\b"), Keyword.Type),
            (rf"{_NAME}(?=\s*:)", Name.Attribute),
            (words(FUNCTIONS, suffix=r"(?=\()"), Name.Builtin),
            (rf"{_NAME}(?=\()", Name.Function),
            (words(DECLARATIONS, prefix=r"(?m)^", suffix=r"\b"), Keyword.Declaration),
            (words(OPERATORS, suffix=r"\b"), Operator.Word),
            (words(CONSTANTS, suffix=r"\b"), Keyword.Constant),
            (words((*DECLARATIONS, *LINES, *PARTS), suffix=r"\b"), Keyword),
            (r"[A-Z]{3}\b", Keyword.Constant),
            (_NAME, Name),
            (r"\.\.|<=|>=|[<>=+\-*/^]", Operator),
            (r"[{}()\[\],:.|]", Punctuation),
        ]
    }
