"""Where anything turns along one numeric field: its values cut into pieces on which nothing changes.

A test compares two expressions: those of a condition, or the scores of two candidates, or a score and the threshold.
On a piece where both move in known directions their order turns twice at most, and halving finds the very value.
Where what is compared is linear, that is so as well, and where it turns is known before. Where directions are not
known, a piece of few values is looked at value by value; of many values, some are tried,
and `exact` is no more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nbadsl.change.direction import Directions
from nbadsl.change.linear import Form, differences
from nbadsl.change.values import Line
from nbadsl.interpreter import Evaluator
from nbadsl.program.nodes import Expr

FEW = 256
_SAMPLES = 65
_MOST_DIVIDED = 400
_NEAR = (2, 2**10, 2**24)


@dataclass(frozen=True, slots=True)
class Test:
    """Two expressions whose order matters. `right`: None where it matters whether there is a left one."""

    left: Expr
    right: Expr | None


@dataclass(frozen=True, slots=True)
class Pieces:
    """First and last places of the pieces, in order. `exact`: whether certainly nothing turns within one."""

    ends: tuple[tuple[int, int], ...]
    exact: bool


def pieces(
    line: Line,
    tests: Sequence[Test],
    moving: frozenset[Expr],
    at: Callable[[int], Evaluator],
) -> Pieces:
    """Cut the values of a field. `tests`: those that read it, each behind those within it. `moving`: the expressions
    that read the field. `at`: evaluates where the field has the value of a place."""
    starts, exact = [line.low], True
    for test in tests:
        found = set(starts)
        for low, high in _ends(starts, line.high):
            turns, certain = _turns(test, low, high, line, moving, at)
            found.update(turns)
            exact &= certain
        starts = sorted(found)
    return Pieces(tuple(_ends(starts, line.high)), exact)


def _ends(starts: Sequence[int], last: int) -> Iterator[tuple[int, int]]:
    for start, after in zip(starts, (*starts[1:], last + 1), strict=True):
        yield start, after - 1


def _turns(
    test: Test,
    low: int,
    high: int,
    line: Line,
    moving: frozenset[Expr],
    at: Callable[[int], Evaluator],
) -> tuple[list[int], bool]:
    """The places in a piece from which on a test has another answer, and whether these are all."""

    def order(place: int) -> int | None:
        return _order(test, at(place))

    if low == high:
        return [], True
    if test.right is not None:
        linear = differences(test.left, test.right, (moving, frozenset()), at(low))
        if linear is not None and len(linear) == 1:
            return list(_steps(order, low, high, _root(linear[0], line, low))), True
    directions = Directions(moving, at(low), at(high))
    left = directions.of(test.left)
    right = 0 if test.right is None else directions.of(test.right)
    if left is not None and right is not None and left * right <= 0:
        return list(_steps(order, low, high)), not directions.rough
    if left is not None and left == right and (found := _divided(test, left, low, high, at)) is not None:
        return found, not directions.rough
    if high - low < FEW:
        return [p for p in range(low + 1, high + 1) if order(p) != order(p - 1)], True
    tried = sorted({_sample(line, low, high, step) for step in range(_SAMPLES)})
    return [turn for a, b in pairwise(tried) for turn in _steps(order, a, b)], False


def _divided(test: Test, move: int, low: int, high: int, at: Callable[[int], Evaluator]) -> list[int] | None:
    """Where the order of two expressions turns that move in one direction; None where that is much work. Their order
    is the same all over a piece at whose worse ends it is clear; other pieces are halved."""
    found: list[int] = []
    work = [(low, high)]
    for _ in range(_MOST_DIVIDED):
        if not work:
            return sorted(found)
        a, b = work.pop()
        low_at, high_at = (at(a), at(b)) if move > 0 else (at(b), at(a))
        least, most = (_numbers(test, evaluator) for evaluator in (low_at, high_at))
        if most[0] < least[1] or least[0] > most[1]:
            continue
        if b - a > 1:
            work += [((a + b) // 2, b), (a, (a + b) // 2)]
        elif _order(test, at(a)) != _order(test, at(b)):
            found.append(b)
    return None


def _numbers(test: Test, evaluator: Evaluator) -> tuple[float, float]:
    assert test.right is not None
    left, right = evaluator.value(test.left), evaluator.value(test.right)
    assert isinstance(left, float) and isinstance(right, float)
    return left, right


def _order(test: Test, evaluator: Evaluator) -> int | None:
    left = evaluator.value(test.left)
    right = left if test.right is None else evaluator.value(test.right)
    if not isinstance(left, float) or not isinstance(right, float):
        return None
    return (left > right) - (left < right)


def _root(form: Form, line: Line, otherwise: int) -> int:
    """The place near which a linear difference is nothing."""
    root = -form[2] / form[0] if form[0] else math.nan
    return line.place(root) if math.isfinite(root) else otherwise


def _steps(order: Callable[[int], int | None], low: int, high: int, guess: int = 0) -> Iterator[int]:
    """Where an order that only grows, or only falls, turns. `guess`: a place near which it may."""
    end = order(high)
    while (start := order(low)) != end:
        a, b = low, high
        for width in _NEAR:
            near = max(low, guess - width), min(high, guess + width)
            if near[0] < near[1] and order(near[0]) == start != order(near[1]):
                a, b = near
                break
        while b - a > 1:
            middle = (a + b) // 2
            if order(middle) == start:
                a = middle
            else:
                b = middle
        yield b
        low = b


def _sample(line: Line, low: int, high: int, step: int) -> int:
    """A place among some that are spread over a piece by their values."""
    a, b = line.value(low), line.value(high)
    return min(max(line.place(a + (b - a) * (step / (_SAMPLES - 1))), low), high)
