"""The scenarios: whole policies from many trades, each of which must check, decide and keep its own tests.

Limits, rests and budgets are checked but not enforced yet; programs that have them are not run
elsewhere. Here they run without these, which changes no test that gives no history; the tests that do are
counted in `NEED_HISTORY`, and what is not enforced in `UNENFORCED`. Both tables go when limits come.
"""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import meaning
import numpy as np
import pyarrow as pa
import pytest
from differential import decide_alone

from nbadsl.interpreter import Evaluator, decide
from nbadsl.pipeline import check
from nbadsl.plan.lower import lower
from nbadsl.program.decision import Decision, Row
from nbadsl.program.nodes import Input, Program, Value
from nbadsl.resources import folder
from nbadsl.testing.trials import Subject, Trial
from nbadsl.types import Clock, Date, Duration, Flag, Integer, Set, Text, Time, Words
from nbadsl.zone import zone

SCENARIOS = sorted((folder("examples") / "scenarios").glob("*.nba"))
NUMBERS = (1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 20, 21, 24, 25, 26, 30)

every_scenario = pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: p.stem)


def number(path: Path) -> int:
    return int(path.stem.split("-")[0])


@cache
def load(path: Path) -> Subject:
    return meaning.load(path)


@cache
def trials(path: Path) -> list[Trial]:
    return list(meaning.trials(load(path)))


@every_scenario
def test_a_scenario_checks_without_findings(path: Path):
    assert [f"{d.span}: {d.message}" for d in check(path).diagnostics] == []


@every_scenario
def test_a_scenario_documents_its_fields_and_tests_itself(path: Path):
    checked = check(path)
    fields = [s.input for kind in ("field", "context") for s in checked.model.of_kind(kind) if s.input]
    assert [f.name for f in fields if not f.doc] == []
    assert len(checked.model.tests) >= 2


def test_the_readme_lists_every_scenario_with_its_title():
    text = (folder("examples") / "scenarios" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\d+) \| \[([^]]+)\]\(([^)]+)\) \| \S.* \|$", text, re.MULTILINE)
    titles = [load(path).program.title for path in SCENARIOS]
    assert listed == [(str(number(p)), t, p.name) for p, t in zip(SCENARIOS, titles, strict=True)]
    assert tuple(map(number, SCENARIOS)) == NUMBERS


@every_scenario
def test_the_tests_of_a_scenario_hold(path: Path):
    lost = {t.text: meaning.unmet(t, t.decided()) for t in trials(path)}
    assert {text: unmet for text, unmet in lost.items() if unmet} == {}


@every_scenario
def test_no_guarantee_of_a_scenario_is_broken_in_its_tests(path: Path):
    """As far as the tests go: nobody is decided what a guarantee forbids, or denied what it promises."""
    policy = load(path)
    for trial in trials(path):
        evaluator = Evaluator(trial.row, trial.given, arms(trial), zone(policy.program.timezone))
        decision = trial.decided()
        chosen = {choice.candidate for choice in decision.chosen}
        for guarantee in policy.program.guarantees:
            if evaluator.value(guarantee.when) is True:
                assert chosen.isdisjoint(guarantee.among) == guarantee.never, (trial.text, guarantee.name)


def arms(trial: Trial) -> dict[str, str]:
    names = [e.name for e in trial.subject.program.experiments]
    return dict(zip(names, trial.decided().arms, strict=True))


# --- both engines -----------------------------------------------------------------------------------


@every_scenario
def test_both_engines_decide_a_scenario_alike(path: Path):
    program = load(path).program
    plan = lower(program)
    for given, rows in crowds(program, trials(path)):
        read = (*program.inputs, *program.rooms)
        batch = pa.record_batch(
            [column(f, [r[f.name] for r in rows]) for f in read], [f.column for f in read]
        )
        found = decide_alone(plan, batch, given, seed=7).outcome
        for person, row in enumerate(rows):
            assert by_engine(found, person) == by_interpreter(decide(program, row, given, seed=7)), row


def crowds(
    program: Program, trials: list[Trial], size: int = 200
) -> list[tuple[dict[str, Value], list[Row]]]:
    """For each moment and context of the trials: their people, and people mixed from their values and from
    the ends of the declared ranges."""
    chance = random.Random(program.name)
    seen = {f.name: [t.row[f.name] for t in trials] + ends(f) for f in (*program.inputs, *program.rooms)}
    runs = {repr(t.given): t.given for t in trials}
    return [
        (
            given,
            [t.row for t in trials]
            + [{name: chance.choice(values) for name, values in seen.items()} for _ in range(size)],
        )
        for given in runs.values()
    ]


def ends(field: Input) -> list[Value]:
    found: list[Value] = [bound for bound in (field.low, field.high) if bound is not None]
    match field.type:
        case Integer() if field.name.startswith("room "):
            found += [0.0, 1.0, 2.0]
        case Flag():
            found += [True, False]
        case Words(words):
            found += words
        case Text():
            found += [f"person {n}" for n in range(50)]
    return [*found, None] if field.optional or field.never else found


def column(field: Input, values: list[Value]) -> pa.Array:
    """Values of the language as an Arrow column."""

    def whole(value: Value) -> int | None:
        return None if value is None else int(value)  # type: ignore[arg-type]

    match field.type:
        case Flag():
            return pa.array(values, pa.bool_())
        case Text() | Words():
            return pa.array(values, pa.string())
        case Set():
            return pa.array([None if v is None else sorted(v) for v in values], pa.list_(pa.string()))  # type: ignore[arg-type]
        case Integer():
            return pa.array([whole(v) for v in values], pa.int64())
        case Date():
            return pa.array([whole(v) for v in values], pa.int32()).cast(pa.date32())
        case Time():
            return pa.array([whole(v) for v in values], pa.timestamp("us", "UTC"))
        case Duration():
            return pa.array([whole(v) for v in values], pa.duration("us"))
        case Clock():
            return pa.array([whole(v) for v in values], pa.time64("us"))
        case _:
            return pa.array(values, pa.float64())


def by_engine(found: object, person: int) -> tuple[object, ...]:
    held = int(found.holdout[person])  # type: ignore[attr-defined]
    places = [p for p, c in enumerate(found.chosen[person]) if c >= 0]  # type: ignore[attr-defined]
    return held >= 0, [
        (
            int(found.chosen[person, p]),  # type: ignore[attr-defined]
            plain(found.score[person, p]),  # type: ignore[attr-defined]
            plain(found.probability[person, p]),  # type: ignore[attr-defined]
            plain(found.send_at[person, p]),  # type: ignore[attr-defined]
        )
        for p in places
    ]


def by_interpreter(decision: Decision) -> tuple[object, ...]:
    choices = decision.held if decision.holdout is not None else decision.chosen
    return decision.holdout is not None, [(c.candidate, c.score, c.probability, c.send_at) for c in choices]


def plain(value: np.floating) -> float | None:
    return None if np.isnan(value) else float(value)
