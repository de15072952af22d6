"""Chance is arithmetic: hashes, assignment and draws against published values."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbadsl.program import chance
from nbadsl.program.nodes import Experiment, Holdout

NOW = 1_794_301_200_000_000.0  # 2026-11-10 09:00 UTC


# GrowthBook's own cases for every SDK: packages/sdk-js/test/cases.json of growthbook/growthbook, "hash".
@pytest.mark.parametrize(
    ("seed", "value", "expected"),
    [
        ("seed", "a", 0.0505),
        ("seed", "b", 0.2696),
        ("foo", "ab", 0.2575),
        ("foo", "def", 0.2019),
        ("89123klj", "8952klfjas09ujkasdf", 0.124),
        ("90850943850283058242805", "123", 0.7516),
        ("()**(%$##$%#$#", '___)((*":&', 0.0128),
    ],
)
def test_places_are_growthbooks_version_2(seed, value, expected):
    assert chance.place(seed, value) == expected


# Made by the JavaScript SDK; those below U+10000 stand in the tests of growthbook-flutter too.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 2166136261),
        ("foobar", 0xBF9CF968),
        ("Ā", 84593183),
        ("я", 3389371454),
        ("тест", 8839891),
        ("耀", 71490847),
        ("\uffff", 2041487694),
        ("🦄", 3240876223),
        ("ÿ🦄", 1356629692),
    ],
)
def test_fnv1a32_hashes_utf16_code_units_like_the_javascript_sdk(text, expected):
    assert chance.fnv1a32(text) == expected


@pytest.mark.parametrize(
    ("seed", "value", "expected"),
    [("price", "Jürgen", 0.3725), ("price", "李雷", 0.5974), ("price", "🦄", 0.9852), ("größe", "é", 0.8264)],
)
def test_places_beyond_ascii_are_those_of_the_javascript_sdk(seed, value, expected):
    assert chance.place(seed, value) == expected


def python_sdk(text: str) -> int:
    """How growthbook-python hashes: code points, not UTF-16 units."""
    value = 0x811C9DC5
    for character in text:
        value = ((value ^ ord(character)) * 0x01000193) % 2**32
    return value


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])))
def test_below_u_10000_the_python_sdk_agrees(text):
    assert chance.fnv1a32(text) == python_sdk(text)


def test_above_u_ffff_the_python_sdk_disagrees_with_javascript_and_us():
    assert chance.fnv1a32("🦄") != python_sdk("🦄")


# draft-eastlake-fnv, appendix C.
@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", 0xCBF29CE484222325), (b"a", 0xAF63DC4C8601EC8C), (b"foobar", 0x85944171F73967E8)],
)
def test_fnv1a64_gives_the_published_values(data, expected):
    assert chance.fnv1a64(data) == expected


def test_draws_are_the_published_sequence_of_splitmix64():
    # From state 1234567; the test values of the Rosetta Code page on SplitMix64.
    assert [chance.draw(1234567, k) for k in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_a_decision_is_named_by_key_and_utc_moment_with_six_digits():
    assert chance.decision_id("c1", NOW, "shop") == "c1@2026-11-10T09:00:00.000000Z/shop"
    assert chance.decision_id("é", NOW + 1, "shop") == "é@2026-11-10T09:00:00.000001Z/shop"
    assert chance.decision_id("x", -1.0, "b") == "x@1969-12-31T23:59:59.999999Z/b"
    assert chance.decision_id("x", -719162 * 86400e6, "b") == "x@0001-01-01T00:00:00.000000Z/b"


def test_the_start_of_the_draws_depends_on_key_moment_and_seed():
    ids = [chance.decision_id(key, now, "b") for key, now in (("c1", NOW), ("c2", NOW), ("c1", NOW + 1))]
    assert len({chance.base(id, seed) for id in ids for seed in (0, 1, 2**64 - 1)}) == 9


def test_seeds_count_modulo_two_to_the_64():
    assert chance.base("x", -1) == chance.base("x", 2**64 - 1)
    assert chance.base("x", 2**64) == chance.base("x", 0)


def test_draws_become_doubles_from_zero_up_to_but_not_including_one():
    assert chance.unit(0) == 0.0
    assert chance.unit(2**64 - 1) == 1 - 2**-53
    assert chance.unit(2**63) == 0.5


def test_units_of_many_decisions_are_spread_evenly():
    units = [chance.unit(chance.draw(chance.base(f"c{i}", 0), 0)) for i in range(20_000)]
    tenths = Counter(int(u * 10) for u in units)
    assert all(1_850 < tenths[i] < 2_150 for i in range(10)), tenths


@pytest.mark.parametrize(
    ("value", "expected"),
    [("c1", "c1"), (7.0, "7"), (-5.0, "-5"), (float(2**53), "9007199254740992"), (-0.0, "0"), (12, "12")],
)
def test_the_text_of_a_key_is_itself_or_its_decimal_integer(value, expected):
    assert chance.text_of(value) == expected


@pytest.mark.parametrize("value", [None, True, frozenset({"a"})])
def test_what_is_no_key_is_refused(value):
    with pytest.raises(TypeError):
        chance.text_of(value)


def experiment(*shares: float, seed: str = "seed") -> Experiment:
    return Experiment("e", "id", seed, tuple((f"arm{i}", share) for i, share in enumerate(shares)))


def test_a_persons_place_is_in_the_half_open_range_of_the_arm():
    # place("seed", "a") is 0.0505
    assert chance.arm(experiment(0.0505, 0.9495), "a") == "arm1"
    assert chance.arm(experiment(0.0506, 0.9494), "a") == "arm0"
    assert chance.arm(experiment(0.02, 0.03, 0.95), "a") == "arm2"


def test_an_arm_with_no_share_has_nobody():
    arms = {chance.arm(experiment(0.5, 0.0, 0.5), str(i)) for i in range(2_000)}
    assert arms == {"arm0", "arm2"}


def test_the_last_arm_takes_what_rounding_leaves():
    # place("seed", "8764") is 0.9999, which is where the shares end.
    assert chance.arm(experiment(0.5, 0.4999), "8764") == "arm1"


def test_arms_get_their_shares():
    arms = Counter(chance.arm(experiment(0.5, 0.25, 0.25, seed="price_test"), f"c{i}") for i in range(20_000))
    assert abs(arms["arm0"] - 10_000) < 300
    assert abs(arms["arm1"] - 5_000) < 300
    assert abs(arms["arm2"] - 5_000) < 300


def test_arms_of_two_experiments_are_independent():
    one, other = experiment(0.5, 0.5, seed="one"), experiment(0.5, 0.5, seed="other")
    both = Counter((chance.arm(one, f"c{i}"), chance.arm(other, f"c{i}")) for i in range(20_000))
    assert all(abs(count - 5_000) < 300 for count in both.values()) and len(both) == 4


def test_a_holdout_holds_those_whose_place_is_below_its_share():
    # place("seed", "a") is 0.0505
    assert not chance.held(Holdout("h", 0.0505, "id", "seed"), "a")
    assert chance.held(Holdout("h", 0.0506, "id", "seed"), "a")
    assert not chance.held(Holdout("h", 0.0, "id", "seed"), "a")
    assert chance.held(Holdout("h", 1.0, "id", "seed"), "a")


def test_a_number_is_assigned_like_its_decimal_text():
    assert chance.arm(experiment(0.5, 0.5), 12.0) == chance.arm(experiment(0.5, 0.5), "12")
