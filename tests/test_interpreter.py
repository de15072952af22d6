"""How one person is decided: the interpreter's definition, step by step, and what it explains."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from strategies_program import Case, case

from nbadsl.interpreter import Explanation, decide, explain, run
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
    Explore,
    Expr,
    Holdout,
    Input,
    Most,
    Program,
    Rule,
    Tier,
    Value,
)
from nbadsl.program.pool import Pool
from nbadsl.source import Source, Span
from nbadsl.types import DAY, FLAG, INTEGER, NUMBER, TEXT, TIME, Words

NOW = 1_794_301_200_000_000.0  # 2026-11-10 09:00 UTC
POOL = Pool()
SOURCE = Source("p.nba", "0123456789")
YES, NO = POOL.yes(), POOL.no()
UNKNOWN = POOL.column("nothing", FLAG, True)
BROKEN = POOL.arithmetic(
    "div", POOL.literal(1.0, NUMBER), POOL.literal(0.0, NUMBER), origin=Span(SOURCE, 0, 1)
)
BROKEN_FLAG = POOL.compare(">", BROKEN, POOL.literal(0.0, NUMBER))


def number(value: float) -> Expr:
    return POOL.literal(value, NUMBER)


def column(name: str) -> Expr:
    return POOL.column(name, NUMBER, True)


def rule(stage: str, when: Expr, unknown_passes: bool = False) -> Rule:
    return Rule(stage, when, unknown_passes, "because", "scope")


def candidate(
    action: str, score: Expr | float | None = 1.0, *rules: Rule, tier: int = 0, **parts: object
) -> Candidate:
    if isinstance(score, float):
        score = number(score)
    plain = Candidate(action, None, None, None, (), None, rules, None, (Tier(tier, None),), score)
    return replace(plain, **parts)


def program(*candidates: Candidate, **parts: object) -> Program:
    key = Input("id", TEXT)
    plain = Program(
        "p", "", "", "UTC", "EUR", 1, "customer", "id", (key,), (), (), candidates, ("t",), Arbitration()
    )
    return replace(plain, **parts)


def person(key: Value = "c1", **fields: Value) -> dict[str, Value]:
    return {"id": key, "nothing": None, **fields}


def decided(program: Program, row: dict[str, Value] | None = None, seed: int = 0) -> Decision:
    return decide(program, row or person(), givens(program, NOW), seed)


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


# --- exploration ---


def exploring(share: float, among: tuple[int, ...] = (0, 1, 2, 3), **parts: object) -> Program:
    return program(
        candidate("a", 3.0),
        candidate("b", 2.0),
        candidate("c", 1.0),
        candidate("worse", 9.0, tier=1),
        explore=Explore(share, among),
        **parts,
    )


def test_without_a_share_the_best_is_chosen_with_its_exact_probability():
    found = decided(exploring(0.0))
    assert (found.chosen[0].candidate, found.chosen[0].probability, found.reason) == (0, 1.0, "chosen")


def test_exploring_chooses_among_the_best_tier_only():
    people = [decided(exploring(1.0), person(f"c{i}")) for i in range(900)]
    counts = Counter(found.chosen[0].candidate for found in people)
    assert set(counts) == {0, 1, 2}
    assert all(240 < count < 360 for count in counts.values())
    assert {found.reason for found in people} == {"explored"}
    assert {found.chosen[0].probability for found in people} == {1 / 3}


def test_the_probability_adds_both_ways_to_the_choice():
    people = [decided(exploring(0.3), person(f"c{i}")) for i in range(3_000)]
    by_choice = {found.chosen[0].candidate: found.chosen[0].probability for found in people}
    assert by_choice == {0: (1.0 - 0.3) * 1.0 + 0.3 * 1.0 / 3, 1: 0.3 / 3, 2: 0.3 / 3}
    counts = Counter(found.chosen[0].candidate for found in people)
    assert all(abs(counts[c] - 3_000 * p) < 100 for c, p in by_choice.items())
    assert abs(sum(found.reason == "explored" for found in people) - 900) < 100


def test_the_best_may_be_outside_of_what_is_explored():
    people = [decided(exploring(0.5, (1,)), person(f"c{i}")) for i in range(200)]
    seen = {(found.chosen[0].candidate, found.chosen[0].probability, found.reason) for found in people}
    assert seen == {(0, 0.5, "chosen"), (1, 0.5, "explored")}


def test_with_nobody_to_explore_the_best_is_certain():
    found = decided(exploring(1.0, (3,)))
    assert (found.chosen[0].candidate, found.chosen[0].probability, found.reason) == (0, 1.0, "chosen")


def test_the_seed_and_the_moment_change_the_draw_but_nothing_else_does():
    explored = exploring(1.0)
    by_seed = {decided(explored, seed=seed).chosen[0].candidate for seed in range(40)}
    assert by_seed == {0, 1, 2}
    assert decided(explored, seed=7) == decided(replace(explored, title="other"), person(x=1.0), seed=7)
    moments = [decide(explored, person(), givens(explored, NOW + i)) for i in range(40)]
    assert {found.chosen[0].candidate for found in moments} == {0, 1, 2}


def test_the_explored_choice_is_the_one_with_the_largest_draw():
    for key in ("c1", "c2", "c3", "c4"):
        base = chance.base(f"{key}@2026-11-10T09:00:00.000000Z", 5)
        draws = [chance.draw(base, k) for k in (1, 2, 3)]
        assert decided(exploring(1.0), person(key), seed=5).chosen[0].candidate == draws.index(max(draws))


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


# --- explaining ---


def explained(program: Program, row: dict[str, Value]) -> Explanation:
    return explain(program, row, givens(program, NOW))


def test_an_explanation_says_what_the_deciding_rule_read():
    adult = POOL.compare(">=", column("age"), number(18.0))
    rich = POOL.compare(">", column("income"), number(800.0))
    asked = program(candidate("a", column("x"), rule(REQUIRE, adult), rule(ELIGIBLE, POOL.both(adult, rich))))
    account = explained(asked, person(age=30.0, income=None, x=1.0)).accounts[0]
    assert account.story == Story(Fate.ELIGIBLE, 1, blocked_by_unknown=True)
    assert [(r.leaf.name, r.value) for r in account.readings] == [("age", 30.0), ("income", None)]
    assert [part.name for part in account.parts] == ["rule", "rule"]
    assert account.deciding[0].expr is asked.candidates[0].rules[1].when


def test_an_explanation_leaves_out_what_was_skipped():
    rich = POOL.compare(">", column("income"), number(800.0))
    asked = program(candidate("a", 1.0, rule(ELIGIBLE, POOL.both(POOL.column("vip", FLAG, False), rich))))
    account = explained(asked, person(vip=False, income=900.0)).accounts[0]
    assert [r.leaf.name for r in account.readings] == ["vip"]


def test_an_explanation_names_each_leaf_once_for_every_part_that_read_it():
    score = POOL.arithmetic("mul", column("x"), column("x"))
    asked = program(
        candidate("a", score, rule(ELIGIBLE, POOL.is_known(column("x")))),
        arbitration=Arbitration(threshold=column("x")),
    )
    account = explained(asked, person(x=0.5)).accounts[0]
    assert [(p.name, p.value, len(p.readings)) for p in account.parts] == [
        ("rule", True, 1),
        ("score", 0.25, 1),
        ("threshold", 0.5, 1),
    ]
    assert [part.name for part in account.deciding] == ["score", "threshold"]
    assert len(account.readings) == 1


def test_an_explanation_of_a_winner_tells_tier_and_score():
    asked = program(
        candidate(
            "a",
            column("x"),
            rule(ELIGIBLE, YES),
            tiers=(Tier(0, POOL.column("vip", FLAG, False)), Tier(1, None)),
        )
    )
    account = explained(asked, person(x=2.0, vip=True)).accounts[0]
    assert [part.name for part in account.deciding] == ["tier", "score"]
    assert [(r.leaf.name, r.value) for r in account.readings] == [("vip", True), ("x", 2.0)]


def test_an_explanation_says_which_part_was_undefined():
    explanation = explained(program(candidate("a", BROKEN), candidate("b", 1.0)), person())
    assert explanation.accounts[0].deciding[0].undefined == (BROKEN.origin,)
    assert explanation.accounts[1].deciding[0].undefined == ()
    assert explanation.undefined == {BROKEN.origin}


def test_an_explanation_has_the_decisions_id_and_the_holdouts_that_were_asked():
    given = POOL.given("now", TIME)
    holdout = Holdout("h", 1.0, "id", "h", POOL.compare(">", given, POOL.literal(0.0, TIME)))
    explanation = explained(program(candidate("a"), holdouts=(holdout,)), person())
    assert explanation.id == "c1@2026-11-10T09:00:00.000000Z"
    assert [(p.name, p.value, p.readings[0].value) for p in explanation.policy] == [("holdout", True, NOW)]


def test_a_table_of_many_rows_is_explained_by_what_it_read():
    table = number(-1.0)
    for i in reversed(range(2_000)):
        table = POOL.choose(POOL.compare("==", column("x"), number(float(i))), number(i * 2.0), table)
    account = explained(program(candidate("a", table)), person(x=1_500.0)).accounts[0]
    assert account.story.score == 3_000.0
    assert [(r.leaf.name, r.value) for r in account.readings] == [("x", 1_500.0)]


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
        for s in found.stories:
            assert (s.rule is not None) == (s.fate in (Fate.REQUIRE, Fate.ELIGIBLE, Fate.EXCLUDE))
            assert s.rule is not None or not s.blocked_by_unknown


@given(case())
def test_a_holdout_never_changes_what_would_be_done(case: Case):
    free = replace(case.program, holdouts=())
    for row in case.rows:
        found, expected = (decide(p, row, case.given, case.seed) for p in (case.program, free))
        assert (found.chosen or found.held) == expected.chosen
        assert found.stories == expected.stories


@given(case())
def test_an_explanation_decides_exactly_as_the_decision(case: Case):
    for row in case.rows:
        outcome = run(case.program, row, case.given, case.seed)
        explanation = explain(case.program, row, case.given, case.seed)
        assert explanation.decision == outcome.decision
        assert explanation.undefined == outcome.undefined
        noted = [part.undefined for account in explanation.accounts for part in account.parts]
        noted += [part.undefined for part in explanation.policy]
        assert {origin for part in noted for origin in part} == outcome.undefined


@given(case())
def test_sure_exploration_is_uniform_over_the_best_tiers_candidates_in_its_scope(case: Case):
    explore = case.program.explore
    if explore is None:
        return
    for row in case.rows:
        greedy, sure = (
            decide(replace(case.program, explore=replace(explore, share=share)), row, case.given, case.seed)
            for share in (0.0, 1.0)
        )
        best, explored = greedy.chosen + greedy.held, sure.chosen + sure.held
        assert bool(best) == bool(explored)
        if best and best[0].tier is not None:
            passed = {
                i for i, s in enumerate(sure.stories) if s.fate >= Fate.OUTRANKED and s.tier == best[0].tier
            }
            size = len(passed & set(explore.among))
            assert explored[0].probability == (1 / size if size else 1.0)
