"""What is chosen among the candidates that passed, for one person or for many who share limits.

A person proposes one candidate after the other, best first: by tier, then score (higher first), then order in the
file; one that would be too many of its action, group or channel is left out. Exploring may propose another one of the
best tier first. A proposal is served where every limit that binds it has room, and then takes room of the limits that
count it; otherwise the candidate is struck, the limit being its fate, and the person proposes anew.

Of all people's next proposals the best one is looked at first: by tier, then score, then a hash of the person's key.
So the last room of a limit goes to whom it is worth most, and nobody can take it by being earlier in a file. When
nobody proposes any more, the fallback stands in for those with nothing, in the order of their hashes.

People in a holdout propose as all others do, and need room to be served; but nothing is done, so they take none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from nbadsl.program import chance
from nbadsl.program.decision import (
    BELOW_THRESHOLD,
    CHOSEN,
    EXPLORED,
    FALLBACK,
    NOBODY_PASSED,
    Choice,
    Fate,
    Story,
)
from nbadsl.program.nodes import Limit, Program, Value

Pair = tuple[float, float, int, int]
"""What a proposal is ranked by: tier, score (negated), hash of the key, place among the people."""


@dataclass(slots=True)
class Person:
    """Somebody who proposes. `stories`: of all candidates; those that passed are `outranked` until they are chosen.
    `base`: where the decision's draws start. `subjects`: of each limit, by whose value contacts are counted; `rooms`:
    how much room the limit leaves there. `takes`: whether what is chosen is done."""

    program: Program
    key: str
    stories: list[Story]
    base: int
    send_at: dict[int, float]
    subjects: tuple[Value, ...]
    rooms: tuple[float, ...]
    takes: bool = True
    picked: list[int] = field(default_factory=list)
    reason: str = CHOSEN
    probability: float = 1.0

    # --- proposing ---

    def proposal(self) -> int | None:
        """The candidate that is proposed next."""
        ranking = [number for number in self._ranking() if self._fits(number)]
        if len(self.picked) == self.program.arbitration.pick or not ranking:
            return None
        return ranking[0] if self.program.explore is None else self._explored(ranking)

    def _ranking(self) -> list[int]:
        """The candidates that passed and are not picked: by tier, then score, then order in the file."""
        keys: list[tuple[int, float, int]] = []
        for number, story in enumerate(self.stories):
            if story.fate == Fate.OUTRANKED and story.tier is not None and story.score is not None:
                keys.append((story.tier, -story.score, number))
        return [number for _, _, number in sorted(keys) if number not in self.picked]

    def _fits(self, number: int) -> bool:
        """Whether a candidate would not be too many of one kind."""
        most = {"action": 1} | {m.by: m.count for m in self.program.arbitration.most}
        taken = Counter(kind for other in self.picked for kind in self._kinds(other))
        return all(taken[kind] < most.get(kind[0], len(self.stories)) for kind in self._kinds(number))

    def _kinds(self, number: int) -> list[tuple[str, str]]:
        candidate = self.program.candidates[number]
        kinds = [("action", candidate.action), ("group", candidate.groups[-1] if candidate.groups else None)]
        return [(by, name) for by, name in [*kinds, ("channel", candidate.channel)] if name is not None]

    def _explored(self, ranking: list[int]) -> int:
        """The candidate that exploring proposes, which may be the best one; and how probable that was."""
        explore, greedy = self.program.explore, ranking[0]
        assert explore is not None
        best = self.stories[greedy].tier
        among = [
            number for number in ranking if self.stories[number].tier == best and number in explore.among
        ]
        chosen, drawn, self.probability = chance.explored(self.base, explore.share, among, greedy)
        self.reason = EXPLORED if drawn else CHOSEN
        return chosen

    def fallback(self) -> int | None:
        """The candidate that stands in where there is nothing, unless doing nothing was chosen."""
        if self.picked or any(story.fate == Fate.THRESHOLD for story in self.stories):
            return None
        for number, candidate in enumerate(self.program.candidates):
            if candidate.score is None and self.stories[number].fate == Fate.OUTRANKED:
                return number
        return None

    def rank(self, number: int, place: int) -> Pair:
        story = self.stories[number]
        tier = float("inf") if story.tier is None else story.tier
        return tier, -(story.score or 0.0), chance.order(self.key), place

    # --- what comes of it ---

    def strike(self, number: int, limit: Limit) -> None:
        """A candidate for which a limit has no room."""
        rules = self.program.candidates[number].rules
        index = next(i for i, rule in enumerate(rules) if rule.room == limit.room)
        fate = Fate[limit.stage.upper()]
        self.stories[number] = replace(self.stories[number], fate=fate, rule=index)

    def outcome(self) -> tuple[tuple[Choice, ...], str]:
        """What was picked, best first, and why."""
        if not self.picked:
            below = any(story.fate == Fate.THRESHOLD for story in self.stories)
            return (), BELOW_THRESHOLD if below else NOBODY_PASSED
        is_fallback = self.stories[self.picked[0]].score is None
        probability = 1.0 if is_fallback else self.probability
        choices = []
        for place, number in enumerate(self.picked, start=1):
            story = self.stories[number]
            send_at = self.send_at.get(number)
            choices.append(Choice(number, place, story.tier, story.score, probability, send_at))
            self.stories[number] = replace(story, fate=Fate.CHOSEN)
        return tuple(choices), FALLBACK if is_fallback else self.reason


def choose(program: Program, people: Sequence[Person]) -> None:
    """Serve all people: their `picked` and `stories` become what they are decided."""
    taken = Taken(program)
    while found := _best((person.proposal(), person) for person in people):
        taken.serve(*found)
    while found := _best((person.fallback(), person) for person in people):
        taken.serve(*found)


def _best(proposals: Iterator[tuple[int | None, Person]]) -> tuple[int, Person] | None:
    """Of all proposals, the one that is looked at first."""
    ranked = [
        (person.rank(number, place), number, person)
        for place, (number, person) in enumerate(proposals)
        if number is not None
    ]
    if not ranked:
        return None
    _, number, person = min(ranked, key=lambda each: each[0])
    return number, person


@dataclass(slots=True)
class Taken:
    """The room that has been taken. `full`: limits of everybody that have none left, in the order in which it went."""

    program: Program
    room: Counter[tuple[int, Value]] = field(default_factory=Counter)
    full: list[int] = field(default_factory=list)

    def serve(self, number: int, person: Person) -> None:
        """Pick a candidate where all limits that bind it have room, and strike it where one has not: the limit that
        went first for everybody, or else the first in the policy."""
        limits = self.program.limits
        for index in (*self.full, *range(len(limits))):
            held = 0 if person.takes else sum(other in limits[index].takes for other in person.picked)
            used = self.room[index, person.subjects[index]] + held
            if number in limits[index].binds and used >= person.rooms[index]:
                person.strike(number, limits[index])
                return
        person.picked.append(number)
        if person.takes:
            self._take(number, person)

    def _take(self, number: int, person: Person) -> None:
        for index, limit in enumerate(self.program.limits):
            if number in limit.takes:
                self.room[index, person.subjects[index]] += 1
                if limit.subject is None and self.room[index, None] == person.rooms[index]:
                    self.full.append(index)
