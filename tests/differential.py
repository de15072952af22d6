"""Compares what the two engines find for the same people, down to the bit.

`expected` asks the interpreter, person by person; `found` asks the vector engine. Both give a `Findings`:
decisions, and everything that a run counts. Scores of programs that call `exp`, `log` or `pow` may differ by one
unit in the last place; everything else must be the same.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from strategies_program import Case

from nbadsl.data.schema import column_of
from nbadsl.engine.allocate import Shared, allocate, lister
from nbadsl.engine.batch import Engine, Results
from nbadsl.interpreter.decide import run_all
from nbadsl.plan.lower import lower
from nbadsl.plan.plan import Plan
from nbadsl.plan.verify import verify
from nbadsl.program.decision import Decision, Fate
from nbadsl.program.facts import LimitFacts
from nbadsl.program.nodes import Program, Value

REASONS = ("chosen", "explored", "fallback", "nobody passed", "below threshold")
COUNTED = (Fate.INACTIVE, Fate.QUIET, Fate.NO_SCORE, Fate.THRESHOLD)


@dataclass
class Findings:
    """`stopped`: (candidate, rule) to people; `unknown`: to those of them for whom it was unknown.

    `fates`: (candidate, name of the fate, or `passed`) to people. `undefined`: place in the source to people.
    """

    decisions: list[Decision] = field(default_factory=list)
    stopped: Counter[tuple[int, int]] = field(default_factory=Counter)
    unknown: Counter[tuple[int, int]] = field(default_factory=Counter)
    fates: Counter[tuple[int, str]] = field(default_factory=Counter)
    undefined: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def plan_of(program: Program) -> Plan:
    """A plan that is fit to be run."""
    plan = lower(program)
    verify(plan)
    return plan


def expected(case: Case, times: int = 1) -> Findings:
    """What the interpreter finds; counts for each person taken so many times."""
    findings = Findings()
    for outcome in run_all(case.program, case.rows, case.given, case.seed):
        decision = outcome.decision
        findings.decisions.append(replace(decision, stories=()))
        findings.reasons[decision.reason] += times
        for number, story in enumerate(decision.stories):
            if story.rule is not None:
                findings.stopped[number, story.rule] += times
                findings.unknown[number, story.rule] += times * story.blocked_by_unknown
            elif story.fate in COUNTED:
                findings.fates[number, str(story.fate)] += times
            else:
                findings.fates[number, "passed"] += times
                findings.fates[number, "chosen"] += times * (story.fate == Fate.CHOSEN)
        for place in outcome.undefined:
            key = ("", 0, "") if place is None else (place.source.path, place.line, place.text)
            findings.undefined[key] += times
    return findings


def found(plan: Plan, results: Results, keys: list[str]) -> Findings:
    """What the vector engine found."""
    findings, counters = Findings(), results.counters
    findings.decisions = [results.outcome.decision(plan.facts, i, key) for i, key in enumerate(keys)]
    for number, candidate in enumerate(plan.facts.candidates):
        first = sum(len(c.rules) for c in plan.facts.candidates[:number])
        for rule in range(len(candidate.rules)):
            findings.stopped[number, rule] += int(counters.stopped[first + rule])
            findings.unknown[number, rule] += int(counters.unknown[first + rule])
        names = ("inactive", "quiet", "no score", "threshold", "passed", "chosen")
        for name, count in zip(names, counters.fates[number], strict=True):
            findings.fates[number, name] += int(count)
    for place, count in zip(plan.undefined, counters.undefined, strict=True):
        findings.undefined[place.path, place.line, place.text] += int(count)
    for reason, count in zip(REASONS, counters.reasons, strict=False):
        findings.reasons[reason] += int(count)
    for name, count in zip(plan.facts.holdouts, counters.held, strict=True):
        findings.reasons[f"holdout: {name}"] += int(count)
    return findings


def compare(one: Findings, other: Findings) -> None:
    """Assert that two findings are the same."""
    assert len(one.decisions) == len(other.decisions)
    for a, b in zip(one.decisions, other.decisions, strict=True):
        same(a, b)
    for name in ("stopped", "unknown", "fates", "undefined", "reasons"):
        assert +getattr(one, name) == +getattr(other, name), name


def same(a: Decision, b: Decision) -> None:
    """Assert that two decisions are the same, scores and moments within one unit in the last place."""
    assert replace(a, chosen=(), held=()) == replace(b, chosen=(), held=())
    for mine, theirs in ((a.chosen, b.chosen), (a.held, b.held)):
        assert len(mine) == len(theirs), (a, b)
        for x, y in zip(mine, theirs, strict=True):
            assert replace(x, score=None, send_at=None) == replace(y, score=None, send_at=None)
            assert near(x.score, y.score) and near(x.send_at, y.send_at), (x, y)


def near(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return a == b or abs(a - b) <= math.ulp(max(abs(a), abs(b)))


def decide(plan: Plan, case: Case, people: pa.Table, **how: Any) -> Results:
    """Ask the vector engine."""

    def subject(limit: LimitFacts) -> NDArray[np.int64] | None:
        if limit.subject is None:
            return None
        values = [row[limit.subject] for row in case.rows]
        return np.array([values.index(value) for value in values], np.int64)

    results = allocated(plan, people, case.given, case.seed, subject, **how)
    assert (results.outcome.bad == -1).all(), "a valid row was refused"
    return results


def decide_alone(plan: Plan, people: pa.RecordBatch, given: Mapping[str, Value], seed: int = 0) -> Results:
    """Ask it for people who share no limits with each other."""
    return allocated(plan, pa.table(people), given, seed, lambda limit: np.arange(people.num_rows))


def allocated(
    plan: Plan,
    people: pa.Table,
    given: Mapping[str, Value],
    seed: int,
    subject: Callable[[LimitFacts], NDArray[np.int64] | None],
    **how: Any,
) -> Results:
    """Decide people with a column for the room of each limit. `subject`: with whom they share it, see `Shared`."""
    limits, now = plan.facts.limits, given["now"]
    found = Engine(plan).decide(people, given, seed, **how)
    if not any(limit.takes for limit in limits):
        return found

    def ask(who: NDArray[np.int64], depth: int) -> Iterator[tuple[slice, Results, NDArray[np.int64]]]:
        half = len(who) // 2
        for part in (slice(0, half), slice(half, len(who))):
            mine = who[part]
            some, rows = (people, mine) if depth % 2 else (people.take(pa.array(mine)), np.arange(len(mine)))
            yield part, lister(plan, depth).decide(some, given, seed, **how), rows

    rooms = [people.column(limit.room).to_numpy().astype(np.int64) for limit in limits]
    key = next(column_of(i) for i in plan.facts.inputs if i.name == plan.facts.key)
    keys, shared = people.column(key).combine_chunks(), Shared(lambda number: rooms[number], subject)
    assert isinstance(now, float)
    return allocate(plan, found, shared, keys, now, seed, ask).results(plan, found)


def tiled(table: pa.Table, times: int) -> pa.Table:
    """All rows, so many times over."""
    return pa.concat_tables([table] * times)
