"""What limits, rests and budgets ask of the contact history: which contacts they count, of whom, and since when.

They ask three questions, and each is answered by its *room*: how many more contacts it lets through.

- A **limit**: how many contacts are in its window? Room is what is left of its number.
- A **budget**: what have the contacts in its window cost? Room is how many more the rest of it pays for.
- A **rest**: was there a contact, not longer ago than the rest lasts, with which enough of them had come together?
  Then there is no room. Otherwise, room is how many more do not yet make it begin, and the one that does.
"""

from __future__ import annotations

from dataclasses import dataclass

DECIDED, RELEASED = "decided", "released"
OUTCOMES = (DECIDED, "sent", "seen", "clicked", "accepted", "rejected", "ignored")
"""What can be counted. Beside them, a contact that was decided can be released: then it never happened."""

MICROS = 1_000_000
"""Money is counted in millionths of its currency: whole numbers, and fine enough for a text message's price."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Which contacts are counted: those of one outcome, in one place, without those that are exempt.

    `actions`, `groups`, `channels`: names, former ones included; a contact is of one of each that is not empty.
    `exempt`: names of actions and groups. The groups of a contact are those that its action was in when it was decided.
    """

    outcome: str
    actions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()

    def include(self, outcome: str, action: str, groups: tuple[str, ...], channel: str | None) -> bool:
        """Whether a contact is counted. `groups`: those around its action."""
        return (
            outcome == self.outcome
            and (not self.actions or action in self.actions)
            and (not self.groups or any(group in self.groups for group in groups))
            and (not self.channels or channel in self.channels)
            and not any(name in self.exempt for name in (action, *groups))
        )


@dataclass(frozen=True, slots=True)
class Window:
    """Since when contacts are counted. One of `length` (microseconds back from now, exclusive), `unit` (day, week,
    month, quarter, year: from its first moment), `since` (a field of the profile, inclusive); none of them: ever."""

    length: int | None = None
    unit: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A rest: for `length` microseconds from the contact with which `count` of them have come together `within` so
    many microseconds (None: ever)."""

    length: int
    count: int = 1
    within: int | None = None


def counted_in(window: Window, pause: Pause | None) -> Window:
    """Where the contacts of a limit are counted; of a rest, those that may make the next one begin."""
    if pause is None:
        return window
    return Window(pause.length if pause.count == 1 else pause.within)
