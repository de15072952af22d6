"""A customer, as everything that a decision reads, and what the interpreter decides for them.

Nothing that z3 finds is believed: a customer is decided here as everywhere else, with the room that limits leave after
their contacts. What z3 did not choose is plain: a field has its default, is unknown, has never happened, or is the
lowest value that it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from nbadsl.history.asking import Asking, subjects_of
from nbadsl.history.events import Event, decided
from nbadsl.history.told import Told
from nbadsl.history.windows import opened
from nbadsl.interpreter import Evaluator, decide
from nbadsl.program import chance
from nbadsl.program.decision import Decision, Row
from nbadsl.program.givens import givens
from nbadsl.program.limits import DECIDED, Window
from nbadsl.program.nodes import Expr, Input, Program, Value
from nbadsl.testing.trials import left_out, usual_now
from nbadsl.types import Integer, Text
from nbadsl.zone import zone

_EXPLORED = 40
_KEYS = 4000  # that are tried to find somebody in wanted arms


@dataclass(frozen=True, slots=True)
class Contact:
    """What happened before. `candidate`: its number; `at`: microseconds since 1970."""

    candidate: int
    outcome: str
    at: int


@dataclass(frozen=True, slots=True)
class Customer:
    """`row`: without the room that limits leave. `parameters`: those that have not their declared value."""

    row: Row
    now: float
    context: Row
    parameters: Row = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()


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

    def value(self, customer: Customer, expr: Expr) -> Value:
        """Of an expression that asks nothing about a candidate."""
        arms = {e.name: chance.arm(e, customer.row[e.by]) for e in self.program.experiments}
        return Evaluator(customer.row, self.given(customer), arms, self.zone).value(expr)

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
            full = self.full(before)
            for limit in self.program.limits:
                if contact.outcome == DECIDED and contact.candidate in limit.binds and full[limit.room] < 1:  # type: ignore[operator]
                    return False
        return True

    def _events(self, customer: Customer) -> list[Event]:
        row = customer.row | customer.context
        key = chance.text_of(customer.row[self.program.key])
        subjects = tuple(
            (name, chance.text_of(row[name]))
            for name in subjects_of(self.program)
            if row.get(name) is not None
        )
        return [self._event(number, each, key, subjects) for number, each in enumerate(customer.contacts)]

    def _event(self, number: int, contact: Contact, key: str, subjects: tuple[tuple[str, str], ...]) -> Event:
        of = self.program.candidates[contact.candidate]
        return Event(
            f"before {number}",
            decided(1),
            contact.outcome,
            contact.at,
            key,
            of.action,
            of.groups,
            of.channel,
            subjects=subjects,
        )

    # --- chance ---

    def placed(self, customer: Customer, arms: Mapping[str, str], fixed: set[str]) -> Iterator[Customer]:
        """The customer with keys that put them in some arms, and in no holdout. `fixed`: fields that keep their value."""
        names = {e.by for e in self.program.experiments} | {h.by for h in self.program.holdouts}
        names -= fixed
        names |= {self.program.key} - fixed if self.program.explore is not None else set()
        if not names:
            yield customer
            return
        fields = {f.name: f for f in self.program.inputs}
        settled = dict(customer.row)
        for name in sorted(names - {self.program.key}):
            settled[name] = next(self._keys(fields[name], arms, customer.row[name]), customer.row[name])
        if self.program.key not in names:
            yield replace(customer, row=settled)
            return
        # Where decisions explore, they differ from one key to the next.
        tries = 1 if self.program.explore is None else _EXPLORED
        for value in islice(
            self._keys(fields[self.program.key], arms, customer.row[self.program.key]), tries
        ):
            yield replace(customer, row=settled | {self.program.key: value})

    def _keys(self, by: Input, arms: Mapping[str, str], first: Value) -> Iterator[Value]:
        """Values of a field that put people in some arms and in no holdout."""
        experiments = [e for e in self.program.experiments if e.by == by.name and e.name in arms]
        holdouts = [h for h in self.program.holdouts if h.by == by.name]
        low = int(by.low) if by.low is not None else 1
        match by.type:
            case Text():
                values: Iterator[Value] = iter([first, *(f"c{n}" for n in range(1, _KEYS))])
            case Integer():
                values = iter([first, *(float(n) for n in range(max(low, 1), max(low, 1) + _KEYS))])
            case _:
                values = iter([first])
        for value in values:
            in_arms = all(chance.arm(e, value) == arms[e.name] for e in experiments)
            if in_arms and not any(chance.held(h, value) for h in holdouts):
                yield value


def names(program: Program, numbers: list[int]) -> list[str]:
    """Candidates as messages write them."""
    return [program.candidates[number].name for number in numbers]
