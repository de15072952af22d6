"""The word at an offset of a text."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")


def word_at(text: str, offset: int) -> tuple[int, int]:
    """Where the word that holds an offset, or ends or begins there, starts and ends; twice the offset without one."""
    line = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    for word in _WORD.finditer(text, line, len(text) if end < 0 else end):
        if word.start() <= offset <= word.end():
            return word.start(), word.end()
    return offset, offset


def word_before(text: str, offset: int) -> int:
    """Where the word that ends at an offset starts; the offset itself without one."""
    start = offset
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return start
