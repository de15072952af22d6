"""What the language means, rule by rule: the policies of `tests/cases/meaning/` keep their own tests, in both engines."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path

import meaning
import pytest
from arrays import to_arrow
from differential import decide_alone
from expectations import expected_in
from histories import as_file, connected

from nbadsl.data.decisions import REASONS, Outcome
from nbadsl.interpreter import run
from nbadsl.pipeline import check
from nbadsl.plan.lower import lower
from nbadsl.program.decision import HOLDOUT, Choice, Decision, Fate
from nbadsl.program.nodes import Program
from nbadsl.testing.trials import Subject, Trial

FOLDER = Path(__file__).parent / "cases" / "meaning"
CASES = sorted(FOLDER.glob("*.nba"))

every_case = pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)


@cache
def load(path: Path) -> Subject:
    return meaning.load(path)


@every_case
def test_a_case_begins_with_its_rule_and_has_only_the_findings_that_it_names(path: Path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ") and len(text.partition("\npolicy")[0].split()) >= 10
    assert f"\npolicy {path.stem} " in text
    found = sorted((d.span.line, d.kind.name) for d in check(path).diagnostics)
    assert found == sorted((e.line, e.kind) for e in expected_in(text))


@every_case
def test_the_interpreter_keeps_the_tests_of_a_case(path: Path):
    trials = list(meaning.trials(load(path)))
    assert trials and all(trial.expects for trial in trials)
    found = {trial.text: meaning.unmet(trial, trial.decided()) for trial in trials}
    assert {text: lines for text, lines in found.items() if lines} == {}


@every_case
def test_the_vector_engine_decides_a_case_like_the_interpreter(path: Path):
    policy = load(path)
    plan = lower(policy.program)
    for trial in meaning.trials(policy):
        table = to_arrow([trial.row], (*policy.program.inputs, *policy.program.rooms))
        (people,) = table.combine_chunks().to_batches()
        outcome = decide_alone(plan, people, trial.given).outcome
        expected = meaning.without_stories(trial.decided())
        assert decision(policy.program, outcome, expected.key) == expected, trial.text


@pytest.mark.parametrize("kind", ["sqlite", "redis", "postgres"])
def test_every_store_leaves_the_room_that_the_one_in_memory_does(kind, request):
    address = ":memory:" if kind == "sqlite" else request.getfixturevalue(f"{kind}_address")
    number = count()
    for path in CASES:
        for trial in meaning.trials(load(path)):
            if trial.events:
                store = connected(kind, address, f"meaning{next(number)}")
                store.add(trial.events)
                assert trial.full(store) == trial.row, trial.text
                store.close()
    assert next(number) > 40


def test_a_file_leaves_the_room_that_the_store_in_memory_does(tmp_path: Path):
    found = 0
    for path in CASES:
        for trial in meaning.trials(load(path)):
            if trial.events:
                program = trial.subject.program
                file = as_file(trial.events, tmp_path / "events.parquet", program)
                assert trial.full(file) == trial.row
                found += 1
    assert found > 40


def decision(program: Program, found: Outcome, key: str) -> Decision:
    """The decision that the vector engine found for one person."""
    assert found.bad[0] < 0
    chosen = tuple(
        _choice(found, place) for place in range(found.chosen.shape[1]) if found.chosen[0, place] >= 0
    )
    arms = tuple(e.arms[a][0] for e, a in zip(program.experiments, found.arms[0], strict=True))
    if found.holdout[0] >= 0:
        name = program.holdouts[found.holdout[0]].name
        return Decision(key, (), f"{HOLDOUT}: {name}", name, chosen, arms)
    return Decision(key, chosen, REASONS[found.reason[0]], arms=arms)


def _choice(found: Outcome, place: int) -> Choice:
    score, send_at = (float(part[0, place]) for part in (found.score, found.send_at))
    tier = int(found.tier[0, place])
    return Choice(
        int(found.chosen[0, place]),
        place + 1,
        None if tier < 0 else tier,
        None if score != score else score,
        float(found.probability[0, place]),
        None if send_at != send_at else send_at,
    )


# --- what the language's own tests cannot say -------------------------------------------------------


def trial(name: str, title: str) -> Trial:
    """A trial of a case, by the beginning of its title."""
    return next(t for t in meaning.trials(load(FOLDER / f"{name}.nba")) if t.text.startswith(title))


def undefined(trial: Trial) -> set[str]:
    found = run(trial.subject.program, trial.row, trial.given).undefined
    return {f"{span.line}: {span.text}" for span in found if span is not None}


def test_undefined_arithmetic_is_counted_at_its_first_place_in_the_source():
    assert undefined(trial("undefined", "division by zero")) == {"13: x / y"}
    assert undefined(trial("undefined", "overflow")) == {
        "16: x * y",
        "17: exp(x)",
        "18: x ^ y",
        "19: on + 1 months",
    }
    assert undefined(trial("unknown_travels", "of somebody of whom nothing is known")) == set()


def test_a_slot_outside_the_dates_of_its_action_is_quiet_and_not_undefined():
    late = trial("slots", "the evening of the next day is not")
    assert undefined(late) == set()
    candidates = late.subject.program.candidates
    [tonight] = [i for i, c in enumerate(candidates) if (c.action, c.slot) == ("last_day", "tonight")]
    assert late.decided().stories[tonight].fate is Fate.QUIET


def test_a_gap_in_a_table_is_counted_as_undefined_at_the_name_of_the_table():
    assert undefined(trial("table_gap", "in a gap")) == {"10: fare"}
    assert undefined(trial("table_gap", "outside of it")) == set()
    assert undefined(trial("table_collect", "no row holds")) == {"27: cheapest", "34: dearest"}


def test_a_holdout_records_what_it_kept_from_being_decided():
    held = trial("holdouts", "who is held out").decided()
    assert (held.chosen, held.holdout) == ((), "universal")
    assert [choice.candidate for choice in held.held] == [0]


def test_nobody_who_is_held_out_would_have_been_decided_anything_when_nobody_passed():
    held = trial("holdouts", "the holdout is the reason").decided()
    assert (held.reason, held.held) == ("holdout: universal", ())


def test_the_list_is_ranked_and_says_the_tier_and_the_score_of_each():
    found = trial("tiers", "the first line that holds counts").decided()
    assert [(c.rank, c.tier, c.score) for c in found.chosen] == [
        (1, 0, 1.0),
        (2, 1, 10.0),
        (3, 2, 10.0),
        (4, 2, 5.0),
        (5, 4, 100.0),
        (6, 4, 50.0),
    ]


def test_what_is_not_explored_has_probability_one():
    assert [c.probability for c in trial("pick", "best first").decided().chosen] == [1.0] * 4
    explored = trial("explore", "the only one of the scope").decided()
    assert (explored.reason, explored.chosen[0].probability) == ("explored", 1.0)
    greedy = trial("explore", "nobody of the scope").decided()
    assert (greedy.reason, greedy.chosen[0].probability) == ("chosen", 1.0)


@pytest.mark.parametrize(
    ("title", "newsletter", "local_news"),
    [
        ("the better slot", "2026-11-11 17:00", "2026-11-11 17:00"),
        ("an offset of one's own", "2026-11-11 17:00", "2026-11-11 23:00"),
        ("the hour itself", "2026-11-11 17:00", "2026-11-11 17:00"),
        ("over a clock change", "2026-10-25 17:00", "2026-10-25 16:00"),
    ],
)
def test_a_slot_is_sent_when_clocks_show_its_hour_next(title: str, newsletter: str, local_news: str):
    found = trial("slots", title).decided()
    names = [load(FOLDER / "slots.nba").program.candidates[c.candidate].action for c in found.chosen]
    moments = dict(zip(names, (c.send_at for c in found.chosen), strict=True))
    assert moments["newsletter"] == utc(newsletter)
    assert moments["local_news"] == utc(local_news)


def utc(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp() * 1e6


def test_a_candidate_without_slots_has_no_moment_and_now_is_the_decision_itself():
    without, now = trial("slots", "the better slot"), trial("slots", "the evening of the next day")
    assert without.decided().chosen[-1].send_at is None
    assert now.decided().chosen[0].send_at == now.given["now"] == utc("2026-11-10 19:01")


def test_the_fallback_has_neither_tier_nor_score():
    found = trial("fallback", "nobody passed").decided()
    assert found.reason == "fallback"
    assert [(c.rank, c.tier, c.score, c.probability) for c in found.chosen] == [(1, None, None, 1.0)]


def test_an_explanation_says_that_a_rule_blocked_because_something_was_unknown():
    stopped = {}
    for title in ("no does not", "unknown passes only"):
        found = trial("eligible", title)
        stopped[title] = [s.blocked_by_unknown for s in found.decided().stories]
    assert stopped == {"no does not": [False, False], "unknown passes only": [True, False]}
