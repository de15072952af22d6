"""Interval analysis: which arithmetic can never be undefined.

Takes expressions and the declared bounds of inputs; says for each numeric expression between which
bounds its known values lie, and for each operation whether its result is finite for all operands within
their bounds. Such an operation needs no check when it runs.

Intervals are computed with the same doubles as the values. Each operation here is monotone in each
operand on the pieces that are looked at, and correctly rounded operations keep that order, so the
extremes at the corners are bounds. Library functions (`exp`, `log`, `pow`) may be off by a last place:
their bounds are widened.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import product

from nbadsl.program import nodes
from nbadsl.program.nodes import Expr, Input, Program
from nbadsl.types import DAY, EXACT, Clock, Date, Integer, Time, Type

MAX = math.nextafter(math.inf, 0)
Interval = tuple[float, float]
EVERYTHING: Interval = (-MAX, MAX)
FIRST_DAY, LAST_DAY = -719162.0, 2932896.0  # 0001-01-01 and 9999-12-31


class Ranges:
    """Bounds of the expressions of one program, computed on demand and remembered."""

    def __init__(self, program: Program) -> None:
        inputs = [*program.inputs, *program.rooms, *program.context, *(p.input for p in program.parameters)]
        self._inputs: dict[str, Interval] = {i.name: _declared(i) for i in inputs}
        self._inputs["now"] = (FIRST_DAY * DAY, (LAST_DAY + 1) * DAY)
        self._inputs["today"] = (FIRST_DAY - 1, LAST_DAY + 1)
        self._known: dict[Expr, Interval] = {}
        self._unknown: dict[Expr, bool] = {}
        self._undefined: dict[Expr, bool] = {}

    def of(self, expr: Expr) -> Interval:
        """Bounds of the known values of a numeric expression."""
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._compute(expr)
        return found

    def _compute(self, expr: Expr) -> Interval:
        match expr:
            case nodes.Literal(value=value):
                known = float(value or 0)  # of nothing any bounds are true
                return known, known
            case nodes.Column() | nodes.Given():
                return self._inputs.get(expr.name, EVERYTHING)
            case nodes.If():
                return _union(self.of(expr.then), self.of(expr.otherwise))
            case nodes.OrElse():
                return _union(self.of(expr.left), self.of(expr.right))
            case nodes.Arithmetic():
                low, high = _arithmetic(expr.op, [self.of(o) for o in expr.operands])
                return (max(low, -MAX), min(high, MAX)) if low <= high else EVERYTHING
            case nodes.Calendar():
                return _CALENDAR.get(expr.op, EVERYTHING)
        return EVERYTHING

    def defined(self, expr: nodes.Arithmetic | nodes.Calendar) -> bool:
        """Whether the operation has a finite result for all known operands."""
        if isinstance(expr, nodes.Calendar):
            return False
        low, high = _arithmetic(expr.op, [self.of(o) for o in expr.operands])
        return -MAX <= low <= high <= MAX

    def can_be_undefined(self, expr: Expr) -> bool:
        """Whether an operation anywhere in the expression can be."""
        found = self._undefined.get(expr)
        if found is None:
            own = isinstance(expr, nodes.Arithmetic | nodes.Calendar) and not self.defined(expr)
            found = own or any(map(self.can_be_undefined, nodes.children(expr)))
            self._undefined[expr] = found
        return found

    def unknown(self, expr: Expr) -> bool:
        """Whether the expression may be unknown: sharper than `Expr.unknown`, which trusts no operation."""
        found = self._unknown.get(expr)
        if found is None:
            found = self._unknown[expr] = self._may_be_unknown(expr)
        return found

    def _may_be_unknown(self, expr: Expr) -> bool:
        match expr:
            case nodes.Literal() | nodes.Column() | nodes.Given() | nodes.Arm() | nodes.IsKnown():
                return expr.unknown
            case nodes.OrElse():
                return self.unknown(expr.left) and self.unknown(expr.right)
            case nodes.Arithmetic() | nodes.Calendar() if not self.defined(expr):
                return True
        return any(self.unknown(child) for child in nodes.children(expr))


def _declared(input: Input) -> Interval:
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
            return FIRST_DAY * DAY, (LAST_DAY + 1) * DAY
        case Clock():
            return 0.0, DAY
    return EVERYTHING


_CALENDAR: dict[str, Interval] = {
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

_NOWHERE: Interval = (math.inf, -math.inf)  # some operands within bounds have no result


def _union(a: Interval, b: Interval) -> Interval:
    return min(a[0], b[0]), max(a[1], b[1])


def _corners(values: Iterable[float]) -> Interval:
    found = list(values)
    if any(v != v for v in found):
        return _NOWHERE
    return min(found), max(found)


def _arithmetic(op: str, bounds: list[Interval]) -> Interval:
    """Bounds of an operation's results; infinite or `_NOWHERE` if some operands within bounds are undefined."""
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
            return (math.log(low) - 1e-12, math.log(high) + 1e-12) if low > 0 else _NOWHERE
        case "sqrt":
            return (math.sqrt(low), math.sqrt(high)) if low >= 0 else _NOWHERE
        case "add":
            return low + bounds[1][0], high + bounds[1][1]
        case "sub":
            return low - bounds[1][1], high - bounds[1][0]
        case "mul":
            return _corners(a * b for a, b in product(*bounds))
        case "div":
            if bounds[1][0] <= 0 <= bounds[1][1]:
                return _NOWHERE
            return _corners(_divide(a, b) for a, b in product(*bounds))
        case "min" | "max":
            choose = min if op == "min" else max
            return choose(low, bounds[1][0]), choose(high, bounds[1][1])
        case "pow":
            return _power(bounds[0], bounds[1])
    return _NOWHERE


def _divide(a: float, b: float) -> float:
    return a / b


def _power(base: Interval, exponent: Interval) -> Interval:
    """Only positive bases: there a power is monotone in each operand."""
    if base[0] <= 0:
        return _NOWHERE
    found = []
    for a, b in product(base, exponent):
        try:
            found.append(math.pow(a, b))
        except OverflowError:
            return _NOWHERE
    low, high = _corners(found)
    return low * (1 - 1e-15), high * (1 + 1e-15)
