"""Runs the tests of policies: one after the other, or shared out among processes where there are many.

Takes paths; gives plain results, in the order of the files, which can go from one process to another.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from nbadsl.history.standing import standings
from nbadsl.interpreter.decide import run as decide
from nbadsl.pipeline import Checked, compile
from nbadsl.program.decision import Row
from nbadsl.room import room
from nbadsl.story import Story, tell
from nbadsl.testing.coverage import Key, Part, Watch
from nbadsl.testing.expectations import Unmet, unmet
from nbadsl.testing.trials import Subject, Trial

_MANY = 50  # tests of one process: starting one takes as long as some of these


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that was not met."""

    expected: str
    got: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one test, or of a row of its `cases` (`case`). `story`: of a failed one, why it was decided like
    that: the candidates that the failures are about, and what was chosen. `seconds`: that it took."""

    policy: str
    title: str
    case: str
    path: str
    line: int
    failures: tuple[Failure, ...]
    story: str
    seconds: float

    @property
    def name(self) -> str:
        return f"{self.title}: {self.case}" if self.case else self.title


@dataclass(frozen=True, slots=True)
class _Portion:
    """What a share of the tests came to, by their numbers."""

    results: list[tuple[int, Result]]
    decided: Counter[Key]
    passed: Counter[Key]


def subject(path: Path) -> tuple[Checked, Subject | None]:
    """A policy with its tests; None where it has errors. Raises OSError when it cannot be read."""
    checked, program = compile(path)
    return checked, (None if program is None else Subject(checked.model, program))


def run(path: Path, tested: Subject, wanted: str = "", jobs: int = 1) -> tuple[list[Result], list[Part]]:
    """The results of a policy's tests, and what they reach. `wanted`: only tests with this text in their names, or at
    this place (`policy.nba:12`). `jobs`: processes at most."""
    numbers = [n for n, trial in enumerate(tested.trials()) if _is_wanted(trial, wanted)]
    jobs = min(jobs, len(numbers) // _MANY)
    watch = Watch(tested)
    if jobs <= 1:
        portions = [_portion(str(path), tested, frozenset(numbers))]
    else:
        shares = [frozenset(numbers[first::jobs]) for first in range(jobs)]
        with ProcessPoolExecutor(jobs) as pool:
            portions = list(pool.map(_work, [path] * jobs, shares))
    for portion in portions:
        watch.add(portion.decided, portion.passed)
    results = sorted((each for portion in portions for each in portion.results), key=lambda each: each[0])
    return [result for _, result in results], watch.found()


def _is_wanted(trial: Trial, wanted: str) -> bool:
    return wanted.casefold() in trial.text.casefold() or any(
        f"{span.source.path}:{span.line}" == wanted for span in trial.places
    )


def _work(path: Path, numbers: frozenset[int]) -> _Portion:
    """A share of the tests, in a process of its own."""
    tested = subject(path)[1]
    assert tested is not None
    return _portion(str(path), tested, numbers)


def _portion(policy: str, tested: Subject, numbers: frozenset[int]) -> _Portion:
    watch = Watch(tested)
    with room():
        results = [
            (number, decided(policy, trial, watch))
            for number, trial in enumerate(tested.trials())
            if number in numbers
        ]
    return _Portion(results, watch.decided, watch.passed)


def decided(policy: str, trial: Trial, watch: Watch | None = None) -> Result:
    """What becomes of a trial. `watch`: is shown the decision."""
    start = time.perf_counter()
    row = trial.full()
    decision = decide(trial.subject.program, row, trial.given, recorder=watch).decision
    if watch is not None:
        watch.see(decision)
    lost = unmet(trial, decision)
    failures = tuple(_failure(each) for each in lost)
    story = str(_story(trial, row, lost)) if lost else ""
    at, seconds = trial.span, time.perf_counter() - start
    return Result(policy, trial.title, trial.case, at.source.path, at.line, failures, story, seconds)


def _failure(lost: Unmet) -> Failure:
    at = lost.expect.span
    return Failure(lost.expected, lost.got, at.source.path, at.line)


def _story(trial: Trial, row: Row, lost: Sequence[Unmet]) -> Story:
    """The story, of the candidates that matter."""
    known = standings(trial.asking(), trial.told(), row)
    story = tell(trial.subject.program, row, trial.given, 0, known)
    about = {candidate for each in lost for candidate in each.about}
    told_of = tuple(
        each
        for number, each in enumerate(story.candidates)
        if number in about or each.fate in ("chosen", "outranked") or not about
    )
    return replace(story, candidates=told_of, limits=())
