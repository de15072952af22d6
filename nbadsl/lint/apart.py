"""How far a value lies from another one: `last_order >= now - 30 days`, whatever `now` is.

Takes comparisons with a sum or difference of something and a constant; gives what follows from one for another.
Adding and subtracting doubles keeps order, so a smaller constant never leads beyond a larger one. Whether it
leads to the same double is another question: constants count as different where no rounding can make them one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from nbadsl.lint.values import KNOWN, NO, YES, Answers, Numbers
from nbadsl.program.nodes import Arithmetic, Compare, Expr
from nbadsl.types import Date, Time

if TYPE_CHECKING:
    from nbadsl.lint.facts import Facts

FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True)
class Distance:
    """`value op base + offset`. `rounding`: offsets that differ by more never lead to one double."""

    op: str
    value: Expr
    base: Expr
    offset: float
    rounding: float


@dataclass(frozen=True, slots=True)
class Apart:
    """A value lies from `base + low` to `base + high`; an open end does not belong to it."""

    low: float = -inf
    high: float = inf
    open_low: bool = False
    open_high: bool = False

    def join(self, other: Apart) -> Apart:
        low, high = min(self.low, other.low), max(self.high, other.high)
        open_low = all(a.open_low for a in (self, other) if a.low == low)
        open_high = all(a.open_high for a in (self, other) if a.high == high)
        return Apart(low, high, open_low, open_high)

    def answers(self, asked: Distance) -> Answers:
        """The answers that a comparison can have."""
        match asked.op:
            case "<":
                return self._answers(self._less(asked), self._at_least(asked))
            case "<=":
                return self._answers(self._at_most(asked), self._more(asked))
            case ">":
                return self._answers(self._more(asked), self._at_most(asked))
            case ">=":
                return self._answers(self._at_least(asked), self._less(asked))
        equal = KNOWN & ~YES if self._less(asked) or self._more(asked) else KNOWN
        return equal if asked.op == "==" or equal == KNOWN else YES

    def _answers(self, surely: bool, surely_not: bool) -> Answers:
        return YES if surely else NO if surely_not else KNOWN

    def _less(self, asked: Distance) -> bool:
        apart = asked.offset - self.high > asked.rounding
        return apart or (self.open_high and self.high <= asked.offset)

    def _more(self, asked: Distance) -> bool:
        apart = self.low - asked.offset > asked.rounding
        return apart or (self.open_low and self.low >= asked.offset)

    def _at_least(self, asked: Distance) -> bool:
        return self.low >= asked.offset

    def _at_most(self, asked: Distance) -> bool:
        return self.high <= asked.offset

    def narrowed(self, told: Distance) -> Apart:
        """What is known when a comparison holds."""
        found = self
        if told.op in ("<", "<=", "==") and told.offset <= self.high:
            is_open = told.op == "<" or (self.open_high and told.offset == self.high)
            found = replace(found, high=told.offset, open_high=is_open)
        if told.op in (">", ">=", "==") and told.offset >= self.low:
            is_open = told.op == ">" or (self.open_low and told.offset == self.low)
            found = replace(found, low=told.offset, open_low=is_open)
        return found


def distance(facts: Facts, expr: Compare, op: str) -> Distance:
    """The comparison `left op right` as one of a value with a base and an offset from it."""
    right = _offset(facts, expr.right)
    if right is not None:
        return Distance(op, expr.left, right[0], right[1], _rounding(*right))
    left = _offset(facts, expr.left)
    if left is not None:
        return Distance(FLIPPED[op], expr.right, left[0], left[1], _rounding(*left))
    return Distance(op, expr.left, expr.right, 0.0, _rounding(expr.right, 0.0))


def _offset(facts: Facts, expr: Expr) -> tuple[Expr, float] | None:
    match expr:
        case Arithmetic(op="add" | "sub" as op, operands=(base, constant)):
            by = facts.value(constant)
            if isinstance(by, Numbers) and by.low == by.high and not by.unknown:
                return base, by.low if op == "add" else -by.low
    return None


def _rounding(base: Expr, offset: float) -> float:
    """Of days and moments within the calendar, and what lies as far beyond it as an offset leads."""
    match base.type:
        case Time():
            return 64 + abs(offset) * 1e-9
        case Date():
            return 1e-6 + abs(offset) * 1e-9
    return inf
