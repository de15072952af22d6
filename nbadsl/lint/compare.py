"""Which of two scores is never less than the other."""

from __future__ import annotations

from nbadsl.lint.facts import Facts
from nbadsl.program.nodes import Arithmetic, Expr


def at_least(facts: Facts, a: Expr, b: Expr, strictly: bool = False) -> bool:
    """Whether a number `a`, which is known, is at least `b` wherever `b` is known; more, if `strictly`.

    Sums, and products of what is not negative, are compared part by part: rounding keeps order.
    """
    low, high = facts.number(a).low, facts.number(b).high
    if low > high or (low == high and not strictly):
        return True
    if strictly:
        return False
    if a is b:
        return True
    match a, b:
        case Arithmetic(op="add", operands=(a1, a2)), Arithmetic(op="add", operands=(b1, b2)):
            return at_least(facts, a1, b1) and at_least(facts, a2, b2)
        case Arithmetic(op="sub", operands=(a1, a2)), Arithmetic(op="sub", operands=(b1, b2)):
            return at_least(facts, a1, b1) and at_least(facts, b2, a2)
        case Arithmetic(op="mul", operands=(a1, a2)), Arithmetic(op="mul", operands=(b1, b2)):
            if any(facts.number(part).low < 0 for part in (a1, a2, b1, b2)):
                return False
            return at_least(facts, a1, b1) and at_least(facts, a2, b2)
    return False
