"""Lowering of numbers: doubles in registers, NaN where unknown.

Data is never NaN, so NaN is free to mark the unknown, and every arithmetic instruction passes it on by
itself. An operation whose result may be not finite is followed by a `check`, unless `ranges` has proved
it harmless. One of two operands may be a constant, which then needs no register.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbadsl.plan.emit import ALL, NONE, Const, Instruction, Number, Reg
from nbadsl.plan.plan import NUMBER, Column, Source
from nbadsl.program import nodes
from nbadsl.program.nodes import Expr, Value

if TYPE_CHECKING:
    from nbadsl.plan.scope import Scope

# Operations whose left, and whose right operand may be a constant as it stands; others get it in a register.
LEFT_CONSTANT = {"sub", "div"}
RIGHT_CONSTANT = {"add", "sub", "mul", "div", "min", "max"}
# Where the left operand may change places with a constant right one.
COMMUTES = {"add", "mul"}

DATE_PARTS = {"year": 0, "month": 1, "day": 2, "weekday": 3}
LOCAL_PARTS = {"local_date": 0, "local_clock": 1, "midnight": 2}
MONTH_PARTS = {"add_months": 0, "months_between": 1}


def number_of(value: Value) -> float:
    """A literal as a double; NaN where it is unknown."""
    assert isinstance(value, float | bool | None)
    return float("nan") if value is None else float(value)


def number(scope: Scope, expr: Expr) -> Number:
    """The values of a numeric expression in a scope."""
    match expr:
        case nodes.Literal(value=value):
            return scope.tables.literal(number_of(value))
        case nodes.Given():
            return scope.tables.given(expr.name)
        case nodes.Column():
            column = scope.tables.column(Column(NUMBER, Source(expr.name)))
            return scope.emit_number(expr, "gather" if scope.compact else "load", column)
        case nodes.If():
            return _choose(scope, expr)
        case nodes.OrElse():
            return _or_else(scope, expr)
        case nodes.Arithmetic():
            return _checked(scope, expr, _arithmetic(scope, expr))
        case nodes.Calendar():
            return _checked(scope, expr, _calendar(scope, expr))
    raise TypeError(f"{type(expr).__name__} is not a number")


def _choose(scope: Scope, expr: nodes.If) -> Number:
    yes, no = scope.flag(expr.condition, True), scope.flag(expr.condition, False)
    then, otherwise = scope.number(expr.then), scope.number(expr.otherwise)
    if no != yes ^ 1:
        otherwise = _blend(scope, expr, no, otherwise, scope.tables.literal(float("nan")))
    return _blend(scope, expr, yes, then, otherwise)


def _blend(scope: Scope, expr: Expr, mask: int, then: Number, otherwise: Number) -> Number:
    if mask == ALL or then == otherwise:
        return then
    if mask == NONE:
        return otherwise
    letters = "".join("v" if isinstance(n, Reg) else "c" for n in (then, otherwise))
    return scope.emit_number(expr, f"blend_{letters}", mask, _operand(then), _operand(otherwise))


def _or_else(scope: Scope, expr: nodes.OrElse) -> Number:
    left, right = scope.number(expr.left), scope.number(expr.right)
    left = left if isinstance(left, Reg) else scope.broadcast(left)
    letter = "v" if isinstance(right, Reg) else "c"
    return scope.emit_number(expr, f"or_v{letter}", left.number, _operand(right))


def _operand(value: Number) -> int:
    return value.number if isinstance(value, Reg) else value.slot


def _arithmetic(scope: Scope, expr: nodes.Arithmetic) -> Reg:
    operands = [scope.number(o) for o in expr.operands]
    if len(operands) == 1:
        (only,) = operands
        only = only if isinstance(only, Reg) else scope.broadcast(only)
        return scope.emit_number(expr, expr.op, only.number)
    left, right = operands
    if isinstance(left, Const) and isinstance(right, Reg) and expr.op in COMMUTES:
        left, right = right, left
    if isinstance(left, Const) and (isinstance(right, Const) or expr.op not in LEFT_CONSTANT):
        left = scope.broadcast(left)
    if isinstance(right, Const) and expr.op not in RIGHT_CONSTANT:
        right = scope.broadcast(right)
    letters = "".join("v" if isinstance(n, Reg) else "c" for n in (left, right))
    return scope.emit_number(expr, f"{expr.op}_{letters}", _operand(left), _operand(right))


def _calendar(scope: Scope, expr: nodes.Calendar) -> Reg:
    operands = [scope.register(o).number for o in expr.operands]
    if expr.op in DATE_PARTS:
        return scope.emit_number(expr, "date", *operands, DATE_PARTS[expr.op])
    if expr.op in LOCAL_PARTS:
        return scope.emit_number(expr, "local", *operands, LOCAL_PARTS[expr.op])
    return scope.emit_number(expr, "months", *operands, MONTH_PARTS[expr.op])


def _checked(scope: Scope, expr: nodes.Arithmetic | nodes.Calendar, result: Reg) -> Reg:
    """Make results that are not finite unknown, unless there can be none."""
    if scope.ranges.defined(expr):
        return result
    known: list[Reg] = []
    for operand in expr.operands:
        value = scope.number(operand)
        if isinstance(value, Reg):
            known.append(value)
        elif operand.unknown:
            known.append(scope.broadcast(value))
    if not known:
        known.append(scope.broadcast(scope.tables.literal(0.0)))
    block, found = scope.place(expr)
    if ("check", result) not in found:
        found["check", result] = True
        block.append(Instruction("check", [result.number, known[0].number, known[-1].number]))
    return result
