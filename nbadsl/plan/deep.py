"""Room for recursion over deep expressions.

A decision table of 2,000 rows is an expression 2,000 deep. Functions over expressions are plain recursion,
which is the clearest form; `room` has the room for it, and here is counted how much it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nbadsl.program import nodes
from nbadsl.program.nodes import Expr, Program
from nbadsl.program.walk import postorder
from nbadsl.room import recursion

FRAMES = 12  # at most so many functions between an expression and its operand


@contextmanager
def deep(program: Program) -> Iterator[None]:
    """Raise the recursion limit for as long as a program's expressions need it."""
    with recursion(1000 + FRAMES * depth(roots(program))):
        yield


def roots(program: Program) -> Iterator[Expr]:
    """Every expression that a program holds."""
    for candidate in program.candidates:
        for rule in candidate.rules:
            yield rule.when
        for tier in candidate.tiers:
            if tier.when is not None:
                yield tier.when
        for expr in (candidate.active, candidate.send_at, candidate.score):
            if expr is not None:
                yield expr
    if program.arbitration.threshold is not None:
        yield program.arbitration.threshold
    for holdout in program.holdouts:
        if holdout.active is not None:
            yield holdout.active
    for guarantee in program.guarantees:
        yield guarantee.when


def depth(roots: Iterator[Expr]) -> int:
    """Of the deepest of some expressions, counted without recursion."""
    found: dict[Expr, int] = {}
    for expr in postorder(roots, found):
        found[expr] = 1 + max((found[c] for c in nodes.children(expr)), default=0)
    return max(found.values(), default=0)
