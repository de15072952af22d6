"""Operations that z3 is not told exactly: products, quotients, powers and the like of what is not constant.

Each is a free number of which some things are true from the start. When a model takes it for what it is not, lemmas at
that place rule the model out: tangent planes of a product, points, chords and tangents of a curve. All of them hold
everywhere, so what follows from them is proved; whether a model is right is for the interpreter to say. (This is
incremental linearization: Cimatti, Griggio, Irfan, Roveri, Sebastiani: Invariant Checking of NRA Transition Systems
via Incremental Reduction to LRA with EUF, TACAS 2017.)
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import z3

from nbadsl.program.exponential import exponential
from nbadsl.program.intervals import EVERYTHING, MAX, Interval
from nbadsl.prove.facts import Facts
from nbadsl.prove.inputs import number_in, within
from nbadsl.prove.values import YES, Number, Term, both, double, implies, literal, real

_SLACK = Fraction(1, 10**12)  # relative: what the doubles of curves may be wrong by
_TINY = Fraction(1, 10**30)
LN_MAX = math.log(MAX)


class Operation(ABC):
    """An operation that models may get wrong."""

    @abstractmethod
    def lemmas(self, model: z3.ModelRef) -> Iterator[Term]:
        """What is true everywhere and not in this model; nothing where it is right."""

    def hints(self, model: z3.ModelRef) -> Iterator[Term]:
        """What would make the operation exact near this model: worth a try."""
        yield from ()


def near(exact: Fraction, digits: int = 12) -> Fraction:
    """A number, or one with so many digits where it has more."""
    if exact.denominator < 10**6:
        return exact
    return Fraction(f"{double(exact):.{digits}g}")


def widened(bounds: Interval) -> Interval:
    """Bounds that were computed in doubles, as bounds of real numbers."""
    low, high = bounds
    if not (-MAX <= low <= high <= MAX):
        return EVERYTHING
    slack = 1e-12
    return max(-MAX, low - abs(low) * slack), min(MAX, high + abs(high) * slack)


# --- products ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Product(Operation):
    """`z` is x × y, where `when` holds."""

    x: Term
    y: Term
    z: Term
    when: Term = YES

    def facts(self, x_bounds: Interval, y_bounds: Interval) -> Iterator[Term]:
        """Signs, and the four planes around a product within bounds."""
        x, y, z = self.x, self.y, self.z
        yield implies(self.when, (z == 0) == z3.Or(x == 0, y == 0))
        yield implies(self.when, (z > 0) == z3.Or(z3.And(x > 0, y > 0), z3.And(x < 0, y < 0)))
        for a in (low for low in x_bounds if abs(low) < MAX):
            for b in (low for low in y_bounds if abs(low) < MAX):
                yield from self._planes(literal(a, False), literal(b, False))

    def _planes(self, a: Term, b: Term) -> Iterator[Term]:
        x, y, z = self.x, self.y, self.z
        plane = b * x + a * y - a * b
        over = z3.Or(z3.And(x <= a, y <= b), z3.And(x >= a, y >= b))
        under = z3.Or(z3.And(x <= a, y >= b), z3.And(x >= a, y <= b))
        yield implies(self.when, both(implies(over, z >= plane), implies(under, z <= plane)))

    def lemmas(self, model: z3.ModelRef) -> Iterator[Term]:
        if not z3.is_true(model.evaluate(self.when, model_completion=True)):
            return
        a, b, c = (number_in(model, each) for each in (self.x, self.y, self.z))
        if a * b == c:
            return
        at_a, at_b = literal(near(a), False), literal(near(b), False)
        yield from self._planes(at_a, at_b)
        yield implies(both(self.when, self.y == at_b), self.z == at_b * self.x)
        for digits in (1, 2, 3):
            # Near the place, too, so that a limit that is never reached is not approached for ever.
            c, d = (literal(Fraction(f"{double(each):.{digits}g}"), False) for each in (a, b))
            yield from self._planes(c, d)
            yield implies(both(self.when, self.y == d), self.z == d * self.x)

    def hints(self, model: z3.ModelRef) -> Iterator[Term]:
        yield self.y == literal(Fraction(f"{double(number_in(model, self.y)):.3g}"), False)


# --- curves -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Curve:
    """An increasing function of one number. `bends`: 1 where it lies below its chords (convex), -1 above, 0: unknown.
    `tangent`: of a place and the function there a line (slope, height at 0) on its other side. `exactly`: the function
    where it is a number without a rest, as at `start`."""

    name: str
    of: Callable[[float], float]
    bends: int = 0
    tangent: Callable[[Fraction, Fraction], tuple[Fraction, Fraction]] | None = None
    exactly: Callable[[Fraction], Fraction | None] = lambda v: None
    start: Fraction | None = None

    def around(self, v: Fraction, f: float) -> tuple[Fraction, Fraction]:
        """Between which bounds the function lies at v, where doubles say f."""
        exact = self.exactly(v)
        if exact is not None:
            return exact, exact
        slack = abs(Fraction(f)) * _SLACK + _TINY
        return Fraction(f) - slack, Fraction(f) + slack


EXP = Curve(
    "exp", exponential, 1, lambda v, f: (f, f * (1 - v)), lambda v: None if v else Fraction(1), Fraction(0)
)
LOG = Curve(
    "log", math.log, -1, lambda v, f: (1 / v, f - 1), lambda v: Fraction(0) if v == 1 else None, Fraction(1)
)
SQRT = Curve("sqrt", math.sqrt, -1, lambda v, f: (1 / (2 * f), f / 2) if f > 0 else (Fraction(10**15), f))


INVERSE = Curve("inverse", lambda x: -1 / x, 1, lambda v, f: (1 / (v * v), 2 * f), lambda v: -1 / v)
"""-1 / x for x below 0: increasing, like all curves."""


def power_of(base: float) -> Curve:
    """base ^ x for a base above 1."""
    return Curve(
        f"{base} ^",
        lambda x: math.pow(base, x),
        1,
        exactly=lambda v: None if v else Fraction(1),
        start=Fraction(0),
    )


def power_by(exponent: float) -> Curve:
    """x ^ exponent for x from 0 and an exponent above 0."""
    return Curve(f"^ {exponent}", lambda x: math.pow(x, exponent))


@dataclass(frozen=True, slots=True)
class Bent(Operation):
    """`result` is a curve at `x`, where `when` holds. `points`: that have lemmas."""

    curve: Curve
    x: Term
    result: Term
    when: Term
    points: list[tuple[Fraction, Fraction, Fraction]] = field(default_factory=list)

    def start(self) -> Iterator[Term]:
        """Where the curve is known without looking at a model."""
        if self.curve.start is not None:
            exact = self.curve.exactly(self.curve.start)
            assert exact is not None
            yield from self._point(self.curve.start, exact, exact)

    def lemmas(self, model: z3.ModelRef) -> Iterator[Term]:
        if not z3.is_true(model.evaluate(self.when, model_completion=True)):
            return
        v, found = near(number_in(model, self.x)), number_in(model, self.result)
        try:
            f = self.curve.of(float(v))
        except (ValueError, OverflowError):
            return
        if not math.isfinite(f):
            return
        low, high = self.curve.around(v, f)
        if low <= found <= high:
            return
        yield from self._point(v, low, high)
        yield from self._line(v, low if self.curve.bends > 0 else high)
        insort(self.points, (v, low, high))
        yield from self._chords(v)

    def _point(self, v: Fraction, low: Fraction, high: Fraction) -> Iterator[Term]:
        at = literal(v, False)
        yield implies(self.when, implies(self.x <= at, self.result <= literal(high, False)))
        yield implies(self.when, implies(self.x >= at, self.result >= literal(low, False)))

    def _line(self, v: Fraction, f: Fraction) -> Iterator[Term]:
        if self.curve.tangent is not None:
            slope, height = self.curve.tangent(v, f)
            line = literal(slope, False) * self.x + literal(height, False)
            yield implies(self.when, self.result >= line if self.curve.bends > 0 else self.result <= line)

    def _chords(self, v: Fraction) -> Iterator[Term]:
        for (a, low_a, high_a), (b, low_b, high_b) in pairwise(self.points):
            if v not in (a, b) or a == b or not self.curve.bends:
                continue
            f, g = (high_a, high_b) if self.curve.bends > 0 else (low_a, low_b)
            line = literal(f, False) + literal((g - f) / (b - a), False) * (self.x - literal(a, False))
            inside = both(self.when, self.x >= literal(a, False), self.x <= literal(b, False))
            yield implies(inside, self.result <= line if self.curve.bends > 0 else self.result >= line)


def in_order(places: Iterable[Bent], model: z3.ModelRef) -> Iterator[Term]:
    """Where a model takes a curve, lower at one place than at another, for higher."""
    by_curve: dict[str, list[tuple[Fraction, Fraction, Bent]]] = {}
    for bent in places:
        if z3.is_true(model.evaluate(bent.when, model_completion=True)):
            found = number_in(model, bent.x), number_in(model, bent.result), bent
            by_curve.setdefault(bent.curve.name, []).append(found)
    for places_of in by_curve.values():
        for (_, r, a), (_, s, b) in pairwise(sorted(places_of, key=lambda place: place[:2])):
            if r > s:
                when = both(a.when, b.when)
                yield implies(when, implies(a.x <= b.x, a.result <= b.result))
                yield implies(when, implies(b.x <= a.x, b.result <= a.result))


@dataclass(frozen=True, slots=True)
class Anywhere(Operation):
    """A power of which both sides are free: right at places that were looked at."""

    x: Term
    y: Term
    result: Term
    defined: Term

    def lemmas(self, model: z3.ModelRef) -> Iterator[Term]:
        a, b = near(number_in(model, self.x)), near(number_in(model, self.y))
        here = z3.And(self.x == literal(a, False), self.y == literal(b, False))
        try:
            found = Fraction(math.pow(float(a), float(b)))
        except (ValueError, OverflowError, ZeroDivisionError):
            yield implies(here, z3.Not(self.defined))
            return
        slack = abs(found) * _SLACK + _TINY
        inside = z3.And(
            self.result >= literal(found - slack, False), self.result <= literal(found + slack, False)
        )
        if not z3.is_true(model.evaluate(z3.And(inside, self.defined), model_completion=True)):
            yield implies(here, z3.And(self.defined, inside))


# --- all of a question ------------------------------------------------------------------------------


class Terms:
    """The operations of one prover, each made once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.operations: dict[int, Operation] = {}
        self._made: dict[tuple[object, ...], Term] = {}

    def add(self, results: Sequence[Term], operation: Operation, facts: Iterable[Term] = ()) -> None:
        """An operation, by the variables that stand for its result, and what is always true of it."""
        for result in results:
            self.operations[result.get_id()] = operation
        self.facts.add(results, facts)

    def variable(self, name: str, *operands: Term) -> tuple[Term, bool]:
        """The real number that stands for an operation on operands, and whether it is new."""
        key = (name, *(operand.get_id() for operand in operands))
        is_new = key not in self._made
        if is_new:
            self._made[key] = z3.Real(f"{name} #{len(self._made)}")
            self._made[("kept", *key)] = operands  # so that no id is used again
        return self._made[key], is_new

    def product(self, a: Number, b: Number) -> Term:
        x, y = sorted((real(a.value), real(b.value)), key=lambda each: each.get_id())
        z, is_new = self.variable("product", x, y)
        if is_new:
            product = Product(x, y, z)
            bounds = (a.bounds, b.bounds) if x.eq(real(a.value)) else (b.bounds, a.bounds)
            self.add([z], product, product.facts(*bounds))
        return z

    def quotient(self, a: Number, b: Number, bounds: Interval) -> Term:
        """a / b, of which nothing is known where b is 0."""
        n, d = real(a.value), real(b.value)
        if a.constant is not None and b.bounds[0] > 0:
            low, high = b.bounds
            inverse = widened((1 / high, 1 / low))
            return n * self.curve(INVERSE, -d, YES, inverse)
        q, is_new = self.variable("quotient", n, d)
        if is_new:
            product = Product(q, d, n, d != 0)
            facts = (*product.facts(bounds, b.bounds), *within(q, bounds, d != 0))
            self.add([q], product, facts)
        return q

    def curve(self, curve: Curve, x: Term, when: Term, bounds: Interval) -> Term:
        """A curve at x, of which nothing is known where `when` does not hold."""
        x = real(x)
        result, is_new = self.variable(curve.name, x)
        if is_new:
            bent = Bent(curve, x, result, when)
            self.add([result], bent, [*within(result, bounds, when), *bent.start()])
        return result

    def power(self, a: Term, b: Term) -> tuple[Term, Term]:
        """a ^ b, and whether it is defined."""
        x, y = real(a), real(b)
        result, is_new = self.variable("power", x, y)
        defined = z3.Bool(f"{result} defined")
        if is_new:
            self.add([result, defined], Anywhere(x, y, result, defined), [implies(x > 0, result >= 0)])
        return result, defined
