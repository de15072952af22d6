"""How one person is decided: the interpreter's definition, step by step."""

from dataclasses import replace

import pytest
from hypothesis import given
from small_programs import (
    BROKEN,
    BROKEN_FLAG,
    NO,
    NOW,
    POOL,
    UNKNOWN,
    YES,
    candidate,
    column,
    decided,
    number,
    person,
    program,
    rule,
)
from strategies_program import Case, case

from nbadsl.interpreter import decide, run
from nbadsl.program import chance
from nbadsl.program.decision import Choice, Decision, Fate, Story
from nbadsl.program.givens import givens
from nbadsl.program.nodes import (
    ELIGIBLE,
    EXCLUDE,
    REQUIRE,
    Arbitration,
    Candidate,
    Experiment,
    Holdout,
    Input,
    Most,
    Program,
    Rule,
    Tier,
    Value,
)
from nbadsl.types import DAY, FLAG, INTEGER, TIME, Words


def names(program: Program, choices: tuple[Choice, ...]) -> list[str]:
    return [program.candidates[choice.candidate].action for choice in choices]


def chosen(program: Program, row: dict[str, Value] | None = None, seed: int = 0) -> list[str]:
    return names(program, decided(program, row, seed).chosen)


def story(*rules: Rule, **parts: object) -> Story:
    """What becomes of a lonely candidate."""
    return decided(program(candidate("a", 1.0, *rules, **parts))).stories[0]


# --- the fate of one candidate ---


def test_a_candidate_without_rules_is_chosen():
    decision = decided(program(candidate("a", 2.0)))
    assert decision == Decision(
        "c1", (Choice(0, 1, 0, 2.0, 1.0),), "chosen", stories=(Story(Fate.CHOSEN, tier=0, score=2.0),)
    )


@pytest.mark.parametrize(
    ("active", "fate"), [(YES, Fate.CHOSEN), (NO, Fate.INACTIVE), (UNKNOWN, Fate.INACTIVE)]
)
def test_a_candidate_is_judged_only_while_it_is_surely_active(active, fate):
    assert story(rule(REQUIRE, YES), active=active).fate == fate


@pytest.mark.parametrize(
    ("stage", "when", "unknown_passes", "passes"),
    [
        (REQUIRE, YES, False, True),
        (REQUIRE, NO, False, False),
        (REQUIRE, UNKNOWN, False, False),
        (ELIGIBLE, YES, False, True),
        (ELIGIBLE, NO, True, False),
        (ELIGIBLE, UNKNOWN, False, False),
        (ELIGIBLE, UNKNOWN, True, True),
        (EXCLUDE, YES, True, False),
        (EXCLUDE, NO, False, True),
        (EXCLUDE, UNKNOWN, False, False),
        (EXCLUDE, UNKNOWN, True, True),
    ],
)
def test_what_a_rule_lets_pass(stage, when, unknown_passes, passes):
    fates = {REQUIRE: Fate.REQUIRE, ELIGIBLE: Fate.ELIGIBLE, EXCLUDE: Fate.EXCLUDE}
    stopped = Story(fates[stage], 0, blocked_by_unknown=when is UNKNOWN)
    found = story(rule(stage, when, unknown_passes))
    assert found == (Story(Fate.CHOSEN, tier=0, score=1.0) if passes else stopped)


def test_the_first_rule_that_stops_is_the_one_that_is_named():
    found = story(rule(REQUIRE, YES), rule(ELIGIBLE, NO), rule(EXCLUDE, YES))
    assert found == Story(Fate.ELIGIBLE, 1)


def test_a_candidate_that_nothing_can_be_sent_at_is_quiet():
    moment = POOL.column("moment", TIME, True)
    sent = program(candidate("a", send_at=moment))
    assert decided(sent, person(moment=None)).stories[0] == Story(Fate.QUIET)
    assert decided(sent, person(moment=NOW + DAY)).chosen[0].send_at == NOW + DAY


def test_a_candidate_whose_score_is_unknown_has_no_score_but_a_tier():
    found = decided(program(candidate("a", column("x"), tier=0)), person(x=None))
    assert found.stories[0] == Story(Fate.NO_SCORE, tier=0)
    assert (found.chosen, found.reason) == ((), "nobody passed")


@pytest.mark.parametrize(("score", "fate"), [(0.49, Fate.THRESHOLD), (0.5, Fate.CHOSEN), (0.51, Fate.CHOSEN)])
def test_a_score_must_reach_the_threshold(score, fate):
    found = decided(program(candidate("a", score), arbitration=Arbitration(number(0.5))))
    assert found.stories[0] == Story(fate, tier=0, score=score)
    assert found.reason == ("below threshold" if fate == Fate.THRESHOLD else "chosen")


def test_nothing_reaches_an_unknown_threshold():
    found = decided(program(candidate("a", 9.0), arbitration=Arbitration(column("x"))), person(x=None))
    assert found.stories[0] == Story(Fate.THRESHOLD, tier=0, score=9.0)


def test_the_tier_is_the_first_whose_condition_is_surely_yes():
    tiers = (Tier(0, NO), Tier(1, UNKNOWN), Tier(2, YES), Tier(3, None))
    assert story(tiers=tiers).tier == 2
    assert story(tiers=(Tier(0, NO), Tier(3, None))).tier == 3


# --- arms and holdouts ---

ARMS = Words(("control", "lower"))
TEST = Experiment("test", "id", "test", (("control", 0.5), ("lower", 0.5)))


def test_a_rule_can_ask_for_the_arm_that_the_hash_gives():
    in_lower = POOL.same(POOL.arm("test", ARMS), POOL.literal("lower", ARMS))
    tested = program(candidate("a", 1.0, rule(ELIGIBLE, in_lower)), experiments=(TEST,))
    for key in ("c1", "c2", "c3", "c4", "c5", "c6"):
        found = decided(tested, person(key))
        assert found.arms == (chance.arm(TEST, key),)
        assert bool(found.chosen) == (found.arms == ("lower",))


def test_experiments_and_holdouts_may_be_by_another_field_than_the_key():
    tested = program(
        candidate("a"),
        experiments=(replace(TEST, by="household"),),
        holdouts=(Holdout("h", 0.5, "household", "h"),),
    )
    for household in (1.0, 2.0, 3.0, 4.0, 5.0):
        found = decided(tested, person(household=household))
        assert found.arms == (chance.arm(TEST, str(int(household))),)
        assert (found.holdout == "h") == (chance.place("h", str(int(household))) < 0.5)


def test_a_holdout_keeps_what_would_have_been_and_the_stories():
    free = program(candidate("a", 1.0), candidate("b", 2.0))
    held = replace(free, holdouts=(Holdout("universal", 1.0, "id", "universal"),))
    expected = decided(free)
    assert decided(held) == replace(
        expected, chosen=(), held=expected.chosen, holdout="universal", reason="holdout: universal"
    )


def test_in_a_holdout_where_nobody_passed_nothing_is_held():
    held = program(candidate("a", 1.0, rule(REQUIRE, NO)), holdouts=(Holdout("h", 1.0, "id", "h"),))
    assert (decided(held).held, decided(held).reason) == ((), "holdout: h")


def test_the_first_active_holdout_in_file_order_holds():
    holdouts = (
        Holdout("off", 1.0, "id", "s", NO),
        Holdout("perhaps", 1.0, "id", "s", UNKNOWN),
        Holdout("nobody", 0.0, "id", "s"),
        Holdout("on", 1.0, "id", "s", YES),
        Holdout("always", 1.0, "id", "s"),
    )
    assert decided(program(candidate("a"), holdouts=holdouts)).holdout == "on"


def test_the_share_of_people_in_a_holdout_is_its_share():
    held = program(candidate("a"), holdouts=(Holdout("universal", 0.05, "id", "universal"),))
    count = sum(decided(held, person(f"c{i}")).holdout is not None for i in range(4_000))
    assert 160 < count < 240


# --- ranking ---


def test_a_better_tier_beats_any_score_and_a_score_beats_the_order_of_the_file():
    ranked = program(
        candidate("late", 5.0, tier=1),
        candidate("low", 1.0),
        candidate("high", 2.0),
        candidate("tie", 2.0),
        arbitration=Arbitration(pick=4),
    )
    found = decided(ranked)
    assert names(ranked, found.chosen) == ["high", "tie", "low", "late"]
    assert [choice.rank for choice in found.chosen] == [1, 2, 3, 4]
    assert [(choice.tier, choice.score) for choice in found.chosen] == [
        (0, 2.0),
        (0, 2.0),
        (0, 1.0),
        (1, 5.0),
    ]


def test_minus_zero_ties_with_zero():
    assert chosen(program(candidate("a", -0.0), candidate("b", 0.0))) == ["a"]


def test_those_that_passed_and_were_not_picked_are_outranked():
    found = decided(program(candidate("a", 1.0), candidate("b", 2.0)))
    assert [s.fate for s in found.stories] == [Fate.OUTRANKED, Fate.CHOSEN]


def test_an_action_is_picked_once_unless_more_is_allowed():
    candidates = (candidate("a", 3.0), candidate("a", 2.0), candidate("a", 1.5), candidate("b", 1.0))
    once = program(*candidates, arbitration=Arbitration(pick=3))
    twice = program(*candidates, arbitration=Arbitration(pick=3, most=(Most(2, "action"),)))
    assert [c.candidate for c in decided(once).chosen] == [0, 3]
    assert [c.candidate for c in decided(twice).chosen] == [0, 1, 3]


def test_at_most_counts_the_innermost_group_and_the_channel():
    grouped = (
        candidate("a", 4.0, groups=("promo", "x"), channel="email"),
        candidate("b", 3.0, groups=("promo", "x"), channel="push"),
        candidate("c", 2.0, groups=("promo",), channel="email"),
        candidate("d", 1.0),
        candidate("e", 0.5),
    )
    by_group = program(*grouped, arbitration=Arbitration(pick=5, most=(Most(1, "group"),)))
    by_channel = program(*grouped, arbitration=Arbitration(pick=5, most=(Most(1, "channel"),)))
    assert chosen(by_group) == ["a", "c", "d", "e"]
    assert chosen(by_channel) == ["a", "b", "d", "e"]


def test_the_picking_goes_on_past_what_is_spared():
    spared = program(
        candidate("a", 3.0), candidate("a", 2.0), candidate("b", 1.0), arbitration=Arbitration(pick=2)
    )
    assert chosen(spared) == ["a", "b"]


# --- fallback ---


def with_fallback(*rules: Rule, **parts: object) -> Program:
    return program(
        candidate("none", None, *rules),
        candidate("a", column("x"), rule(ELIGIBLE, POOL.column("wanted", FLAG, True))),
        arbitration=Arbitration(threshold=number(1.0), fallback="none"),
        **parts,
    )


def test_the_fallback_stands_in_when_nobody_passed():
    found = decided(with_fallback(), person(x=5.0, wanted=False))
    assert found.chosen == (Choice(0, 1, None, None, 1.0),)
    assert found.reason == "fallback"
    assert found.stories[0] == Story(Fate.CHOSEN)


def test_the_fallback_stands_aside_when_somebody_passed():
    found = decided(with_fallback(), person(x=5.0, wanted=True))
    assert [c.candidate for c in found.chosen] == [1]
    assert found.stories[0] == Story(Fate.OUTRANKED)


def test_below_the_threshold_nothing_is_done_not_even_the_fallback():
    found = decided(with_fallback(), person(x=0.5, wanted=True))
    assert (found.chosen, found.reason) == ((), "below threshold")
    assert found.stories[0] == Story(Fate.OUTRANKED)


def test_require_rules_alone_bind_the_fallback():
    row = person(x=5.0, wanted=False)
    loose = with_fallback(rule(ELIGIBLE, NO), rule(EXCLUDE, YES))
    bound = with_fallback(rule(REQUIRE, YES), rule(REQUIRE, UNKNOWN))
    assert decided(loose, row).reason == "fallback"
    assert decided(bound, row).reason == "nobody passed"
    assert decided(bound, row).stories[0] == Story(Fate.REQUIRE, 1, blocked_by_unknown=True)


def test_the_first_fallback_candidate_that_stands_is_used():
    fallback = (
        candidate("none", None, active=NO, channel="email"),
        candidate("none", None, channel="push", send_at=POOL.column("never", TIME, True)),
        candidate("none", None, channel="sms", send_at=POOL.given("now", TIME)),
        candidate("none", None, channel="post"),
    )
    found = decided(program(*fallback, arbitration=Arbitration(fallback="none")), person(never=None))
    assert found.chosen == (Choice(2, 1, None, None, 1.0, NOW),)
    assert [s.fate for s in found.stories] == [Fate.INACTIVE, Fate.QUIET, Fate.CHOSEN, Fate.OUTRANKED]


def test_a_fallback_in_a_holdout_is_held():
    held = with_fallback(holdouts=(Holdout("h", 1.0, "id", "h"),))
    assert names(held, decided(held, person(x=5.0, wanted=False)).held) == ["none"]


# --- keys ---


def test_a_key_that_is_a_number_is_named_by_its_digits():
    numbered = program(candidate("a"), inputs=(Input("id", INTEGER),))
    assert decided(numbered, person(1e15)).key == "1000000000000000"


# --- undefined arithmetic ---


def undefined(candidate: Candidate, **parts: object) -> bool:
    asked = program(candidate, **parts)
    outcome = run(asked, person(), givens(asked, NOW))
    assert outcome.undefined <= {BROKEN.origin}
    return bool(outcome.undefined)


def test_undefined_arithmetic_is_counted_where_a_decision_needed_it():
    assert undefined(candidate("a", 1.0, rule(ELIGIBLE, BROKEN_FLAG)))
    assert undefined(candidate("a", BROKEN))
    assert undefined(candidate("a", active=BROKEN_FLAG))
    assert undefined(candidate("a", send_at=BROKEN))
    assert undefined(candidate("a", tiers=(Tier(0, BROKEN_FLAG), Tier(1, None))))
    assert undefined(candidate("a"), arbitration=Arbitration(threshold=BROKEN))
    assert undefined(candidate("a"), holdouts=(Holdout("h", 0.0, "id", "h", BROKEN_FLAG),))
    # A tier is found before the score, and told of a candidate that has none.
    assert undefined(candidate("a", column("nothing"), tiers=(Tier(0, BROKEN_FLAG), Tier(1, None))))


def test_undefined_arithmetic_that_no_decision_needed_is_not_counted():
    stopped = rule(REQUIRE, NO)
    assert not undefined(candidate("a", BROKEN, stopped))
    assert not undefined(candidate("a", 1.0, stopped, rule(EXCLUDE, BROKEN_FLAG)))
    assert not undefined(candidate("a", BROKEN, active=NO))
    assert not undefined(candidate("a", BROKEN, send_at=column("nothing")))
    assert not undefined(candidate("a", tiers=(Tier(0, YES), Tier(1, BROKEN_FLAG), Tier(2, None))))
    assert not undefined(candidate("a", 1.0, stopped), arbitration=Arbitration(threshold=BROKEN))
    assert not undefined(
        candidate("a", None, rule(ELIGIBLE, BROKEN_FLAG)), arbitration=Arbitration(fallback="a")
    )
    held = (Holdout("h", 1.0, "id", "h"), Holdout("later", 1.0, "id", "h", BROKEN_FLAG))
    assert not undefined(candidate("a"), holdouts=held)


# --- whatever the program ---


@given(case())
def test_every_decision_keeps_the_promises_of_its_program(case: Case):
    program = case.program
    for row in case.rows:
        found = decide(program, row, case.given, case.seed)
        done = found.chosen or found.held
        assert len(found.stories) == len(program.candidates)
        assert {c.candidate for c in done} == {
            i for i, s in enumerate(found.stories) if s.fate == Fate.CHOSEN
        }
        assert [c.rank for c in done] == list(range(1, len(done) + 1))
        assert len(done) <= program.arbitration.pick
        assert bool(found.holdout) == found.reason.startswith("holdout: ")
        assert not (found.chosen and found.held)
        assert all(0.0 < c.probability <= 1.0 for c in done)
        for s, each in zip(found.stories, program.candidates, strict=True):
            assert s.rule is not None or s.fate not in (Fate.REQUIRE, Fate.ELIGIBLE, Fate.EXCLUDE)
            assert s.rule is None or each.rules[s.rule].stage == str(s.fate)
            assert s.rule is not None or not s.blocked_by_unknown


@given(case())
def test_a_holdout_never_changes_what_would_be_done(case: Case):
    free = replace(case.program, holdouts=())
    for row in case.rows:
        found, expected = (decide(p, row, case.given, case.seed) for p in (case.program, free))
        assert (found.chosen or found.held) == expected.chosen
        assert found.stories == expected.stories
