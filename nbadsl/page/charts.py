"""The forms of our plots: bars, stacked bars, ranges, a matrix, histograms. They know nothing of what they show.

Each takes rows of plain values and a width in pixels, and gives a chart of Altair. Labels that are too long for the width are
shortened in the middle, and stay different from each other. What stands at a mark is said by the caller, in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nbadsl.page.plot import EDGE, INK, MUTED, NARROW, REST, SERIES

if TYPE_CHECKING:
    import altair as alt

_ROW = 26  # pixels of a bar and the space below it
_LETTER = 6.4  # pixels of a letter of a label, on average
_PADDING = {
    "left": 12,
    "right": 4,
    "top": 4,
    "bottom": 4,
}  # pixels; at the left for letters that are wider than measured


@dataclass(frozen=True, slots=True)
class Bar:
    """`value`: its length; `said`: what stands at its end."""

    label: str
    value: float
    said: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a stacked bar."""

    label: str
    part: str
    value: float


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`."""

    label: str
    low: float
    high: float
    said: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Of a matrix. `plain`: it is there, and not what the matrix is about."""

    row: str
    column: str
    value: float
    said: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Of a histogram: `height` from `low` to `high`."""

    label: str
    low: float
    high: float
    height: float


def short(names: Sequence[str], most: int) -> dict[str, str]:
    """The label of each name: the name, or its beginning and end, and a number where two would be alike."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        label = " ".join(name.split())
        if len(label) > most:
            label = f"{label[: most - most // 3 - 1]}…{label[-(most // 3) :]}"
        number, base = 1, label
        while label in found.values():
            number += 1
            label = f"{base} ({number})"
        found[name] = label
    return found


def _labelled(rows: Sequence[Any], width: int) -> tuple[list[dict[str, Any]], list[str], int]:
    """The rows with short labels, these in order, and the pixels that they leave for what is drawn."""
    labels = short([row.label for row in rows], 17 if width <= NARROW else 38)
    inner = width - _LETTER * max(map(len, labels.values())) - 24
    return [asdict(row) | {"label": labels[row.label]} for row in rows], list(labels.values()), round(inner)


def _x(
    field: str, title: str, domain: tuple[float, float] | None, format: str, width: int, **more: Any
) -> alt.X:
    """A horizontal axis. `format`: of d3; `%` is for shares, `,d` for what is counted in whole numbers."""
    import altair as alt

    scale = alt.Scale(domain=list(domain), nice=False) if domain else alt.Undefined
    step = 1 if format == ",d" else alt.Undefined
    ticks = 3 if width <= NARROW else 6
    axis = alt.Axis(format=format, domain=False, grid=domain is None, tickCount=ticks, tickMinStep=step)
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=axis, **more)


def _y(labels: Sequence[str]) -> alt.Y:
    import altair as alt

    return alt.Y("label:N", sort=list(labels), title=None, scale=alt.Scale(paddingInner=0.35))


def _sized(chart: Any, rows: int, width: int, row: int = _ROW) -> Any:
    import altair as alt

    size = alt.AutoSizeParams(type="fit-x", contains="padding")
    return chart.properties(width=width, height=max(1, rows) * row, autosize=size, padding=_PADDING)


def _domain(values: Sequence[float], said: Sequence[str], inner: int) -> tuple[float, float]:
    """From the least to the most value, and zero, with room for what is said at their ends."""
    low, high = min(0.0, *values), max(0.0, *values)
    if low == high:
        high = 1.0
    letters = _LETTER * max(map(len, said)) + 12
    sides = (low < 0) + (high > 0)
    room = (high - low) * letters / max(inner - sides * letters, inner / 4)
    return (low - room if low < 0 else low), (high + room if high > 0 else high)


def bars(rows: Sequence[Bar], x: str, width: int, format: str = ",d") -> Any:
    """Horizontal bars, which may go to both sides, with what is said of each at its end."""
    import altair as alt

    values, labels, inner = _labelled(rows, width)
    domain = _domain([row.value for row in rows], [row.said for row in rows], inner)
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=_y(labels), x=_x("value", x, domain, format, width)
    )
    color = alt.condition("datum.value < 0", alt.value(SERIES[1]), alt.value(SERIES[0]))
    drawn = base.mark_bar(cornerRadiusEnd=2).encode(color=color)
    right = base.transform_filter("datum.value >= 0").mark_text(align="left", dx=5).encode(text="said:N")
    left = base.transform_filter("datum.value < 0").mark_text(align="right", dx=-5).encode(text="said:N")
    return _sized(alt.layer(drawn, right, left), len(labels), width)


def stacked(rows: Sequence[Piece], parts: dict[str, str], x: str, width: int) -> Any:
    """Bars of the same length, cut into parts. `parts`: those that there may be, in order, and their colours."""
    import altair as alt

    values, labels, _ = _labelled(rows, width)
    there = [part for part in parts if any(row.part == part and row.value for row in rows)]
    names = short(there, 24)
    for value in values:
        value["order"] = list(parts).index(value["part"])
        value["part"] = names.get(value["part"])
    values = [value for value in values if value["part"] is not None]
    legend = alt.Legend(title=None, columns=2 if width <= NARROW else 4)
    scale = alt.Scale(domain=list(names.values()), range=[parts[part] for part in there])
    drawn = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar(stroke="var(--paper)", strokeWidth=0.75)
        .encode(
            x=_x("value", x, None, "%", width, stack="normalize"),
            y=_y(labels),
            color=alt.Color("part:N", scale=scale, legend=legend, sort=None),
            order="order:Q",
        )
    )
    return _sized(alt.layer(drawn), len(labels), width)


def ranges(rows: Sequence[Range], x: str, width: int, format: str = "%") -> Any:
    """Lines from a low to a high value, with a dot at each and what is said at the higher."""
    import altair as alt

    values, labels, inner = _labelled(rows, width)
    domain = _domain([row.high for row in rows], [row.said for row in rows], inner)
    base = alt.Chart(alt.InlineData(values=values)).encode(y=_y(labels))
    low, high = (_x(end, x, domain, format, width) for end in ("low", "high"))
    line = base.mark_rule(color=REST, strokeWidth=3).encode(x=low, x2="high:Q")
    dots = [
        base.mark_point(filled=True, size=90, opacity=1, color=color).encode(x=end)
        for end, color in ((low, SERIES[1]), (high, SERIES[0]))
    ]
    said = base.mark_text(align="left", dx=10).encode(x=high, text="said:N")
    return _sized(alt.layer(line, *dots, said), len(labels), width, 30)


def matrix(cells: Sequence[Cell], order: Sequence[str], x: str, y: str, width: int) -> Any:
    """Cells that are the darker the larger their value is, with what is said in each. `order`: of rows and columns."""
    import altair as alt

    narrow = width <= NARROW
    labels = short(order, 14 if narrow else 26)
    values = [asdict(c) | {"row": labels[c.row], "column": labels[c.column]} for c in cells]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("column:N", title=x, sort=list(labels.values()), axis=_heads(narrow)),
        y=alt.Y("row:N", title=y, sort=list(labels.values())),
    )
    darkness = alt.Scale(type="sqrt", range=[0.06, 0.5])
    drawn = base.mark_rect(stroke="var(--paper)", strokeWidth=2, fill=SERIES[0]).encode(
        opacity=alt.Opacity("value:Q", scale=darkness, legend=None)
    )
    shown = drawn.transform_filter("!datum.plain")
    plain = base.transform_filter("datum.plain").mark_rect(stroke="var(--paper)", strokeWidth=2, fill=EDGE)
    said = base.mark_text(fontSize=10 if narrow else 12).encode(
        text="said:N", color=alt.condition("datum.plain", alt.value(MUTED), alt.value(INK))
    )
    return _sized(alt.layer(shown, plain, said), len(labels), width, 26 if narrow else 34)


def _heads(narrow: bool) -> alt.Axis:
    import altair as alt

    angle = -90 if narrow else -40
    return alt.Axis(
        labelAngle=angle, labelColor=INK, labelOverlap=False, ticks=False, domain=False, grid=False
    )


def histograms(rows: Sequence[Bin], marks: dict[str, float], x: str, width: int) -> Any:
    """A histogram below the other, each as high as it can be, over one axis. `marks`: a value of each, drawn as a line."""
    import altair as alt

    values, labels, _ = _labelled(rows, width)
    for row, value in zip(rows, values, strict=True):
        value |= {"mark": marks[row.label], "floor": 0}
    domain = min(row.low for row in rows), max(row.high for row in rows)
    base = alt.Chart(alt.InlineData(values=values))
    low, mark = (_x(field, x, domain, ",f", width) for field in ("low", "min(mark)"))
    bins = base.mark_rect(fill=SERIES[0], stroke="var(--paper)", strokeWidth=0.5).encode(
        x=low, x2="high:Q", y=alt.Y("height:Q", axis=None), y2="floor:Q"
    )
    line = base.mark_rule(color=SERIES[1], strokeWidth=2).encode(x=mark)
    header = alt.Header(title=None, labelAngle=0, labelOrient="top", labelAnchor="start", labelPadding=2)
    row_of = alt.Row("label:N", sort=labels, header=header)
    one = alt.layer(bins, line).properties(width=width - 24, height=34)
    return one.facet(row=row_of).resolve_scale(y="independent").properties(padding=_PADDING, spacing=10)
