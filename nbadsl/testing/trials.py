"""The tests of a policy as trials: one person each, with what happened before and what must come out.

Takes a model without errors and its program; gives a trial for each test, or for each row of its `cases`. What a test
does not say: a field has its default, or is unknown if it is optional, what may not have happened has not, and a field
that the policy does not read has any value. Without `now` it is 2026-11-10 10:00 in the policy's time zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from nbadsl.history.asking import Asking, subjects_of
from nbadsl.history.events import Event
from nbadsl.history.events import decided as decided_at
from nbadsl.history.store import Counting
from nbadsl.history.told import Told
from nbadsl.interpreter import Evaluator, decide
from nbadsl.program import chance
from nbadsl.program.decision import Decision, Row
from nbadsl.program.env import Env
from nbadsl.program.givens import givens
from nbadsl.program.nodes import Input, Program, Value
from nbadsl.program.pool import Pool
from nbadsl.program.translate import Translator
from nbadsl.semantics.constants import instant
from nbadsl.semantics.model import Model
from nbadsl.semantics.trials import OUTCOMES
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import DAY, HOUR, UNITS, Date, Flag, Set, Text, Words
from nbadsl.zone import EPOCH_DAY, Zone, zone

Given = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is tested: a model, and its program."""

    model: Model
    program: Program

    def trials(self) -> Iterator[Trial]:
        """All trials, in order."""
        for test in self.model.tests:
            yield from _Reader(self, test).trials()

    def value(self, expr: nodes.Expr, given: Given) -> Value:
        """Of an expression that is the same for everybody."""
        evaluator = Evaluator({}, given, {}, zone(self.program.timezone))
        return evaluator.value(Translator(self.model, Pool()).translate(expr, Env()))


@dataclass(frozen=True, slots=True)
class Trial:
    """One person of a test. `title`: of the test; `case`: the row of its `cases` ("": there is none). `places`: of the
    test and of the row. `row`: without the room that limits leave. `events`: what happened before. `expects`: what must
    come out."""

    subject: Subject
    title: str
    case: str
    places: tuple[Span, ...]
    row: Row
    given: Given
    events: tuple[Event, ...]
    expects: tuple[nodes.Expect, ...]

    @property
    def span(self) -> Span:
        """Of the row, or else of the test."""
        return self.places[-1]

    @property
    def text(self) -> str:
        """How reports name it."""
        return f"{self.title}: {self.case}" if self.case else self.title

    def asking(self) -> Asking:
        return Asking(self.subject.program, self.given)

    def told(self) -> Told:
        """What happened before, to count."""
        return Told(self.events)

    def full(self, history: Counting | None = None) -> Row:
        """The row with the room that limits leave after what happened. `history`: that counts it."""
        asking = self.asking()
        return self.row | asking.rooms(history or self.told(), asking.demands(self.row))

    def decided(self) -> Decision:
        """What the interpreter decides."""
        return decide(self.subject.program, self.full(), self.given)


class _Reader:
    """Reads one test."""

    def __init__(self, subject: Subject, test: nodes.Test) -> None:
        self.subject, self.test = subject, test
        self.program = subject.program
        self.zone: Zone = zone(self.program.timezone)
        self.inputs = {f.name: f for f in (*self.program.inputs, *self.program.context)}
        self.now = next(self._moments(), usual_now(self.zone))

    def _moments(self) -> Iterator[float]:
        for item in self.test.items:
            if isinstance(item, nodes.TestNow):
                yield instant(item.moment, self.zone)

    def trials(self) -> Iterator[Trial]:
        title, items, at = self.test.title.text, self.test.items, self.test.title.span
        expects = tuple(item for item in items if isinstance(item, nodes.Expect))
        values = {
            entry.field.text: self._entry(entry)
            for item in items
            if isinstance(item, nodes.TestEntries)
            for entry in item.entries
        }
        tables = [item for item in items if isinstance(item, nodes.TestCases)]
        if not tables:
            yield self._trial(title, "", (at,), values, expects)
        for table in tables:
            for row in table.rows[1:]:
                more, expect = self._case(table.rows[0], row)
                yield self._trial(title, row.span.words, (at, row.span), values | more, (*expects, *expect))

    def _trial(
        self,
        title: str,
        case: str,
        places: tuple[Span, ...],
        values: Given,
        expects: tuple[nodes.Expect, ...],
    ) -> Trial:
        row = {
            f.name: _read(f, values[f.name]) if f.name in values else left_out(f) for f in self.program.inputs
        }
        context = {f.name: values[f.name] for f in self.program.context if f.name in values}
        given = givens(self.program, self.now, context=context)
        events = tuple(self._events(row, given))
        return Trial(self.subject, title, case, places, row, given, events, expects)

    def _events(self, row: Row, given: Given) -> Iterator[Event]:
        """What the test's history says, of this person."""
        told = [e for item in self.test.items if isinstance(item, nodes.TestHistory) for e in item.events]
        subjects = [
            (name, str(value))
            for name in subjects_of(self.program)
            if (value := row.get(name, given.get(name))) is not None
        ]
        for number, event in enumerate(told):
            action, channel = event.action.text, event.channel.text if event.channel else None
            of = next(
                c for c in self.program.candidates if c.action == action and channel in (None, c.channel)
            )
            yield Event(
                f"before {number}",
                decided_at(1),
                event.outcome,
                self._moment(event.when),
                chance.text_of(row[self.program.key]),
                action,
                of.groups,
                of.channel,
                subjects=tuple(subjects),
            )

    def _moment(self, when: nodes.Quantity | nodes.Moment) -> int:
        if isinstance(when, nodes.Moment):
            return int(instant(when, self.zone))
        return int(self.now - when.count * UNITS[when.unit])

    def _entry(self, entry: nodes.Entry) -> Value:
        declared = self.inputs[entry.field.text]
        match entry.value:
            case str():  # never, unknown
                return None
            case tuple() as words:
                return frozenset(word.text for word in words)
            case nodes.Quantity() as length if entry.ago:
                microseconds = length.count * UNITS[length.unit]
                if isinstance(declared.type, Date):
                    return self.zone.local_date(self.now) - microseconds // DAY
                return self.now - microseconds
            case value:
                assert isinstance(value, nodes.Expr)
                return self._value(value)

    def _value(self, expr: nodes.Expr) -> Value:
        given: Given = {"now": self.now, "today": self.zone.local_date(self.now)}
        return self.subject.value(expr, given)

    def _case(self, head: nodes.Row, row: nodes.Row) -> tuple[Given, list[nodes.Expect]]:
        """The values of a row of `cases`, and the expectation that its last columns make."""
        values: Given = {}
        words: dict[str, nodes.Name | nodes.String] = {}
        for name, cell in zip((_name(cell) for cell in head.cells), row.cells, strict=True):
            if name not in OUTCOMES:
                values[name] = self._cell(name, cell)
                continue
            match cell.values:
                case (nodes.Reference() as word,):
                    words[name] = nodes.Name(word.name, word.span)
                case (nodes.TextValue() as text,):
                    words[name] = nodes.String(text.value, text.span)
        expect = words.get("expect")
        return values, [_expected(expect, words, row)] if isinstance(expect, nodes.Name) else []

    def _cell(self, name: str, cell: nodes.Cell) -> Value:
        """The value in a cell, which is written like an entry."""
        at = nodes.Name(name, cell.span)
        match cell.kind:
            case "never" | "unknown":
                return None
            case "set":
                return frozenset(v.name for v in cell.values if isinstance(v, nodes.Reference))
            case kind:
                return self._entry(nodes.Entry(at, cell.values[0], kind == "ago", cell.span))


def _expected(scope: nodes.Name, words: dict[str, nodes.Name | nodes.String], row: nodes.Row) -> nodes.Expect:
    if scope.text == "nothing":
        return nodes.Expect("nothing", None, None, None, None, None, row.span)
    channel, content = words.get("via"), words.get("content")
    assert not isinstance(channel, nodes.String) and not isinstance(content, nodes.Name)
    return nodes.Expect("action", scope, channel, content, None, None, row.span)


def _name(cell: nodes.Cell) -> str:
    [name] = cell.values
    assert isinstance(name, nodes.Reference)
    return name.name


def _read(field: Input, value: Value) -> Value:
    """A value as data have it: a default stands for what is missing."""
    return field.default if value is None else value


def usual_now(zone: Zone) -> float:
    """The moment of tests that name none."""
    return zone.midnight(_day(2026, 11, 10)) + 10 * HOUR


def left_out(field: Input) -> Value:
    """What a field is of which a test says nothing: its default, unknown, or any value that it takes."""
    if field.default is not None or field.optional or field.never:
        return field.default
    match field.type:
        case Flag():
            return False
        case Text():
            return ""
        case Words(words):
            return words[0]
        case Set():
            return frozenset()
        case _:
            return field.low if field.low is not None else min(0.0, field.high or 0.0)


def _day(year: int, month: int, day: int) -> float:
    return float((date(year, month, day) - EPOCH_DAY).days)
