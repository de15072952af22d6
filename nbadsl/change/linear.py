"""Expressions that are linear in one field, or in two: `a * x + b * y + c`.

Takes an expression and an evaluator where every test that reads only one of the fields has the answer that it has
nearby; gives the forms that the expression has there: several where it has parts, such as branches or the terms of
`min`, none where it is unknown, and None where a part is not linear.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain, product

from nbadsl.interpreter import Evaluator
from nbadsl.program.nodes import Arithmetic, Column, Expr, Given, If, OrElse

_MOST_PARTS = 16

Form = tuple[float, float, float]
"""`a`, `b` and `c` of a * x + b * y + c."""

Fields = tuple[frozenset[Expr], frozenset[Expr]]
"""The expressions that read `x`, and those that read `y`."""


def differences(left: Expr, right: Expr, fields: Fields, evaluator: Evaluator) -> list[Form] | None:
    """Of one expression from another."""
    ones, others = (_forms(each, fields, evaluator) for each in (left, right))
    return None if ones is None or others is None else [_sum(a, b, -1.0) for a in ones for b in others]


def _forms(expr: Expr, fields: Fields, evaluator: Evaluator) -> list[Form] | None:
    in_x, in_y = (expr in moving for moving in fields)
    if not in_x and not in_y:
        value = evaluator.value(expr)
        return [(0.0, 0.0, value)] if isinstance(value, float) else []
    match expr:
        case Column() | Given():
            return [(1.0, 0.0, 0.0) if in_x else (0.0, 1.0, 0.0)]
        case If():
            branches = [expr.then, expr.otherwise]
            if not all(expr.condition in moving for moving in fields):
                answer = evaluator.value(expr.condition)
                branches = [] if answer is None else [branches[not answer]]
            return all_of([_forms(branch, fields, evaluator) for branch in branches])
        case OrElse() if not all(expr.left in moving for moving in fields):
            unknown = evaluator.value(expr.left) is None
            return _forms(expr.right if unknown else expr.left, fields, evaluator)
        case Arithmetic():
            operands = [_forms(operand, fields, evaluator) for operand in expr.operands]
            if expr.op in ("min", "max"):  # the lines of the two meet where the lesser one changes
                return all_of(operands)
            known = [forms for forms in operands if forms is not None]
            if len(known) == len(operands) and math.prod(map(len, known)) <= _MOST_PARTS:
                return all_of([_linear(expr.op, *forms) for forms in product(*known)])
    return None


def all_of(parts: Sequence[list[Form] | None]) -> list[Form] | None:
    """The forms of several parts, each once; None where one of these is not linear."""
    known = [forms for forms in parts if forms is not None]
    return list(dict.fromkeys(chain(*known))) if len(known) == len(parts) else None


def _linear(op: str, first: Form, second: Form = (0.0, 0.0, 0.0)) -> list[Form] | None:
    constants = first[:2] == (0, 0), second[:2] == (0, 0)
    match op:
        case "neg":
            return [_times(first, -1.0)]
        case "abs":
            return [first, _times(first, -1.0)]
        case "add" | "sub":
            return [_sum(first, second, 1.0 if op == "add" else -1.0)]
        case "mul" if any(constants):
            return [_times(second, first[2]) if constants[0] else _times(first, second[2])]
        case "div" if constants[1]:
            return [(first[0] / second[2], first[1] / second[2], first[2] / second[2])] if second[2] else []
    return None


def _times(form: Form, times: float) -> Form:
    return form[0] * times, form[1] * times, form[2] * times


def _sum(one: Form, other: Form, times: float) -> Form:
    return one[0] + times * other[0], one[1] + times * other[1], one[2] + times * other[2]
