"""Bounds of numbers: interval arithmetic, as far as it is needed to say that a division is safe.

Takes and gives inclusive bounds as doubles; infinite where nothing is known.
"""

from __future__ import annotations

from math import inf, isnan

from nbadsl.inputs import Input
from nbadsl.semantics.model import Info

Bounds = tuple[float, float]


def of_input(declared: Input) -> Bounds:
    """The declared range of a field or parameter."""
    low = declared.low if declared.low is not None else -inf
    high = declared.high if declared.high is not None else inf
    return low, high


def of_operator(operator: str, left: Info, right: Info) -> Bounds:
    """The bounds of `left operator right`."""
    match operator:
        case "+":
            return left.low + right.low, left.high + right.high
        case "-":
            return left.low - right.high, left.high - right.low
        case "*":
            return _corners([a * b for a in (left.low, left.high) for b in (right.low, right.high)])
        case "/" if right.low > 0 or right.high < 0:
            return _corners([a / b for a in (left.low, left.high) for b in (right.low, right.high)])
        case "^" if left.low >= 0:
            return 0.0, inf
        case _:
            return -inf, inf


def of_builtin(name: str, arguments: list[Info]) -> Bounds:
    """The bounds of a call of a built-in function."""
    first = arguments[0]
    match name:
        case "min":
            return min(a.low for a in arguments), min(a.high for a in arguments)
        case "max":
            return max(a.low for a in arguments), max(a.high for a in arguments)
        case "clamp":
            low, high = arguments[1], arguments[2]
            return min(max(first.low, low.low), high.low), min(max(first.high, low.high), high.high)
        case "abs":
            near = 0.0 if first.low <= 0 <= first.high else min(abs(first.low), abs(first.high))
            return near, max(abs(first.low), abs(first.high))
        case "floor" | "ceil" | "round":
            return first.low - 1, first.high + 1
        case "exp" | "sqrt":
            return 0.0, inf
        case "hour":
            return 0.0, 23.0
        case "weekday":
            return 1.0, 7.0
        case "day":
            return 1.0, 31.0
        case "month":
            return 1.0, 12.0
        case _:
            return -inf, inf


def may_be_undefined(operator: str, left: Info, right: Info) -> bool:
    """Whether an operation on known numbers can lack a result. Overflow is not counted: no sane data has it."""
    match operator:
        case "/":
            return right.low <= 0 <= right.high
        case "^":
            whole = (
                right.low == right.high and right.low == int(right.low) if abs(right.low) < 2**53 else False
            )
            negative_base = left.low < 0 and not whole
            zero_base = left.low <= 0 <= left.high and right.low < 0
            return negative_base or zero_base
        case _:
            return False


def undefined_builtin(name: str, argument: Info) -> bool:
    """Whether a built-in function can lack a result."""
    return (name == "log" and argument.low <= 0) or (name == "sqrt" and argument.low < 0)


def _corners(values: list[float]) -> Bounds:
    # 0 × infinity: the bound is open on that side
    if any(isnan(v) for v in values):
        return -inf, inf
    return min(values), max(values)
