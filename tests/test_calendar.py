"""Calendar operations of the interpreter against Python's own dates and the zones' own rules."""

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nbadsl.interpreter import Evaluator
from nbadsl.program.nodes import Value
from nbadsl.program.pool import Pool
from nbadsl.source import Source, Span
from nbadsl.types import DAY, HOUR, NUMBER
from nbadsl.zone import zone

SOURCE = Source("p.nba", "0123456789")
BERLIN = zone("Europe/Berlin")


def undefined_or(op: str, *values: float) -> tuple[Value, set[Span | None]]:
    """The value of a calendar operation on two fields at most, and the origins noted."""
    pool, names = Pool(), "xy"[: len(values)]
    columns = (pool.column(name, NUMBER, True) for name in names)
    person = Evaluator(dict(zip(names, values, strict=True)), {}, {}, BERLIN)
    return person.value(pool.calendar(op, *columns, type=NUMBER, origin=Span(SOURCE, 7, 8))), person.undefined


def calendar(op: str, *values: float) -> Value:
    return undefined_or(op, *values)[0]


def day(text: str) -> float:
    return float((date.fromisoformat(text) - date(1970, 1, 1)).days)


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6


DAYS = st.integers(int(day("0001-01-01")), int(day("9999-12-31")))


@given(DAYS)
def test_parts_of_a_date_are_those_of_the_gregorian_calendar(number):
    expected = date.fromordinal(number + date(1970, 1, 1).toordinal())
    assert calendar("year", float(number)) == expected.year
    assert calendar("month", float(number)) == expected.month
    assert calendar("day", float(number)) == expected.day
    assert calendar("weekday", float(number)) == expected.isoweekday()


def test_monday_is_day_one_of_the_week():
    assert calendar("weekday", day("2026-11-09")) == 1.0
    assert calendar("weekday", day("2026-11-15")) == 7.0


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-11-10", 0, "2026-11-10"),
        ("2026-11-10", -23, "2024-12-10"),
        ("1900-01-31", 1, "1900-02-28"),
        ("2026-11-10", 14, "2028-01-10"),
    ],
)
def test_adding_months_clamps_to_the_end_of_the_month(start, months, expected):
    assert calendar("add_months", day(start), float(months)) == day(expected)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("2026-01-15", "2026-02-14", 0),
        ("2026-01-15", "2026-02-15", 1),
        ("2026-02-15", "2026-01-15", -1),
        ("2026-02-15", "2026-01-16", -1),
        ("2026-02-15", "2026-01-14", -2),
        ("2026-01-31", "2026-02-28", 0),
        ("2026-01-31", "2026-03-01", 1),
        ("2008-02-29", "2026-02-28", 215),  # eighteen on the first of March
        ("2008-02-29", "2026-03-01", 216),
        ("2026-11-10", "2026-11-10", 0),
    ],
)
def test_months_between_counts_finished_months(first, second, expected):
    assert calendar("months_between", day(first), day(second)) == expected


@given(DAYS, st.integers(-2_000, 2_000))
def test_a_month_later_is_at_most_that_many_months_between(start, months):
    later = calendar("add_months", float(start), float(months))
    assume(later is not None)
    between = calendar("months_between", float(start), later)
    clamped = calendar("day", later) < calendar("day", float(start))
    assert between == months - clamped


def test_local_dates_and_clocks_are_those_of_the_zone():
    assert calendar("local_date", moment("2026-11-09T23:00")) == day("2026-11-10")
    assert calendar("local_date", moment("2026-11-09T22:59:59.999999")) == day("2026-11-09")
    assert calendar("local_clock", moment("2026-11-10T09:30")) == 10.5 * HOUR
    assert calendar("local_clock", moment("2026-07-10T09:30")) == 11.5 * HOUR
    assert calendar("local_clock", moment("2026-10-25T00:59:59")) == 3 * HOUR - 1e6
    assert calendar("local_clock", moment("2026-10-25T01:00:00")) == 2 * HOUR
    assert calendar("midnight", day("2026-07-10")) == moment("2026-07-09T22:00")


def test_arguments_are_floored():
    assert calendar("day", day("2026-11-10") + 0.9) == 10.0
    assert calendar("day", -0.1) == 31.0
    assert calendar("add_months", day("2026-11-10"), 1.9) == day("2026-12-10")
    assert calendar("add_months", day("2026-11-10"), -0.1) == day("2026-10-10")
    assert calendar("local_clock", moment("2026-11-10T09:30") + 0.5) == 10.5 * HOUR
    assert calendar("local_date", moment("2026-11-09T23:00") - 0.5) == day("2026-11-09")


@pytest.mark.parametrize(
    ("op", "values"),
    [
        ("year", (day("9999-12-31") + 1,)),
        ("weekday", (day("0001-01-01") - 1,)),
        ("month", (1e300,)),
        ("add_months", (day("9999-12-01"), 1.0)),
        ("add_months", (day("0001-01-31"), -1.0)),
        ("add_months", (0.0, -1e300)),
        ("add_months", (day("9999-12-31") + 1, -1.0)),
        ("months_between", (0.0, 1e10)),
        ("midnight", (day("9999-12-31") + 1,)),
        ("local_date", (moment("9999-12-31T23:00"),)),  # in Berlin it is next year
        ("local_clock", (moment("9999-12-31T23:00"),)),
        ("local_date", (-1e300,)),
        ("local_clock", (1e18,)),
    ],
)
def test_dates_outside_years_1_to_9999_are_undefined(op, values):
    assert undefined_or(op, *values) == (None, {Span(SOURCE, 7, 8)})


def test_the_first_and_last_days_are_in_the_calendar():
    assert calendar("year", day("0001-01-01")) == 1.0
    assert calendar("year", day("9999-12-31")) == 9999.0
    assert calendar("local_date", moment("9999-12-31T22:59")) == day("9999-12-31")
    assert calendar("midnight", day("0001-01-01")) == moment("0001-01-01T00:00") - HOUR


@given(st.floats(-1e19, 1e19) | st.integers(-(2**60), 2**60).map(float))
def test_local_date_and_clock_put_together_are_the_local_time(time):
    date_, clock = calendar("local_date", time), calendar("local_clock", time)
    assume(date_ is not None)
    assert 0 <= clock < DAY
    assert int(date_) * int(DAY) + int(clock) == math.floor(time) + int(BERLIN.offset(math.floor(time)))
