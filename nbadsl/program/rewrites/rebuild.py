"""Makes an expression anew, in another pool or with other operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from nbadsl.program import nodes
from nbadsl.program.nodes import Expr
from nbadsl.program.pool import Pool


def rebuild(pool: Pool, expr: Expr, operands: Sequence[Expr]) -> Expr:
    """The same operation on other operands, with the same origin."""
    at = expr.origin
    match expr:
        case nodes.Literal():
            return pool.literal(expr.value, expr.type, at)
        case nodes.Column():
            return pool.column(expr.name, expr.type, expr.unknown, at)
        case nodes.Given():
            return pool.given(expr.name, expr.type, expr.unknown, at)
        case nodes.Arm():
            return pool.arm(expr.experiment, expr.type, at)
        case nodes.Not():
            return pool.negate(operands[0], at)
        case nodes.And():
            return pool.both(operands[0], operands[1], at)
        case nodes.Or():
            return pool.either(operands[0], operands[1], at)
        case nodes.Compare():
            return pool.compare(expr.op, operands[0], operands[1], at)
        case nodes.Same():
            return pool.same(operands[0], operands[1], at)
        case nodes.Member():
            return pool.member(operands[0], expr.values, at)
        case nodes.Match():
            return pool.match(expr.op, operands[0], operands[1], at)
        case nodes.Has():
            return pool.has(expr.op, operands[0], expr.words, at)
        case nodes.If():
            return pool.choose(operands[0], operands[1], operands[2], at)
        case nodes.OrElse():
            return pool.or_else(operands[0], operands[1], at)
        case nodes.IsKnown():
            return pool.is_known(operands[0], at)
        case nodes.Arithmetic():
            return pool.arithmetic(expr.op, *operands, type=expr.type, origin=at)
        case nodes.Calendar():
            return pool.calendar(expr.op, *operands, type=expr.type, origin=at)
    assert_never(expr)
