"""Ways through expressions, which are graphs: each is met once, however many hold it, and none is too deep."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TypeAlias

from nbadsl.program.expressions import Arm, Column, Expr, Given, Literal, children

Leaf: TypeAlias = Column | Given | Arm


def postorder(roots: Iterable[Expr], done: Container[Expr] = ()) -> Iterator[Expr]:
    """Some expressions and all that is in them, operands before what uses them, in the order of evaluation. `done`: what
    is not to be met, with all that is in it; whoever keeps a value for each expression gives these, and may add to them
    meanwhile."""
    met: set[Expr] = set()
    for root in roots:
        stack = [root]
        while stack:
            node = stack[-1]
            if node in met or node in done:
                stack.pop()
                continue
            missing = [c for c in children(node) if c not in met and c not in done]
            if missing:
                stack += reversed(missing)
                continue
            stack.pop()
            met.add(node)
            yield node


def leaves(roots: Iterable[Expr]) -> Iterator[Leaf]:
    """What some expressions read: fields, values that are given, arms of experiments."""
    for node in postorder(roots):
        if not children(node) and not isinstance(node, Literal):
            assert isinstance(node, Leaf)
            yield node
