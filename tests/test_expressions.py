"""What expressions are worth for one person: the interpreter's definitions, operation by operation."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbadsl.interpreter import Evaluator
from nbadsl.program.nodes import COMPARISONS, Expr, Value
from nbadsl.program.pool import Pool
from nbadsl.source import Source, Span
from nbadsl.types import DATE, FLAG, NUMBER, TEXT, Set, Words
from nbadsl.zone import zone

SOURCE = Source("p.nba", "0123456789")
POOL = Pool()
BERLIN = zone("Europe/Berlin")
TOPICS = Set(("film", "sport", "travel"))
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def at(place: int) -> Span:
    return Span(SOURCE, place, place + 1)


def evaluator(**row: Value) -> Evaluator:
    return Evaluator(row, {"now": 1.0, "word": "go"}, {"test": "lower"}, BERLIN)


def flag(name: str) -> Expr:
    return POOL.column(name, FLAG, True)


def number(name: str) -> Expr:
    return POOL.column(name, NUMBER, True)


def literal(value: float) -> Expr:
    return POOL.literal(value, NUMBER)


def compute(op: str, *values: float | None) -> Value:
    names = "xy"[: len(values)]
    expr = POOL.arithmetic(op, *(number(name) for name in names))
    return evaluator(**dict(zip(names, values, strict=True))).value(expr)


# --- leaves ---


def test_leaves_are_read_from_row_run_and_arms():
    person = evaluator(age=30.0)
    assert person.value(number("age")) == 30.0
    assert person.value(POOL.given("word", TEXT)) == "go"
    assert person.value(POOL.arm("test", Words(("control", "lower")))) == "lower"
    assert person.value(POOL.literal("x", TEXT)) == "x"


# --- unknown ---

KLEENE = (True, False, None)


@pytest.mark.parametrize(("left", "right"), list(product(KLEENE, KLEENE)))
def test_and_or_not_follow_kleene(left, right):
    person = evaluator(a=left, b=right)
    both = False if False in (left, right) else None if None in (left, right) else True
    either = True if True in (left, right) else None if None in (left, right) else False
    assert person.value(POOL.both(flag("a"), flag("b"))) is both
    assert person.value(POOL.either(flag("a"), flag("b"))) is either
    assert person.value(POOL.negate(flag("a"))) is (None if left is None else not left)


@pytest.mark.parametrize("values", [(None, 1.0), (1.0, None), (None, None)])
def test_unknown_travels_through_operations(values):
    person = evaluator(x=values[0], y=values[1], s=None, w=None, t=None)
    x, y = number("x"), number("y")
    assert person.value(POOL.compare("<", x, y)) is None
    assert person.value(POOL.arithmetic("add", x, y)) is None
    assert person.value(POOL.calendar("add_months", x, y, type=DATE)) is None
    assert person.value(POOL.member(POOL.column("w", TEXT, True), ("a",))) is None
    assert person.value(POOL.match("starts", POOL.column("w", TEXT, True), POOL.literal("", TEXT))) is None
    assert person.value(POOL.has("any", POOL.column("s", TOPICS, True), ("film",))) is None
    assert person.value(POOL.same(flag("t"), POOL.yes())) is None
    assert person.undefined == set()


def test_is_known_asks_and_is_never_unknown():
    person = evaluator(x=None, y=0.0, s=frozenset(), n=False)
    assert person.value(POOL.is_known(number("x"))) is False
    assert person.value(POOL.is_known(number("y"))) is True
    assert person.value(POOL.is_known(POOL.column("s", TOPICS, True))) is True
    assert person.value(POOL.is_known(flag("n"))) is True


def test_or_else_takes_the_right_side_only_where_the_left_is_unknown():
    person = evaluator(x=None, y=2.0, no=False)
    assert person.value(POOL.or_else(number("x"), number("y"))) == 2.0
    assert person.value(POOL.or_else(number("y"), literal(5.0))) == 2.0
    assert person.value(POOL.or_else(flag("no"), POOL.yes())) is False
    assert person.value(POOL.or_else(number("x"), number("x"))) is None


def test_if_chooses_a_branch_and_is_unknown_when_its_condition_is():
    person = evaluator(yes=True, no=False, unknown=None, x=1.0, y=2.0)
    assert person.value(POOL.choose(flag("yes"), number("x"), number("y"))) == 1.0
    assert person.value(POOL.choose(flag("no"), number("x"), number("y"))) == 2.0
    assert person.value(POOL.choose(flag("unknown"), number("x"), number("x"))) is None


# --- what is evaluated ---

BROKEN = POOL.compare(">", POOL.arithmetic("div", literal(1.0), literal(0.0), origin=at(1)), literal(0.0))
BROKEN_NUMBER = POOL.arithmetic("div", literal(2.0), literal(0.0), origin=at(2))


@pytest.mark.parametrize(
    ("expr", "value", "met"),
    [
        (BROKEN, None, True),
        (POOL.both(flag("no"), BROKEN), False, False),
        (POOL.both(flag("yes"), BROKEN), None, True),
        (POOL.both(flag("unknown"), BROKEN), None, True),
        (POOL.both(BROKEN, flag("no")), False, True),
        (POOL.either(flag("yes"), BROKEN), True, False),
        (POOL.either(flag("no"), BROKEN), None, True),
        (POOL.either(flag("unknown"), BROKEN), None, True),
        (POOL.choose(flag("yes"), POOL.yes(), BROKEN), True, False),
        (POOL.choose(flag("no"), BROKEN, POOL.yes()), True, False),
        (POOL.choose(flag("unknown"), BROKEN, BROKEN), None, False),
        (POOL.choose(BROKEN, POOL.yes(), POOL.yes()), None, True),
        (POOL.or_else(flag("no"), BROKEN), False, False),
        (POOL.or_else(flag("unknown"), BROKEN), None, True),
        (POOL.or_else(BROKEN, POOL.yes()), True, True),
        (POOL.is_known(BROKEN), False, True),
        (POOL.same(flag("unknown"), BROKEN), None, True),
    ],
)
def test_undefined_arithmetic_is_noted_exactly_where_it_is_needed(expr, value, met):
    person = evaluator(yes=True, no=False, unknown=None)
    assert person.value(expr) is value
    assert person.undefined == ({at(1)} if met else set())


def test_all_operands_are_evaluated_also_after_an_unknown_one():
    person = evaluator(x=None)
    assert person.value(POOL.arithmetic("add", number("x"), BROKEN_NUMBER)) is None
    assert person.value(POOL.compare("<", number("x"), BROKEN_NUMBER)) is None
    assert person.undefined == {at(2)}


def test_what_follows_undefined_arithmetic_is_unknown_but_not_undefined_itself():
    person = evaluator()
    outer = POOL.arithmetic(
        "log", POOL.arithmetic("sub", BROKEN_NUMBER, literal(1.0), origin=at(3)), origin=at(4)
    )
    assert person.value(outer) is None
    assert person.undefined == {at(2)}


def test_two_operations_of_one_origin_are_noted_once():
    person = evaluator()
    person.value(POOL.arithmetic("sqrt", literal(-1.0), origin=at(5)))
    person.value(POOL.arithmetic("sqrt", literal(-2.0), origin=at(5)))
    assert person.undefined == {at(5)}


def test_long_sums_conditions_and_tables_do_not_exhaust_the_stack():
    total, condition, table = literal(0.0), POOL.no(), literal(-1.0)
    for i in range(5_000):
        total = POOL.arithmetic("add", total, literal(float(i % 2)))
        condition = POOL.either(condition, POOL.compare("==", number("x"), literal(float(i))))
        table = POOL.choose(POOL.compare("==", number("x"), literal(float(i))), literal(i * 2.0), table)
    person = evaluator(x=7.0)
    assert person.value(total) == 2_500.0
    assert person.value(condition) is True
    assert person.value(table) == 14.0
    assert evaluator(x=-3.0).value(table) == -1.0


# --- comparing ---


@given(st.sampled_from(COMPARISONS), FINITE, FINITE | st.just(0.0))
def test_comparisons_are_those_of_doubles(op, x, y):
    person = evaluator(x=x, y=y)
    expected = {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y, "==": x == y, "!=": x != y}[op]
    assert person.value(POOL.compare(op, number("x"), number("y"))) is expected


def test_zero_and_minus_zero_are_equal_and_tenths_are_doubles():
    assert evaluator(x=0.0, y=-0.0).value(POOL.compare("==", number("x"), number("y"))) is True
    assert evaluator(x=0.1 + 0.2, y=0.3).value(POOL.compare("==", number("x"), number("y"))) is False


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("a", "a", True),
        ("a", "A", False),
        ("é", "e\u0301", False),
        ("", " ", False),
        (True, True, True),
        (False, True, False),
    ],
)
def test_texts_are_the_same_when_all_code_points_are(left, right, same):
    type = FLAG if isinstance(left, bool) else TEXT
    assert (
        evaluator(a=left, b=right).value(
            POOL.same(POOL.column("a", type, True), POOL.column("b", type, True))
        )
        is same
    )


def test_membership_is_by_whole_words():
    person = evaluator(w="plus")
    assert person.value(POOL.member(POOL.column("w", TEXT, True), ("basic", "plus"))) is True
    assert person.value(POOL.member(POOL.column("w", TEXT, True), ("plu", "plusplus"))) is False


@pytest.mark.parametrize(
    ("op", "text", "pattern", "expected"),
    [
        ("starts", "golden", "gold", True),
        ("starts", "golden", "Gold", False),
        ("starts", "gold", "golden", False),
        ("starts", "", "", True),
        ("ends", "golden", "en", True),
        ("ends", "golden", "gold", False),
        ("ends", "e\u0301", "\u0301", True),
        ("contains", "golden", "ld", True),
        ("contains", "golden", "LD", False),
        ("contains", "x", "", True),
        ("contains", "ÿ🦄", "🦄", True),
        ("contains", "a\x00b", "\x00b", True),
    ],
)
def test_matching_is_by_code_points_and_case(op, text, pattern, expected):
    column = POOL.column("w", TEXT, True)
    assert evaluator(w=text).value(POOL.match(op, column, POOL.literal(pattern, TEXT))) is expected


@pytest.mark.parametrize(
    ("held", "op", "words", "expected"),
    [
        ({"film"}, "any", ("film", "sport"), True),
        ({"travel"}, "any", ("film", "sport"), False),
        ({"film"}, "all", ("film", "sport"), False),
        ({"film", "sport", "travel"}, "all", ("film", "sport"), True),
        ({"film", "sport"}, "all", ("film", "sport"), True),
        (set(), "any", ("film",), False),
        (set(), "all", ("film",), False),
    ],
)
def test_a_set_has_any_or_all_of_some_words(held, op, words, expected):
    person = evaluator(s=frozenset(held))
    assert person.value(POOL.has(op, POOL.column("s", TOPICS, True), words)) is expected


# --- arithmetic ---


@pytest.mark.parametrize(
    ("op", "x", "expected"),
    [
        ("neg", 2.0, -2.0),
        ("abs", -2.5, 2.5),
        ("floor", -0.5, -1.0),
        ("floor", 2.7, 2.0),
        ("ceil", 2.1, 3.0),
        ("ceil", -0.5, -0.0),
        ("floor", 1e300, 1e300),
        ("round", 2.5, 3.0),
        ("round", -2.5, -3.0),
        ("round", 0.5, 1.0),
        ("round", 0.49999999999999994, 0.0),  # floor(x + 0.5) would say 1
        ("round", 4503599627370497.5, 4503599627370498.0),
        ("round", 4503599627370497.0, 4503599627370497.0),  # and here 4503599627370498
        ("round", -0.3, -0.0),
        ("round", -1e308, -1e308),
        ("exp", 0.0, 1.0),
        ("exp", -1000.0, 0.0),
        ("log", 1.0, 0.0),
        ("sqrt", 2.25, 1.5),
        ("sqrt", -0.0, -0.0),
    ],
)
def test_operations_on_one_number(op, x, expected):
    result = compute(op, x)
    assert result == expected
    assert math.copysign(1.0, result) == math.copysign(1.0, expected)


@pytest.mark.parametrize(
    ("op", "x", "y", "expected"),
    [
        ("add", 0.1, 0.2, 0.30000000000000004),
        ("sub", 1.0, 3.0, -2.0),
        ("mul", 5e-324, 0.5, 0.0),
        ("div", 1.0, 3.0, 1 / 3),
        ("pow", 2.0, 0.5, math.sqrt(2.0)),
        ("pow", 0.0, 0.0, 1.0),
        ("pow", -8.0, 3.0, -512.0),
        ("pow", -1.7e308, 0.0, 1.0),
        ("pow", 10.0, -400.0, 0.0),
        ("min", 2.0, 1.0, 1.0),
        ("max", 2.0, 1.0, 2.0),
        ("min", 0.0, -0.0, 0.0),
        ("min", -0.0, 0.0, -0.0),
        ("max", -0.0, 0.0, -0.0),
        ("max", 0.0, -0.0, 0.0),
    ],
)
def test_operations_on_two_numbers(op, x, y, expected):
    result = compute(op, x, y)
    assert result == expected
    assert math.copysign(1.0, result) == math.copysign(1.0, expected)


@pytest.mark.parametrize(
    ("op", "values"),
    [
        ("div", (1.0, 0.0)),
        ("div", (0.0, 0.0)),
        ("div", (1.0, -0.0)),
        ("div", (1e300, 1e-300)),
        ("add", (1.7e308, 1.7e308)),
        ("sub", (-1.7e308, 1.7e308)),
        ("mul", (1e200, 1e200)),
        ("exp", (710.0,)),
        ("log", (0.0,)),
        ("log", (-1.0,)),
        ("sqrt", (-1e-300,)),
        ("pow", (0.0, -1.0)),
        ("pow", (-0.0, -1.0)),
        ("pow", (-8.0, 1 / 3)),
        ("pow", (1e200, 2.0)),
    ],
)
def test_undefined_arithmetic_is_unknown_and_noted(op, values):
    names = "xy"[: len(values)]
    expr = Pool().arithmetic(op, *(number(name) for name in names), origin=at(6))
    person = evaluator(**dict(zip(names, values, strict=True)))
    assert person.value(expr) is None
    assert person.undefined == {at(6)}


@given(FINITE)
def test_round_goes_to_the_nearest_whole_number(x):
    result = compute("round", x)
    assert result == math.trunc(result)
    assert abs(result - x) <= 0.5
    assert abs(result - x) < 0.5 or abs(result) > abs(x)


@given(st.sampled_from(["add", "sub", "mul", "div", "pow", "min", "max"]), FINITE, FINITE)
def test_arithmetic_never_raises_and_is_finite_or_unknown(op, x, y):
    result = compute(op, x, y)
    assert result is None or (isinstance(result, float) and math.isfinite(result))


@given(st.sampled_from(["neg", "abs", "floor", "ceil", "round", "exp", "log", "sqrt"]), FINITE)
def test_functions_never_raise_and_are_finite_or_unknown(op, x):
    result = compute(op, x)
    assert result is None or (isinstance(result, float) and math.isfinite(result))
