"""The words of the grammar."""

from __future__ import annotations

import re
from functools import lru_cache

from nbadsl.resources import folder


@lru_cache(maxsize=1)
def keywords() -> frozenset[str]:
    """Every word that is a keyword somewhere, read from the grammar itself."""
    text = re.sub(r"//[^\n]*", "", (folder("grammar") / "nba.lark").read_text(encoding="utf-8"))
    words = set(re.findall(r'"([a-z]+)"', text))
    for listed in re.findall(r"^[A-Z]\w*\.\d: /\(([a-z|?]+)\)\\b/", text, re.MULTILINE):
        for word in listed.split("|"):
            words |= {word.removesuffix("s?"), word.replace("?", "")} if word.endswith("s?") else {word}
    return frozenset(words)
