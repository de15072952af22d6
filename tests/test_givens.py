"""What a run brings: now, today, parameters and context, and how wrong values are refused."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from nbadsl.program.facts import facts_of
from nbadsl.program.givens import BadInput, givens, shown
from nbadsl.program.nodes import Arbitration, Change, Input, Parameter, Program
from nbadsl.types import (
    CLOCK,
    DATE,
    DAY,
    DURATION,
    FLAG,
    HOUR,
    INTEGER,
    NUMBER,
    TEXT,
    TIME,
    Money,
    Set,
    Words,
)

PAGE = Words(("home", "pricing", "cart"))
TOPICS = Set(("film", "sport"))
LEVER = Input("lever", NUMBER, low=0.5, high=2.0, default=1.0)


def day(text: str) -> float:
    return float((date.fromisoformat(text) - date(1970, 1, 1)).days)


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6


NOW = moment("2026-11-10T09:00")


def program(
    parameters: tuple[Parameter, ...] = (), context: tuple[Input, ...] = (), timezone: str = "UTC"
) -> Program:
    empty = Program("p", "", "", timezone, "EUR", 1, "customer", "id", (), (), (), (), (), Arbitration())
    return replace(empty, parameters=parameters, context=context)


def test_now_and_today_are_always_there():
    assert givens(program(), NOW) == {"now": NOW, "today": day("2026-11-10")}


def test_today_is_the_local_day_of_the_programs_zone():
    late = moment("2026-11-10T23:30")
    assert givens(program(timezone="Europe/Berlin"), late)["today"] == day("2026-11-11")
    assert givens(program(timezone="America/New_York"), late)["today"] == day("2026-11-10")


@pytest.mark.parametrize("now", [math.nan, math.inf, -1e18, 2932897 * DAY])
def test_a_moment_outside_the_calendar_is_refused(now):
    with pytest.raises(BadInput, match="years 1 to 9999"):
        givens(program(), now)


def test_a_moment_whose_local_day_is_outside_the_calendar_is_refused():
    with pytest.raises(BadInput, match="years 1 to 9999"):
        givens(program(timezone="America/New_York"), -719162 * DAY)


def test_facts_serve_as_well_as_a_program():
    whole = program((Parameter(LEVER),), (Input("page", PAGE, optional=True),))
    assert givens(facts_of(whole), NOW) == givens(whole, NOW)


# --- parameters ---


def lever_at(text: str, *changes: Change, timezone: str = "Europe/Berlin") -> object:
    return givens(program((Parameter(LEVER, changes),), timezone=timezone), moment(text))["lever"]


def test_a_parameter_without_changes_has_its_default():
    assert lever_at("2026-11-10T09:00") == 1.0


def test_a_change_holds_from_local_midnight_of_its_day():
    change = Change(day("2026-12-01"), 1.2)
    assert lever_at("2026-11-30T22:59:59.999999", change) == 1.0
    assert lever_at("2026-11-30T23:00", change) == 1.2


def test_a_change_on_a_day_that_begins_late_holds_from_its_first_instant():
    change = Change(day("2018-11-04"), 1.2)  # in São Paulo 00:00 -> 01:00
    assert lever_at("2018-11-04T02:59:59", change, timezone="America/Sao_Paulo") == 1.0
    assert lever_at("2018-11-04T03:00", change, timezone="America/Sao_Paulo") == 1.2


def test_once_begun_a_change_holds_though_clocks_go_back_over_midnight():
    # Casey, 2010-03-05: clocks went back three hours at 02:00, to 23:00 of the day before.
    change = Change(day("2010-03-05"), 1.2)
    zone = "Antarctica/Casey"
    assert lever_at("2010-03-04T12:59:59", change, timezone=zone) == 1.0
    assert lever_at("2010-03-04T13:00", change, timezone=zone) == 1.2
    assert givens(program(timezone=zone), moment("2010-03-04T15:30"))["today"] == day("2010-03-04")
    assert lever_at("2010-03-04T15:30", change, timezone=zone) == 1.2


def test_later_days_override_earlier_ones_in_whatever_order_they_are_written():
    first, second = Change(day("2026-11-01"), 0.7), Change(day("2026-11-05"), 1.5)
    assert lever_at("2026-11-10T09:00", first, second) == 1.5
    assert lever_at("2026-11-10T09:00", second, first) == 1.5
    assert lever_at("2026-11-03T09:00", second, first) == 0.7


def test_of_two_changes_on_one_day_the_one_written_later_holds():
    assert lever_at("2026-11-10T09:00", Change(day("2026-11-01"), 0.7), Change(day("2026-11-01"), 0.8)) == 0.8


def test_an_override_takes_the_place_of_the_declared_value():
    levered = program((Parameter(LEVER, (Change(0.0, 0.7),)),))
    assert givens(levered, NOW, parameters={"lever": 2})["lever"] == 2.0


def test_a_parameter_cannot_be_unknown():
    with pytest.raises(BadInput, match=r"parameter `lever` has no value"):
        givens(program((Parameter(LEVER),)), NOW, parameters={"lever": None})


def test_a_parameter_outside_its_range_is_refused():
    with pytest.raises(BadInput, match=r"^parameter `lever` is 3, and must be between 0.5 and 2$"):
        givens(program((Parameter(LEVER),)), NOW, parameters={"lever": 3.0})


def test_an_unknown_parameter_is_refused_with_a_suggestion():
    with pytest.raises(BadInput, match=r"^there is no parameter `levr`: did you mean `lever`\?$"):
        givens(program((Parameter(LEVER),)), NOW, parameters={"levr": 1.0})


# --- context ---


def context(field: Input, *value: object) -> object:
    given = dict.fromkeys([field.name], *value) if value else {}
    return givens(program(context=(field,)), NOW, context=given)[field.name]


def test_a_context_field_takes_the_value_given_else_its_default_else_unknown():
    assert context(Input("page", PAGE, default="home"), "cart") == "cart"
    assert context(Input("page", PAGE, default="home")) == "home"
    assert context(Input("page", PAGE, optional=True)) is None
    assert context(Input("since", DATE, never=True)) is None


def test_none_is_unknown_unless_a_default_stands_for_it():
    assert context(Input("page", PAGE, optional=True), None) is None
    assert context(Input("page", PAGE, optional=True, default="home"), None) == "home"
    assert context(Input("page", PAGE, default="home"), None) == "home"


def test_a_default_of_no_or_zero_is_a_default():
    assert context(Input("roaming", FLAG, default=False)) is False
    assert context(Input("seats", INTEGER, default=0.0)) == 0.0


@pytest.mark.parametrize("value", [(), (None,)])
def test_a_missing_required_field_is_refused(value):
    with pytest.raises(BadInput, match=r"^context field `page` is missing"):
        context(Input("page", PAGE), *value)


def test_an_unknown_context_field_is_refused_with_what_there_is():
    with pytest.raises(BadInput, match=r"^there is no context field `zzz`: there is `page`$"):
        givens(program(context=(Input("page", PAGE, optional=True),)), NOW, context={"zzz": 1})


def test_an_undeclared_word_is_refused_with_a_suggestion():
    message = (
        r"^context field `page` is `hoem`, and must be one of home, pricing, cart: did you mean `home`\?$"
    )
    with pytest.raises(BadInput, match=message):
        context(Input("page", PAGE), "hoem")


def test_an_undeclared_word_in_a_set_is_refused():
    with pytest.raises(
        BadInput, match=r"is `sprot`, and must be a list of any of film, sport: did you mean `sport`"
    ):
        context(Input("topics", TOPICS), ["film", "sprot"])


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        (FLAG, True, True),
        (INTEGER, 3, 3.0),
        (INTEGER, -(2.0**53), -(2.0**53)),
        (NUMBER, 3, 3.0),
        (Money("EUR"), 12.5, 12.5),
        (DURATION, 2 * DAY, 2 * DAY),
        (DATE, 20767, 20767.0),
        (TIME, 1.5e15, 1.5e15),
        (CLOCK, 0, 0.0),
        (TEXT, "", ""),
        (PAGE, "cart", "cart"),
        (TOPICS, ["sport", "sport"], frozenset({"sport"})),
        (TOPICS, (), frozenset()),
    ],
)
def test_a_value_that_fits_is_taken_as_programs_hold_it(type, value, expected):
    taken = context(Input("x", type), value)
    assert taken == expected
    assert taken.__class__ is expected.__class__


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (FLAG, 1),
        (FLAG, "yes"),
        (INTEGER, 2.5),
        (INTEGER, 2.0**53 + 2),
        (INTEGER, True),
        (INTEGER, "3"),
        (NUMBER, math.nan),
        (NUMBER, math.inf),
        (NUMBER, 10**400),
        (Money("EUR"), "12 EUR"),
        (DURATION, -math.inf),
        (DATE, 1.5),
        (DATE, 1e9),
        (TIME, 1e18),
        (CLOCK, DAY),
        (CLOCK, -1.0),
        (TEXT, 3),
        (PAGE, frozenset({"cart"})),
        (TOPICS, "sport"),
        (TOPICS, [1]),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(type, value):
    with pytest.raises(BadInput, match=r"^context field `x` is .*, and must be "):
        context(Input("x", type), value)


def test_bounds_belong_to_the_range_and_may_stand_alone():
    assert context(Input("age", INTEGER, low=18.0), 18) == 18.0
    with pytest.raises(BadInput, match=r"`age` is 17, and must be at least 18"):
        context(Input("age", INTEGER, low=18.0), 17)
    with pytest.raises(BadInput, match=r"`fee` is 12.5 EUR, and must be at most 10 EUR"):
        context(Input("fee", Money("EUR"), high=10.0), 12.5)


@pytest.mark.parametrize(
    ("value", "type", "expected"),
    [
        (None, NUMBER, "unknown"),
        (True, FLAG, "yes"),
        (False, FLAG, "no"),
        (0.1, NUMBER, "0.1"),
        (2.0**60, NUMBER, "1.152921504606847e+18"),
        (14 * DAY, DURATION, "14 days"),
        (36 * HOUR, DURATION, "36 hours"),
        (1_500_000.0, DURATION, "1.5 seconds"),
        (20767.0, DATE, "2026-11-10"),
        (NOW, TIME, "2026-11-10 09:00:00 UTC"),
        (21 * HOUR, CLOCK, "21:00:00"),
        ("a", TEXT, '"a"'),
        ("cart", PAGE, "cart"),
        (frozenset({"sport", "film"}), TOPICS, "film, sport"),
        (frozenset(), TOPICS, "none"),
    ],
)
def test_values_are_shown_as_people_write_them(value, type, expected):
    assert shown(value, type) == expected
