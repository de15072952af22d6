"""What one limit asks about one subject at one moment, and what the answer means: this is the definition of `room`.

A store finds the contacts; how much room they leave is computed here, for every store that counts in Python, and said
again in the language of those that count themselves (SQL, Lua): `tests/test_history.py` compares them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nbadsl.history.events import Event
from nbadsl.program.limits import Contacts, Pause


class Demand(NamedTuple):  # of which every decision makes some: a tuple is made in a third of the time
    """How much room is there?

    `contacts`: what is counted. `field`, `key`: of whom (None: of everybody; `events.PERSON` is the person). `start`:
    only after this moment (None: ever), and up to `now`. `most`: a limit's number, or a budget in millionths of the
    currency, of which a contact without a cost of its own takes `each`. `pause`: of a rest, for which `most` says
    nothing. `wants`: the room that a decision needs.
    """

    contacts: Contacts
    now: int
    start: int | None = None
    most: int = 0
    field: str | None = None
    key: str | None = None
    each: int | None = None
    pause: Pause | None = None
    wants: int = 1

    def counts(self, event: Event) -> bool:
        """Whether an event is one of those that are asked for."""
        return (
            event.at <= self.now
            and (self.start is None or event.at > self.start)
            and event.is_of(self.field, self.key)
            and self.contacts.include(event.kind, event.action, event.groups, event.channel)
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """How many contacts there were, how many of them have a cost of their own, and what those cost together."""

    count: int = 0
    priced: int = 0
    cost: int = 0

    @staticmethod
    def of(costs: Collection[int | None]) -> Tally:
        """Of contacts by their costs, None where one has none of its own."""
        own = [cost for cost in costs if cost is not None]
        return Tally(len(costs), len(own), sum(own))

    def spent(self, each: int) -> int:
        """What all of them cost. `each`: one without a cost of its own."""
        return self.cost + (self.count - self.priced) * each

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.count + other.count, self.priced + other.priced, self.cost + other.cost)

    def __sub__(self, other: Tally) -> Tally:
        return Tally(self.count - other.count, self.priced - other.priced, self.cost - other.cost)


def room(demand: Demand, contacts: Sequence[tuple[int, int | None]]) -> int:
    """How many more a demand lets through. `contacts`: times and costs of those it counts, ascending in time."""
    if demand.pause is not None:
        return room_of_times(demand, [at for at, _ in contacts])
    return room_of_tally(demand, Tally.of([cost for _, cost in contacts]))


def room_of_tally(demand: Demand, found: Tally) -> int:
    """How many more a limit or a budget lets through; less than none where it has been exceeded."""
    if demand.each is None:
        return demand.most - found.count
    return (demand.most - found.spent(demand.each)) // demand.each


def room_of_times(demand: Demand, times: Sequence[int]) -> int:
    """How many more a rest lets through. `times`: of its contacts up to now, ascending."""
    pause = demand.pause
    assert pause is not None
    if rests_until(pause, times, demand.now) is not None:
        return 0
    together = (
        len(times) if pause.within is None else len(times) - bisect_right(times, demand.now - pause.within)
    )
    return max(pause.count - together, 1)


def rests_until(pause: Pause, times: Sequence[int], now: int) -> int | None:
    """When a rest that holds now is over; None where there is none. `times`: ascending, up to now."""
    for last in range(len(times) - 1, pause.count - 2, -1):
        if times[last] <= now - pause.length:
            return None
        if pause.within is None or times[last - pause.count + 1] > times[last] - pause.within:
            return times[last] + pause.length
    return None
