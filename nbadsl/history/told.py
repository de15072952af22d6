"""What happened, as a list, and what limits ask of it: the definition of `Store.rooms` and `Store.tallies`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nbadsl.history.demands import Demand, Tally, room
from nbadsl.history.events import Event, standing


@dataclass(frozen=True, slots=True)
class Told:
    """Answers demands from events in any order."""

    events: Sequence[Event]

    def rooms(self, demands: Iterable[Demand]) -> list[int]:
        return [room(demand, self._contacts(demand)) for demand in demands]

    def tallies(self, demands: Iterable[Demand]) -> list[Tally]:
        return [Tally.of([cost for _, cost in self._contacts(demand)]) for demand in demands]

    def counted(self, demand: Demand) -> list[Event]:
        """The events that a demand counts, in their order."""
        return [event for event in standing(self.events) if demand.counts(event)]

    def _contacts(self, demand: Demand) -> list[tuple[int, int | None]]:
        """Times and costs, ascending in time."""
        found = sorted(self.counted(demand), key=lambda event: event.at)
        return [(event.at, event.cost) for event in found]
