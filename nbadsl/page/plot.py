"""Plots of pages: a chart of Altair gives SVG that takes its colours and letters from the page around it.

Takes: what a plot is about, and a function that gives a chart for a width in pixels. Gives: the plot twice, for wide and
for narrow pages, since one that is scaled down cannot be read. Colours are the page's variables, so one plot serves light,
dark and paper. Nothing is fetched: the data stand in the chart, and the converter has its own fonts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

WIDE, NARROW = 860, 340
"""Pixels. The style sheet shows the one or the other."""

INK, MUTED, EDGE = "var(--ink)", "var(--muted)", "var(--edge)"
SERIES = tuple(f"var(--c{n})" for n in range(7))
REST, TRACK = "var(--rest)", "var(--track)"

# Its letters are as wide as those of Liberation Sans, with which the converter measures labels.
_FONT = "Arial, Liberation Sans, Helvetica, sans-serif"

EXTRA = "nbadsl[report]"
"""What must be installed for plots."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot in a page. `title`: its subject; `about`: how to read it; `wide` and `narrow`: SVG, safe to be put in a page."""

    title: str
    about: str
    wide: str
    narrow: str


def can_plot() -> bool:
    """Whether the libraries are there."""
    return all(find_spec(library) is not None for library in ("altair", "vl_convert"))


def plot(title: str, about: str, said: str, chart: Callable[[int], Any]) -> Plot:
    """`said`: what the plot shows, in words, for those who cannot see it. `chart`: of Altair, for a width in pixels."""
    label = f"{title}: {said}" if said else title
    return Plot(title, about, _svg(chart(WIDE), label, "wide"), _svg(chart(NARROW), label, "narrow"))


def _svg(chart: Any, label: str, shown: str) -> str:
    import vl_convert
    from markupsafe import Markup

    drawn = vl_convert.vegalite_to_svg(chart.to_dict(), config=_CONFIG, allowed_base_urls=[])
    size = re.match(r'<svg [^>]*width="([\d.]+)" height="([\d.]+)" viewBox="([^"]+)"[^>]*>', drawn)
    if size is None:
        raise ValueError("the converter of plots gave something else than SVG")
    width, height, box = size.groups()
    head = Markup('<svg class="{}" width="{}" height="{}" viewBox="{}" role="img" aria-label="{}">')
    return head.format(shown, width, height, box, label) + Markup(drawn[size.end() :])


_TEXT = {"labelFont": _FONT, "labelFontSize": 12, "labelColor": INK, "labelLimit": 0}
_TITLE = {"titleFont": _FONT, "titleFontSize": 12, "titleColor": MUTED, "titleFontWeight": "normal"}
_CONFIG = {
    "aria": False,
    "background": None,
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        **_TEXT,
        **_TITLE,
        "domainColor": EDGE,
        "gridColor": EDGE,
        "tickColor": EDGE,
        "labelPadding": 6,
        "titlePadding": 8,
    },
    "axisX": {"labelColor": MUTED, "labelOverlap": True},
    "axisY": {"labelPadding": 10, "titlePadding": 18, "ticks": False, "domain": False, "grid": False},
    "legend": {**_TEXT, **_TITLE, "orient": "top", "symbolType": "square", "symbolStrokeWidth": 0},
    "title": {"font": _FONT, "fontSize": 12, "fontWeight": "normal", "color": INK, "offset": 3},
    "text": {"font": _FONT, "fontSize": 12, "color": INK},
    "bar": {"color": SERIES[0]},
    "rule": {"color": INK},
}
