"""What an expression means: its value for one person.

Takes an expression and everything it may read (the person's row, the run's givens, the person's arms);
gives a value, None for unknown. This is the definition that the vector engine is tested against, so it
does one thing after the other, in Python's own arithmetic, and nothing cleverly.

Three rules say all there is about order. `And` stops at no, `Or` at yes, `If` evaluates the chosen branch
only, `OrElse` its right side only where the left is unknown; every other operation evaluates all its
operands, from left to right, also when one of them turned out unknown. An operation on unknown is unknown,
save those that `nodes` describes otherwise. An operation of arithmetic or of the calendar whose operands are
known but whose result is not defined is unknown too, and its origin is noted: undefined arithmetic is
reported, because it is nearly always a mistake in the policy or in the data.

A node has one value for one person, so each node is evaluated once and remembered. That cannot be noticed:
expressions have no effects, and an origin is noted once however often it is met.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Protocol, assert_never, cast

from nbadsl.interpreter import calendar
from nbadsl.program.exponential import exponential
from nbadsl.program.nodes import (
    And,
    Arithmetic,
    Arm,
    Calendar,
    Column,
    Compare,
    Expr,
    Given,
    Has,
    If,
    IsKnown,
    Literal,
    Match,
    Member,
    Not,
    Or,
    OrElse,
    Same,
    Value,
    children,
)
from nbadsl.source import Span
from nbadsl.zone import Zone


class Recorder(Protocol):
    """Is told what happens while a person is decided, in order of evaluation."""

    def part(self, candidate: int | None, name: str, expr: Expr) -> None:
        """A part of a candidate (None: of the policy) is about to be evaluated. `name`: see `decide`."""

    def value(self, expr: Expr, value: Value) -> None:
        """A node of that part has this value. Each node of a part is told once, operands first."""

    def undefined(self, expr: Arithmetic | Calendar) -> None:
        """This operation was undefined; its value follows."""


class Evaluator:
    """Evaluates expressions for one person. `undefined`: origins of operations that were not defined."""

    def __init__(
        self,
        row: Mapping[str, Value],
        given: Mapping[str, Value],
        arms: Mapping[str, str],
        zone: Zone,
        recorder: Recorder | None = None,
    ) -> None:
        self.row, self.given, self.arms, self.zone = row, given, arms, zone
        self.recorder = recorder
        self.undefined: set[Span | None] = set()
        self._values: dict[Expr, Value] = {}

    def forget(self) -> None:
        """Evaluate everything anew from here on, so that a recorder hears all of the next part."""
        self._values.clear()

    def value(self, expr: Expr) -> Value:
        """The value of an expression; None when it is unknown."""
        # Every operation needs its first operand before all else. Going down that side by a list rather
        # than by calls lets sums and conditions have thousands of terms.
        waiting = [expr]
        while waiting[-1] not in self._values and (operands := children(waiting[-1])):
            waiting.append(operands[0])
        for node in reversed(waiting):
            if node not in self._values:
                self._remember(node, self._evaluate(node))
        return self._values[expr]

    def _remember(self, expr: Expr, value: Value) -> None:
        self._values[expr] = value
        if self.recorder is not None:
            self.recorder.value(expr, value)

    def _evaluate(self, expr: Expr) -> Value:
        match expr:
            case Literal():
                return expr.value
            case Column():
                return self.row[expr.name]
            case Given():
                return self.given[expr.name]
            case Arm():
                return self.arms[expr.experiment]
            case Not():
                value = self.value(expr.operand)
                return None if value is None else not value
            case And():
                return self._settle(expr, stop=False)
            case Or():
                return self._settle(expr, stop=True)
            case If():
                return self._choose(expr)
            case OrElse():
                value = self.value(expr.left)
                return self.value(expr.right) if value is None else value
            case IsKnown():
                return self.value(expr.operand) is not None
            case _:
                return self._operate(expr)

    def _settle(self, expr: And | Or, stop: bool) -> Value:
        """Kleene's `and` (which stops at no) and `or` (which stops at yes)."""
        left = self.value(expr.left)
        if left is stop:
            return stop
        right = self.value(expr.right)
        return stop if right is stop else None if left is None or right is None else not stop

    def _choose(self, expr: If) -> Value:
        """The value of the chosen branch. A table is a chain of these as long as the table, so: a loop."""
        passed: list[If] = []
        branch: Expr | None = expr
        while isinstance(branch, If) and branch not in self._values:
            passed.append(branch)
            condition = self.value(branch.condition)
            branch = None if condition is None else branch.then if condition else branch.otherwise
        value = None if branch is None else self.value(branch)
        for link in reversed(passed[1:]):
            self._remember(link, value)
        return value

    def _operate(
        self, expr: Compare | Same | Member | Match | Has | Arithmetic | Calendar
    ) -> bool | float | None:
        """An operation that evaluates all its operands and is unknown when one of them is."""
        values = [self.value(operand) for operand in children(expr)]
        if any(value is None for value in values):
            return None
        match expr:
            case Compare():
                return COMPARE[expr.op](*values)
            case Same():
                return values[0] == values[1]
            case Member():
                return values[0] in expr.values
            case Match():
                return MATCH[expr.op](*values)
            case Has():
                return HAS[expr.op](values[0], frozenset(expr.words))
            case Arithmetic():
                return self._defined(expr, _arithmetic(ARITHMETIC[expr.op], values))
            case Calendar():
                numbers = cast(list[float], values)
                return self._defined(expr, calendar.operate(expr.op, numbers, self.zone))
            case _:
                assert_never(expr)

    def _defined(self, expr: Arithmetic | Calendar, result: float | None) -> float | None:
        if result is None:
            self.undefined.add(expr.origin)
            if self.recorder is not None:
                self.recorder.undefined(expr)
        return result


# --- operations on known values ----------------------------------------------------------------------

COMPARE: dict[str, Callable[..., bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

# Texts are compared by code points, as they are: no folding of case, no normalising of accents.
MATCH: dict[str, Callable[..., bool]] = {
    "starts": str.startswith,
    "ends": str.endswith,
    "contains": operator.contains,
}

HAS: dict[str, Callable[[Value, frozenset[str]], bool]] = {
    "any": lambda held, words: not words.isdisjoint(_set(held)),
    "all": lambda held, words: words <= _set(held),
}


def _round(x: float) -> float:
    """To the nearest whole number, halves away from zero; exact, unlike floor(x + 0.5)."""
    whole = float(math.trunc(x))
    return math.copysign(whole + math.copysign(1.0, x) if abs(x - whole) >= 0.5 else whole, x)


# As C and IEEE 754 have them: `ceil(-0.5)` is -0.0, and `min max` keep the left one of two equals.
ARITHMETIC: dict[str, Callable[..., float]] = {
    "neg": operator.neg,
    "abs": abs,
    "floor": lambda x: math.copysign(math.floor(x), x),
    "ceil": lambda x: math.copysign(math.ceil(x), x),
    "round": _round,
    "exp": exponential,
    "log": math.log,
    "sqrt": math.sqrt,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": math.pow,
    "min": lambda x, y: y if y < x else x,
    "max": lambda x, y: y if y > x else x,
}


def _arithmetic(operation: Callable[..., float], values: list[Value]) -> float | None:
    """A finite result, or None. Python raises where C gives an infinity or no number at all."""
    try:
        result = operation(*values)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    return result if math.isfinite(result) else None


def _set(value: Value) -> frozenset[str]:
    assert isinstance(value, frozenset)
    return value
