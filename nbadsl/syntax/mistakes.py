"""What the parser stumbled over, in the author's words.

Takes Lark's account of a failure (the unexpected token, the tokens it could have used) and reports one
finding: what was found, what was expected, and advice computed from the mistake where the mistake is a
common one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category, decimal, name

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from nbadsl.diagnostics import Edit, Findings, Fix
from nbadsl.diagnostics.suggest import did_you_mean, nearest
from nbadsl.source import Span
from nbadsl.syntax.declarations import KEYWORDS, RESERVED
from nbadsl.syntax.slips import Advice, of_character, of_token

_NAMED = {
    "NAME": "a name",
    "NUMBER": "a number",
    "PERCENT": "a percentage",
    "STRING": "a text in quotation marks",
    "CURRENCY": "a currency such as EUR",
    "UNIT": "a unit of time",
    "CALENDAR": "`day`, `week`, `month`, `quarter` or `year`",
    "OUTCOME": "an outcome such as `accepted`",
    "DATE": "a date",
    "DATETIME": "a time",
    "CLOCK": "a time of day",
    "ROW": "the end of the line",
    "UNKNOWN_CLAUSE": "`, unknown …`",
    "$END": "the end of the declaration",
}
_VALUE = {"NUMBER", "PERCENT", "STRING", "NAME", "LPAR", "MINUS", "YES", "NO", "DATE", "DATETIME", "CLOCK"}
_OPERATOR = {
    "PLUS",
    "MINUS",
    "STAR",
    "SLASH",
    "CIRCUMFLEX",
    "COMPARISON",
    "IS",
    "AND",
    "OR",
    "OR_ELSE",
    "WITHIN",
}
_ITEM = {
    *("ACTIVE", "BOOST", "BUDGET", "CONTENT", "COST", "ELIGIBLE", "EXCLUDE", "EXEMPT", "LIMIT", "PROPENSITY"),
    *("PURPOSE", "QUIET", "REQUIRE", "REST", "SEND", "TITLE", "VALUE", "VIA"),
}
_DIGITS = re.compile(r"\d+")


def report_keyword(span: Span, keyword: str, found: Findings) -> bool:
    """Whether the first word of a declaration is none; then it has been reported."""
    if keyword in KEYWORDS:
        return False
    word = Span(span.source, span.start, span.start + len(keyword))
    if keyword in RESERVED:
        found.report("reserved-word", word, name=keyword)
        return True
    near = nearest(keyword, KEYWORDS)
    fixes = (Fix(f"write `{near}`", (Edit(word, near),)),) if near else ()
    help = did_you_mean(keyword, KEYWORDS) or f"a declaration begins with one of {', '.join(KEYWORDS)}"
    found.report("unknown-declaration", word, found=keyword, help=help, fixes=fixes)
    return True


def report_before(span: Span, found: Findings) -> None:
    """Something that stands before the first declaration: one that is indented, or no declaration at all."""
    word = span.text.split()[0]
    if not report_keyword(span, word, found):
        help = f"remove the space before `{word}`"
        found.report("indented-declaration", span, what="a space", help=help)


def report_character(error: UnexpectedCharacters, whole: Span, found: Findings) -> None:
    """A character that begins no token."""
    at = min(error.pos_in_stream or whole.start, len(whole.source.text) - 1)
    span = Span(whole.source, at, at + 1)
    if error.char == '"':
        line_end = whole.source.text.find("\n", at)
        end = line_end if line_end >= 0 else len(whole.source.text)
        found.report(
            "unclosed-text", Span(whole.source, at, end), help='a text ends with `"` on its own line'
        )
        return
    shown, help, fixes = _stranger(error.char, span)
    found.report("unexpected-character", span, found=shown, help=help, fixes=fixes)


def _stranger(char: str, span: Span) -> tuple[str, str, tuple[Fix, ...]]:
    """How messages call a character, what to do about it, and the fix where there is one right way."""
    if char.isdecimal():
        end = span.start + len(_DIGITS.match(span.source.text, span.start).group())  # type: ignore[union-attr]
        number = Span(span.source, span.start, end)
        right = "".join(str(decimal(c)) for c in number.text)
        fix = Fix(f"write `{right}`", (Edit(number, right),))
        return f"`{char}`", "numbers are written with the digits 0 to 9", (fix,)
    if char.isprintable() and not char.isspace():
        if category(char) == "Sc":
            return f"`{char}`", "the currency stands after the amount, as three letters: `5 EUR`", ()
        return f"`{char}`", *of_character(span)
    shown = f"U+{ord(char):04X} ({name(char, 'a control character').lower()})"
    if category(char) == "Zs":
        return shown, "write an ordinary space", (Fix("write an ordinary space", (Edit(span, " "),)),)
    return shown, "delete it: it cannot be seen", (Fix("delete it", (Edit(span, ""),)),)


def report_token(
    error: UnexpectedToken, accepted: set[str], lark: Lark, whole: Span, keyword: str, found: Findings
) -> None:
    """A token that cannot stand where it does. `accepted`: the terminals that can."""
    token = error.token
    if token.type == "$END":
        _report_end(whole, keyword, accepted, lark, found)
        return
    span = Span(whole.source, token.start_pos or whole.start, token.end_pos or whole.start + 1)
    if token.type in ("COMPARISON", "IS") and "AND" in accepted:
        help = "join two comparisons with `and`, or write `is between a and b`"
        found.report("chained-comparison", span, help=help)
        return
    words = _keywords(lark)
    text = "the end of the line" if token.type == "ROW" else f"`{token}`"
    help, fixes = _meant(token, span, {words[a] for a in accepted if a in words}) or of_token(
        whole, span, accepted
    )
    found.report("syntax", span, found=text, expected=_expected(accepted, words), help=help, fixes=fixes)


def _meant(token: Token, span: Span, words: set[str]) -> Advice | None:
    """A keyword that a word looks like, in small letters or with other ones."""
    if token.type not in ("NAME", "CURRENCY"):
        return None
    near = token.lower() if token.lower() in words else nearest(str(token), words)
    if near is None:
        return None
    return f"did you mean `{near}`?", (Fix(f"write `{near}`", (Edit(span, near),)),)


def _report_end(whole: Span, keyword: str, accepted: set[str], lark: Lark, found: Findings) -> None:
    last = Span(whole.source, max(whole.start, whole.end - 1), whole.end)
    if "RBRACE" in accepted:
        first = Span(whole.source, whole.start, whole.start + len(keyword))
        related = ((first, "opened here"),)
        found.report("unclosed-block", last, what=f"`{keyword}`", help="add `}` at its end", related=related)
        return
    expected = _expected(accepted, _keywords(lark))
    found.report("syntax", last, found="the end of the declaration", expected=expected)


def _expected(accepted: set[str], words: dict[str, str]) -> str:
    """The accepted terminals as a list a person can read; groups of them get one name."""
    left, said = set(accepted), []
    if {"NUMBER", "LPAR"} <= left:
        left -= _VALUE | {"NOT", "IF"}
        said.append("a value")
    if {"PLUS", "STAR"} <= left:
        left -= _OPERATOR | {"MORE", "STARTS", "ENDS", "CONTAINS", "HAS"}
        said.append("an operator")
    if left >= _ITEM:
        left -= _ITEM
        said.append("the next line of the block (`eligible when`, `via`, `value`, …)")
    said += sorted(_NAMED[t] for t in left if t in _NAMED and t not in ("UNKNOWN_CLAUSE", "$END"))
    said += sorted(f"`{words[t]}`" for t in left if t in words)
    if len(said) > 10:
        said = [*said[:9], "…"]
    if not said:
        return "the end of the declaration"
    return " or ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else said[0]


@lru_cache(maxsize=1)
def _keywords(lark: Lark) -> dict[str, str]:
    """Terminal name to the word or mark that it stands for, for those that are one fixed text."""
    return {t.name: t.pattern.value for t in lark.terminals if type(t.pattern).__name__ == "PatternStr"}
