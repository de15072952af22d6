"""Values of expressions, in z3's words.

A flag is two conditions, that it is yes and that it is no; where neither holds it is unknown. Everything else is a value
and the condition that it is known. Numbers keep bounds that are known beforehand: they make products linear enough.
Connectives fold what is constant, so that what a policy does not ask leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import z3

from nbadsl.program.intervals import EVERYTHING, MAX, Interval
from nbadsl.types import EXACT

Term: TypeAlias = Any
"""An expression of z3, whose Python classes have no types of their own."""

YES, NO = z3.BoolVal(True), z3.BoolVal(False)


@dataclass(frozen=True, slots=True)
class Flag:
    yes: Term
    no: Term


@dataclass(frozen=True, slots=True)
class Number:
    """`ratio`: the whole numbers whose quotient it is, where it is one (the second is a constant above 0)."""

    value: Term
    known: Term
    bounds: Interval = EVERYTHING
    ratio: tuple[Term, int] | None = None

    @property
    def constant(self) -> Fraction | None:
        return constant(self.value)


@dataclass(frozen=True, slots=True)
class Text:
    """A text or word."""

    value: Term
    known: Term


@dataclass(frozen=True, slots=True)
class Members:
    """A set: of each word, whether it is in it."""

    has: dict[str, Term]
    known: Term


Encoded: TypeAlias = Flag | Number | Text | Members

# --- connectives ------------------------------------------------------------------------------------


def both(*parts: Term) -> Term:
    return every(parts)


def every(parts: Iterable[Term]) -> Term:
    left = [part for part in dict.fromkeys(parts) if not z3.is_true(part)]
    if any(z3.is_false(part) for part in left):
        return NO
    return YES if not left else left[0] if len(left) == 1 else z3.And(left)


def either(*parts: Term) -> Term:
    return some(parts)


def some(parts: Iterable[Term]) -> Term:
    left = [part for part in dict.fromkeys(parts) if not z3.is_false(part)]
    if any(z3.is_true(part) for part in left):
        return YES
    return NO if not left else left[0] if len(left) == 1 else z3.Or(left)


def opposite(part: Term) -> Term:
    if z3.is_true(part):
        return NO
    if z3.is_false(part):
        return YES
    return part.arg(0) if z3.is_not(part) else z3.Not(part)


def implies(condition: Term, part: Term) -> Term:
    return either(opposite(condition), part)


def choose(condition: Term, then: Term, otherwise: Term) -> Term:
    if z3.is_true(condition) or then.eq(otherwise):
        return then
    if z3.is_false(condition):
        return otherwise
    if z3.is_bool(then):
        return both(implies(condition, then), either(condition, otherwise))
    if z3.is_arith(then):
        then, otherwise = alike(then, otherwise)
    return z3.If(condition, then, otherwise)


# --- numbers ----------------------------------------------------------------------------------------


def exactly(number: float) -> Fraction:
    """The number that is written like this double: 0.1 is a tenth."""
    return Fraction(repr(float(number)))


def double(exact: Fraction) -> float:
    """The nearest double; the largest one of what is beyond them."""
    try:
        return float(exact)
    except OverflowError:
        return MAX if exact > 0 else -MAX


def literal(number: float | Fraction, whole: bool | None = None) -> Term:
    """A constant. `whole`: as a whole number; where nothing is said, if it is a small one."""
    exact = number if isinstance(number, Fraction) else exactly(number)
    if whole is None:
        whole = exact.denominator == 1 and abs(exact) <= EXACT
    return z3.IntVal(exact.numerator) if whole else z3.Q(exact.numerator, exact.denominator)


def constant(term: Term) -> Fraction | None:
    if z3.is_int_value(term):
        return Fraction(term.as_long())
    return Fraction(term.as_fraction()) if z3.is_rational_value(term) else None


def real(term: Term) -> Term:
    if z3.is_int_value(term):
        return z3.RealVal(term.as_long())
    return z3.ToReal(term) if term.is_int() else term


def alike(left: Term, right: Term) -> tuple[Term, Term]:
    """Two numbers as whole ones, or else as real ones."""
    if left.is_int() == right.is_int():
        return left, right
    return real(left), real(right)


def compare(op: str, left: Term, right: Term) -> Term:
    a, b = alike(left, right)
    known = constant(a), constant(b)
    if known[0] is not None and known[1] is not None:
        return z3.BoolVal(_HOLDS[op](*known))
    return _COMPARE[op](a, b)


_HOLDS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
_COMPARE = _HOLDS  # z3's numbers have the same operators
