"""What the plots of simulations share: words for those who cannot see them, bars, colours of actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from nbadsl.page.charts import Bar, Piece, bars
from nbadsl.page.plot import REST, SERIES, Plot, plot
from nbadsl.report import Share
from nbadsl.simulate.figures import NOTHING

MOST = 12  # rows of a plot
OTHERS = "other actions"


def listed(rows: Sequence[tuple[str, str]]) -> str:
    """The first rows in words."""
    said = ", ".join(f"{name} {value}" for name, value in rows[:5])
    return said + (f", and {len(rows) - 5} more" if len(rows) > 5 else "")


def bar_plot(title: str, about: str, rows: Sequence[Bar], x: str, format: str = ",d") -> Plot | None:
    if not rows:
        return None
    return plot(
        title, about, listed([(row.label, row.said) for row in rows]), lambda w: bars(rows, x, w, format)
    )


def colors_of(order: Sequence[str]) -> dict[str, str]:
    """A colour for each action, the first first, and for nothing; where there are too many, the last have one together."""
    named = order if len(order) <= len(SERIES) else order[: len(SERIES) - 1]
    return dict(zip([*named, OTHERS], SERIES, strict=False)) | {NOTHING: REST}


def firsts(label: str, actions: Sequence[Share], nothing: int, parts: Mapping[str, str]) -> list[Piece]:
    """A bar of what people get first. `parts`: the actions that are told apart."""
    people = Counter[str]({NOTHING: nothing})
    for action in actions:
        people[action.name if action.name in parts else OTHERS] += action.people
    return [Piece(label, part, people[part]) for part in parts]
