"""The words of the grammar, to which documents and editor packages are held."""

from __future__ import annotations

import re

from nbadsl.resources import folder

GRAMMAR = (folder("grammar") / "nba.lark").read_text(encoding="utf-8")


def keywords() -> set[str]:
    """Every word that the grammar names, in quotes or in a pattern of alternatives."""
    rules = re.sub(r"//.*", "", GRAMMAR)
    quoted = set(re.findall(r'"([a-z]+)"', rules))
    patterns = re.findall(r"^(?:UNIT|CALENDAR|OUTCOME|STATE)\S*: /\((.*?)\)", rules, re.MULTILINE)
    optional_s = {w for pattern in patterns for w in pattern.split("|")}
    return quoted | {form for w in optional_s for form in ({w[:-2], w[:-1]} if w.endswith("s?") else {w})}


def with_keyword_as_name(word: str) -> str:
    """A text in which a keyword is the name of a field, of an action, and a word."""
    return f"""profile customer key id {{ {word}: integer  id: text  plan: one of basic, {word} }}
define it = {word} + 1 > 2 and plan is one of {word}, basic
action {word} {{ eligible when it }}
"""
