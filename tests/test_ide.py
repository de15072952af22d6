"""Every question in `tests/cases/ide/` is answered as its comment says."""

import pytest
from ide_cases import ANSWERS, CASES, case_of, cases, complaint

from nbadsl.ide import keywords
from nbadsl.inputs import FACTS

PROGRAMS = [
    pytest.param(program, id=f"{folder.name}/{name}")
    for folder in sorted(CASES.iterdir())
    for name, program in cases(folder.name)
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_questions_are_answered_as_written_below_them(program):
    case = case_of(program)
    assert case.questions, "a program without a question"
    wrong = [c for q in case.questions if (c := complaint(case, q))]
    assert not wrong, "\n".join(wrong)


def test_every_feature_is_asked():
    asked = {q.feature for p in PROGRAMS for q in case_of(p.values[0]).questions}
    assert asked == set(ANSWERS)


def test_every_name_that_needs_no_declaration_is_explained():
    assert tuple(keywords.FACTS) == FACTS


def test_the_harness_notices_a_wrong_answer():
    text = 'define young = age < 30\n#      ^ hover: "no such thing"\n#   ^ definition: @nowhere\n'
    case = case_of(text)
    assert len([c for q in case.questions if (c := complaint(case, q))]) == 2
