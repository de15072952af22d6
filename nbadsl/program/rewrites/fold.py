"""Answers questions about literals: comparisons of numbers, texts and words.

Arithmetic on literals stays: the engine computes what is the same for everybody once a run, by the same
instructions as everything else, so that no bit can differ.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from nbadsl.program import nodes
from nbadsl.program.nodes import Expr, Literal
from nbadsl.program.pool import Pool
from nbadsl.types import FLAG

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def fold(pool: Pool, expr: Expr) -> Expr:
    """The rule: see the module."""
    answer: bool | None = None
    match expr:
        case nodes.Compare(left=Literal(value=float() as a), right=Literal(value=float() as b)):
            answer = COMPARE[expr.op](a, b)
        case nodes.Same(left=Literal(value=a), right=Literal(value=b)):
            answer = a == b
        case nodes.Member(operand=Literal(value=a)):
            answer = a in expr.values
        case nodes.Match(operand=Literal(value=str() as a), pattern=Literal(value=str() as b)):
            answer = {"starts": a.startswith(b), "ends": a.endswith(b), "contains": b in a}[expr.op]
    return expr if answer is None else pool.literal(answer, FLAG, expr.origin)
