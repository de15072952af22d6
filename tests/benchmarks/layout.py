"""How long it takes to lay a policy out: one that is, and one of which every declaration changes.

Both from the text on, parsing included, and in the second one parsing the result again; medians in a warm process, of the processor's time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from policy import make_policy, source

from nbadsl.format import formatted
from nbadsl.source import Source

LINES_OF_AN_ACTION = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Of a policy of some `lines` and `size` bytes, in seconds of the processor."""

    lines: int
    size: int
    same: float
    changed: float


def measure_layout(lines: int, rounds: int) -> Layout:
    """See `Layout`."""
    made = Source("policy.nba", source(make_policy(lines // LINES_OF_AN_ACTION)))
    laid_out = Source("policy.nba", formatted(made).text)
    indented = Source("policy.nba", laid_out.text.replace("\n  ", "\n    "))
    assert formatted(laid_out).edits == () and formatted(indented).text == laid_out.text
    found = {source: median(_seconds(source) for _ in range(rounds)) for source in (laid_out, indented)}
    text = laid_out.text
    return Layout(text.count("\n"), len(text.encode()), found[laid_out], found[indented])


def _seconds(source: Source) -> float:
    start = time.process_time()
    formatted(source)
    return time.process_time() - start
