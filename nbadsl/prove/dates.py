"""Calendar arithmetic in z3's words: local time, months and weekdays of a day.

Time zones and months are irregular, so their rules are not told all at once. A moment's offset is one that the time zone
ever has; a day's month is about right. When a model takes them for what they are not, a lemma says what holds between
two changes of the clock, or in that month. Weekdays, and everything that follows from months and days, is exact.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

import z3

from nbadsl.interpreter.calendar import day as day_of
from nbadsl.program.intervals import FIRST_DAY, LAST_DAY
from nbadsl.prove.inputs import number_in
from nbadsl.prove.terms import Operation, Terms
from nbadsl.prove.values import NO, Number, Term, both, every, implies
from nbadsl.types import DAY
from nbadsl.zone import Zone

_DAY = int(DAY)
_MONTHS, _DAYS = 1600, 48699  # so many days have so many months, on average
_PAIRS = 6  # days whose months are told to keep their order


@dataclass(frozen=True, slots=True)
class Month:
    """The month of a day: `months` since January 1970, and its `number` in it, from 1."""

    day: Term
    months: Term
    number: Term


class Dates:
    """The calendar of one prover. `zone`: of its policy."""

    def __init__(self, terms: Terms, zone: Zone) -> None:
        self.terms, self.zone = terms, zone
        self._local: dict[int, tuple[Term, Term, Term]] = {}
        self._months: dict[int, Month] = {}

    def operate(self, op: str, operands: list[Number]) -> tuple[Term, Term]:
        """The result of a `Calendar` operation, and whether it is defined for known operands."""
        if op in ("local_date", "local_clock"):
            day, clock = self.local(operands[0].value)
            return (day if op == "local_date" else clock), is_day(day)
        first = floor(operands[0])
        match op:
            case "midnight":
                return self._midnight(first), is_day(first)
            case "weekday":
                return (first + 3) % 7 + 1, is_day(first)
            case "year" | "month" | "day":
                return self._part(op, self.month(first)), is_day(first)
            case "add_months":
                return self._later(first, floor(operands[1]))
            case "months_between":
                second = floor(operands[1])
                a, b = self.month(first), self.month(second)
                unfinished = z3.If(b.number < a.number, z3.IntVal(1), z3.IntVal(0))
                return b.months - a.months - unfinished, both(is_day(first), is_day(second))
        return z3.IntVal(0), NO

    def local(self, time: Term) -> tuple[Term, Term]:
        """The local day and clock of a moment."""
        if time.get_id() not in self._local:
            number, zone = len(self._local), self.zone.name
            day, offset = z3.Int(f"day #{number} in {zone}"), z3.Int(f"offset #{number} in {zone}")
            clock = z3.Real(f"clock #{number} in {zone}")
            self._local[time.get_id()] = day, clock, time
            facts = [time + offset == day * _DAY + clock, clock >= 0, clock < _DAY]
            self.terms.add([day, clock], Offset(self.zone, time, offset), [*facts, *self._is_offset(offset)])
        return self._local[time.get_id()][:2]

    def month(self, day: Term) -> Month:
        """The month of a day."""
        if day.get_id() not in self._months:
            number = len(self._months)
            month = Month(day, z3.Int(f"months #{number}"), z3.Int(f"day of month #{number}"))
            low, high = _drift()
            apart = _MONTHS * (day - month.number + 1) - _DAYS * month.months
            facts = [month.number >= 1, month.number <= 31, apart >= low, apart <= high]
            facts += [_in_order(month, other) for other in list(self._months.values())[:_PAIRS]]
            told = implies(is_day(day), every(facts))
            self.terms.add([month.months, month.number], MonthOf(month), [told])
            self._months[day.get_id()] = month
        return self._months[day.get_id()]

    def _part(self, op: str, month: Month) -> Term:
        if op == "day":
            return month.number
        return month.months / 12 + 1970 if op == "year" else month.months % 12 + 1

    def _later(self, day: Term, months: Term) -> tuple[Term, Term]:
        """A day some months later, and whether there is one."""
        start = self.month(day)
        result = z3.Int(f"day #{len(self._months)} later")
        end = self.month(result)
        shortened = z3.And(end.number < start.number, end.number >= 28)
        told = implies(
            both(is_day(day), is_day(result)),
            both(end.months == start.months + months, z3.Or(end.number == start.number, shortened)),
        )
        self.terms.add([result], Later(start, end), [told])
        year = (start.months + months) / 12 + 1970
        return result, both(is_day(day), year >= 1, year <= 9999, is_day(result))

    def _midnight(self, day: Term) -> Term:
        offset = z3.Int(f"offset at midnight of {day}"[:80] + f" #{day.get_id()}")
        self.terms.add([offset], Midnight(self.zone, day, offset), self._is_offset(offset))
        return day * _DAY - offset

    def _is_offset(self, offset: Term) -> list[Term]:
        return [offset >= int(min(self.zone.offsets)), offset <= int(max(self.zone.offsets))]


def floor(number: Number) -> Term:
    return number.value if number.value.is_int() else z3.ToInt(number.value)


def is_day(day: Term) -> Term:
    """Whether calendars have a day."""
    if z3.is_int_value(day):
        return z3.BoolVal(FIRST_DAY <= day.as_long() <= LAST_DAY)
    return z3.And(day >= int(FIRST_DAY), day <= int(LAST_DAY))


def _in_order(a: Month, b: Month) -> Term:
    same = implies(a.months == b.months, a.number - b.number == a.day - b.day)
    return both(
        implies(a.day <= b.day, a.months <= b.months), implies(b.day <= a.day, b.months <= a.months), same
    )


@cache
def _drift() -> tuple[int, int]:
    """How far firsts of months are from their average, in days times `_MONTHS`: the calendar repeats after 400 years."""
    apart = [
        _MONTHS * (date(1970 + m // 12, m % 12 + 1, 1) - date(1970, 1, 1)).days - _DAYS * m
        for m in range(4800)
    ]
    return min(apart), max(apart)


# --- lemmas -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offset(Operation):
    """The offset of a moment."""

    zone: Zone
    time: Term
    offset: Term

    def lemmas(self, model: z3.ModelRef) -> Iterator[Term]:
        starts, offsets = self.zone.starts, self.zone.offsets
        place = bisect_right(starts, float(number_in(model, self.time))) - 1
        if number_in(model, self.offset) == int(offsets[place]):
            return
        since = [self.time >= int(starts[place])] if place else []
        until = [self.time < int(starts[place + 1])] if place + 1 < len(starts) else []
        yield implies(every([*since, *until]), self.offset == int(offsets[place]))


@dataclass(frozen=True, slots=True)
class MonthOf(Operation):
    """The month of a day."""

    month: Month

    def lemmas(self, model: z3.ModelRef) -> Iterator[Term]:
        day, months, number = self.month.day, self.month.months, self.month.number
        here = int(number_in(model, day))
        if not FIRST_DAY <= here <= LAST_DAY:
            return
        on = day_of(here)
        since, count = _months_of(on), monthrange(on.year, on.month)[1]
        if number_in(model, months) == since and number_in(model, number) == on.day:
            return
        first = here - on.day + 1
        inside = z3.And(day >= first, day < first + count)
        yield inside == (months == since)
        yield implies(inside, number == day - first + 1)


@dataclass(frozen=True, slots=True)
class Later(Operation):
    """A day some months after another one: the month's last day where it is too short."""

    start: Month
    end: Month

    def lemmas(self, model: z3.ModelRef) -> Iterator[Term]:
        months = int(number_in(model, self.end.months))
        year = 1970 + months // 12
        if not 1 <= year <= 9999:
            return
        days = monthrange(year, months % 12 + 1)[1]
        wanted = z3.If(self.start.number <= days, self.start.number, z3.IntVal(days))
        right = implies(self.end.months == months, self.end.number == wanted)
        if not z3.is_true(model.evaluate(right, model_completion=True)):
            yield right


@dataclass(frozen=True, slots=True)
class Midnight(Operation):
    """The first instant of a day."""

    zone: Zone
    day: Term
    offset: Term

    def lemmas(self, model: z3.ModelRef) -> Iterator[Term]:
        here = int(number_in(model, self.day))
        right = here * _DAY - int(self.zone.midnight(float(here)))
        if number_in(model, self.offset) == right:
            return
        starts = self.zone.starts
        place = bisect_right(starts, here * DAY) - 1
        first = int(starts[place] // DAY) + 2 if place else int(FIRST_DAY)
        last = int(starts[place + 1] // DAY) - 2 if place + 1 < len(starts) else int(LAST_DAY)
        if not first <= here <= last:
            first = last = here
        yield implies(z3.And(self.day >= first, self.day <= last), self.offset == right)


def _months_of(on: date) -> int:
    return (on.year - 1970) * 12 + on.month - 1
