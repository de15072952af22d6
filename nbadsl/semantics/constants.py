"""Values that are known while checking: the literals of ranges, defaults and shares."""

from __future__ import annotations

from nbadsl.inputs import Value
from nbadsl.syntax import nodes
from nbadsl.types import (
    CALENDAR_UNITS,
    CLOCK,
    DATE,
    DAY,
    DURATION,
    FLAG,
    INTEGER,
    NUMBER,
    TEXT,
    TIME,
    UNITS,
    Type,
)
from nbadsl.types import Money as MoneyType
from nbadsl.zone import Zone


def literal(expr: nodes.Expr, zone: Zone) -> tuple[float | bool | str, Type] | None:
    """Value and type of an expression that is a literal, perhaps with a sign; None when it is not."""
    match expr:
        case nodes.Number():
            return expr.value, INTEGER if expr.whole else NUMBER
        case nodes.Amount():
            return expr.value, MoneyType(expr.currency)
        case nodes.Quantity() if expr.unit not in CALENDAR_UNITS:
            return expr.count * UNITS[expr.unit], DURATION
        case nodes.TextValue():
            return expr.value, TEXT
        case nodes.FlagValue():
            return expr.value, FLAG
        case nodes.Moment(clock=None):
            return float(expr.day), DATE
        case nodes.Moment():
            return instant(expr, zone), TIME
        case nodes.ClockValue():
            return expr.value, CLOCK
        case nodes.Brackets():
            return literal(expr.inner, zone)
        case nodes.Unary(operator="-"):
            inner = literal(expr.operand, zone)
            if inner is None or isinstance(inner[0], bool | str):
                return None
            return -inner[0], inner[1]
        case _:
            return None


def instant(moment: nodes.Moment, zone: Zone) -> float:
    """A moment in the policy's time zone, in microseconds since 1970 UTC; a bare day is its first instant."""
    if moment.clock is None:
        return zone.midnight(float(moment.day))
    wall = moment.day * DAY + moment.clock
    return wall - zone.shift(wall)


def end_of(last: nodes.Moment, zone: Zone) -> float:
    """When a period is over whose last day or moment this is: a day is within it to its end."""
    return zone.midnight(last.day + 1.0) if last.clock is None else instant(last, zone)


def fits(value: Value, low: float | None, high: float | None) -> bool:
    """Whether a number keeps inclusive bounds."""
    if not isinstance(value, float | int) or isinstance(value, bool):
        return True
    return (low is None or value >= low) and (high is None or value <= high)
