"""Policies that keep their own tests, for all that compares engines: loaded, and decided by the interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from nbadsl.pipeline import compile
from nbadsl.program.decision import Decision
from nbadsl.semantics.load import Reader
from nbadsl.source import read as read_file
from nbadsl.testing.expectations import unmet as _unmet
from nbadsl.testing.trials import Subject, Trial


def load(path: Path, read: Reader = read_file) -> Subject:
    """The policy of a file. Raises AssertionError when it has errors."""
    checked, program = compile(path, read)
    assert program is not None, [f"{d.span}: {d.message}" for d in checked.diagnostics]
    return Subject(checked.model, program)


def trials(policy: Subject) -> Iterator[Trial]:
    """All trials of a policy's tests, in order; the rows have the room that limits leave."""
    return (replace(trial, row=trial.full()) for trial in policy.trials())


def unmet(trial: Trial, decision: Decision) -> list[str]:
    """The expectations that a decision does not meet, each with what came instead."""
    return [f"{each.expected}: {each.got}" for each in _unmet(trial, decision)]


def without_stories(decision: Decision) -> Decision:
    """A decision as the vector engine gives it."""
    return replace(decision, stories=())
