"""Moves questions about texts and words into the branches that choose between them.

    (if c then a else b) is "x"     becomes     if c then (a is "x") else (b is "x")
    (a or else b) is "x"            becomes     if a is known then (a is "x") else (b is "x")

Afterwards every such question is about a field, an input of the run, an arm, or a literal: the engine
answers it once for each distinct text and never holds texts in registers.
"""

from __future__ import annotations

from nbadsl.program import nodes
from nbadsl.program.nodes import Expr
from nbadsl.program.pool import Pool
from nbadsl.program.rewrites.fold import fold
from nbadsl.types import Flag


def push_texts(pool: Pool, expr: Expr) -> Expr:
    """The rule: see the module."""
    match expr:
        case nodes.Same(left=left, right=right) if not isinstance(left.type, Flag):
            return _into(
                pool,
                left,
                lambda l: _into(pool, right, lambda r: pool.same(l, r, expr.origin)),  # noqa: E741
            )
        case nodes.Member(operand=operand):
            return _into(pool, operand, lambda o: pool.member(o, expr.values, expr.origin))
        case nodes.Match(operand=operand, pattern=pattern):
            return _into(
                pool,
                operand,
                lambda o: _into(pool, pattern, lambda p: pool.match(expr.op, o, p, expr.origin)),
            )
    return expr


def _into(pool: Pool, operand: Expr, ask) -> Expr:  # type: ignore[no-untyped-def]
    match operand:
        case nodes.If():
            return pool.choose(
                operand.condition,
                _into(pool, operand.then, ask),
                _into(pool, operand.otherwise, ask),
                operand.origin,
            )
        case nodes.OrElse():
            return pool.choose(
                pool.is_known(operand.left),
                _into(pool, operand.left, ask),
                _into(pool, operand.right, ask),
                operand.origin,
            )
    return fold(pool, ask(operand))
