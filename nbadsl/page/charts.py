"""The forms of our plots: bars, stacked bars, ranges, a matrix, histograms, lines. They know nothing of what they show.

Each takes rows of plain values and a width in pixels, and gives a chart of Altair. Labels that are too long for the width are
shortened in the middle, and stay different from each other. What stands at a mark is said by the caller, in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nbadsl.page.axes import LETTER, Axis, across, axis_of, digits, few, ticks
from nbadsl.page.labels import short
from nbadsl.page.plot import EDGE, INK, MUTED, NARROW, REST, SERIES

if TYPE_CHECKING:
    import altair as alt

# Pixels; more at the left, for letters that are wider than they were measured.
_PADDING = {"left": 12, "right": 4, "top": 4, "bottom": 4}


@dataclass(frozen=True, slots=True)
class Bar:
    """`value`: its length; `said`: what stands at its end; `plain`: it is there for comparison."""

    label: str
    value: float
    said: str
    plain: bool = False


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


@dataclass(frozen=True, slots=True)
class Point:
    """Of a line."""

    line: str
    x: float
    y: float


def _labelled(rows: Sequence[Any], width: int) -> tuple[list[dict[str, Any]], list[str], int]:
    """The rows with short labels, these in order, and the pixels that they leave for what is drawn: in a narrow plot they
    stand above it, else beside it."""
    names = list(dict.fromkeys(row.label for row in rows))
    labels = short(names, 44 if width <= NARROW else 38)
    label = dict(zip(names, labels, strict=True))
    inner = width - 24 - (0 if width <= NARROW else LETTER * max(map(len, labels)))
    return [asdict(row) | {"label": label[row.label]} for row in rows], labels, round(inner)


def _y(labels: Sequence[str], width: int) -> alt.Y:
    import altair as alt

    narrow = width <= NARROW
    scale = alt.Scale(paddingInner=0.6 if narrow else 0.35, paddingOuter=0.5 if narrow else 0.2)
    return alt.Y("label:N", sort=list(labels), title=None, scale=scale, axis=None if narrow else alt.Axis())


def _rows(layers: Sequence[Any], labels: Sequence[str], width: int) -> Any:
    """Layers over rows with labels, which a narrow plot has above its marks."""
    import altair as alt

    if width <= NARROW:
        named = alt.Chart(alt.InlineData(values=[{"label": label} for label in labels]))
        above = named.mark_text(align="left", dy=-18).encode(
            x=alt.value(0), y=_y(labels, width), text="label:N"
        )
        layers = [*layers, above]
    return _sized(alt.layer(*layers), len(labels), width, 44 if width <= NARROW else 26)


def _sized(chart: Any, rows: int, width: int, row: int) -> Any:
    import altair as alt

    size = alt.AutoSizeParams(type="fit-x", contains="padding")
    return chart.properties(width=width, height=max(1, rows) * row, autosize=size, padding=_PADDING)


def bars(rows: Sequence[Bar], x: str, width: int, format: str = ",d") -> Any:
    """Horizontal bars, which may go to both sides, with what is said of each at its end."""
    import altair as alt

    values, labels, inner = _labelled(rows, width)
    axis = axis_of([row.value for row in rows], [row.said for row in rows], inner, format, width)
    base = alt.Chart(alt.InlineData(values=values)).encode(y=_y(labels, width), x=across("value", x, axis))
    sign = alt.condition("datum.value < 0", alt.value(SERIES[1]), alt.value(SERIES[0]))
    drawn = base.transform_filter("!datum.plain").mark_bar().encode(color=sign)
    plain = base.transform_filter("datum.plain").mark_bar(color=REST)
    right = base.transform_filter("datum.value >= 0").mark_text(align="left", dx=5).encode(text="said:N")
    left = base.transform_filter("datum.value < 0").mark_text(align="right", dx=-5).encode(text="said:N")
    return _rows([drawn, plain, right, left], labels, width)


def _legend(labels: Sequence[str], width: int) -> alt.Legend:
    """In as many columns as fit."""
    import altair as alt

    columns = width // (8 * max(map(len, labels)) + 44)
    return alt.Legend(title=None, columns=max(1, min(5, columns)), columnPadding=24)


def stacked(rows: Sequence[Piece], parts: dict[str, str], x: str, width: int) -> Any:
    """Bars of the same length, cut into parts. `parts`: those that there may be, in order, and their colours."""
    import altair as alt

    values, labels, _ = _labelled(rows, width)
    there = [part for part in parts if any(row.part == part and row.value for row in rows)]
    names = dict(zip(there, short(there, 24), strict=True))
    for value in values:
        value["order"] = list(parts).index(value["part"])
        value["part"] = names.get(value["part"])
    values = [value for value in values if value["part"] is not None]
    legend = _legend(list(names.values()), width)
    scale = alt.Scale(domain=list(names.values()), range=[parts[part] for part in there])
    axis = Axis((0, 1), ticks(0, 1, few(width)), "%", True)
    drawn = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar(stroke="var(--paper)", strokeWidth=0.75)
        .encode(
            x=across("value", x, axis, stack="normalize"),
            y=_y(labels, width),
            color=alt.Color("part:N", scale=scale, legend=legend, sort=None),
            order="order:Q",
        )
    )
    return _rows([drawn], labels, width)


def ranges(rows: Sequence[Range], x: str, width: int, format: str = "%") -> Any:
    """Lines from a low to a high value, with a dot at each and what is said at the higher."""
    import altair as alt

    values, labels, inner = _labelled(rows, width)
    axis = axis_of([row.high for row in rows], [row.said for row in rows], inner, format, width)
    base = alt.Chart(alt.InlineData(values=values)).encode(y=_y(labels, width))
    low, high = (across(end, x, axis) for end in ("low", "high"))
    line = base.mark_rule(color=REST, strokeWidth=3).encode(x=low, x2="high:Q")
    dots = [
        base.mark_point(filled=True, size=90, opacity=1, color=color).encode(x=end)
        for end, color in ((low, SERIES[1]), (high, SERIES[0]))
    ]
    said = base.mark_text(align="left", dx=10).encode(x=high, text="said:N")
    return _rows([line, *dots, said], labels, width)


def matrix(cells: Sequence[Cell], order: Sequence[str], x: str, y: str, width: int) -> Any:
    """Cells that are the darker the larger their value is, with what is said in each. `order`: of rows and columns."""
    import altair as alt

    narrow = width <= NARROW
    labels = dict(zip(order, short(order, 14 if narrow else 26), strict=True))
    values = [asdict(c) | {"row": labels[c.row], "column": labels[c.column]} for c in cells]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("column:N", title=x, sort=list(labels.values()), axis=_heads(list(labels.values()), width)),
        y=alt.Y("row:N", title=y, sort=list(labels.values()), axis=alt.Axis(titlePadding=30)),
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


def _heads(labels: Sequence[str], width: int) -> alt.Axis:
    """The labels of columns, which are turned where they are wider than these."""
    import altair as alt

    letters = max(map(len, labels))
    fits = letters * 7.5 * (len(labels) + 1) < width - letters * LETTER
    angle = 0 if fits else -90 if width <= NARROW else -40
    return alt.Axis(
        labelAngle=angle,
        labelColor=INK,
        labelOverlap=False,
        ticks=False,
        domain=False,
        grid=False,
        titlePadding=22,
    )


def histograms(rows: Sequence[Bin], marks: dict[str, float], x: str, width: int) -> Any:
    """A histogram below the other, each as high and as wide as it can be. `marks`: a value of each, drawn as a line."""
    import altair as alt

    values, labels, _ = _labelled(rows, width)
    names = dict.fromkeys(row.label for row in rows)
    drawn = []
    for name, label in zip(names, labels, strict=True):
        bins = [value | {"floor": 0} for value in values if value["label"] == label]
        drawn.append(_histogram(bins, label, marks[name], x if label == labels[-1] else "", width))
    return alt.vconcat(*drawn, spacing=14).properties(padding=_PADDING)


def _histogram(bins: list[dict[str, Any]], label: str, mark: float, x: str, width: int) -> Any:
    import altair as alt

    least, most = min(each["low"] for each in bins), max(each["high"] for each in bins)
    if least == most:  # all of them are alike
        room = abs(least) / 2 or 1.0
        least, most = least - room, most + room
        bins = [each | {"low": least, "high": most} for each in bins]
    axis = Axis((least, most), ticks(least, most, few(width)), digits((least, most)), False)
    shown = alt.Chart(alt.InlineData(values=bins)).mark_rect(
        fill=SERIES[0], stroke="var(--paper)", strokeWidth=0.5
    )
    shown = shown.encode(x=across("low", x, axis), x2="high:Q", y=alt.Y("height:Q", axis=None), y2="floor:Q")
    line = alt.Chart(alt.InlineData(values=[{"low": mark}])).mark_rule(color=SERIES[1], strokeWidth=2)
    title = alt.TitleParams(text=label, anchor="start")
    return alt.layer(shown, line.encode(x=across("low", x, axis))).properties(
        width=width - 24, height=34, title=title
    )


def lines(points: Sequence[Point], colors: dict[str, str], x: str, y: str, width: int) -> Any:
    """Lines over a number, from zero up. `colors`: of each line, in order."""
    import altair as alt

    labels = short(list(colors), 30)
    label = dict(zip(colors, labels, strict=True))
    values = [asdict(point) | {"line": label[point.line]} for point in points]
    days, most = [point.x for point in points], max(point.y for point in points)
    first, last = min(days), max(days)
    axis = Axis((first, last), ticks(first, last, few(width), True), ",d", False)
    up = ticks(0, most or 1, 4)
    up.append(2 * up[-1] - up[-2])  # the line above the highest point
    numbers = alt.Axis(values=up, format=digits(up), grid=True, ticks=False, domain=False, labelPadding=8)
    legend = _legend(labels, width)
    scale = alt.Scale(domain=labels, range=list(colors.values()))
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=across("x", x, axis),
        y=alt.Y("y:Q", title=y, axis=numbers, scale=alt.Scale(domain=[0, up[-1]], nice=False)),
        color=alt.Color("line:N", scale=scale, sort=None, legend=legend),
    )
    drawn = alt.layer(base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=36, opacity=1))
    return _sized(drawn, 1, width, 220)
