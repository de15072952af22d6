"""What programs become on their way to the engine: rewrites, ranges, sharing, registers."""

import subprocess
import sys

import pytest
from small_programs import POOL, candidate, column, number, program, rule

from nbadsl.plan.lower import lower
from nbadsl.plan.ops import BY_NAME, OPS, WIDTH
from nbadsl.plan.plan import Plan
from nbadsl.plan.ranges import Ranges
from nbadsl.plan.show import show_plan
from nbadsl.plan.verify import verify
from nbadsl.program.intervals import MAX
from nbadsl.program.nodes import ELIGIBLE, Expr, If, Input, IsKnown, Literal, Same
from nbadsl.program.rewrites import Rewriter
from nbadsl.types import FLAG, INTEGER, NUMBER, TEXT, TIME, Words

WORDS = Words(("basic", "plus", "unlimited"))
AGE, SURE = column("age"), POOL.column("sure", NUMBER, False)
FLAGS = tuple(POOL.column(f"flag{i}", FLAG, False) for i in range(4))
MAYBE = POOL.column("maybe", FLAG, True)
CITY, TOWN = POOL.column("city", TEXT, True), POOL.column("town", TEXT, False)
INPUTS = (
    Input("id", TEXT),
    Input("age", NUMBER, optional=True, low=0.0, high=120.0),
    Input("sure", NUMBER, low=-10.0, high=10.0),
    *(Input(f"flag{i}", FLAG) for i in range(4)),
    Input("maybe", FLAG, optional=True),
    Input("city", TEXT, optional=True),
    Input("town", TEXT),
    Input("plan", WORDS),
    Input("count", INTEGER),
    Input("since", TIME),
)


def lowered(*candidates: object, **parts: object) -> Plan:
    plan = lower(program(*candidates, inputs=INPUTS, **parts))  # type: ignore[arg-type]
    verify(plan)
    return plan


def names(plan: Plan) -> list[str]:
    """The instructions of the main part."""
    end = plan.parts.audit if plan.parts.audit >= 0 else len(plan.code) // WIDTH
    return [OPS[plan.code[i * WIDTH]].name for i in range(plan.parts.main, end)]


def eligible(*whens: Expr) -> list[str]:
    return names(lowered(candidate("a", 1.0, *(rule(ELIGIBLE, when) for when in whens))))


# --- rewrites -----------------------------------------------------------------------------------------


def text(value: str) -> Expr:
    return POOL.literal(value, TEXT)


def test_a_question_about_a_chosen_text_goes_into_the_branches():
    rewritten = Rewriter()(POOL.same(POOL.choose(MAYBE, CITY, text("a")), text("a")))
    assert isinstance(rewritten, If)
    assert isinstance(rewritten.then, Same) and isinstance(rewritten.otherwise, Literal)
    assert rewritten.otherwise.value is True


def test_a_question_about_a_default_asks_whether_there_is_a_value():
    rewritten = Rewriter()(POOL.member(POOL.or_else(CITY, TOWN), ("a", "b")))
    assert isinstance(rewritten, If) and isinstance(rewritten.condition, IsKnown)


def test_what_cannot_matter_is_dropped_and_what_is_evaluated_is_kept():
    rewriter, broken = Rewriter(), POOL.compare(">", POOL.arithmetic("div", SURE, SURE), number(1.0))
    assert rewriter(POOL.both(POOL.no(), broken)) is rewriter.pool.no()
    assert rewriter(POOL.both(broken, POOL.no())) is not rewriter.pool.no()
    assert rewriter(POOL.negate(POOL.negate(MAYBE))) is rewriter(MAYBE)
    assert rewriter(POOL.is_known(TOWN)) is rewriter.pool.yes()


def test_a_table_of_two_thousand_rows_is_lowered():
    table: Expr = number(0.0)
    for i in range(2000):
        table = POOL.choose(POOL.compare("==", AGE, number(float(i))), number(float(i)), table)
    assert "blend_cc" in names(lowered(candidate("a", table)))


# --- ranges ---------------------------------------------------------------------------------------------


def checked(expr: Expr) -> bool:
    """Whether an expression is computed with a check."""
    return "check" in names(lowered(candidate("a", expr)))


@pytest.mark.parametrize(
    ("expr", "needs_check"),
    [
        (POOL.arithmetic("add", AGE, SURE), False),
        (POOL.arithmetic("mul", AGE, POOL.arithmetic("mul", AGE, AGE)), False),
        (POOL.arithmetic("add", column("amount"), column("amount")), True),
        (POOL.arithmetic("exp", SURE), False),
        (POOL.arithmetic("exp", POOL.arithmetic("mul", SURE, number(100.0))), True),
        (POOL.arithmetic("div", number(1.0), SURE), True),
        (POOL.arithmetic("div", SURE, POOL.arithmetic("add", AGE, number(1.0))), False),
        (POOL.arithmetic("log", AGE), True),
        (POOL.arithmetic("log", POOL.arithmetic("add", AGE, number(1.0))), False),
        (POOL.arithmetic("sqrt", SURE), True),
        (POOL.arithmetic("pow", number(0.5), AGE), False),
        (POOL.arithmetic("pow", AGE, number(0.5)), True),
        (POOL.arithmetic("mul", POOL.column("count", INTEGER, False), number(1e200)), False),
        (POOL.arithmetic("div", number(1.0), POOL.arithmetic("max", AGE, number(2.0))), False),
        (
            POOL.calendar(
                "year", POOL.calendar("local_date", POOL.column("since", TIME, False), type=TIME), type=NUMBER
            ),
            True,
        ),
    ],
)
def test_only_what_could_be_undefined_is_checked(expr: Expr, needs_check: bool):
    inputs = (*INPUTS, Input("amount", NUMBER, optional=True))
    plan = lower(program(candidate("a", expr), inputs=inputs))
    assert ("check" in names(plan)) == needs_check
    assert (plan.parts.audit >= 0) == needs_check


def test_ranges_bound_what_they_are_asked():
    ranges = Ranges(program(inputs=INPUTS))
    assert ranges.of(POOL.arithmetic("sub", AGE, SURE)) == (-10.0, 130.0)
    assert ranges.of(POOL.arithmetic("mul", SURE, SURE)) == (-100.0, 100.0)
    assert ranges.of(POOL.arithmetic("abs", SURE)) == (0.0, 10.0)
    assert ranges.of(POOL.choose(MAYBE, AGE, SURE)) == (-10.0, 120.0)
    assert ranges.of(column("undeclared")) == (-MAX, MAX)


# --- unknown ----------------------------------------------------------------------------------------------


def test_a_field_that_is_never_unknown_costs_one_instruction():
    over = POOL.compare(">", SURE, number(1.0))
    assert eligible(over)[:2] == ["range", "gate"]
    assert eligible(POOL.negate(over))[:2] == ["range", "gate"]


def test_an_optional_field_costs_a_mask_for_whom_it_is_known():
    assert sorted(eligible(POOL.compare(">", AGE, number(18.0)))[:2]) == ["range", "valid"]


def test_a_rule_and_its_opposite_share_their_test():
    over = POOL.compare(">", SURE, number(1.0))
    assert eligible(over, POOL.negate(over)).count("range") == 1


# --- what is computed where --------------------------------------------------------------------------------


def test_candidates_share_their_tests():
    rules = [rule(ELIGIBLE, POOL.compare(">", SURE, number(float(i)))) for i in range(3)]
    plan = lowered(*(candidate(f"a{i}", 1.0, *rules) for i in range(10)))
    assert names(plan).count("range") == 3


def test_a_score_is_computed_for_selected_rows_unless_many_share_it():
    score = POOL.arithmetic("mul", AGE, SURE)
    alone = names(lowered(candidate("a", score)))
    assert "gather" in alone and "load" not in alone
    shared = names(
        lowered(*(candidate(f"a{i}", POOL.arithmetic("add", score, number(float(i)))) for i in range(5)))
    )
    assert shared.count("mul_vv") == 1 and shared.count("pick") == 5


def logistic(x: Expr, one: float = 1.0) -> Expr:
    power = POOL.arithmetic("exp", POOL.arithmetic("neg", x))
    return POOL.arithmetic("div", number(1.0), POOL.arithmetic("add", power, number(one)))


def test_what_scores_are_made_of_becomes_few_instructions():
    scored = ["gate", "select", "scaled", "add_vc", "plus_scaled", "logistic", "keep", "best", "dense", "end"]
    terms = [POOL.arithmetic("mul", field, number(0.1)) for field in (AGE, SURE)]
    linear = POOL.arithmetic("add", POOL.arithmetic("add", number(0.5), terms[0]), terms[1])
    assert names(lowered(candidate("a", logistic(linear)))) == scored


def test_what_is_read_twice_or_is_another_formula_stays_as_it_is():
    term = POOL.arithmetic("mul", SURE, number(0.1))
    twice = names(lowered(candidate("a", POOL.arithmetic("add", term, term))))
    assert twice == ["gate", "select", "scaled", "add_vv", "best", "dense", "end"]
    two = names(lowered(candidate("a", logistic(SURE, one=2.0))))
    assert "exp" in two and "logistic" not in two


def test_what_is_the_same_for_everybody_is_computed_once_a_run():
    today = POOL.given("now", TIME)
    bound = POOL.arithmetic("sub", today, number(5.0))
    plan = lowered(
        candidate("a", 1.0, rule(ELIGIBLE, POOL.compare(">", POOL.column("since", TIME, False), bound)))
    )
    once = [OPS[plan.code[i * WIDTH]].name for i in range(plan.parts.main)]
    assert "sub_vc" in once and names(plan)[:2] == ["range", "gate"]


def test_registers_are_used_again():
    score: Expr = SURE
    for i in range(100):
        score = POOL.arithmetic("add", score, POOL.arithmetic("mul", AGE, number(float(i))))
    assert lowered(candidate("a", score)).number_registers <= 4


def test_every_operation_is_documented_or_speaks_for_itself():
    assert len({op.name for op in OPS}) == len(OPS) == len(BY_NAME)
    assert all(len(op.operands) < WIDTH for op in OPS)
    assert {"gate", "keep", "best"} <= {op.name for op in OPS if op.doc}


def test_a_plan_is_shown_with_names():
    plan = lowered(candidate("winback", 1.0, rule(ELIGIBLE, POOL.compare(">=", AGE, number(18.0)))))
    shown = show_plan(plan)
    assert "range      m2 = age >= 18" in shown or "range      m3 = age >= 18" in shown
    assert "winback" in shown and "every block" in shown


def test_plans_are_made_without_numba_or_arrow():
    code = "import sys, nbadsl.plan.lower, nbadsl.plan.artefact, nbadsl.plan.show; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numba", "pyarrow", "llvmlite"} & set(loaded)
