"""What becomes of the tests of a policy, for the lines above them: decided by the interpreter while nobody waits."""

from __future__ import annotations

import time
from itertools import groupby

from nbadsl.program.from_model import from_model
from nbadsl.room import room
from nbadsl.source import Span
from nbadsl.testing.run import Result, decided
from nbadsl.testing.trials import Subject
from nbadsl.workspace import Checked

MOST = 1.0  # seconds: what has not been decided until then has no line

Outcomes = tuple[tuple[Span, str], ...]
"""Titles of tests, with spans in declarations, and what is said above each."""


def outcomes(checked: Checked) -> Outcomes:
    """Of a policy without errors, see `Checked.found`; of any other, none."""
    if not checked.found.ok or not checked.model.tests:
        return ()
    end, found = time.monotonic() + MOST, []
    with room():
        subject = Subject(checked.model, from_model(checked.model))
        for title, trials in groupby(subject.trials(), key=lambda trial: trial.places[0]):
            found.append((title, _said([decided(checked.path, trial) for trial in trials])))
            if time.monotonic() > end:
                break
    return tuple(found)


def _said(results: list[Result]) -> str:
    failed = [result for result in results if result.failures]
    if not failed:
        return "passed" if len(results) == 1 else f"all {len(results)} cases passed"
    failure, case = failed[0].failures[0], f" ({failed[0].case})" if failed[0].case else ""
    count = "failed" if len(results) == 1 else f"{len(failed)} of {len(results)} cases failed"
    return f"{count}{case}: expected {failure.expected}, got {failure.got}"
