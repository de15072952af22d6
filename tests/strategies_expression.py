"""Hypothesis strategies for fields and well-typed expressions of programs.

Takes nothing but Hypothesis's choices; gives the fields a program may have (`FIELDS`, `CONTEXT`,
`PARAMETERS`), strategies for their values, and a `Grower` that grows expressions of any type.

The idea: literals and data are drawn from the same few values of each type, so that equality, ties and
range bounds happen all the time instead of almost never. Every production of the typed program is one
line of a table by type; a choice is an index into the table, the simplest production first, so that
Hypothesis shrinks towards leaves. Every operation gets an origin, and now and then one that another
operation has already, as an inlined function's body does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

from nbadsl.program.nodes import COMPARISONS, Experiment, Expr, Input, Value
from nbadsl.program.pool import Pool
from nbadsl.source import Source, Span
from nbadsl.types import (
    CLOCK,
    DATE,
    DAY,
    DURATION,
    FLAG,
    HOUR,
    INTEGER,
    NUMBER,
    SECOND,
    TEXT,
    TIME,
    Money,
    Set,
    Type,
    Words,
    is_numeric,
)

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]

EUR = Money("EUR")
PLAN = Words(("basic", "plus", "unlimited"))
PAGE = Words(("cart", "home", "other"))
TOPICS = Set(("film", "sport", "travel"))
PLACES = Set(("city", "sea"))

NOON = 1_794_301_200 * SECOND  # 2026-11-10 09:00 UTC, a Tuesday
TODAY = 20767.0  # 2026-11-10
FIRST_DAY, LAST_DAY = -719162.0, 2932896.0  # 0001-01-01, 9999-12-31

# Values that rows and literals share. Each list begins with what a counterexample should shrink to.
VALUES: dict[Type, tuple[bool | float | str, ...]] = {
    FLAG: (True, False),
    INTEGER: (0.0, 1.0, 2.0, 3.0, -1.0, 18.0, 30.0, 120.0, -7.0, float(2**53), -float(2**53)),
    NUMBER: (
        *(0.0, 1.0, 2.0, 0.5, -1.0, 0.1, 0.3, 2.5, -2.5, 10.0, 100.0, -0.0, 0.49999999999999994),
        *(710.0, 1e-300, 1e300, -1.7e308, 5e-324, 4503599627370497.5),
    ),
    EUR: (0.0, 10.0, 20.0, 0.5, 12.5, 800.0, -15.0, 0.01, 1e12, 1.7e308),
    DURATION: (0.0, DAY, 14 * DAY, HOUR, SECOND, -2 * DAY, 1.0, 366 * DAY, 1e15),
    # Month ends, leap days, days on which clocks change, the first and the last day of the calendar.
    DATE: (
        *(TODAY, TODAY - 1, TODAY - 14, 0.0, 19782.0, 20512.0, 20484.0, 11016.0, -25509.0),
        *(20541.0, 20751.0, 15338.0, FIRST_DAY, LAST_DAY),
    ),
    TIME: (
        *(NOON, NOON - 14 * DAY, NOON + 3 * HOUR, NOON - 1.0, 0.0, -1.0, 15338 * DAY + 10 * HOUR),
        *(20541 * DAY + HOUR, 20751 * DAY + HOUR, 20751 * DAY + HOUR - 1.0, FIRST_DAY * DAY, LAST_DAY * DAY),
    ),
    CLOCK: (0.0, 8 * HOUR, 10 * HOUR, 21 * HOUR, DAY - 1.0, 1.0),
    TEXT: ("", "a", "ab", "aB", "gold", "golden", "é", "e\u0301", "ÿ🦄", "🦄", "a\x00", " a"),
    PLAN: PLAN.words,
    PAGE: PAGE.words,
}
PATTERNS = ("a", "", "b", "gold", "en", "\u0301", "🦄", "\x00", "B")
NUMERIC: tuple[Type, ...] = (NUMBER, NUMBER, INTEGER, EUR, DURATION, DATE, TIME, CLOCK)

# `optional` is drawn for each program; `never` is fixed here.
FIELDS = (
    Input("vip", FLAG),
    Input("consent", FLAG),
    Input("age", INTEGER, low=0.0, high=120.0),
    Input("visits", INTEGER, low=0.0, high=3.0),
    Input("total", INTEGER),
    Input("rate", NUMBER),
    Input("odds", NUMBER, low=0.0, high=1.0),
    Input("risk", NUMBER, low=0.0, high=1.0),
    Input("fee", EUR, low=0.0),
    Input("balance", EUR),
    Input("gap", DURATION),
    Input("birthday", DATE),
    Input("left_on", DATE, never=True),
    Input("joined", TIME),
    Input("complained", TIME, never=True),
    Input("opens", CLOCK),
    Input("city", TEXT),
    Input("note", TEXT),
    Input("plan", PLAN),
    Input("old_plan", PLAN),
    Input("interests", TOPICS),
    Input("places", PLACES),
)
CONTEXT = (
    Input("page", PAGE),
    Input("roaming", FLAG, default=False),
    Input("seats", INTEGER, low=-1.0, high=120.0),
    Input("remark", TEXT),
    Input("since", TIME),
    Input("basket", TOPICS),
)
PARAMETERS = (
    Input("lever", NUMBER, low=0.5, high=10.0, default=1.0),
    Input("open_now", FLAG, default=True),
    Input("floor_price", EUR, default=0.5),
    Input("grade", PLAN, default="plus"),
    Input("start_day", DATE, default=TODAY),
)

SOURCE = Source("grown.nba", "\n" * 1000)


def fitting(input: Input) -> tuple[Value, ...]:
    """The shared values of a field's type that its range allows, with the bounds themselves."""
    if isinstance(input.type, Set):
        words = input.type.words
        return (frozenset(), frozenset(words), frozenset(words[:1]), frozenset(words[1:]))
    low = -float("inf") if input.low is None else input.low
    high = float("inf") if input.high is None else input.high
    if not is_numeric(input.type):
        return VALUES[input.type]
    bounds = [bound for bound in (input.low, input.high) if bound is not None]
    inside = [v for v in VALUES[input.type] if isinstance(v, float) and low <= v <= high]
    return tuple(dict.fromkeys([*inside, *bounds]))


@cache
def values(input: Input) -> st.SearchStrategy[Value]:
    """Values of a field: mostly the shared ones, sometimes any that fits, unknown where it may be."""
    shared = st.sampled_from(fitting(input))
    ways: list[st.SearchStrategy[Value]] = [shared, shared, shared]
    match input.type:
        case type if type in (NUMBER, EUR):
            ways.append(st.floats(input.low, input.high, allow_nan=False, allow_infinity=False))
        case type if type in (DATE, TIME):
            unit = 1.0 if type == DATE else DAY
            ways.append(st.integers(int(TODAY) - 800, int(TODAY) + 800).map(lambda day: float(day * unit)))
    if input.optional or input.never:
        ways.append(st.none())
    return st.one_of(ways)


@cache
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


class Grower:
    """Grows expressions from leaves that are given by type.

    `leaves`: what an expression may read. `made`: what it has grown already, to be used again.
    """

    def __init__(self, draw: Draw, pool: Pool, leaves: Sequence[Expr]) -> None:
        self.draw, self.pool = draw, pool
        self.leaves: dict[Type, list[Expr]] = {}
        for leaf in leaves:
            self.leaves.setdefault(leaf.type, []).append(leaf)
        self.made: dict[Type, list[Expr]] = {}
        self.origins = 0

    # --- choices ---

    def one(self, options: Sequence[T]) -> T:
        return options[self.draw(_below(len(options)))]

    def chance(self, percent: int) -> bool:
        return bool(self.draw(_below(100)) >= 100 - percent)

    def origin(self) -> Span:
        if self.origins == 0 or not self.chance(15):
            self.origins += 1
        start = self.origins % 1000
        return Span(SOURCE, start, start + 1)

    # --- expressions ---

    def grow(self, type: Type, depth: int) -> Expr:
        """An expression of a type, at most `depth` operations deep."""
        made = self.made.setdefault(type, [])
        if made and self.chance(20):
            return self.one(made)
        if depth <= 0 or self.chance(15):
            return self.leaf(type)
        ways = WAYS.get(type, (*CONDITIONAL,))
        grown = self.one(ways)(self, type, depth - 1)
        made.append(grown)
        return grown

    def leaf(self, type: Type) -> Expr:
        """A field or a literal; a set has no literals."""
        leaves = self.leaves.get(type, [])
        if leaves and (isinstance(type, Set) or not self.chance(25)):
            return self.one(leaves)
        if isinstance(type, Words):
            return self.pool.literal(self.one(type.words), type)
        if is_numeric(type) and self.chance(5):
            return self.pool.literal(None, type)
        return self.pool.literal(self.one(VALUES[type]), type)

    def sets(self) -> list[Expr]:
        return [leaf for type in (TOPICS, PLACES) for leaf in self.leaves.get(type, [])]

    def worded(self) -> list[Type]:
        """The types of words that something can be read of."""
        return [type for type in self.leaves if isinstance(type, Words)] or [PLAN]

    def rule(self) -> Expr:
        """A condition that is yes more often than a random one."""
        grown = self.grow(FLAG, 3)
        if self.chance(50):
            grown = self.pool.either(grown, self.grow(FLAG, 2))
        return grown


Way = Callable[[Grower, Type, int], Expr]


def _arithmetic(op: str, *types: Type) -> Way:
    return lambda g, type, depth: g.pool.arithmetic(
        op, *(g.grow(t, depth) for t in types), type=type, origin=g.origin()
    )


def _calendar(op: str, *types: Type) -> Way:
    return lambda g, type, depth: g.pool.calendar(
        op, *(g.grow(t, depth) for t in types), type=type, origin=g.origin()
    )


def _choose(g: Grower, type: Type, depth: int) -> Expr:
    return g.pool.choose(g.grow(FLAG, depth), g.grow(type, depth), g.grow(type, depth), g.origin())


def _or_else(g: Grower, type: Type, depth: int) -> Expr:
    return g.pool.or_else(g.grow(type, depth), g.grow(type, depth), g.origin())


def _table(g: Grower, type: Type, depth: int) -> Expr:
    """A decision table as the compiler spells it: conditions one after the other, then the default."""
    result = g.leaf(type)
    for _ in range(g.one((2, 3))):
        cell = g.pool.both(g.grow(FLAG, 0), g.grow(FLAG, depth - 1))
        result = g.pool.choose(cell, g.leaf(type), result, g.origin())
    return result


def _compare(g: Grower, _: Type, depth: int) -> Expr:
    type = g.one(NUMERIC)
    return g.pool.compare(g.one(COMPARISONS), g.grow(type, depth), g.grow(type, depth), g.origin())


def _same(g: Grower, _: Type, depth: int) -> Expr:
    type = g.one((TEXT, FLAG, *g.worded()))
    return g.pool.same(g.grow(type, depth), g.grow(type, depth), g.origin())


def _member(g: Grower, _: Type, depth: int) -> Expr:
    type = g.one((TEXT, *g.worded()))
    words = type.words if isinstance(type, Words) else tuple(map(str, VALUES[TEXT]))
    return g.pool.member(
        g.grow(type, depth), tuple(g.one(words) for _ in range(g.one((1, 2, 3)))), g.origin()
    )


def _match(g: Grower, _: Type, depth: int) -> Expr:
    givens = [leaf for leaf in g.leaves.get(TEXT, []) if type(leaf).__name__ == "Given"]
    pattern = g.one(givens) if givens and g.chance(30) else g.pool.literal(g.one(PATTERNS), TEXT)
    return g.pool.match(g.one(("starts", "ends", "contains")), g.grow(TEXT, depth), pattern, g.origin())


def _has(g: Grower, _: Type, depth: int) -> Expr:
    if not g.sets():
        return g.grow(FLAG, depth)
    operand = g.one(g.sets())
    assert isinstance(operand.type, Set)
    words = tuple(g.one(operand.type.words) for _ in range(g.one((1, 2))))
    return g.pool.has(g.one(("any", "all")), operand, words, g.origin())


def _is_known(g: Grower, _: Type, depth: int) -> Expr:
    if g.sets() and g.chance(20):
        return g.pool.is_known(g.one(g.sets()), g.origin())
    return g.pool.is_known(g.grow(g.one((*NUMERIC, TEXT, FLAG, *g.worded())), depth), g.origin())


CONDITIONAL: tuple[Way, ...] = (_choose, _or_else, _table)

_FLAGS: tuple[Way, ...] = (
    *(_compare, _compare, _compare, _compare, _compare, _same, _member, _match, _has, _is_known),
    *CONDITIONAL,
    lambda g, type, depth: g.pool.negate(g.grow(FLAG, depth), g.origin()),
    lambda g, type, depth: g.pool.both(g.grow(FLAG, depth), g.grow(FLAG, depth), g.origin()),
    lambda g, type, depth: g.pool.either(g.grow(FLAG, depth), g.grow(FLAG, depth), g.origin()),
)


def _amounts(type: Type) -> tuple[Way, ...]:
    """What money and durations can do."""
    return (
        *(_arithmetic(op, type, type) for op in ("add", "sub", "min", "max")),
        *(_arithmetic(op, type) for op in ("neg", "abs", "floor", "round")),
        *(_arithmetic(op, type, NUMBER) for op in ("mul", "div")),
        *CONDITIONAL,
    )


WAYS: dict[Type, tuple[Way, ...]] = {
    FLAG: _FLAGS,
    NUMBER: (
        *(_arithmetic(op, NUMBER, NUMBER) for op in ("add", "sub", "mul", "div", "pow", "min", "max")),
        *(_arithmetic(op, NUMBER, INTEGER) for op in ("add", "mul", "div", "pow")),
        *(_arithmetic(op, NUMBER) for op in ("neg", "abs", "floor", "ceil", "round", "exp", "log", "sqrt")),
        *(_arithmetic("div", type, type) for type in (EUR, EUR, DURATION, NUMBER, INTEGER)),
        *(_calendar(op, DATE) for op in ("year", "month", "day", "weekday")),
        _calendar("months_between", DATE, DATE),
        *CONDITIONAL,
    ),
    INTEGER: (
        *(_arithmetic(op, INTEGER, INTEGER) for op in ("add", "sub", "mul", "min", "max")),
        *(_arithmetic(op, INTEGER) for op in ("neg", "abs")),
        *CONDITIONAL,
    ),
    EUR: _amounts(EUR),
    DURATION: (
        *_amounts(DURATION),
        _arithmetic("sub", TIME, TIME),
        _arithmetic("sub", CLOCK, CLOCK),
    ),
    DATE: (
        _calendar("local_date", TIME),
        _calendar("add_months", DATE, INTEGER),
        *(_arithmetic(op, DATE, INTEGER) for op in ("add", "sub")),
        *(_arithmetic(op, DATE, DATE) for op in ("min", "max")),
        *CONDITIONAL,
    ),
    TIME: (
        _calendar("midnight", DATE),
        *(_arithmetic(op, TIME, DURATION) for op in ("add", "sub")),
        *(_arithmetic(op, TIME, TIME) for op in ("min", "max")),
        *CONDITIONAL,
    ),
    CLOCK: (_calendar("local_clock", TIME), *CONDITIONAL),
}


def arm_type(experiment: Experiment) -> Words:
    return Words(tuple(name for name, _ in experiment.arms))
