"""What people write who know another language or a spreadsheet, and what is written here.

Takes the place at which reading stopped and what could have stood there; gives advice in a sentence, and the edit where
there is one right way. Nothing here decides whether a text is right: that has been decided.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from nbadsl.diagnostics import Edit, Fix
from nbadsl.source import Span

Advice = tuple[str, tuple[Fix, ...]]
NONE: Advice = ("", ())

# Words and marks that have one meaning only, wherever they come.
_ELSEWHERE = {
    "=>": "write `>=`",
    "=<": "write `<=`",
    "=": "write `is` to compare",
    "==": "write `is` to compare",
    "&": "write `and`",
    "&&": "write `and`",
    "|": "write `or`",
    "||": "write `or`",
    ";": "no mark is needed between the lines of a block",
    "'": 'texts stand in double quotation marks: "…"',
}
# Words that somebody writes where an operator is expected.
_COMPARING = {
    "in": "write `is one of a, b`",
    "not": "write `is not`, or `is not one of a, b`",
    "between": "write `is between a and b`",
    "equals": "write `is`",
    "before": "write `<`",
    "after": "write `>`",
    "greater": "write `>` or `>=`",
    "larger": "write `>` or `>=`",
    "less": "write `<` or `<=`",
    "smaller": "write `<` or `<=`",
    "than": "compare with `<`, `<=`, `>` or `>=`",
}
_MARKS = {"≥": ">=", "≤": "<=", "≠": "is not", "×": "*", "÷": "/", "–": "-", "−": "-"}
_QUOTES = "“”„‟«»‘’‚"
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_WORDS = re.compile(r'\b(?:one|any) of [\w\s,"-]*$')
_NUMBER = re.compile(r"[\d._]*\d$")


def of_character(span: Span) -> Advice:
    """For a character that begins no token."""
    char = span.text
    if char in _MARKS:
        return f"write `{_MARKS[char]}`", (_write(span, _MARKS[char]),)
    if char in _QUOTES:
        return _ELSEWHERE["'"], ()
    if char == "!":
        equal = span.source.text.startswith("=", span.end)
        return "write `is not`" if equal else "write `not`", ()
    if char == "%":
        before = span.source.text[: span.start].rstrip(" \t")
        if found := _NUMBER.search(before):
            fix = Fix("take the blank away", (Edit(Span(span.source, len(before), span.end), "%"),))
            return f"no blank stands before the sign: `{found[0]}%`", (fix,)
    return _ELSEWHERE.get(char, ""), ()


def of_token(whole: Span, span: Span, accepted: AbstractSet[str]) -> Advice:
    """For a word or mark that cannot stand where it does. `whole`: the declaration. `accepted`: terminals that can."""
    text, before = span.source.text, span.source.text[whole.start : span.start]
    if found := _covering(_DAY_FIRST, span):
        day = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
        place = Span(span.source, found.start(), found.end())
        return f"a date is year, month and day: `{day}`", (_write(place, day),)
    if span.text == "," and before[-1:].isdigit() and text[span.end : span.end + 1].isdigit():
        return "decimals stand behind a point, as in `0.50`", (Fix("write a point", (Edit(span, "."),)),)
    if (span.text in ("-", ".", "/", "+") or span.text[:1].isdigit()) and _WORDS.search(before):
        return 'a word of a list that is no name stands in quotation marks: `one of "18-24", "25-34"`', ()
    if {"EVER", "PER", "SINCE"} <= accepted:
        return (
            "a window is a length such as `per 7 days`, or `per day`, `week`, `month`, `quarter` or `year`",
            (),
        )
    if before[-1:] + span.text in ("//", "/*", "--"):
        return "a comment begins with `#`", ()
    last = before.split()[-1:]
    if last in (["AND"], ["OR"], ["NOT"]):
        return f"write `{last[0].lower()}`: in small letters", ()
    if last in (["and"], ["or"]) and span.text in ("<", "<=", ">", ">="):
        return "name the value again, as in `a > 1 and a < 5`, or write `is between 1 and 5`", ()
    if span.text[:1].isdigit() and last and len(last[0]) == 3 and last[0].isupper():
        return f"the amount comes first: `{span.text} {last[0]}`", ()
    if last in (["within"], ["the"]) and span.text in ("last", "the"):
        return "write `within 3 days`", ()
    if "IS" in accepted and span.text in _COMPARING:
        return _COMPARING[span.text], ()
    two = text[span.start : span.start + 2]
    return _ELSEWHERE.get(two) or _ELSEWHERE.get(two[:1], ""), ()


def _covering(pattern: re.Pattern[str], span: Span) -> re.Match[str] | None:
    """What is found on the span's line and covers its start."""
    text = span.source.text
    line = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.start)
    found = pattern.finditer(text, line, end if end >= 0 else len(text))
    return next((each for each in found if each.start() <= span.start < each.end()), None)


def _write(span: Span, text: str) -> Fix:
    return Fix(f"write `{text}`", (Edit(span, text),))
