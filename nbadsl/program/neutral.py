"""What stands for a factor of the score when it is taken out, so that its effect can be seen.

A factor that is added or subtracted becomes 0, any other one 1. So a `value` that is multiplied says that all actions
are worth 1 of the currency, and a `cost` that is subtracted that contacts are free.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from nbadsl.source import Span
from nbadsl.syntax import nodes


def neutrals(score: nodes.Expr) -> dict[nodes.Reference, float]:
    """The names in a score, in their order, and the number that stands for each when it is taken out."""
    found: dict[nodes.Reference, float] = {}
    stack: list[tuple[object, float]] = [(score, 1.0)]
    while stack:
        node, neutral = stack.pop()
        match node:
            case nodes.Reference():
                found[node] = neutral
            case nodes.Brackets() | nodes.Unary():
                stack += [(getattr(node, f.name), neutral) for f in fields(node)]
            case nodes.Binary():
                inner = 0.0 if node.operator in ("+", "-") else 1.0
                stack += [(node.left, inner), (node.right, inner)]
            case tuple():
                stack += [(each, 1.0) for each in node]
            case _ if is_dataclass(node) and not isinstance(node, Span):
                stack += [(getattr(node, f.name), 1.0) for f in fields(node)]
    return dict(sorted(found.items(), key=lambda each: each[0].span.start))
