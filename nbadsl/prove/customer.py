"""A customer, as everything that a decision reads, and what the interpreter decides for them.

Nothing that z3 finds is believed: a customer is decided here as everywhere else, with the room that limits leave after
their contacts. What z3 did not choose is plain: a field has its default, is unknown, has never happened, or is the
lowest value that it takes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeAlias

from nbadsl.history.asking import Asking, subjects_of
from nbadsl.history.events import Event, decided
from nbadsl.history.told import Told
from nbadsl.history.windows import opened
from nbadsl.interpreter import Evaluator, decide
from nbadsl.interpreter.decide import run
from nbadsl.program import chance
from nbadsl.program.decision import Decision, Row
from nbadsl.program.givens import givens
from nbadsl.program.limits import DECIDED, Window
from nbadsl.program.nodes import Arithmetic, Calendar, Experiment, Expr, Holdout, Input, Program, Value
from nbadsl.testing.trials import left_out, usual_now
from nbadsl.types import Integer, Text
from nbadsl.zone import zone

_EXPLORED = 40
_KEYS = 20_000  # that are tried to find somebody in wanted arms and holdouts


Who: TypeAlias = tuple[tuple[str, str], ...]
"""Somebody as limits know them: the key, and the fields that they count by."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What happened before. `candidate`: its number; `at`: microseconds since 1970; `who`: whom it was with, where that
    was not the customer."""

    candidate: int
    outcome: str
    at: int
    who: Who = ()


@dataclass(frozen=True, slots=True)
class Customer:
    """`row`: without the room that limits leave. `parameters`: those that have not their declared value."""

    row: Row
    now: float
    context: Row
    parameters: Row = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()


class _Heard:
    """The expressions that the interpreter evaluates, which it is the recorder of."""

    def __init__(self) -> None:
        self.expressions: set[Expr] = set()

    def part(self, candidate: int | None, name: str, expr: Expr) -> None:
        """Nothing is remembered."""

    def value(self, expr: Expr, value: Value) -> None:
        self.expressions.add(expr)

    def undefined(self, expr: Arithmetic | Calendar) -> None:
        """Its value follows."""


class Replay:
    """Decides customers of one program."""

    def __init__(self, program: Program) -> None:
        self.program, self.zone = program, zone(program.timezone)

    def plain(self) -> Customer:
        """The customer of whom nothing is said."""
        context = {f.name: left_out(f) for f in self.program.context}
        return Customer({f.name: left_out(f) for f in self.program.inputs}, usual_now(self.zone), context)

    def given(self, customer: Customer) -> Row:
        return givens(self.program, customer.now, customer.parameters, customer.context)

    def full(self, customer: Customer) -> Row:
        """The row with the room that limits leave after the customer's contacts."""
        asking = Asking(self.program, self.given(customer))
        return customer.row | asking.rooms(Told(self._events(customer)), asking.demands(customer.row))

    def decide(self, customer: Customer) -> Decision:
        return decide(self.program, self.full(customer), self.given(customer), zone=self.zone)

    def chosen(self, customer: Customer) -> list[int]:
        """The candidates that are decided; of people in a holdout, those that would have been."""
        decision = self.decide(customer)
        return [choice.candidate for choice in (*decision.chosen, *decision.held)]

    def evaluator(self, customer: Customer) -> Evaluator:
        """Of expressions that ask nothing about limits."""
        arms = {e.name: chance.arm(e, customer.row[e.by]) for e in self.program.experiments}
        return Evaluator(customer.row, self.given(customer), arms, self.zone)

    def value(self, customer: Customer, expr: Expr) -> Value:
        return self.evaluator(customer).value(expr)

    def evaluated(self, customer: Customer) -> set[Expr]:
        """What a decision looks at."""
        heard = _Heard()
        run(self.program, self.full(customer), self.given(customer), zone=self.zone, recorder=heard)
        return heard.expressions

    def since(self, customer: Customer, window: Window) -> int | None:
        """The moment after which contacts are in a window; None: all are."""
        if window.since is not None:
            asking = Asking(self.program, self.given(customer))
            return asking.since(window.since, customer.row[window.since])
        return opened(window, int(customer.now), self.zone, self.program.week_start)

    def kept_limits(self, customer: Customer) -> bool:
        """Whether each contact had room when it was decided, with those before it."""
        contacts = sorted(customer.contacts, key=lambda each: each.at)
        for number, contact in enumerate(contacts):
            before = replace(customer, now=float(contact.at), contacts=tuple(contacts[:number]))
            full = self.full(self._as(before, contact.who) if contact.who else before)
            for limit in self.program.limits:
                if contact.outcome == DECIDED and contact.candidate in limit.binds and full[limit.room] < 1:  # type: ignore[operator]
                    return False
        return True

    # --- whose contacts ---

    def who(self, customer: Customer) -> Who:
        """By what limits know a customer."""
        row = customer.row | customer.context
        names = (self.program.key, *subjects_of(self.program))
        return tuple((name, chance.text_of(row[name])) for name in names if row.get(name) is not None)

    def another(self, customer: Customer, number: int, shared: str | None) -> Who:
        """One of some others, who share one field with a customer, or none."""
        own, key = dict(self.who(customer)), customer.row[self.program.key]
        others = {name: f"another {number}" for name in (self.program.key, *subjects_of(self.program))}
        if not isinstance(key, str):
            others[self.program.key] = chance.text_of(key + number)  # type: ignore[operator]
        return tuple((others | {name: own[name] for name in own if name == shared}).items())

    def _as(self, customer: Customer, who: Who) -> Customer:
        """Somebody with contacts before, as limits know them."""
        key, mine = self.program.key, self.who(customer)
        values: Row = dict(who)
        if not isinstance(customer.row[key], str):
            values[key] = float(dict(who)[key])
        row = {name: values.get(name, value) for name, value in customer.row.items()}
        context = {name: values.get(name, value) for name, value in customer.context.items()}
        contacts = tuple(replace(each, who=each.who or mine) for each in customer.contacts)
        return replace(customer, row=row, context=context, contacts=contacts)

    def _events(self, customer: Customer) -> list[Event]:
        mine = self.who(customer)
        return [self._event(number, each, each.who or mine) for number, each in enumerate(customer.contacts)]

    def _event(self, number: int, contact: Contact, who: Who) -> Event:
        of = self.program.candidates[contact.candidate]
        return Event(
            f"before {number}",
            decided(1),
            contact.outcome,
            contact.at,
            dict(who)[self.program.key],
            of.action,
            of.groups,
            of.channel,
            subjects=who[1:],
        )

    # --- chance ---

    def placed(
        self,
        customer: Customer,
        arms: Mapping[Experiment, str],
        held: Mapping[Holdout, bool],
        fixed: set[str],
    ) -> Iterator[Customer]:
        """The customer with keys that put them in some arms and holdouts, and in no other holdout. `fixed`: fields that keep
        their value."""
        held = {holdout: False for holdout in self.program.holdouts} | dict(held)
        fields = [f for f in self.program.inputs if f.name not in fixed]
        divides = {e.by for e in arms} | {h.by for h in held}
        settled = dict(customer.row)

        def values(field: Input) -> Iterator[Value]:
            first = customer.row[field.name]
            return (v for v in _keys(field, first) if _is_placed(field.name, v, arms, held))

        for each in fields:
            if each.name in divides and each.name != self.program.key:
                settled[each.name] = next(values(each), settled[each.name])
        key = next((each for each in fields if each.name == self.program.key), None)
        explores = self.program.explore is not None
        if key is None or not (key.name in divides or explores):
            yield replace(customer, row=settled)
            return
        # Where decisions explore, they differ from one key to the next.
        for value in islice(values(key), _EXPLORED if explores else 1):
            yield replace(customer, row=settled | {key.name: value})


def _is_placed(by: str, value: Value, arms: Mapping[Experiment, str], held: Mapping[Holdout, bool]) -> bool:
    """Whether a value of a field puts people in the wanted arms and holdouts."""
    return all(chance.arm(e, value) == arm for e, arm in arms.items() if e.by == by) and all(
        chance.held(h, value) is here for h, here in held.items() if h.by == by
    )


def _keys(field: Input, first: Value) -> Iterator[Value]:
    """Values of a field that people can be told apart by."""
    yield first
    low, high = max(1, int(field.low or 0)), math.inf if field.high is None else field.high
    match field.type:
        case Text():
            yield from (f"c{number}" for number in range(1, _KEYS))
        case Integer():
            yield from (float(number) for number in range(low, low + _KEYS) if number <= high)


def names(program: Program, numbers: list[int]) -> list[str]:
    """Candidates as messages write them."""
    return [program.candidates[number].name for number in numbers]
