"""The questions that a policy is asked, and who answers them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from nbadsl.prove import compare, frequency, guarantees
from nbadsl.prove.answers import Answer
from nbadsl.prove.idle import Idle
from nbadsl.prove.search import Search
from nbadsl.prove.subject import Subject, load
from nbadsl.prove.tables import Tables, tables_of
from nbadsl.room import room

GUARANTEE, AT_MOST, ACTIONS, RULES, LINES, TABLE = (
    "guarantee",
    "at most",
    "actions",
    "rules",
    "lines",
    "table",
)
SAME, IMPLIES = "same", "implies"


@dataclass(frozen=True, slots=True)
class Options:
    """`seconds`: for each question. `free_parameters`: parameters have any value of their range. `idle`: whether what
    never happens is asked."""

    seconds: float = 10.0
    free_parameters: bool = False
    idle: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """`number`: of the guarantee or table. `name`: as progress shows it."""

    kind: str
    number: int = 0
    name: str = ""


Subjects: TypeAlias = tuple[Subject, ...]


def questions_of(subject: Subject, options: Options) -> list[Question]:
    """All questions about one policy, in the order of the text."""
    program = subject.program
    found = [Question(GUARANTEE, n, g.name) for n, g in enumerate(program.guarantees)]
    found += [Question(AT_MOST, n, p.name) for n, p in enumerate(program.at_most)]
    if options.idle:
        found += [Question(kind, 0, f"{kind} that never matter") for kind in (ACTIONS, RULES, LINES)]
        found += [Question(TABLE, n, t.name.text) for n, t in enumerate(tables_of(subject.model))]
    return found


class Prover:
    """Answers questions about one policy, or about two."""

    def __init__(self, subjects: Subjects, options: Options) -> None:
        self.subjects, self.options = subjects, options
        self.search = Search([s.program for s in subjects], options.seconds, options.free_parameters)
        self.idle = Idle(self.search, subjects[0])
        self.tables = Tables(self.search, subjects[0])

    def answers(self, question: Question) -> Iterator[Answer]:
        """Each with the seconds that it took."""
        started = time.perf_counter()
        with room():
            for answer in self._answers(question):
                now = time.perf_counter()
                yield replace(answer, seconds=round(now - started, 3))
                started = now

    def _answers(self, question: Question) -> Iterator[Answer]:
        subject = self.subjects[0]
        match question.kind:
            case "guarantee":
                yield guarantees.prove(self.search, subject, question.number)
            case "at most":
                yield frequency.prove(self.search, subject, question.number, self.options.free_parameters)
            case "actions":
                yield from self.idle.actions()
            case "rules":
                yield from self.idle.rules()
            case "lines":
                yield from self.idle.lines()
            case "table":
                yield from self.tables.answers(tables_of(subject.model)[question.number])
            case "same":
                yield compare.same(self.search, subject, self.subjects[1])
            case "implies":
                yield compare.implies(self.search, subject, self.subjects[1])


def prover(paths: tuple[Path, ...], options: Options) -> Prover:
    """For policies without errors. Raises OSError when one cannot be read."""
    subjects = [load(path) for path in paths]
    return Prover(tuple(s for s in subjects if s is not None), options)
