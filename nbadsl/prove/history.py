"""What must have happened before so that limits leave no more room than a decision needs.

Limits count contacts, so a wanted room is reached by adding contacts that the limit counts, shortly before the decision,
of a candidate that as few other limits as possible count. Whether the decision is then as wanted is asked of the
interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from nbadsl.program.nodes import Limit, Program
from nbadsl.prove.customer import Contact, Customer, Replay
from nbadsl.types import DAY, HOUR

_MOST_CONTACTS = 40
_AGO = (HOUR, 25 * HOUR, 3 * DAY, 6 * DAY + 12 * HOUR, 20 * DAY)


def with_rooms(replay: Replay, customer: Customer, wanted: Mapping[str, float]) -> Iterator[Customer]:
    """The customer with contacts that leave limits no more than some room: candidates for a judge."""
    yield customer
    free = replay.full(customer)
    limits = [
        limit
        for limit in replay.program.limits
        if limit.room in wanted and wanted[limit.room] < _number(free[limit.room])
    ]
    if not limits:
        return
    for ago in _AGO:
        filled: Customer | None = customer
        for limit in limits:
            filled = _filled(replay, filled, limit, wanted[limit.room], ago) if filled else None
        if filled is not None:
            yield filled
    for limit in limits:
        alone = _filled(replay, customer, limit, wanted[limit.room], _AGO[0])
        if alone is not None:
            yield alone


def _filled(replay: Replay, customer: Customer, limit: Limit, room: float, ago: float) -> Customer | None:
    """The customer with contacts until a limit leaves no more room; None where that cannot be reached."""
    for number in _counted(replay.program, limit):
        filled = customer
        while len(filled.contacts) < _MOST_CONTACTS and _number(replay.full(filled)[limit.room]) > room:
            contact = Contact(number, limit.contacts.outcome, int(filled.now - ago))
            filled = replace(filled, contacts=(*filled.contacts, contact))
        if _number(replay.full(filled)[limit.room]) <= room:
            return filled
    return None


def _counted(program: Program, limit: Limit) -> list[int]:
    """Candidates whose contacts a limit counts, those first that few other limits count."""
    counts = [
        number
        for number, c in enumerate(program.candidates)
        if limit.contacts.include(limit.contacts.outcome, c.action, c.groups, c.channel)
        and _first_of(program, number)
    ]
    return sorted(counts, key=lambda number: sum(number in other.takes for other in program.limits))[:5]


def _first_of(program: Program, number: int) -> bool:
    """Whether a candidate is the one that a test's history means by its action and channel."""
    of = program.candidates[number]
    return not any((c.action, c.channel) == (of.action, of.channel) for c in program.candidates[:number])


def _number(value: object) -> float:
    assert isinstance(value, float)
    return value
