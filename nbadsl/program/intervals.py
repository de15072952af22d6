"""Interval arithmetic: between which bounds the results of operations on doubles lie.

Intervals are computed with the same doubles as the values. Each operation here is monotone in each
operand on the pieces that are looked at, and correctly rounded operations keep that order, so the
extremes at the corners are bounds. Library functions (`exp`, `log`, `pow`) may be off by a last place:
their bounds are widened.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import product

from nbadsl.inputs import Input
from nbadsl.types import DAY, EXACT, Clock, Date, Integer, Time, Type

MAX = math.nextafter(math.inf, 0)
Interval = tuple[float, float]
EVERYTHING: Interval = (-MAX, MAX)
FIRST_DAY, LAST_DAY = -719162.0, 2932896.0  # 0001-01-01 and 9999-12-31
NOW: Interval = (FIRST_DAY * DAY, (LAST_DAY + 1) * DAY)
TODAY: Interval = (FIRST_DAY - 1, LAST_DAY + 1)


def declared(input: Input) -> Interval:
    """What a field or parameter can be."""
    low, high = _natural(input.type)
    return (
        low if input.low is None else max(low, input.low),
        high if input.high is None else min(high, input.high),
    )


def _natural(type: Type) -> Interval:
    """What every value of a type keeps. Data outside is refused, see `engine.columns`."""
    match type:
        case Integer():
            return -EXACT, EXACT
        case Date():
            return FIRST_DAY, LAST_DAY
        case Time():
            return NOW
        case Clock():
            return 0.0, DAY
    return EVERYTHING


CALENDAR: dict[str, Interval] = {
    "year": (1.0, 9999.0),
    "month": (1.0, 12.0),
    "day": (1.0, 31.0),
    "weekday": (1.0, 7.0),
    "local_date": (FIRST_DAY, LAST_DAY),
    "local_clock": (0.0, DAY),
    "midnight": (FIRST_DAY * DAY - DAY, LAST_DAY * DAY + DAY),
    "add_months": (FIRST_DAY, LAST_DAY),
    "months_between": (-120_000.0, 120_000.0),
}

NOWHERE: Interval = (math.inf, -math.inf)  # some operands within bounds have no result


def union(a: Interval, b: Interval) -> Interval:
    """The interval around two others."""
    return min(a[0], b[0]), max(a[1], b[1])


def _corners(values: Iterable[float]) -> Interval:
    found = list(values)
    if any(v != v for v in found):
        return NOWHERE
    return min(found), max(found)


def arithmetic(op: str, bounds: list[Interval]) -> Interval:
    """Bounds of an operation's results; infinite or `NOWHERE` if some operands within bounds are undefined."""
    (low, high) = bounds[0]
    match op:
        case "neg":
            return -high, -low
        case "abs":
            return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
        case "floor" | "ceil" | "round":
            return (low if abs(low) > EXACT else float(math.floor(low))), (
                high if abs(high) > EXACT else float(math.ceil(high))
            )
        case "exp":
            return 0.0, (math.exp(high) * (1 + 1e-15) if high < 709.0 else math.inf)
        case "log":
            return (math.log(low) - 1e-12, math.log(high) + 1e-12) if low > 0 else NOWHERE
        case "sqrt":
            return (math.sqrt(low), math.sqrt(high)) if low >= 0 else NOWHERE
        case "add":
            return low + bounds[1][0], high + bounds[1][1]
        case "sub":
            return low - bounds[1][1], high - bounds[1][0]
        case "mul":
            return _corners(a * b for a, b in product(*bounds))
        case "div":
            if bounds[1][0] <= 0 <= bounds[1][1]:
                return NOWHERE
            return _corners(_divide(a, b) for a, b in product(*bounds))
        case "min" | "max":
            choose = min if op == "min" else max
            return choose(low, bounds[1][0]), choose(high, bounds[1][1])
        case "pow":
            return _power(bounds[0], bounds[1])
    return NOWHERE


def _divide(a: float, b: float) -> float:
    return a / b


def _power(base: Interval, exponent: Interval) -> Interval:
    """Only positive bases: there a power is monotone in each operand."""
    if base[0] <= 0:
        return NOWHERE
    found = []
    for a, b in product(base, exponent):
        try:
            found.append(math.pow(a, b))
        except OverflowError:
            return NOWHERE
    low, high = _corners(found)
    return low * (1 - 1e-15), high * (1 + 1e-15)
