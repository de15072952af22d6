"""What would be decided if some fields were different, asked of the interpreter.

A candidate's story depends on the fields that it reads, so it is kept for the values of those and need not be told
again when others change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from nbadsl.change.pieces import Test
from nbadsl.interpreter import Evaluator, Judge
from nbadsl.interpreter.choose import choose
from nbadsl.program.decision import Fate, Row, Story
from nbadsl.program.nodes import (
    Candidate,
    Column,
    Compare,
    Expr,
    Given,
    Has,
    Input,
    IsKnown,
    Literal,
    Match,
    Member,
    OrElse,
    Program,
    Same,
    Value,
    children,
)
from nbadsl.program.walk import postorder
from nbadsl.types import is_numeric
from nbadsl.zone import zone

Changes = Mapping[str, Value]
Tests = list[tuple[Test, frozenset[str]]]


class Trial:
    """One person, decided again and again with some fields changed. `row`: with the room of each limit."""

    def __init__(self, program: Program, row: Row, given: Row, seed: int) -> None:
        self.program, self.row, self.given, self.seed = program, row, given, seed
        self.zone = zone(program.timezone)
        self.fields = {field.name: field for field in (*program.inputs, *program.context)}
        self.parts = tuple(_parts(program, candidate) for candidate in program.candidates)
        self.order = list(postorder(part for parts in self.parts for part in parts))
        self.reads = _reads(self.order, frozenset(self.fields))
        self.of = tuple(frozenset().union(*(self.reads[e] for e in parts)) for parts in self.parts)
        self._stories: dict[tuple[object, ...], Story] = {}
        self.work = 0.0

    def value(self, name: str) -> Value:
        return self.row[name] if name in self.row else self.given[name]

    def field(self, name: str) -> Input:
        return self.fields[name]

    # --- deciding ---

    def judge(self, changes: Changes) -> Judge:
        row = {**self.row, **{n: v for n, v in changes.items() if n in self.row}}
        given = {**self.given, **{n: v for n, v in changes.items() if n not in self.row}}
        return Judge(self.program, row, given, self.zone, None)

    def evaluator(self, changes: Changes) -> Evaluator:
        self.work += 1
        return self.judge(changes).evaluator

    def story(self, number: int, changes: Changes) -> Story:
        """What becomes of a candidate; one that passes is outranked as long as nothing is chosen."""
        key = (number, *((name, changes[name]) for name in sorted(self.of[number] & changes.keys())))
        if key not in self._stories:
            self.work += 1
            self._stories[key] = self.judge(changes).story(number)
        return self._stories[key]

    def passes(self, changes: Changes, wanted: Iterable[int]) -> bool:
        """Whether no rule stops one of some candidates."""
        return any(self.story(number, changes).fate > Fate.BUDGET for number in wanted)

    def chosen(self, changes: Changes) -> frozenset[int]:
        """The candidates that are decided, or would be but for a holdout."""
        self.work += 1
        stories = [self.story(number, changes) for number in range(len(self.of))]
        person = self.judge(changes).person(self.seed, stories)
        choose(self.program, [person])
        return frozenset(person.picked)

    # --- what turns it ---

    def moving(self, name: str) -> frozenset[Expr]:
        """The expressions that read a field."""
        return frozenset(expr for expr in self.order if name in self.reads[expr])

    def tests(self, alive: frozenset[int], wanted: frozenset[int]) -> Tests:
        """All that can turn a decision between some candidates, of which some are wanted: each behind what is within
        it, with the fields that it reads."""
        found: list[Test] = []
        for expr in postorder(part for number in sorted(alive) for part in self.parts[number]):
            match expr:
                case Compare():
                    found.append(Test(expr.left, expr.right))
                # Whether another value than a number is known turns where a test within it does.
                case IsKnown() if children(expr.operand) and is_numeric(expr.operand.type):
                    found.append(Test(expr.operand, None))
                case OrElse() if children(expr.left) and is_numeric(expr.left.type):
                    found.append(Test(expr.left, None))
        found += self._rankings(alive, wanted)
        return [(t, self.reads[t.left] | (self.reads[t.right] if t.right else frozenset())) for t in found]

    def _rankings(self, alive: frozenset[int], wanted: frozenset[int]) -> Iterable[Test]:
        """Comparisons of scores. Where one candidate is picked, only those of a wanted one with another matter."""
        choosing = self.program.arbitration
        one = choosing.pick == 1 and self.program.explore is None
        pairs: dict[tuple[Expr, Expr | None], None] = {}
        for number in sorted(alive):
            score = self.program.candidates[number].score
            if score is None:
                continue
            pairs[score, choosing.threshold] = None
            for other in sorted(alive):
                rival = self.program.candidates[other].score
                if rival is None or rival is score or (rival, score) in pairs:
                    continue
                if not one or (number in wanted and other not in wanted):
                    pairs[score, rival] = None
        return [Test(left, right) for left, right in pairs]

    @cached_property
    def mentioned(self) -> dict[str, tuple[str, ...]]:
        """The texts and words that each field is compared with."""
        found: dict[str, dict[str, None]] = {name: {} for name in self.fields}
        together: list[frozenset[str]] = []
        for expr in self.order:
            match expr:
                case Member():
                    self._mention(found, expr.operand, expr.values)
                case Has():
                    self._mention(found, expr.operand, expr.words)
                case Same():
                    together.append(self.reads[expr])
                    for one, other in ((expr.left, expr.right), (expr.right, expr.left)):
                        self._mention(found, one, self._text(other))
                case Match():
                    self._mention(found, expr.operand, self._text(expr.pattern))
        # Fields that are compared with each other, also by way of a third one, may have each other's.
        for names in together * len(together):
            words = {word: None for name in sorted(names) for word in found[name]}
            for name in names:
                found[name] |= words
        return {name: tuple(words) for name, words in found.items()}

    def _mention(self, found: dict[str, dict[str, None]], expr: Expr, words: Iterable[str]) -> None:
        for name in self.reads[expr]:
            found[name] |= dict.fromkeys(words)

    def _text(self, expr: Expr) -> tuple[str, ...]:
        value = expr.value if isinstance(expr, Literal) else None
        if isinstance(expr, Column | Given) and expr.name in {*self.row, *self.given}:
            value = self.value(expr.name)  # type: ignore[assignment]
        return (value,) if isinstance(value, str) else ()


def _parts(program: Program, candidate: Candidate) -> list[Expr]:
    """All expressions on which a candidate's story depends."""
    found: list[Expr | None] = [candidate.active, *(rule.when for rule in candidate.rules)]
    found += [candidate.send_at, *(tier.when for tier in candidate.tiers), candidate.score]
    if candidate.score is not None:
        found.append(program.arbitration.threshold)
    return [expr for expr in found if expr is not None]


def _reads(order: Iterable[Expr], fields: frozenset[str]) -> dict[Expr, frozenset[str]]:
    """The fields of profile and context that each expression reads."""
    found: dict[Expr, frozenset[str]] = {}
    for expr in order:
        if isinstance(expr, Column | Given):
            found[expr] = frozenset({expr.name}) & fields
        else:
            found[expr] = frozenset().union(*(found[child] for child in children(expr)))
    return found
