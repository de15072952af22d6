"""Lines of a story: what is said of something on the left, what there is to say beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

WIDTH, INDENT = 110, 19

# How the text says each fate; in the data it keeps its name. Best first, which is the order of the text.
SAID = {
    "chosen": "chosen",
    "outranked": "outranked",
    "threshold": "below threshold",
    "no score": "no score",
    "budget": "no budget",
    "rest": "resting",
    "limit": "limit reached",
    "quiet": "quiet",
    "exclude": "excluded",
    "eligible": "not eligible",
    "require": "not allowed",
    "inactive": "inactive",
}


def paragraph(said: str, texts: Iterable[str]) -> list[str]:
    """Each text begins on a line of its own, and is wrapped."""
    lines = [line for text in texts for line in textwrap.wrap(text, WIDTH - INDENT, break_on_hyphens=False)]
    starts = [f"  {said:<{INDENT - 2}}", *(" " * INDENT for _ in lines[1:])]
    return [
        f"{start}{line}".replace("\xa0", " ").rstrip() for start, line in zip(starts, lines, strict=False)
    ]


def values_text(values: Sequence[tuple[str, str]], blocked_by_unknown: bool) -> str:
    """What was read. A name stays on one line with its value: no-break spaces become plain ones after wrapping."""
    blocked = " (unknown, so it stops)" if blocked_by_unknown else ""
    return ", ".join(f"{name} = {value}".replace(" ", "\xa0") for name, value in values) + blocked
