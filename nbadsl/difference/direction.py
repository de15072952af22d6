"""Whether a condition lets fewer people pass than another, for everybody whose data is valid.

Takes conditions of one pool with the answers that let pass, and what is declared; gives `same`, `tightened`,
`loosened`, or "" where neither follows. It reasons as the linter does (see `lint.facts`): what it says holds, and where it is
not sure it says nothing. A condition is taken apart into the ways in which it can come true, so that `a or b` follows
from `a`.
"""

from __future__ import annotations

from itertools import product
from typing import TypeAlias

from nbadsl.difference.change import LOOSENED, TIGHTENED
from nbadsl.lint.facts import Facts
from nbadsl.lint.narrow import parts
from nbadsl.lint.values import NO, UNKNOWN, YES, Answers, opposite
from nbadsl.program import nodes
from nbadsl.program.nodes import Expr

SAME = "same"
MOST_WAYS = 24

Wish: TypeAlias = tuple[Expr, Answers]
"""A condition, and the answers that it should have."""


def direction(facts: Facts, old: Wish, new: Wish) -> str:
    """What becomes of those who passed the old condition, and of others."""
    if old == new:
        return SAME
    fewer, more = follows(facts, new, old), follows(facts, old, new)
    if fewer and more:
        return SAME
    return TIGHTENED if fewer else LOOSENED if more else ""


def follows(facts: Facts, wish: Wish, other: Wish) -> bool:
    """Whether everybody for whom one wish comes true has the other one, too."""
    for way in _ways(*wish):
        known = _all(facts.renewed(), way)
        if known is not None and not _holds(known, *other):
            return False
    return True


def _all(facts: Facts, way: tuple[Wish, ...]) -> Facts | None:
    found: Facts | None = facts
    for expr, wanted in (*way, *way):  # twice, for what a later part says may tell more of an earlier one
        found = found.given(expr, wanted) if found is not None else None
    return found


def _ways(expr: Expr, wanted: Answers) -> list[tuple[Wish, ...]]:
    """The ways in which a condition can have some answers, each a list of what then holds. Too many stay one."""
    if isinstance(expr, nodes.Not):
        return _ways(expr.operand, opposite(wanted))
    split = _split(expr, wanted)
    if split is None:
        return [((expr, wanted),)]
    operands, together = split
    below = [_ways(part, wanted) for part in operands]
    if not together:
        return [way for ways in below for way in ways]
    count = 1
    for ways in below:
        count *= len(ways)
    if count > MOST_WAYS:
        return [((expr, wanted),)]
    return [tuple(wish for way in chosen for wish in way) for chosen in product(*below)]


def _holds(facts: Facts, expr: Expr, wanted: Answers) -> bool:
    """Whether a condition surely has one of some answers."""
    if isinstance(expr, nodes.Not):
        return _holds(facts, expr.operand, opposite(wanted))
    if not facts.renewed().answers(expr) & ~wanted:
        return True
    split = _split(expr, wanted)
    if split is None:
        return False
    operands, together = split
    each = (_holds(facts, part, wanted) for part in operands)
    return all(each) if together else any(each)


def _split(expr: Expr, wanted: Answers) -> tuple[list[Expr], bool] | None:
    """The operands of a chain, and whether all of them (or one is enough) must have the answers that it should have."""
    if isinstance(expr, nodes.And | nodes.Or):
        positive = isinstance(expr, nodes.And)
        if wanted in (YES, YES | UNKNOWN):
            return parts(expr, type(expr)), positive
        if wanted in (NO, NO | UNKNOWN):
            return parts(expr, type(expr)), not positive
    return None
