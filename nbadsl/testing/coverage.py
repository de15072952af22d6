"""What tests reach: which rules stopped somebody, which rows of tables held, which lines of the priority were taken.

Takes the decisions of trials and what a recorder heard while they were made; gives each part of the policy with how
often it decided something. A rule that stops nobody in any test is a promise that nobody looks after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from nbadsl.program.decision import Decision, Fate
from nbadsl.program.nodes import Arithmetic, Calendar, Expr, If, Program, Rule, Value
from nbadsl.resources import folder
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.testing.trials import Subject

Key = tuple[str, int]
"""A part of a policy: a path, and where in its text."""


@dataclass(frozen=True, slots=True)
class Part:
    """`kind`: `rule`, `row` or `line`. `decided`: how often it stopped somebody, held, or was taken; `passed`: how often
    it was asked and did not. `lines`: the first and the last, from 1."""

    kind: str
    path: str
    lines: tuple[int, int]
    text: str
    decided: int
    passed: int


class Watch:
    """Counts by parts of one policy. It is the recorder of the decisions that it is shown."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.parts = dict(_parts(subject))
        self.decided: Counter[Key] = Counter()
        self.passed: Counter[Key] = Counter()
        self._last_rows = dict(_last_rows(subject))
        self._values: dict[Expr, Value] = {}

    def add(self, decided: Counter[Key], passed: Counter[Key]) -> None:
        """What was counted elsewhere."""
        self.decided += decided
        self.passed += passed

    def found(self) -> list[Part]:
        """All parts, in the order of the files."""
        return [
            Part(
                kind,
                span.source.path,
                (span.line, span.source.position(max(span.start, span.end - 1))[0]),
                span.words,
                self.decided[key],
                self.passed[key],
            )
            for key, (kind, span) in self.parts.items()
        ]

    # --- as a recorder ---

    def part(self, candidate: int | None, name: str, expr: Expr) -> None:
        self._values.clear()

    def value(self, expr: Expr, value: Value) -> None:
        self._values[expr] = value
        if isinstance(expr, If) and expr.origin is not None and _key(expr.origin) in self.parts:
            key = _key(expr.origin)
            holds = self._values[expr.condition] is True
            self._count(key, holds)
            if key in self._last_rows:
                self._count(self._last_rows[key], not holds)

    def undefined(self, expr: Arithmetic | Calendar) -> None:
        """Nothing is counted."""

    # --- of a decision ---

    def see(self, decision: Decision) -> None:
        """Count the rules and tiers of a decision."""
        program, lines = self.subject.program, _lines(self.subject)
        for candidate, story in zip(program.candidates, decision.stories, strict=True):
            asked = _asked(candidate.rules, story.fate, story.rule)
            for number, rule in enumerate(asked):
                if rule.origin is not None:
                    self._count(_key(rule.origin), number == story.rule)
            if story.tier is not None and story.tier < len(lines):
                self._count(_key(lines[story.tier].span), True)

    def _count(self, key: Key, decided: bool) -> None:
        (self.decided if decided else self.passed)[key] += 1


def _asked(rules: tuple[Rule, ...], fate: Fate, stopped: int | None) -> tuple[Rule, ...]:
    """The rules of a candidate that were asked."""
    if stopped is not None:
        return rules[: stopped + 1]
    return rules if fate > Fate.BUDGET else ()


def _parts(subject: Subject) -> Iterator[tuple[Key, tuple[str, Span]]]:
    """What can be reached: of the policy's own files, in their order."""
    found = [("rule", origin) for origin in _origins(subject.program)]
    found += [("row", row.span) for rows in _tables(subject) for row in rows]
    found += [("line", line.span) for line in _lines(subject)]
    library = str(folder("stdlib"))
    own = [(kind, span) for kind, span in found if not span.source.path.startswith(library)]
    yield from ((_key(span), (kind, span)) for kind, span in sorted(own, key=lambda each: _key(each[1])))


def _origins(program: Program) -> list[Span]:
    all = (rule.origin for candidate in program.candidates for rule in candidate.rules)
    return [origin for origin in all if origin is not None]


def _tables(subject: Subject) -> Iterator[tuple[nodes.Row, ...]]:
    """The rows of each table, without its head."""
    for symbol in subject.model.of_kind("table"):
        yield symbol.node.rows[1:]


def _last_rows(subject: Subject) -> Iterator[tuple[Key, Key]]:
    """The row before one that holds for all the rest, which no condition tells of, and that one."""
    for rows in _tables(subject):
        for row, following in pairwise(rows):
            if all(cell.kind == "any" for cell in following.cells[:-1]):
                yield _key(row.span), _key(following.span)


def _lines(subject: Subject) -> tuple[nodes.Line, ...]:
    priority = subject.model.priority
    return () if priority is None else priority.lines


def _key(span: Span) -> Key:
    return span.source.path, span.start
