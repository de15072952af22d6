"""Did you mean: which name is offered in place of one that does not exist."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbadsl.diagnostics.suggest import did_you_mean, nearest, slips

FIELDS = ["age", "plan", "monthly_fee", "customer_id", "household_id", "last_complaint"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("agee", "age"),
        ("ag", "age"),
        ("paln", "plan"),
        ("Plan", "plan"),
        ("montly_fe", "monthly_fee"),
        ("monthlyfee", "monthly_fee"),
        ("fee_monthly", "monthly_fee"),
        ("customer", "customer_id"),
        ("last_complain", "last_complaint"),
    ],
)
def test_a_slip_of_the_keyboard_is_understood(written, meant):
    assert nearest(written, FIELDS) == meant


@pytest.mark.parametrize("written", ["income", "a", "p", "fee", "x" * 1000, "", "gender"])
def test_what_looks_like_nothing_is_left_alone(written):
    assert nearest(written, FIELDS) is None


def test_names_too_short_or_too_long_for_a_guess_are_left_alone():
    assert nearest("a", ["b"]) is None
    assert nearest("x" * 100, ["x" * 99]) is None


def test_a_beginning_that_several_names_share_points_at_none_of_them():
    assert nearest("last", ["last_order", "last_complaint"]) is None


def test_the_nearest_is_offered_and_the_first_of_two_that_are_equally_near():
    assert nearest("cart", ["card", "carts", "cat"]) == "card"
    assert nearest("agee", ["aged_x", "age"]) == "age"


def test_advice_is_the_nearest_name_or_a_short_list_or_nothing():
    assert did_you_mean("agee", FIELDS) == "did you mean `age`?"
    assert did_you_mean("income", ["age"]) == "there is `age`"
    assert did_you_mean("income", ["age", "plan", "fee"]) == "there are `age`, `plan` and `fee`"
    assert did_you_mean("income", [f"field{i}" for i in range(9)]) == ""
    assert did_you_mean("income", []) == ""


@pytest.mark.parametrize(
    ("a", "b", "count"),
    [("", "", 0), ("ab", "ba", 1), ("abc", "", 3), ("kitten", "sitting", 3), ("ca", "abc", 3)],
)
def test_slips_are_counted_as_letters_missing_added_wrong_or_swapped(a, b, count):
    assert slips(a, b, 10) == slips(b, a, 10) == count


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.integers(0, 8))
def test_counting_stops_beyond_the_most(a, b, most):
    assert slips(a, b, most) == min(slips(a, b, 100), most + 1)
