"""Looks for a customer for whom something holds.

A question is a condition in z3's words and a judge, who asks the interpreter. Where z3 finds nobody there is nobody. A
customer whom it finds is shown to the judge; where the judge disagrees, lemmas at that place (see `terms`) make z3
more exact, and the search goes on until time is up.

Plain customers are looked for first: with room in all limits, at the moment that tests have, with short numbers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import z3

from nbadsl.inputs import Value
from nbadsl.program.nodes import Experiment, Holdout, Program
from nbadsl.prove.choosing import Choosing
from nbadsl.prove.customer import Customer, Replay
from nbadsl.prove.expressions import Expressions
from nbadsl.prove.facts import Facts
from nbadsl.prove.inputs import Inputs, number_in
from nbadsl.prove.terms import Bent, Operation, Terms, in_order
from nbadsl.prove.values import Encoded, Flag, Members, Number, Term, double, every
from nbadsl.types import FLAG, HOUR, TEXT, Clock, Duration, Time, Type

T = TypeVar("T")

_TRIES = 3  # models that are looked at for each wish
_BLOCKED = 8  # models that the judge may refuse without a lemma
_EACH_WISH = 0.2  # of the time
_MOST_CORE = 12
_GRID = 100  # short numbers are whole hundredths


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What the judge made of a model."""

    what: T


@dataclass(frozen=True, slots=True)
class Nobody:
    """There is no such customer."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It could not be told. `why`: `time` or `judge`."""

    why: str


@dataclass(frozen=True, slots=True)
class Sketch:
    """A customer as a model has them. `arms`, `held`, `rooms`: that they need, of those that the question reads. `held`:
    by the places of holdouts, whether they belong to it. `fixed`: fields that the question reads."""

    customer: Customer
    arms: dict[Experiment, str]
    held: dict[Holdout, bool]
    rooms: dict[str, float]
    fixed: set[str]


class Search:
    """The search for customers of some programs, which share their fields. `seconds`: for each question."""

    def __init__(self, programs: Sequence[Program], seconds: float, free_parameters: bool = False) -> None:
        self.facts = Facts()
        self.inputs, self.terms, self.seconds = Inputs(self.facts), Terms(self.facts), seconds
        self.of = [Expressions(program, self.inputs, self.terms, free_parameters) for program in programs]
        self.choosing = [Choosing(expressions) for expressions in self.of]
        self.replays = [Replay(program) for program in programs]
        self._ends = 0.0

    # --- a question ---

    def ask(
        self, condition: Term, judge: Callable[[Sketch], T | None], seconds: float | None = None
    ) -> Found[T] | Nobody | Unknown:
        """Somebody for whom a condition holds, and the judge says so."""
        self._begin(condition, seconds)
        if self._check([]) == z3.unsat:
            return Nobody()
        for wishes in self._wishes():
            found = self._rounds(judge, wishes, _TRIES)
            if isinstance(found, Found):
                return found
        return self._rounds(judge, [], None)

    def exists(self, condition: Term, seconds: float | None = None) -> bool | None:
        """Whether there may be somebody for whom a condition holds: no is proved. None where it could not be told."""
        self._begin(condition, seconds)
        answer = self._check([])
        return None if answer == z3.unknown else bool(answer == z3.sat)

    def core(self, condition: Term, assumed: list[Term], seconds: float | None = None) -> list[Term]:
        """Of flags without which a condition could hold, and with which it cannot, those that matter."""
        self._begin(condition, seconds)
        needed = assumed
        for _ in range(_TRIES):
            answer = self._check(needed)
            while answer == z3.sat:
                lemmas, _ = self._lemmas(self.solver.model())
                if not lemmas:
                    return []
                self._tell(*lemmas)
                answer = self._check(needed)
            if answer != z3.unsat:
                return []
            found = list(self.solver.unsat_core())
            if len(found) == len(needed):
                break
            needed = found
        for flag in list(needed) if len(needed) <= _MOST_CORE else []:
            fewer = [each for each in needed if not each.eq(flag)]
            if self._check(fewer) == z3.unsat:
                needed = fewer
        return needed

    def rules(self, conditions: Sequence[Term]) -> z3.Solver:
        """A solver that has been told conditions, to be asked many times."""
        self._begin(every(conditions), None)
        return self.solver

    def _begin(self, condition: Term, seconds: float | None) -> None:
        self._ends = time.monotonic() + (seconds or self.seconds)
        self.solver = z3.SimpleSolver()
        self._seen: set[int] = set()
        self._kept: list[Term] = []
        self._operations: dict[int, Operation] = {}
        self._blocked = 0  # models that were ruled out although they are possible: no proof after that
        self.solver.add(self.facts.always)
        self._tell(condition)

    def _tell(self, *terms: Term) -> None:
        """Conditions, and all that is always true of their variables."""
        self.solver.add(*terms)
        waiting = list(terms)
        while waiting:
            term = waiting.pop()
            if term.get_id() in self._seen:
                continue
            self._seen.add(term.get_id())
            self._kept.append(term)
            if term.num_args():
                waiting += term.children()
                continue
            facts = self.facts.about(term)
            self.solver.add(facts)
            waiting += facts
            operation = self.terms.operations.get(term.get_id())
            if operation is not None and id(operation) not in self._operations:
                self._operations[id(operation)] = operation
                waiting += operands(operation)

    def _check(self, wishes: Sequence[Term], seconds: float | None = None) -> z3.CheckSatResult:
        left = self._ends - time.monotonic()
        if left <= 0:
            return z3.unknown
        self.solver.set("timeout", max(1, int(1000 * min(left, seconds or left))))
        return self.solver.check(*wishes)

    def _rounds(
        self, judge: Callable[[Sketch], T | None], wishes: list[Term], tries: int | None
    ) -> Found[T] | Nobody | Unknown:
        """Models one after the other, each more exact than the one before."""
        hints, most = list[Term](), None if tries is None else _EACH_WISH * self.seconds
        while tries is None or tries > 0:
            answer = self._check([*wishes, *hints], most)
            if answer != z3.sat:
                if hints:
                    hints = []
                    continue
                if answer == z3.unsat and not self._blocked:
                    return Nobody()
                return Unknown("time" if answer == z3.unknown else "judge")
            model = self.solver.model()
            found = judge(self.sketch(model))
            if found is not None:
                return Found(found)
            lemmas, hints = self._lemmas(model)
            if not lemmas:
                self._blocked += 1
                lemmas, hints = [self._other(model)], []
            self._tell(*lemmas)
            tries = None if tries is None else tries - 1
            if self._blocked > _BLOCKED:
                return Unknown("judge")
        return Unknown("judge")

    # --- wishes ---

    def _wishes(self) -> Iterator[list[Term]]:
        room = [value.value >= 1 for value in self._read("room")]
        moment = self._moment()
        grid = [
            short
            for expressions in self.of
            for (kind, name), value in expressions.read.items()
            if kind in ("field", "context") and isinstance(value, Number) and value.value.is_real()
            for short in _short(
                (expressions.fields if kind == "field" else expressions.context)[name].type, value
            )
        ]
        clear = [
            clearly
            for choosing in self.choosing
            for flag, clearly in choosing.clearly.items()
            if flag.get_id() in self._seen
        ]
        ladder = (
            [*room, *moment, *grid, *clear],
            [*room, *moment, *clear],
            [*clear],
            [*moment, *grid],
            [*room],
            [*moment],
        )
        yield from (wishes for n, wishes in enumerate(ladder) if wishes and wishes not in ladder[:n])

    def _read(self, kind: str) -> list[Number]:
        return [
            value
            for expressions in self.of
            for (each, _), value in expressions.read.items()
            if each == kind and isinstance(value, Number)
        ]

    def _moment(self) -> list[Term]:
        """The moment that tests have, with the offset of that time."""
        wishes = []
        for expressions, replay in zip(self.of, self.replays, strict=True):
            if ("now", "now") in expressions.read:
                plain = int(replay.plain().now)
                day, _ = expressions.dates.local(expressions.now.value)
                wishes.append(expressions.now.value == plain)
                wishes.append(day == int(replay.zone.local_date(plain)))
        return wishes

    # --- models ---

    def sketch(self, model: z3.ModelRef) -> Sketch:
        """The customer of a model."""
        plain = self.replays[0].plain()
        row, context, now = dict(plain.row), dict(plain.context), plain.now
        parameters: dict[str, Value] = {}
        arms: dict[Experiment, str] = {}
        held: dict[Holdout, bool] = {}
        rooms: dict[str, float] = {}
        fixed: set[str] = set()
        for expressions, replay in zip(self.of, self.replays, strict=True):
            others = replay.plain()
            row = others.row | row
            context = others.context | context
            for (kind, name), value in expressions.read.items():
                match kind:
                    case "field":
                        row[name] = self.inputs.value(model, value, expressions.fields[name].type)
                        fixed.add(name)
                    case "context":
                        context[name] = self.inputs.value(model, value, expressions.context[name].type)
                    case "now" if isinstance(value, Number):
                        now = float(math.floor(number_in(model, value.value)))
                    case "room" if isinstance(value, Number):
                        rooms[name] = double(number_in(model, value.value))
                    case "arm":
                        experiment = next(e for e in replay.program.experiments if e.name == name)
                        arms[experiment] = str(self.inputs.value(model, value, TEXT))
                    case "holdout":
                        holdout = next(h for h in replay.program.holdouts if h.name == name)
                        held[holdout] = self.inputs.value(model, value, FLAG) is True
                    case "parameter" if expressions.free_parameters:
                        type = expressions.parameters[name].input.type
                        parameters[name] = self.inputs.value(model, value, type)
        return Sketch(Customer(row, now, context, parameters), arms, held, rooms, fixed)

    def _other(self, model: z3.ModelRef) -> Term:
        """That something that is read is different from a model."""
        same = []
        for expressions in self.of:
            for value in expressions.read.values():
                same += [part == model.evaluate(part, model_completion=True) for part in parts_of(value)]
        return z3.Not(every(same)) if same else z3.BoolVal(False)

    def _lemmas(self, model: z3.ModelRef) -> tuple[list[Term], list[Term]]:
        """What makes z3 more exact than it was in a model, and what is worth a try."""
        lemmas: list[Term] = []
        hints: list[Term] = []
        for operation in list(self._operations.values()):
            found = list(operation.lemmas(model))
            if found:
                lemmas += found
                hints += operation.hints(model)
        lemmas += in_order((o for o in self._operations.values() if isinstance(o, Bent)), model)
        return lemmas, hints


def _short(type: Type, number: Number) -> list[Term]:
    """That a number is one that people would write: with two decimals, or so many hours."""
    if isinstance(type, Duration):
        return [number.value >= 0, z3.IsInt(number.value / int(HOUR))]
    return [] if isinstance(type, Time | Clock) else [z3.IsInt(_GRID * number.value)]


def operands(operation: Operation) -> list[Term]:
    """The terms that an operation is about."""
    found = []
    for name in operation.__dataclass_fields__:  # type: ignore[attr-defined]
        value = getattr(operation, name)
        parts = [value] if isinstance(value, z3.ExprRef) else []
        parts += [
            getattr(value, part) for part in ("day", "months", "number") if name in ("month", "start", "end")
        ]
        found += parts
    return found


def parts_of(value: Encoded) -> list[Term]:
    """The terms of an encoded value."""
    match value:
        case Flag(yes, no):
            return [yes, no]
        case Members(has, known):
            return [*has.values(), known]
    return [value.value, value.known]
