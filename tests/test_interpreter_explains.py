"""What the interpreter explains: the parts that decided, and what they read."""

from hypothesis import given
from small_programs import BROKEN, NOW, POOL, YES, candidate, column, number, person, program, rule
from strategies_program import Case, case

from nbadsl.interpreter import Explanation, explain, run
from nbadsl.program.decision import Fate, Story
from nbadsl.program.givens import givens
from nbadsl.program.nodes import ELIGIBLE, REQUIRE, Arbitration, Holdout, Program, Tier, Value
from nbadsl.types import FLAG, TIME


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
    assert explanation.id == "c1@2026-11-10T09:00:00.000000Z/p"
    assert [(p.name, p.value, p.readings[0].value) for p in explanation.policy] == [("holdout", True, NOW)]


def test_a_table_of_many_rows_is_explained_by_what_it_read():
    table = number(-1.0)
    for i in reversed(range(2_000)):
        table = POOL.choose(POOL.compare("==", column("x"), number(float(i))), number(i * 2.0), table)
    account = explained(program(candidate("a", table)), person(x=1_500.0)).accounts[0]
    assert account.story.score == 3_000.0
    assert [(r.leaf.name, r.value) for r in account.readings] == [("x", 1_500.0)]


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
