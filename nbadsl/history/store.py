"""What every store does. `memory` is the definition; the others must be told apart by their speed alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from nbadsl.history.demands import Demand, Tally
from nbadsl.history.events import Event
from nbadsl.mistake import Mistake
from nbadsl.program.limits import Contacts

if TYPE_CHECKING:
    from nbadsl.history.counted import Counts, Times

T = TypeVar("T")


class HistoryError(Mistake):
    """A history that cannot be read or written, or that knows nothing of what it is told."""


@dataclass(frozen=True, slots=True)
class Request:
    """One decision that wants to be kept: its events, and the demands that must have the room that it wants."""

    decision: str
    events: tuple[Event, ...]
    demands: tuple[Demand, ...] = ()


@dataclass(frozen=True, slots=True)
class Lost:
    """A request that was not kept: the index of the first of its demands that had no room left."""

    demand: int


Answer = tuple[Event, ...] | Lost
"""What a request got: the events that decide it, its own or those of the same decision earlier (none where it has been
released since); or why it was not kept."""


@dataclass(frozen=True, slots=True)
class Stats:
    """`kinds`: events of each kind. `first`, `last`: when they happened, None without any. `reserved`: decisions that
    wait for `confirm`. `forgotten`: people."""

    events: int
    people: int
    decisions: int
    kinds: Mapping[str, int]
    first: int | None
    last: int | None
    reserved: int
    forgotten: int


def pages(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """So many at a time."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


class Counting(Protocol):
    """What answers demands."""

    def rooms(self, demands: Sequence[Demand]) -> list[int]:
        """The room of each demand."""

    def tallies(self, demands: Sequence[Demand]) -> list[Tally]:
        """What each demand counts. Of rests, what happened since its start."""


class Store(Counting, Protocol):
    """A contact history. Safe to use from several threads, and from several processes where it is not in memory. Every
    method raises HistoryError when the store cannot be reached."""

    @property
    def keeps(self) -> bool:
        """Whether it can be written; where it cannot, methods that write raise HistoryError."""

    @property
    def path(self) -> str:
        """Where it is, as messages name it."""

    @property
    def notes(self) -> Sequence[str]:
        """Sentences on what it says and does not, for whoever opened it."""

    # --- reading ---

    def times(self, contacts: Contacts, field: str, start: int | None, now: int) -> Times:
        """Every contact after `start` and up to `now` that has a subject of `field`, by its value."""

    def counts(self, contacts: Contacts, field: str, start: int | None, now: int) -> Counts:
        """The same, counted. Values without any are left out."""

    def events(self) -> Iterator[Event]:
        """All there are, in the order in which they were told."""

    def stats(self) -> Stats:
        """Numbers for people."""

    # --- writing ---

    def add(self, events: Iterable[Event]) -> int:
        """Keep what has happened, whatever limits say; of events known already nothing changes. Gives how many were
        new."""

    def reserve(
        self,
        requests: Sequence[Request],
        now: int,
        until: int | None = None,
        chunk: tuple[str, int] | None = None,
    ) -> list[Answer]:
        """Keep decisions in one step: all of them, or none when a single one is lost. One that the store knows already
        is answered with what it was.

        `until`: they are released then unless they are confirmed (None: they are for good). `chunk`: of a run, kept
        with them, see `chunks`.
        """

    def confirm(self, decision: str, now: int) -> bool:
        """Keep a reserved decision for good. False when it has been released: then it must not be carried out."""

    def release(self, decision: str, now: int) -> bool:
        """Undo a decision: it is not counted any more. False when that is done already, or it was never made."""

    def expire(self, now: int) -> int:
        """Release what was reserved until now or earlier, which every reading of `rooms` does first. Gives how many."""

    def decision(self, decision: str) -> tuple[Event, ...] | None:
        """The events that decided it, in the order of their places; none once it is released. None: never made."""

    def chunks(self, run: str) -> frozenset[int]:
        """The chunks of a run that have been kept."""

    def forget(self, key: str, now: int) -> int:
        """Erase a person: events stay, so that totals and budgets do, but not whose they were, nor the ids of their
        decisions; what was reserved is released. Gives how many events there were."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None:
        """Closes it."""


class Closing:
    """What is closed where its block ends."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
