"""What differs between two expressions, in plain words.

Takes two trees; looks for the smallest part in which they differ: `churn risk is above 60% instead of 50%`. A chain of `and` or
`or` that has got or lost a part says which.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass
from typing import Any

from nbadsl.difference.shape import shape
from nbadsl.ide.plain import in_words
from nbadsl.syntax import nodes

_WHOLE = nodes.Binary | nodes.OneOf | nodes.Between | nodes.Is | nodes.Recency | nodes.Has
_ADDED = {
    "and": ("also requires that", "no longer requires that"),
    "or": ("also when", "no longer when"),
}


def said(old: nodes.Expr, new: nodes.Expr) -> str:
    """The new expression, or the part of it that differs, and what stood there before."""
    if _opposite(old, new) or _opposite(new, old):
        return f"{in_words(new)}, the opposite of what was there"
    chained = _chained(old, new)
    if chained:
        return chained
    clause, leaf = _nearest(_bare(old), _bare(new))
    return f"{in_words(clause[1])} instead of {in_words(leaf[0])}"


def _opposite(expr: nodes.Expr, other: nodes.Expr) -> bool:
    """Whether an expression is `not` and the other one."""
    expr = _bare(expr)
    return isinstance(expr, nodes.Unary) and expr.operator == "not" and shape(expr.operand) == shape(other)


def _chained(old: nodes.Expr, new: nodes.Expr) -> str:
    """`also requires that age is above 18`, when parts of a chain were added, or removed, and nothing else."""
    for operator in _ADDED:
        before, after = _operands(old, operator), _operands(new, operator)
        if max(len(before), len(after)) < 2:
            continue
        gone, come = _without(before, after), _without(after, before)
        if len(gone) == len(come) == 1 and min(len(before), len(after)) > 1:
            return said(gone[0], come[0])
        also, no_longer = _ADDED[operator]
        words = [f"{also} {in_words(e)}" for e in come] + [f"{no_longer} {in_words(e)}" for e in gone]
        if words and not (gone and come):
            return "; ".join(words)
    return ""


def _operands(expr: nodes.Expr, operator: str) -> list[nodes.Expr]:
    expr = _bare(expr)
    if isinstance(expr, nodes.Binary) and expr.operator == operator:
        return [*_operands(expr.left, operator), *_operands(expr.right, operator)]
    return [expr]


def _without(some: list[nodes.Expr], others: list[nodes.Expr]) -> list[nodes.Expr]:
    left = Counter(shape(e) for e in others)
    found = []
    for expr in some:
        key = shape(expr)
        if left[key]:
            left[key] -= 1
        else:
            found.append(expr)
    return found


def _bare(expr: nodes.Expr) -> nodes.Expr:
    while isinstance(expr, nodes.Brackets):
        expr = expr.inner
    return expr


def _nearest(old: nodes.Expr, new: nodes.Expr) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """The smallest part that can be said as a sentence, and the smallest part at all, old and new, that hold every
    difference."""
    clause = leaf = (old, new)
    while True:
        below = _only_difference(*leaf)
        if below is None:
            return clause, leaf
        leaf = below
        if isinstance(leaf[1], _WHOLE) and type(leaf[0]) is type(leaf[1]):
            clause = leaf


def _only_difference(old: Any, new: Any) -> tuple[Any, Any] | None:
    """The only expressions directly below two nodes that differ; None where more than one does, or the nodes themselves."""
    if type(old) is not type(new) or not is_dataclass(old):
        return None
    found: tuple[Any, Any] | None = None
    for field in fields(old):
        a, b = getattr(old, field.name), getattr(new, field.name)
        if field.name == "span" or shape(a) == shape(b):
            continue
        pairs = list(zip(a, b, strict=False)) if isinstance(a, tuple) and len(a) == len(b) else [(a, b)]
        different = [(x, y) for x, y in pairs if shape(x) != shape(y)]
        if found is not None or len(different) != 1:
            return None
        found = different[0]
    if found is None or not all(isinstance(x, nodes.Expr) for x in found):
        return None
    return _bare(found[0]), _bare(found[1])
