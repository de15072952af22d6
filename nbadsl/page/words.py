"""Numbers as people read them: filters of the templates, and labels of plots."""

from __future__ import annotations

import math

_MINUS = "\N{MINUS SIGN}"
_NONE = "\N{EN DASH}"


def number(value: float | None, digits: int = 4) -> str:
    """`12,345`, `−3.25`, `0.0012`; as many digits as say something, and all of those before the point; `1e+20`
    where that would be too many. None is a dash."""
    if value is None or math.isnan(value):
        return _NONE
    if math.isinf(value):
        return f"{_MINUS if value < 0 else ''}∞"
    if value and not 1e-6 < abs(value) < 1e15:
        return f"{value:.{digits}g}".replace("-", _MINUS)
    places = 0
    if value != int(value):
        places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{abs(value):,.{places}f}"
    if places:
        text = text.rstrip("0").rstrip(".")
    return (_MINUS if value < 0 else "") + text


def percent(value: float | None) -> str:
    """`12.3%` of 0.123; what is there and rounds to nothing is `<0.1%`, what is missing and rounds to all `>99.9%`."""
    if value is None or not math.isfinite(value):
        return _NONE
    if 0 < abs(value) < 0.0005:
        return f"{_MINUS if value < 0 else ''}<0.1%"
    if 0.9995 <= value < 1:
        return ">99.9%"
    return f"{_MINUS if value < 0 else ''}{abs(100 * value):,.1f}%"


def share(part: float, whole: float) -> str:
    """The percentage that a part is of a whole; a dash where that is nothing, or less."""
    return percent(part / whole) if whole > 0 else _NONE


def change(value: float | None, digits: int = 4) -> str:
    """`+12`, `−3.5`, `±0`."""
    if value == 0:
        return "±0"
    text = number(value, digits)
    return text if text.startswith((_MINUS, _NONE)) else f"+{text}"


def count(value: int, one: str, many: str | None = None) -> str:
    """`1 person`, `12,345 people`; of several, an `s` is added where nothing is said."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def compact(value: int) -> str:
    """`950`, `1.4k`, `23k`, `5.1M`: for where there is little room."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:.1f}{letter}" if value < 10 * size else f"{value / size:.0f}{letter}"
    return str(value)
