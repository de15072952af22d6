"""Which of two expressions is higher, seen from their parts.

Scores of candidates are often one function of different things: `1 / (1 + exp(-x))`, or a product with the same factor.
Where such a function never falls, what is in it decides, and z3 need not know the function.
"""

from __future__ import annotations

from nbadsl.program.nodes import Arithmetic, Expr
from nbadsl.prove.expressions import Expressions

_RISING = {"exp", "log", "sqrt", "floor", "ceil", "round"}
_EITHER_SIDE = {"add", "min", "max"}


def peeled(expressions: Expressions, a: Expr, b: Expr) -> tuple[Expr, Expr] | None:
    """Two parts of expressions, of which the first is at least the second only where the first expression is, and the
    other way round; None where the expressions have no function in common."""
    found: tuple[Expr, Expr] | None = None
    while isinstance(a, Arithmetic) and isinstance(b, Arithmetic) and a.op == b.op:
        inner = _inner(expressions, a, b)
        if inner is None:
            break
        a, b = found = inner
    return found


def _inner(expressions: Expressions, a: Arithmetic, b: Arithmetic) -> tuple[Expr, Expr] | None:
    """One function less."""
    if len(a.operands) == 1:
        (x,), (y,) = a.operands, b.operands
        return (y, x) if a.op == "neg" else (x, y) if a.op in _RISING else None
    (x, k), (y, m) = a.operands, b.operands
    if k is m:
        return _beside(expressions, a.op, k, x, y)
    if x is y and a.op in _EITHER_SIDE:
        return k, m
    if x is y and a.op == "sub":
        return m, k
    if x is y and a.op == "mul":
        return _beside(expressions, a.op, x, k, m)
    if (
        x is y
        and a.op == "div"
        and _low(expressions, x) >= 0
        and min(_low(expressions, k), _low(expressions, m)) > 0
    ):
        return m, k
    return None


def _beside(expressions: Expressions, op: str, k: Expr, x: Expr, y: Expr) -> tuple[Expr, Expr] | None:
    """Of `x op k` and `y op k`."""
    if op in _EITHER_SIDE or op == "sub":
        return x, y
    if (op == "mul" and _low(expressions, k) >= 0) or (op == "div" and _low(expressions, k) > 0):
        return x, y
    return None


def _low(expressions: Expressions, expr: Expr) -> float:
    return expressions.number(expr).bounds[0]
