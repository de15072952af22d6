"""One thing that happened: a contact was decided, sent, seen, clicked, accepted, rejected, ignored, or released.

A decision is named by its id, and each of its events by an id within it, so that telling a store twice of the same
thing changes nothing. An event keeps what was true when it happened: the groups of its action, what it cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.program.limits import DECIDED, OUTCOMES, RELEASED
from nbadsl.zone import EPOCH

KINDS = (*OUTCOMES, RELEASED)
PERSON = ""
"""Stands for the key of the profile where events or demands name a field: policies may call it differently."""


@dataclass(frozen=True, slots=True)
class Event:
    """`decision`, `id`: together they name it. `at`: microseconds since 1970. `key`: the person's; None: nobody
    known any more. `subjects`: (field, value) of what else is counted by, such as a household. `groups`: around the
    action when it was decided, outermost first. `cost`: in millionths of the currency, where it is known."""

    decision: str
    id: str
    kind: str
    at: int
    key: str | None
    action: str
    groups: tuple[str, ...] = ()
    channel: str | None = None
    content: str | None = None
    cost: int | None = None
    subjects: tuple[tuple[str, str], ...] = ()

    def of(self) -> tuple[tuple[str, str], ...]:
        """Whom it is counted for: (field, value), the person first."""
        return self.subjects if self.key is None else ((PERSON, self.key), *self.subjects)

    def is_of(self, field: str | None, key: str | None) -> bool:
        """Whether it is counted for a subject; None is everybody."""
        return field is None or (field, key) in self.of()


def decided(place: int) -> str:
    """The id, within a decision, of the event that decided its choice on a place (from 1)."""
    return f"{place}:{DECIDED}"


def moment(at: datetime | None = None) -> int:
    """A moment as a history has it: whole microseconds since 1970. `at`: with a time zone; else it is this moment."""
    at = datetime.now(UTC) if at is None else at
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone: a history keeps moments, not what clocks show")
    return (at - EPOCH) // timedelta(microseconds=1)


def outcome(of: Event, kind: str, at: int, id: str | None = None, cost: int | None = None) -> Event:
    """What came of a decided contact: `kind` is one of KINDS, `at` a `moment`. `id`: where one kind may happen more than
    once."""
    if kind not in KINDS:
        raise ValueError(f"`{kind}` is no outcome; {did_you_mean(kind, KINDS)}")
    place = of.id.partition(":")[0]
    return replace(of, id=f"{place}:{id or kind}", kind=kind, at=at, cost=cost)


def released(of: Event, at: int) -> Event:
    """A decision undone. `of`: any of its events."""
    return replace(of, id=RELEASED, kind=RELEASED, at=at, cost=None)


def nameless(of: Event, decision: str) -> Event:
    """The same event of nobody. `decision`: another id for its decision, as the old one may hold the person's key."""
    return replace(of, decision=decision, key=None, subjects=())


def standing(events: Iterable[Event]) -> list[Event]:
    """All events but those that decided what has been released since."""
    events = list(events)
    undone = {event.decision for event in events if event.kind == RELEASED}
    return [event for event in events if event.kind != DECIDED or event.decision not in undone]


def choices(events: Iterable[Event]) -> tuple[Event, ...]:
    """Of the events of one decision, those that decided it and still stand, in the order of their places."""
    return tuple(sorted((e for e in standing(events) if e.kind == DECIDED), key=_place))


def _place(event: Event) -> int:
    return int(event.id.partition(":")[0])
