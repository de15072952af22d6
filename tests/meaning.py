"""Runs the tests that stand in a policy: what the language means, said in the language.

A file of `tests/cases/meaning/` is a whole policy with `test` blocks. `trials(policy)` gives one trial for each
test, or for each row of its `cases`; `decided(trial)` decides its person by the interpreter; `unmet(trial,
decision)` says which lines of `expect` do not hold:

    expect ACTION …          some chosen candidate is this one; several such lines hold in the order of the list
    expect nothing           nothing is decided; `because` is the decision's reason, or the word before its colon
    expect no SCOPE          nothing of it is decided; `because` is the reason of the rule that stopped one of its
                             candidates, or the name of that candidate's fate
    expect score ACTION      the highest score of the action's candidates lies between two values, both included

What a test does not say: a field has its default, or is unknown if it is optional, what may not have happened has
not, and a field that the policy does not read has any value. Without `now` it is 2026-11-10 10:00 in the policy's time zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from nbadsl.history.asking import Asking
from nbadsl.history.events import Event
from nbadsl.history.events import decided as decided_at
from nbadsl.history.memory import MemoryStore
from nbadsl.history.store import Store
from nbadsl.interpreter import Evaluator, decide
from nbadsl.pipeline import Checked, compile
from nbadsl.program import chance
from nbadsl.program.decision import Decision, Row
from nbadsl.program.env import Env
from nbadsl.program.givens import givens
from nbadsl.program.nodes import Candidate, Input, Program, Value
from nbadsl.program.pool import Pool
from nbadsl.program.translate import Translator
from nbadsl.semantics.constants import instant
from nbadsl.semantics.load import Reader
from nbadsl.source import read as read_file
from nbadsl.syntax import nodes
from nbadsl.types import DAY, HOUR, UNITS, Date, Flag, Set, Text, Words
from nbadsl.zone import zone

Given = dict[str, Value]
OUTCOMES = ("expect", "via", "content")  # columns of `cases` that are not fields


@dataclass(frozen=True, slots=True)
class Policy:
    """A checked policy and its program."""

    checked: Checked
    program: Program


@dataclass(frozen=True, slots=True)
class Trial:
    """One person of a test. `row`: with the room that limits leave. `events`: what happened before. `expects`: what
    must come out; `text`: how reports name it."""

    policy: Policy
    text: str
    row: Row
    given: Given
    events: tuple[Event, ...]
    expects: tuple[nodes.Expect, ...]

    def rooms(self, store: Store) -> dict[str, float]:
        """The room that limits leave after what happened, as a store counts it."""
        store.add(self.events)
        asking = Asking(self.policy.program, self.given)
        return asking.rooms(store, asking.demands(self.row))


def load(path: Path, read: Reader = read_file) -> Policy:
    """The policy of a file. Raises AssertionError when it has errors."""
    checked, program = compile(path, read)
    assert program is not None, [f"{d.span}: {d.message}" for d in checked.diagnostics]
    return Policy(checked, program)


def trials(policy: Policy) -> Iterator[Trial]:
    """All trials of a policy's tests, in order."""
    for test in policy.checked.model.tests:
        yield from _Reader(policy, test).trials()


def decided(trial: Trial) -> Decision:
    """What the interpreter decides."""
    return decide(trial.policy.program, trial.row, trial.given)


# --- what a test gives ------------------------------------------------------------------------------


class _Reader:
    """Reads one test. Its values are expressions that are the same for everybody, so an evaluator without a person
    gives their values."""

    def __init__(self, policy: Policy, test: nodes.Test) -> None:
        self.policy, self.test = policy, test
        self.program, self.model = policy.program, policy.checked.model
        self.zone = zone(self.program.timezone)
        self.translator = Translator(self.model, Pool())
        self.inputs = {f.name: f for f in (*self.program.inputs, *self.program.context)}
        self.now = next(self._moments(), self.zone.midnight(_day(2026, 11, 10)) + 10 * HOUR)

    def _moments(self) -> Iterator[float]:
        for item in self.test.items:
            if isinstance(item, nodes.TestNow):
                yield instant(item.moment, self.zone)

    def trials(self) -> Iterator[Trial]:
        title, items = self.test.title.text, self.test.items
        expects = tuple(item for item in items if isinstance(item, nodes.Expect))
        values = {
            entry.field.text: self._entry(entry)
            for item in items
            if isinstance(item, nodes.TestEntries)
            for entry in item.entries
        }
        tables = [item for item in items if isinstance(item, nodes.TestCases)]
        if not tables:
            yield self._trial(title, values, expects)
        for table in tables:
            for row in table.rows[1:]:
                more, expect = self._case(table.rows[0], row)
                text = f"{title}: {' '.join(row.span.text.split())}"
                yield self._trial(text, values | more, (*expects, *expect))

    def _trial(self, text: str, values: dict[str, Value], expects: tuple[nodes.Expect, ...]) -> Trial:
        row = {
            f.name: _read(f, values[f.name]) if f.name in values else _left_out(f)
            for f in self.program.inputs
        }
        context = {f.name: values[f.name] for f in self.program.context if f.name in values}
        given = givens(self.program, self.now, context=context)
        trial = Trial(self.policy, text, row, given, tuple(self._events(row, given)), expects)
        return replace(trial, row=row | trial.rooms(MemoryStore()))

    def _events(self, row: Row, given: Given) -> Iterator[Event]:
        """What the test's history says, of this person."""
        told = [e for item in self.test.items if isinstance(item, nodes.TestHistory) for e in item.events]
        subjects = [
            (name, str(value))
            for name in Asking(self.program, given).subjects
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
        given = {"now": self.now, "today": self.zone.local_date(self.now)}
        evaluator = Evaluator({}, given, {}, self.zone)
        return evaluator.value(self.translator.translate(expr, Env()))

    def _case(self, head: nodes.Row, row: nodes.Row) -> tuple[dict[str, Value], list[nodes.Expect]]:
        """The values of a row of `cases`, and the expectation that its last columns make."""
        values: dict[str, Value] = {}
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


def _left_out(field: Input) -> Value:
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
    return float((date(year, month, day) - date(1970, 1, 1)).days)


# --- what must come out -----------------------------------------------------------------------------


def unmet(trial: Trial, decision: Decision) -> list[str]:
    """The expectations that a decision does not meet, each with what came instead."""
    check = _Check(trial.policy, decision)
    lost = [e for e in trial.expects if e.kind != "action" and not check.holds(e)]
    actions = [e for e in trial.expects if e.kind == "action"]
    return [f"{' '.join(e.span.text.split())}: {check.found()}" for e in (*lost, *check.missing(actions))]


class _Check:
    def __init__(self, policy: Policy, decision: Decision) -> None:
        self.policy, self.decision = policy, decision
        self.candidates = policy.program.candidates

    def missing(self, expects: list[nodes.Expect]) -> list[nodes.Expect]:
        """Those that are not on the ranked list, or not in this order."""
        place = 0
        for number, expect in enumerate(expects):
            chosen = [self.candidates[choice.candidate] for choice in self.decision.chosen]
            at = next((p for p in range(place, len(chosen)) if _is(chosen[p], expect)), None)
            if at is None:
                return expects[number:]
            place = at + 1
        return []

    def holds(self, expect: nodes.Expect) -> bool:
        match expect.kind:
            case "nothing":
                reason = self.decision.reason
                because = None if expect.because is None else expect.because.text
                return not self.decision.chosen and because in (None, reason, reason.split(":")[0])
            case "no":
                return self._not_one(expect)
            case "score":
                return self._scores(expect)
        raise AssertionError(expect.kind)

    def _not_one(self, expect: nodes.Expect) -> bool:
        assert expect.scope is not None
        scope = expect.scope.text
        among = [i for i, c in enumerate(self.candidates) if scope in (c.action, c.channel, *c.groups)]
        if any(choice.candidate in among for choice in self.decision.chosen):
            return False
        return expect.because is None or any(expect.because.text in self.why(i) for i in among)

    def why(self, number: int) -> tuple[str, ...]:
        """The fate of a candidate, and the reason of the rule that stopped it."""
        story = self.decision.stories[number]
        rules = () if story.rule is None else (self.candidates[number].rules[story.rule].reason,)
        return (str(story.fate), *rules)

    def _scores(self, expect: nodes.Expect) -> bool:
        assert expect.scope is not None and expect.between is not None
        scores = [
            story.score
            for candidate, story in zip(self.candidates, self.decision.stories, strict=True)
            if candidate.action == expect.scope.text and story.score is not None
        ]
        low, high = (self._number(end) for end in expect.between)
        return bool(scores) and low <= max(scores) <= high

    def _number(self, expr: nodes.Expr) -> float:
        pool = Pool()
        translated = Translator(self.policy.checked.model, pool).translate(expr, Env())
        value = Evaluator({}, {}, {}, zone(self.policy.program.timezone)).value(translated)
        assert isinstance(value, float)
        return value

    def found(self) -> str:
        """What came instead, for the reader of a failed test."""
        stories = enumerate(self.decision.stories)
        told = [f"{self.candidates[i].name}: {', '.join(self.why(i))}, {s.score}" for i, s in stories]
        return f"{self.decision.reason}; {'; '.join(told)}"


def _is(candidate: Candidate, expect: nodes.Expect) -> bool:
    wanted = (
        expect.scope and expect.scope.text,
        expect.channel and expect.channel.text,
        expect.content and expect.content.text,
    )
    found = (candidate.action, candidate.channel, candidate.content)
    return all(w is None or w == f for w, f in zip(wanted, found, strict=True))


def without_stories(decision: Decision) -> Decision:
    """A decision as the vector engine gives it."""
    return replace(decision, stories=())
