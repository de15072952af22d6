"""How one person stands with each limit: what was counted, of how many, and when there is room again.

When there is room again is found by asking the store the same thing as if it were later: a window that has moved on
begins later, and a rest of which some is over is shorter. So it means what `room` means, whoever counts. It is the
first such moment if nothing else happens, and what is only reserved is confirmed.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

from nbadsl.history.asking import Asked, Asking
from nbadsl.history.demands import Demand, Tally
from nbadsl.history.store import Counting
from nbadsl.history.windows import closes
from nbadsl.program.decision import Row
from nbadsl.program.limits import Window, counted_in
from nbadsl.program.nodes import Limit, Value
from nbadsl.types import EXACT


@dataclass(frozen=True, slots=True)
class Standing:
    """How one person stands with a limit, before they are decided.

    `value`: of the subject; None where it is unknown, and for everybody. `count`, `most`: contacts, or millionths of
    the currency that they cost; None where nothing can be counted. `window`: where they are counted; of a rest, where
    those are that would make the next one begin. `room`: for how many more contacts; None: without end. `last`: the
    contact with which a rest began that holds now. `free_again`: when there is room again; None where there is, and
    where there never will be. Moments are microseconds since 1970 (UTC).
    """

    limit: Limit
    value: Value
    count: int | None
    most: int | None
    window: Window
    room: int | None
    last: int | None = None
    free_again: int | None = None


def standings(asking: Asking, store: Counting, row: Row) -> tuple[Standing, ...]:
    """Of all limits, those aside that are not for this person or for no candidate.

    `row`: with the room of each limit, as `Asking.rooms` gives it. Raises HistoryError when the store cannot be read.
    """
    found = [(asked, asking.demand(asked, row)) for asked in asking.asked if asked.limit.binds]
    counted = [_counted(asked.limit, demand) for asked, demand in found if isinstance(demand, Demand)]
    tallies = iter(store.tallies(counted))
    standings = []
    for asked, demand in found:
        limit, value = asked.limit, asking.subject(asked.limit, row)
        room = row[limit.room]
        assert isinstance(room, float)
        if limit.subject is not None and value is None and limit.unknown_passes:
            continue
        if not isinstance(demand, Demand):
            endless = int(room) if room < EXACT else None
            standings.append(
                Standing(limit, value, None, None, counted_in(limit.window, limit.pause), endless)
            )
            continue
        tally = next(tallies)
        most = limit.pause.count if limit.pause is not None else demand.most
        standing = Standing(
            limit, value, _spent(tally, demand), most, counted_in(limit.window, limit.pause), int(room)
        )
        if room < 1:
            free = _free_again(asking, store, asked, demand)
            last = free - limit.pause.length if limit.pause is not None and free is not None else None
            standing = replace(standing, last=last, free_again=free)
        standings.append(standing)
    return tuple(standings)


@dataclass(frozen=True, slots=True)
class Before:
    """How a limit stands before a run. `value`: of a context field by which it counts. `count`: contacts, or millionths
    of the currency that they cost; None where there is no one number for all people, and where nothing can be counted.
    `most`: of these; None where what it reads is unknown, and of rests. `each`: what a contact costs a budget."""

    value: Value
    count: int | None
    most: int | None
    each: int | None


def before(asking: Asking, store: Counting) -> tuple[Before, ...]:
    """Of all limits. Raises HistoryError when the store cannot be read."""
    fields = {each.name for each in asking.program.inputs}
    found = [None if asked.limit.subject in fields else asking.demand(asked, {}) for asked in asking.asked]
    tallies = iter(store.tallies([demand for demand in found if isinstance(demand, Demand)]))
    befores = []
    for asked, demand in zip(asking.asked, found, strict=True):
        limit, each = asked.limit, asked.each
        value = None if limit.subject in fields else asking.subject(limit, {})
        count = _spent(next(tallies), demand) if isinstance(demand, Demand) else None
        most = None if asked.room is not None or limit.pause is not None else asked.most
        befores.append(Before(value, count, most, each))
    return tuple(befores)


def _spent(tally: Tally, demand: Demand) -> int:
    """How many contacts, or what they cost."""
    return tally.count if demand.each is None else tally.spent(demand.each)


def _counted(limit: Limit, demand: Demand) -> Demand:
    """What is counted."""
    if limit.pause is None:
        return demand
    length = counted_in(limit.window, limit.pause).length
    return demand._replace(start=None if length is None else demand.now - length)


def _free_again(asking: Asking, store: Counting, asked: Asked, demand: Demand) -> int | None:
    """When a demand without room has some."""
    window, pause = asked.limit.window, asked.limit.pause
    reach = pause.length if pause is not None else window.length

    def is_free(later: int) -> bool:
        return store.rooms([_later(demand, later)])[0] >= 1

    if reach is not None:
        reach = min(reach, int(EXACT))
        if not is_free(reach):
            return None
        return demand.now + bisect_left(range(reach), True, key=is_free)
    end = closes(window, asking.now, asking.zone, asking.program.week_start)
    none = demand._replace(start=demand.now)
    return end if end is not None and store.rooms([none])[0] >= 1 else None


def _later(demand: Demand, by: int) -> Demand:
    """The same demand as it will be, if nothing happens until then."""
    if demand.pause is not None:
        return demand._replace(pause=replace(demand.pause, length=demand.pause.length - by))
    assert demand.start is not None
    return demand._replace(start=demand.start + by)
