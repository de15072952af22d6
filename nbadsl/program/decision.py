"""What comes out: the decision for one person, and the story of every candidate behind it.

Both engines speak these words; the tables of decisions that files and data frames hold have one
column for each part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from nbadsl.program.nodes import Value


class Fate(IntEnum):
    """Why a candidate was not chosen: the first that applies, in this order."""

    INACTIVE = 0
    REQUIRE = 1
    ELIGIBLE = 2
    EXCLUDE = 3
    QUIET = 4
    LIMIT = 5
    REST = 6
    BUDGET = 7
    NO_SCORE = 8
    THRESHOLD = 9
    OUTRANKED = 10
    CHOSEN = 11

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ")


# Reasons of a decision. A holdout adds its name, bad data the column: `holdout: universal`.
CHOSEN, EXPLORED, FALLBACK = "chosen", "explored", "fallback"
NOBODY_PASSED, BELOW_THRESHOLD = "nobody passed", "below threshold"
HOLDOUT, BAD_DATA = "holdout", "bad data"
# Of a decision that the history has already, under the same id.
DECIDED_BEFORE, RELEASED = "decided before", "released"


@dataclass(frozen=True, slots=True)
class Story:
    """What became of one candidate.

    `rule`: index among the candidate's rules of the one that stopped it, when the fate is a rule's.
    `blocked_by_unknown`: that rule was neither yes nor no. `tier` and `score`: as far as they were reached.
    """

    fate: Fate
    rule: int | None = None
    blocked_by_unknown: bool = False
    tier: int | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate on a place of the ranked list.

    `candidate`: its index in the program. `rank`: from 1. `tier`, `score`: None for the fallback.
    `probability`: exact, that this candidate is decided on this place. `send_at`: microseconds since 1970.
    """

    candidate: int
    rank: int
    tier: int | None
    score: float | None
    probability: float
    send_at: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done for one person now.

    `chosen` is empty for *nothing*. `held`: what a holdout kept from being decided. `arms`: the arm of
    each experiment, in the program's order. `stories`: one per candidate, in the program's order.
    """

    key: str
    chosen: tuple[Choice, ...]
    reason: str
    holdout: str | None = None
    held: tuple[Choice, ...] = ()
    arms: tuple[str, ...] = ()
    stories: tuple[Story, ...] = ()


Row = dict[str, Value]
"""One person: field name to value, as `nodes` describes values. Every field of the program is there."""

Losses = Mapping[int, int]
"""What a person would have been given, but others were served before who shared a limit: candidates, and the number of
the limit that had no room left for each."""
