"""`nba test`: what fails and how it is said, what tests reach, other programs' formats, and pytest."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest
from commands import fails, nba

from nbadsl.pipeline import compile
from nbadsl.testing.coverage import Part
from nbadsl.testing.reached import as_lcov
from nbadsl.testing.run import run
from nbadsl.testing.trials import Subject

POLICY = """policy loyal { timezone "Europe/Berlin" currency EUR }
profile customer key customer_id {
  customer_id: text
  age: integer in 0..120
  plan: one of basic, plus
  churn_risk: probability
  complained_at: time or never
}
table discount(plan, churn_risk): number {
  plan  | churn_risk | result
  basic | >= 70%     | 20%
  plus  | 40%..70%   | 10%
  any   | any        | 0%
}
channel email { }
channel push { }
group promo { exclude when complained_at within 14 days because "silence after a complaint" }
action winback in promo {
  via email, push
  eligible when age >= 18 because "adults only"
  value 20 * (1 - discount(plan, churn_risk))
  limit 1 per customer per 7 days
}
action tip { via push value 1 }
priority { winback when churn_risk > 50% everything else }
arbitrate { score value pick 1 }
"""
GOOD = """test "adults at risk" {
  customer { age: 30, plan: basic, churn_risk: 80%, complained_at: never }
  expect winback via email
}
test "by age" {
  customer { plan: plus, churn_risk: 10%, complained_at: never }
  cases {
    age | expect
    17  | tip
    18  | winback
  }
}
"""
BAD = """test "a price" {
  customer { age: 30, plan: plus, churn_risk: 50%, complained_at: never }
  history { winback decided 2 days ago via email }
  expect no winback because "adults only"
  expect score tip between 2 and 3
}
test "by complaint" {
  customer { age: 30, plan: plus, churn_risk: 50% }
  cases {
    complained_at | expect
    2 days ago    | winback
  }
}
"""


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("policy.nba")
    path.write_text(POLICY + GOOD)
    return path


def test_tests_that_pass_are_counted(policy: Path):
    ended = nba("test")
    assert ended.code == 0 and ended.out.startswith("3 passed in ")
    lines = nba("test", "policy.nba", "--verbose").out.splitlines()
    assert lines[:3] == [
        "passed policy.nba:27: adults at risk",
        "passed policy.nba:35: by age: 17 | tip",
        "passed policy.nba:36: by age: 18 | winback",
    ]


def test_a_failed_test_says_what_was_expected_what_came_and_why(policy: Path):
    policy.write_text(POLICY + GOOD + BAD)
    said = fails(1, "test")
    assert 'FAILED policy.nba:39: a price\n  expected  no winback because "adults only"\n' in said
    assert "  got       none, but because of limit: 1 per customer per 7 days\n" in said
    assert "  expected  score tip between 2 and 3\n  got       score 1\n" in said
    assert "1 of 1 in the last 7 days, free again 2026-11-15 10:00" in said
    assert (
        "FAILED policy.nba:49: by complaint: 2 days ago | winback\n  expected  winback\n  got       tip via push\n"
        in said
    )
    assert "group promo: silence after a complaint (policy.nba:17)" in said
    assert said.splitlines()[-1].startswith("3 passed, 2 failed in ")


def test_tests_are_chosen_by_their_names_and_places(policy: Path):
    assert nba("test", "-k", "AGE: 17").out.startswith("1 passed")
    assert nba("test", "-k", "policy.nba:31").out.startswith("2 passed")  # a test with two rows
    assert nba("test", "-k", "policy.nba:36").out.startswith("1 passed")
    assert "no test has `agee` in its name" in fails(2, "test", "-k", "agee")


def test_a_policy_with_errors_is_not_tested(policy: Path):
    policy.write_text(POLICY.replace("age >= 18", "aeg >= 18") + GOOD)
    said = fails(1, "test")
    assert "error[unknown-name]" in said and "passed" not in said


def test_a_policy_without_tests_says_how_one_begins(policy: Path):
    policy.write_text(POLICY)
    assert nba("test").out == 'there are no tests: `test "…" { … }` in a policy is one\n'


def test_as_json_and_junit_and_github(policy: Path):
    policy.write_text(POLICY + GOOD + BAD)
    tests = json.loads(nba("test", "--format", "json").out)["tests"]
    assert [(t["name"], t["line"], t["passed"]) for t in tests][-2:] == [
        ("a price", 39, False),
        ("by complaint: 2 days ago | winback", 49, False),
    ]
    assert tests[-1]["failures"] == [
        {"expected": "winback", "got": "tip via push", "path": "policy.nba", "line": 49}
    ]
    (suite,) = xml.fromstring(nba("test", "--format", "junit").out)
    assert (suite.get("tests"), suite.get("failures")) == ("5", "2")
    failed = [case for case in suite if len(case)]
    assert [case.get("line") for case in failed] == ["39", "49"]
    assert failed[1][0].get("message") == "expected winback, got tip via push"
    lines = nba("test", "--format", "github").out.splitlines()
    assert lines[2] == (
        "::error file=policy.nba,line=49,title=nba test%3A by complaint%3A 2 days ago | winback"
        "::expected winback, got tip via push"
    )


# --- what tests reach ---------------------------------------------------------------------------------------


def reached(text: str, jobs: int = 1) -> dict[str, tuple[int, int]]:
    """How often each part decided, and did not, by the beginning of its text."""
    path = Path("policy.nba")
    path.write_text(text)
    checked, program = compile(path)
    assert program is not None
    _, parts = run(path, Subject(checked.model, program), jobs=jobs)
    return {" ".join(part.text.split()[:3]): (part.decided, part.passed) for part in parts}


def test_what_tests_reach_is_counted_by_hand(policy: Path):
    # Three people: a basic one at risk, one of 17, one of 18. `winback` has two candidates, `tip` has one.
    assert reached(POLICY + GOOD) == {
        "basic | >=": (2, 2),  # asked for the two who are of age
        "plus | 40%..70%": (0, 2),
        "any | any": (2, 0),
        "eligible when age": (2, 4),
        "exclude when complained_at": (0, 4),  # not asked for who is 17
        "limit 1 per": (0, 4),
        "winback when churn_risk": (2, 0),
        "everything else": (5, 0),
    }


def test_many_tests_are_shared_out_and_come_to_the_same(policy: Path):
    rows = "".join(f"    {age}  | {'tip' if age < 18 else 'winback'}\n" for age in range(120))
    text = POLICY + GOOD.replace("    17  | tip\n    18  | winback\n", rows)
    one, (path, checked) = reached(text), (Path("policy.nba"), compile(Path("policy.nba")))
    assert reached(text, jobs=2) == one
    assert checked[1] is not None
    subject = Subject(checked[0].model, checked[1])
    results = [[(r.name, r.failures) for r in run(path, subject, jobs=jobs)[0]] for jobs in (1, 2)]
    assert results[0] == results[1] and len(results[0]) == 121


def test_coverage_as_text_lists_what_nobody_looks_after(policy: Path):
    lines = nba("test", "--coverage").out.splitlines()
    assert lines[2:] == [
        "policy.nba:12: never holds: plus | 40%..70% | 10%",
        "policy.nba:17: never stops anybody: exclude when complained_at within 14 days because "
        '"silence after a co…',
        "policy.nba:22: never stops anybody: limit 1 per customer per 7 days",
        "5 of 8 rules, table rows and priority lines decide something in some test",
    ]


def test_coverage_as_a_page_and_as_lcov(policy: Path):
    assert nba("test", "--coverage-html", "c.html", "--coverage-lcov", "c.info").code == 0
    page = Path("c.html").read_text()
    assert "5 of 8 rules" in page and "://" not in page
    (row,) = (line for line in page.splitlines() if "<td>12</td>" in line)
    assert row.startswith('<tr class="bad"><td>12</td><td>0</td>') and "<em>never holds</em>" in row
    lines = Path("c.info").read_text().splitlines()
    assert lines[:2] == ["TN:", "SF:policy.nba"] and lines[-1] == "end_of_record"
    assert "DA:20,6" in lines and "BRDA:20,4,0,2" in lines and "BRDA:20,4,1,4" in lines


def test_lcov_of_nothing_is_nothing():
    assert as_lcov([]) == ""
    never = as_lcov([Part("rule", "a.nba", (3, 3), "x", 0, 0)])
    assert "BRDA:3,0,0,-" in never and "LH:0" in never


# --- elsewhere --------------------------------------------------------------------------------------------


def test_it_starts_without_the_engine_and_its_libraries(policy: Path):
    code = (
        "import sys; from nbadsl.cli import main; main(['test'], standalone_mode=False);"
        "print([m for m in ('numba', 'numpy', 'pyarrow') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"


def collected(*more: str) -> str:
    """What pytest says of the policies in this folder."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *more,
    ]
    ended = subprocess.run(command, capture_output=True, text=True)
    return ended.stdout + ended.stderr


def test_pytest_runs_them_when_it_is_asked_to(policy: Path):
    policy.write_text(POLICY + GOOD + BAD)
    assert "no tests ran" in collected()
    said = collected("--nba")
    assert "2 failed, 3 passed" in said
    assert "expected winback, got tip via push" in said and "silence after a complaint" in said
    Path("pytest.ini").write_text("[pytest]\nnba = true\n")
    assert "1 passed" in collected("-k", "adults")


def test_pytest_shows_the_errors_of_a_policy(policy: Path):
    policy.write_text(POLICY.replace("age >= 18", "aeg >= 18") + GOOD)
    assert "error[unknown-name]" in collected("--nba")
