"""What could follow the beginning of a declaration, for completion.

Takes a text that begins with a declaration and ends where the author is writing; gives the terminals of the grammar
that could come next, and the parts that were read and not yet closed: nodes and tokens, the last one at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbadsl.source import Source
from nbadsl.syntax.parser import LOCK, machine, read_up_to


@dataclass(frozen=True, slots=True)
class Next:
    """`accepted`: names of terminals, see `grammar/nba.lark`. `words`: terminal to its text, where that is fixed.
    `parts`: what is open; a token is its text, and has a `type`."""

    accepted: frozenset[str]
    words: dict[str, str]
    parts: tuple[Any, ...]


def what_follows(source: Source) -> Next | None:
    """What could follow a text; None when the parser stumbles before its end."""
    lark, _, _ = machine()
    with LOCK:
        parser = read_up_to(source, 0, len(source.text))
        if parser is None:
            return None
        accepted = frozenset(parser.accepts())  # type: ignore[no-untyped-call]
        parts = tuple(parser.parser_state.value_stack)
    words = {t.name: t.pattern.value for t in lark.terminals if type(t.pattern).__name__ == "PatternStr"}
    return Next(accepted, words, parts)
