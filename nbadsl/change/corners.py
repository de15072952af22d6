"""Where two numeric fields meet in a test: the values of the first with which anything can turn, whatever the second is.

On the plane of both, tests that read one field are lines along the other, and tests that read both lean, as long as
they are linear: `a * x + b * y + c > 0`. Within a cell between such lines nothing turns; and as distances grow evenly,
or ever more slowly, the nearest point of a cell is in one of its corners. So the first field needs to be tried only
where lines cross, and what the second one is then is looked for along it.

Corners are found to the last digits. Of two whole numbers a corner may not be whole: only where tests have them alike
(`a` is `b` or `-b`) is the nearest whole point beside it, and elsewhere `exact` is no.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from nbadsl.change.linear import Form, all_of, differences
from nbadsl.change.pieces import Pieces, Test, pieces
from nbadsl.change.values import Line
from nbadsl.interpreter import Evaluator
from nbadsl.program.nodes import Expr

_MOST_PLACES = 64
_BESIDE = (-(2**20), -(2**10), -1, 0, 1, 2**10, 2**20)  # steps of a double that a crossing may be away


@dataclass(frozen=True, slots=True)
class Axis:
    """A field of a plane. `moving`: the expressions that read it. `start`: the place from which distances count."""

    line: Line
    moving: frozenset[Expr]
    start: int


def corners(
    x: Axis, y: Axis, tests: Sequence[Test], at: Callable[[int, int], Evaluator]
) -> tuple[list[int], bool]:
    """The places of `x` that need to be tried, and whether these are all. `tests`: all that read one of the fields, each
    behind those within it. `at`: evaluates at places of both."""

    def of(test: Test, axis: Axis) -> bool:
        return test.left in axis.moving or test.right in axis.moving

    mine = [test for test in tests if of(test, x)]
    alone = [test for test in mine if not of(test, y)], [test for test in tests if not of(test, x)]
    across = pieces(x.line, alone[0], x.moving, lambda place: at(place, y.start))
    along = pieces(y.line, alone[1], y.moving, lambda place: at(x.start, place))
    found, exact = {x.start - 1, x.start + 1, *_ends(across)}, across.exact and along.exact
    for second in sorted({y.start, *_ends(along)}):
        turns = pieces(x.line, mine, x.moving, lambda place, second=second: at(place, second))  # type: ignore[misc]
        found.update(_ends(turns))
        exact &= turns.exact
    both = [(test.left, test.right) for test in mine if of(test, y) and test.right is not None]
    fields = x.moving, y.moving
    for (low, high), (lower, upper) in product(across.ends, along.ends):
        forms = [differences(left, right, fields, at(low, lower)) for left, right in both]
        linear = all_of(forms)
        exact &= linear is not None and not (x.line.whole and y.line.whole and any(map(_is_uneven, linear)))
        for one, other in combinations(linear or (), 2):
            found.update(_crossing(one, other, (x.line, low, high), (y.line, lower, upper)))
    inside = [place for place in found if x.line.low <= place <= x.line.high]
    nearest = sorted(inside, key=lambda place: abs(x.line.value(place) - x.line.value(x.start)))
    return nearest[:_MOST_PLACES], exact and len(nearest) <= _MOST_PLACES


def _ends(cut: Pieces) -> Iterator[int]:
    for low, high in cut.ends:
        yield from (low, high)


def _is_uneven(form: Form) -> bool:
    return form[0] != 0 != form[1] and abs(form[0]) != abs(form[1])


_Side = tuple[Line, int, int]


def _crossing(one: Form, other: Form, x: _Side, y: _Side) -> Iterator[int]:
    """The places beside that where two lines cross, if they do so between some ends."""
    (a, b, c), (d, e, f) = one, other
    divisor = a * e - d * b
    if divisor == 0 or not math.isfinite(divisor):
        return
    for value, (line, low, high) in (((b * f - e * c) / divisor, x), ((d * c - a * f) / divisor, y)):
        if not line.value(low) - 1 <= value <= line.value(high) + 1:
            return
    line, low, high = x
    place = line.place((b * f - e * c) / divisor)
    yield from (place + step for step in ((-1, 0, 1, 2) if line.whole else _BESIDE))
