"""Drops what can make no difference: known conditions, double negations, defaults of what is never unknown."""

from __future__ import annotations

from nbadsl.program import nodes
from nbadsl.program.nodes import Expr, Literal
from nbadsl.program.pool import Pool


def simplify(pool: Pool, expr: Expr) -> Expr:
    """The rule: see the module. What evaluation would not reach is dropped; what it would reach is kept."""
    match expr:
        case nodes.Not(operand=Literal(value=value)):
            return pool.literal(not value, expr.type, expr.origin)
        case nodes.Not(operand=nodes.Not(operand=inner)):
            return inner
        case nodes.And(left=Literal(value=value), right=right):
            return right if value else expr.left
        case nodes.Or(left=Literal(value=value), right=right):
            return expr.left if value else right
        case nodes.And(left=left, right=Literal(value=True)):
            return left
        case nodes.Or(left=left, right=Literal(value=False)):
            return left
        case nodes.If(condition=Literal(value=value)):
            return expr.then if value else expr.otherwise
        case nodes.OrElse(left=left) if not left.unknown:
            return left
        case nodes.IsKnown(operand=nodes.Column(unknown=False) | nodes.Given(unknown=False)):
            return pool.yes()
    return expr
