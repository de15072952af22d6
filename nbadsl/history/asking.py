"""Between a policy and its history: what its limits ask of one person, and what a decision leaves behind.

Takes the limits of a program and what a run brings; gives demands, the rooms by which a decision is made, and the
events of what was decided. Numbers and money of limits are the same for everybody: they are computed once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from typing import NamedTuple

from nbadsl.history.demands import Demand
from nbadsl.history.events import PERSON, Event, decided
from nbadsl.history.store import Counting, HistoryError, Request, Store
from nbadsl.history.windows import opened
from nbadsl.interpreter.expressions import Evaluator
from nbadsl.program import chance
from nbadsl.program.decision import Decision, Row
from nbadsl.program.limits import DECIDED, MICROS, Window
from nbadsl.program.nodes import BUDGET, Candidate, Limit, Program, Value
from nbadsl.program.walk import leaves
from nbadsl.types import EXACT, Date
from nbadsl.zone import Zone, zone

NO_ROOM, ENDLESS = 0, int(EXACT)


class Asked(NamedTuple):
    """A limit at one moment. `room`: where nothing needs to be asked; `start`, `most`, `each`: see `Demand`."""

    limit: Limit
    room: int | None
    start: int | None
    most: int
    each: int | None


class Numbers(NamedTuple):
    """What a limit asks whatever the moment, see `Asked`."""

    room: int | None
    most: int
    each: int | None

    @staticmethod
    def of(limit: Limit, evaluator: Evaluator) -> Numbers:
        most, each, room = 0, None, None
        if limit.most is not None:
            value = evaluator.value(limit.most)
            most = 0 if value is None else _whole(value) if limit.each is None else _micros(value)
            room = NO_ROOM if value is None else None
        if limit.each is not None:
            value = evaluator.value(limit.each)
            each = None if value is None else _micros(value)
            if each is not None and each > ENDLESS:
                each = None  # too large to be added up, as it is where a result is infinite: that is unknown
            room = NO_ROOM if each is None else ENDLESS if each == 0 else room
        return Numbers(room, most, each)


class Terms(NamedTuple):
    """What is the same in every run. `dates`: fields of days that windows begin with; `subjects`: the fields that limits
    count by, beside people; of each limit, `binds`: the candidates, `numbers`: None where they follow from what is
    given."""

    zone: Zone
    dates: frozenset[str]
    subjects: list[str]
    binds: tuple[frozenset[int], ...]
    numbers: tuple[Numbers | None, ...]


def terms_of(program: Program) -> Terms:
    since = {limit.window.since for limit in program.limits}
    dates = frozenset(i.name for i in program.inputs if i.name in since and isinstance(i.type, Date))
    binds = tuple(frozenset(limit.binds) for limit in program.limits)
    place = zone(program.timezone)
    nothing = Evaluator({}, {}, {}, place)
    numbers = tuple(None if _varies(limit) else Numbers.of(limit, nothing) for limit in program.limits)
    return Terms(place, dates, subjects_of(program), binds, numbers)


def _varies(limit: Limit) -> bool:
    """Whether its numbers follow from what a run is given."""
    return any(leaves(expr for expr in (limit.most, limit.each) if expr is not None))


class Asking:
    """What the limits of a program ask at the moment of a run. `given`: as `program.givens` builds it. `terms`: of the
    program, where there are many moments."""

    def __init__(self, program: Program, given: Mapping[str, Value], terms: Terms | None = None) -> None:
        self.program, self.given = program, given
        now = given["now"]
        assert isinstance(now, float)
        terms = terms or terms_of(program)
        self.zone, self.dates, self.subjects, self.binds, _ = terms
        self.now = int(now)
        self.until = self.now  # contacts count that are not later
        evaluator = Evaluator({}, given, {}, self.zone)
        self.asked = tuple(
            self._asked(limit, numbers or Numbers.of(limit, evaluator))
            for limit, numbers in zip(program.limits, terms.numbers, strict=True)
        )

    def _asked(self, limit: Limit, numbers: Numbers) -> Asked:
        start = opened(limit.window, self.now, self.zone, self.program.week_start)
        if limit.pause is not None and limit.pause.within is not None:
            start = self.now - limit.pause.length - limit.pause.within
        return Asked(limit, numbers.room, start, numbers.most, numbers.each)

    def id(self, key: str) -> str:
        """The id of a person's decision, unless it was given another one."""
        return chance.decision_id(key, self.now, self.program.name)

    # --- before a decision ---

    def demand(self, asked: Asked, row: Row) -> Demand | int:
        """What a limit asks of one person, or its room where nothing needs to be asked."""
        if asked.room is not None:
            return asked.room
        limit, start, field, key = asked.limit, asked.start, None, None
        if limit.subject is not None:
            value = self._subject(limit.subject, row)
            if value is None:
                return ENDLESS if limit.unknown_passes else NO_ROOM
            field = PERSON if limit.subject == self.program.key else limit.subject
            key = chance.text_of(value)
        if limit.window.since is not None:
            start = self.since(limit.window.since, row[limit.window.since])
        return Demand(limit.contacts, self.until, start, asked.most, field, key, asked.each, limit.pause)

    def demands(self, row: Row) -> list[Demand | int]:
        """Of each limit, see `demand`."""
        return [self.demand(asked, row) for asked in self.asked]

    def since(self, field: str, value: Value) -> int | None:
        """The moment after which contacts count, in a window since a field of this value."""
        assert value is None or isinstance(value, float)
        if value is not None and field in self.dates:
            value = self.zone.midnight(value)
        return opened(Window(since=field), self.now, self.zone, since=value)

    def subject(self, limit: Limit, row: Row) -> Value:
        """By whose value a limit counts; None where it is unknown, and for everybody."""
        return None if limit.subject is None else self._subject(limit.subject, row)

    def _subject(self, name: str, row: Row) -> Value:
        return row[name] if name in row else self.given[name]

    def rooms(self, store: Counting, demands: Sequence[Demand | int]) -> Row:
        """The room that each limit leaves one person, by the names that decisions read."""
        answers = iter(store.rooms([demand for demand in demands if isinstance(demand, Demand)]))
        rooms = [next(answers) if isinstance(demand, Demand) else demand for demand in demands]
        return {
            asked.limit.room: float(_countable(room)) for asked, room in zip(self.asked, rooms, strict=True)
        }

    def before(self, store: Store, row: Row) -> Asking:
        """To explain by: of a decision that is in the store already, what was asked before it was made."""
        key = chance.text_of(row[self.program.key])
        if not store.keeps or store.decision(self.id(key)) is None:
            return self
        earlier = copy(self)
        earlier.until = self.now - 1
        return earlier

    # --- after a decision ---

    def request(
        self, decision: Decision, row: Row, id: str, known: Sequence[Demand | int] | None = None
    ) -> Request:
        """What a store is asked to keep of a decision. `known`: the demands on this person, where they have been made."""
        chosen = [choice.candidate for choice in decision.chosen]
        demands = []
        for number, asked in enumerate(self.asked):
            wants = _wanted(asked.limit, self.binds[number], chosen)
            if not wants:
                continue
            demand = self.demand(asked, row) if known is None else known[number]
            if isinstance(demand, Demand):
                demands.append(demand if wants == demand.wants else demand._replace(wants=wants))
        events = tuple(
            self._event(id, choice.rank, choice.candidate, decision.key, row) for choice in decision.chosen
        )
        return Request(id, events, tuple(demands))

    def candidate(self, event: Event) -> int:
        """What was decided. Raises HistoryError where the policy does not have it any more."""
        for number, each in enumerate(self.program.candidates):
            if (each.action, each.channel, each.content) == (event.action, event.channel, event.content):
                return number
        raise HistoryError(
            f"the history has a decision for {event.action}, which the policy does not have any more"
        )

    def _event(self, id: str, rank: int, number: int, key: str, row: Row) -> Event:
        candidate: Candidate = self.program.candidates[number]
        subjects = [(name, self._subject(name, row)) for name in self.subjects]
        return Event(
            decision=id,
            id=decided(rank),
            kind=DECIDED,
            at=self.now,
            key=key,
            action=candidate.action,
            groups=candidate.groups,
            channel=candidate.channel,
            content=candidate.content,
            cost=self.cost(number),
            subjects=tuple((name, chance.text_of(value)) for name, value in subjects if value is not None),
        )

    def cost(self, number: int) -> int | None:
        """What a contact costs in the budgets that count it; None where they do not agree: then each counts its own."""
        costs = {
            asked.each for asked in self.asked if asked.limit.stage == BUDGET and number in asked.limit.takes
        }
        return costs.pop() if len(costs) == 1 else None


def subjects_of(program: Program) -> list[str]:
    """The fields that limits count by, beside people."""
    return sorted({limit.subject for limit in program.limits if limit.subject} - {program.key})


def _wanted(limit: Limit, binds: frozenset[int], chosen: list[int]) -> int:
    """The room that a list of candidates needs: that of the last one that the limit binds, behind all that take some."""
    for place in reversed(range(len(chosen))):
        if chosen[place] in binds:
            return 1 + sum(number in limit.takes for number in chosen[:place])
    return 0


def _whole(value: Value) -> int:
    """A number of contacts; more than there can be are as good as endless."""
    assert isinstance(value, float)
    return math.floor(_countable(value))


def _micros(value: Value) -> int:
    """Money in millionths of its currency; more than there can be is as good as endless."""
    assert isinstance(value, float)
    return round(_countable(value) * MICROS)


def _countable(value: float) -> float:
    """As much as is counted exactly, instead of more."""
    return value if -EXACT <= value <= EXACT else math.copysign(EXACT, value)
