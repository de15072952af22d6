"""Axes of plots: which numbers have a scale, where its ticks are, and how these are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbadsl.page.plot import NARROW

if TYPE_CHECKING:
    import altair as alt

LETTER = 6.4  # pixels of a letter of a label, on average


@dataclass(frozen=True, slots=True)
class Axis:
    """A horizontal axis. `format`: of d3, `%` for shares, `,d` for what is counted; `grid`: lines at the ticks."""

    domain: tuple[float, float]
    ticks: list[float]
    format: str
    grid: bool


def across(field: str, title: str, axis: Axis, **more: Any) -> alt.X:
    """A horizontal axis."""
    import altair as alt

    scale = alt.Scale(domain=list(axis.domain), nice=False)
    drawn = alt.Axis(format=axis.format, domain=False, grid=axis.grid, values=axis.ticks)
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=drawn, **more)


def few(width: int) -> int:
    """How many ticks there is room for."""
    return 3 if width <= NARROW else 6


def ticks(low: float, high: float, most: int, whole: bool = False) -> list[float]:
    """At most about `most` round numbers from `low` to `high`; `whole`: no fractions."""
    rough = high / most - low / most  # their difference may be too large
    if not rough > 0:
        return [low]
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * n for n in (1, 2, 5, 10) if size * n >= rough * 0.999)
    step = max(step, 1.0) if whole else step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def has_scale(values: Sequence[float]) -> bool:
    """Whether numbers can be drawn: neither beyond what a plot can compute with, nor so near to nothing."""
    most = max(map(abs, values), default=0.0)
    return most == 0 or 1e-290 < most < 1e290


def digits(values: Sequence[float]) -> str:
    """The format of numbers on an axis, of d3: with powers of ten where they would be long."""
    most = max(map(abs, values), default=0.0)
    return ",.4~r" if most == 0 or 1e-4 <= most < 1e9 else ".3~e"


def axis_of(values: Sequence[float], said: Sequence[str], inner: int, format: str, width: int) -> Axis:
    """From the least to the most value, and zero, with room for what is said at their ends."""
    low, high = min(0.0, *values), max(0.0, *values)
    if low == high:
        high = 1.0
    letters = LETTER * max(map(len, said)) + 12
    sides = (low < 0) + (high > 0)
    room = (high - low) * letters / max(inner - sides * letters, inner / 4)
    numbers = ticks(low, high, few(width), format == ",d")
    return Axis((low - room if low < 0 else low, high + room if high > 0 else high), numbers, format, False)
