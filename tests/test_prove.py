"""`nba prove`: hand-made cases, the scenarios, the command."""

from __future__ import annotations

import json
import multiprocessing
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from commands import change, nba

from nbadsl.inputs import Input
from nbadsl.program.intervals import MAX
from nbadsl.program.limits import Window
from nbadsl.prove.answers import PROVED, Answer
from nbadsl.prove.customer import Contact, Replay
from nbadsl.prove.frequency import smallest
from nbadsl.prove.questions import Options, Prover, Question, questions_of
from nbadsl.prove.search import Search, Unknown
from nbadsl.prove.subject import Subject, load
from nbadsl.prove.values import both
from nbadsl.prove.windows import touched
from nbadsl.types import DAY, HOUR, NUMBER
from nbadsl.zone import zone

ROOT = Path(__file__).parent.parent
CASES = sorted((ROOT / "tests" / "cases" / "prove").glob("*.nba"))
SCENARIOS = sorted((ROOT / "examples" / "scenarios").glob("*.nba"))
GUARANTEE, MARK = re.compile(r'^guarantee "([^"]*)"'), re.compile(r"# (proved|refuted|unknown)$")
FINDING = re.compile(r"# ((?:never|table|overlapping|unreachable)-[a-z]+)(?: (.*))?$")


def answers_of(path: Path, options: Options | None = None) -> tuple[Subject, list[Answer]]:
    subject, options = load(path), options or Options()
    assert subject is not None, path
    prover = Prover((subject,), options)
    return subject, [a for question in questions_of(subject, options) for a in prover.answers(question)]


def promised(path: Path) -> Iterator[tuple[str, str]]:
    """What a case says of each of its guarantees."""
    name = ""
    for line in path.read_text().splitlines():
        begins, mark = GUARANTEE.match(line), MARK.search(line)
        name = begins.group(1) if begins else name
        if mark:
            yield name, mark.group(1)


def findings(path: Path) -> dict[tuple[str, int], str]:
    """What a case says never happens, and of its tables, by kind and line, with a piece of the reason."""
    lines = enumerate(path.read_text().splitlines(), 1)
    return {(m.group(1), n): m.group(2) or "" for n, line in lines if (m := FINDING.search(line))}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_is_answered_as_it_says(path: Path):
    subject, answers = answers_of(path)
    guarantees = {a.name: a for a in answers if a.kind == "guarantee"}
    assert {name: a.status for name, a in guarantees.items()} == dict(promised(path))
    for answer in guarantees.values():
        if answer.example is not None and "another" in " ".join(answer.example.history):
            assert not answer.example.test, "a test has the history of one person"
        elif answer.example is not None:
            assert answer.example.test, answer
            title = re.match(r'test "(.*)" \{', answer.example.test).group(1)  # type: ignore[union-attr]
            assert subject.fails(answer.example.test, title) is answer.example.fails
            said = path.read_text().splitlines()[answer.line - 1]
            assert answer.example.fails or ": some" in said, "a test says what was promised"
    if expected := findings(path):
        found = {(a.kind, a.line): a for a in answers if a.kind != "guarantee"}
        assert set(found) == set(expected)
        for place, why in expected.items():
            assert found[place].status == PROVED
            assert why in f"{found[place].said} {found[place].why}", found[place]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_scenario_has_guarantees_and_they_hold(path: Path):
    _, answers = answers_of(path, Options(idle=False))
    assert answers
    assert [(a.name, a.status) for a in answers if a.status != PROVED] == []


# --- windows ----------------------------------------------------------------------------------------

UTC, BERLIN = zone("UTC"), zone("Europe/Berlin")
WEEK = Window(int(7 * DAY))


@pytest.mark.parametrize(
    ("promised", "limited", "zone", "count"),
    [
        (WEEK, WEEK, UTC, 1),
        (Window(int(3 * DAY)), WEEK, UTC, 1),
        (Window(int(14 * DAY)), WEEK, UTC, 2),
        (Window(int(15 * DAY)), WEEK, UTC, 3),
        (WEEK, Window(unit="week"), UTC, 2),
        (WEEK, Window(unit="week"), BERLIN, 3),  # a week of 167 hours
        (Window(int(7 * DAY - HOUR)), Window(unit="week"), BERLIN, 2),
        (Window(unit="week"), WEEK, UTC, 1),
        (Window(unit="week"), WEEK, BERLIN, 2),  # one of 169 hours
        (Window(unit="week"), Window(unit="day"), BERLIN, 7),
        (Window(unit="month"), Window(unit="week"), UTC, 6),
        (Window(unit="week"), Window(unit="month"), UTC, 2),
        (Window(unit="day"), Window(unit="week"), UTC, 1),
        (Window(unit="day"), Window(unit="month"), UTC, 1),
        (Window(unit="month"), Window(unit="quarter"), UTC, 1),
        (Window(unit="year"), Window(unit="quarter"), UTC, 4),
        (WEEK, Window(), UTC, 1),
        (Window(), WEEK, UTC, None),
        (Window(since="joined"), Window(since="joined"), UTC, 1),
        (Window(since="joined"), Window(since="left"), UTC, None),
        (Window(since="joined"), WEEK, UTC, None),
    ],
)
def test_how_many_windows_of_a_limit_a_promise_touches(promised, limited, zone, count):
    assert touched(promised, limited, zone) == count


def test_others_of_a_household_keep_their_own_limits_and_share_the_rest(tmp_path: Path):
    """Each of them has had as much as a customer may, and no more."""
    subject, answers = answers_of(ROOT / "tests" / "cases" / "prove" / "limits.nba", Options(idle=False))
    found = {answer.name: answer for answer in answers}
    [by_household, by_everybody] = (found[name].example for name in ("by household", "by everybody"))
    assert by_household is not None and by_everybody is not None
    assert [h.endswith('to "another 1"') for h in by_household.history] == [False, False, True]
    assert by_household.customer == ('household: "x"',) and len(by_everybody.history) == 5
    replay = Replay(subject.program)
    people = [(), (), *(replay.another(replay.plain(), number, None) for number in (1, 1))]
    contacts = tuple(Contact(0, "decided", 0, who) for who in people)
    assert replay.kept_limits(replace(replay.plain(), contacts=contacts))
    alone = tuple(Contact(0, "decided", 0) for _ in people)
    assert not replay.kept_limits(replace(replay.plain(), contacts=alone))


def test_nothing_needs_no_limits():
    assert smallest([], []) == [] and smallest([], [1]) is None


# --- the command ------------------------------------------------------------------------------------

POLICY = """policy p {{ }}
profile customer key id {{ id: text  age: integer in 0..120 }}
action offer {{ eligible when age >= {age} }}
arbitrate {{ score 1 }}
guarantee "no minors": never offer when age < 18
"""


def written(path: Path, age: int) -> str:
    path.write_text(POLICY.format(age=age))
    return str(path)


def test_a_proof_ends_with_0(tmp_path: Path):
    run = nba("prove", written(tmp_path / "p.nba", 18))
    assert run.code == 0, run
    assert run.out.startswith("proved  no minors: holds for everybody")
    assert "1 proved in" in run.out


def test_a_refutation_ends_with_1_and_shows_a_test_that_fails(tmp_path: Path):
    policy, tests = tmp_path / "p.nba", tmp_path / "found.nba"
    run = nba("prove", written(policy, 16), "--write-tests", str(tests))
    assert run.code == 1
    assert "refuted no minors" in run.out and "decided:  offer" in run.out
    policy.write_text(policy.read_text() + tests.read_text())
    assert nba("test", str(policy)).code == 1
    policy.write_text(policy.read_text().replace("age >= 16", "age >= 18"))
    assert nba("test", str(policy)).code == 0


def test_a_test_brings_what_every_request_must_have(tmp_path: Path):
    path = Path(written(tmp_path / "p.nba", 16))
    path.write_text(path.read_text() + "context { seats: integer in 0..9 }\n")
    _, [answer] = answers_of(path, Options(idle=False))
    assert (
        answer.example is not None and "context { seats: 0 }" in answer.example.test and answer.example.fails
    )


def test_answers_as_json(tmp_path: Path):
    run = nba("prove", written(tmp_path / "p.nba", 16), "--format", "json")
    found = json.loads(run.out)
    assert found["schema_version"] == 1
    [answer] = found["answers"]
    assert (answer["status"], answer["name"], answer["line"]) == ("refuted", "no minors", 5)
    assert answer["example"]["decided"] == [["offer"]]


def test_two_policies_are_compared(tmp_path: Path):
    old, new = written(tmp_path / "old.nba", 18), written(tmp_path / "new.nba", 16)
    assert nba("prove", "--same", old, old).code == 0
    run = nba("prove", "--same", old, new)
    assert run.code == 1
    assert "first:    nothing (nobody passed)" in run.out and "second:   offer" in run.out
    assert nba("prove", "--implies", old, new).code == 0
    assert nba("prove", "--implies", new, old).code == 1


DIVIDED = """policy p {{ }}
profile customer key id {{ id: text  home: text  age: integer in 0..120 }}
group tips {{ }}
action tip in tips {{ value 2 }}
action offer in tips {{ value if test is bold then 3 else 1 }}
action idle {{ }}
arbitrate {{ score value  fallback idle }}
{}
"""
PLAIN = "holdout some 5% by id\nexperiment test by id { calm 50%, bold 50% }\nexplore 10% among tips"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("holdout some 5% by id", 'holdout others 5% by id seed "some"', ""),
        ("holdout some 5% by id", "holdout some 6% by id", "nothing (holdout: some)"),
        ("holdout some 5% by id", "holdout some 5% by home", "nothing (holdout: some)"),
        ("holdout some 5% by id", 'holdout some 5% by id seed "2"', "nothing (holdout: some)"),
        ("holdout some 5% by id", "holdout some 5% by id until 2026-12-31", "nothing (holdout: some)"),
        ("holdout some 5% by id\n", "", "nothing (holdout: some)"),
        ("{ calm 50%, bold 50% }", "{ calm 51%, bold 49% }", "second:   tip"),
        ("{ calm 50%, bold 50% }", 'seed "2" { calm 50%, bold 50% }', "decide differently"),
        ("{ calm 50%, bold 50% }", "{ calm 50%, bold 0%, brave 50% }", "first:    offer"),
        ("explore 10%", "explore 20%", "explore 10% and 20% of the time"),
        ("explore 10% among tips", "explore 10% among tip", "decide differently"),
    ],
)
def test_chance_is_compared_as_well(tmp_path: Path, old: str, new: str, said: str):
    paths = tmp_path / "old.nba", tmp_path / "new.nba"
    assert PLAIN.count(old) == 1
    for path, text in zip(paths, (PLAIN, PLAIN.replace(old, new)), strict=True):
        path.write_text(DIVIDED.format(text))
    run = nba("prove", "--same", *paths)
    assert run.code == (1 if said else 0), run
    assert (said or "decide the same for everybody") in run.out
    assert nba("prove", "--same", paths[1], paths[1]).code == 0
    run = nba("prove", "--implies", *paths)
    differ = "holdout" in old and said
    assert ("their holdouts differ, and are left aside" in run.out) is bool(differ) and run.code == 0


def test_customers_are_compared_who_are_valid_for_both(tmp_path: Path):
    """What only older ones, or ones of unknown age, are decided is no difference."""
    wide, narrow = tmp_path / "wide.nba", Path(written(tmp_path / "narrow.nba", 18))
    rules = "eligible when age >= 18, unknown passes  exclude when age > 110, unknown keeps"
    change(narrow, "0..120", "0..100")
    wide.write_text(
        POLICY.format(age=18).replace("0..120", "0..120 optional").replace("eligible when age >= 18", rules)
    )
    assert nba("prove", "--same", wide, narrow).code == nba("prove", "--same", narrow, wide).code == 0
    change(wide, "age > 110", "age > 90")
    assert nba("prove", "--same", wide, narrow).code == nba("prove", "--same", narrow, wide).code == 1


def test_wrong_use_ends_with_2(tmp_path: Path):
    assert nba("prove", "--same", written(tmp_path / "p.nba", 18)).code == 2
    assert nba("prove", str(tmp_path / "none.nba")).code == 2


def test_a_policy_with_errors_ends_with_1(tmp_path: Path):
    (tmp_path / "p.nba").write_text("policy p { }\naction a { eligible when x }\n")
    assert nba("prove", str(tmp_path / "p.nba")).code == 1


def test_without_z3_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    run = nba("prove", written(tmp_path / "p.nba", 18))
    assert run.code == 2 and "pip install 'nbadsl[prove]'" in run.said


def test_a_prover_that_is_killed_is_no_proof_and_no_lack_of_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The process of the first question is; another one goes on with the second."""

    def begins(question: Question) -> None:
        if question.name == "first":
            [worker] = multiprocessing.active_children()
            worker.kill()

    monkeypatch.setattr("nbadsl.cli.prove._progress", lambda path: nullcontext(begins))
    written(tmp_path / "p.nba", 18)
    change(
        tmp_path / "p.nba",
        'guarantee "no minors"',
        'guarantee "first": never offer when age < 9\nguarantee "no minors"',
    )
    run = nba("prove", str(tmp_path / "p.nba"), "--allow-unknown", "--guarantees")
    assert run.code == 2
    first, second, summary = run.out.splitlines()
    assert (
        first.startswith("failed  first: the prover's process ended with SIGKILL; ")
        and "report this" in first
    )
    assert second.startswith("proved  no minors")
    assert summary.startswith("1 proved, 1 failed")


def test_a_number_beyond_doubles_is_the_largest_one(tmp_path: Path):
    subject = load(Path(written(tmp_path / "p.nba", 18)))
    assert subject is not None
    search = Search([subject.program], 5)
    income = search.inputs.variable("field", Input("income", NUMBER), False)
    search.of[0].fields["income"], search.of[0].read["field", "income"] = Input("income", NUMBER), income
    found = search.ask(income.value >= 10**400, lambda sketch: sketch.customer)  # type: ignore[union-attr]
    assert found.what.row["income"] == MAX  # type: ignore[union-attr]


def test_a_judge_who_refuses_everybody_proves_nothing():
    subject = load(ROOT / "tests" / "cases" / "prove" / "never.nba")
    assert subject is not None
    search = Search([subject.program], 5)
    choosing, read = search.choosing[0], search.of[0].read
    allowed = both(choosing.allowed(0), choosing.scored(0))
    only = (read["field", "age"].value == 20, read["field", "worth"].value == 5)  # type: ignore[union-attr]
    assert search.ask(both(allowed, *only), lambda sketch: sketch.customer).what.row["age"] == 20  # type: ignore[union-attr]
    assert search.ask(both(allowed, *only), lambda sketch: None) == Unknown("judge")
