"""Serves people who share limits, and people who are picked several: see `interpreter.choose`, which this equals.

The kernel ranks all candidates that passed for each person. People then propose from the top of their lists; of all
next proposals the best one is looked at first, which a heap finds. A limit without room strikes the candidate.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.decisions import REASONS, Outcome
from nbadsl.data.schema import column_of
from nbadsl.engine.batch import Engine, Results
from nbadsl.engine.choose import BAD_DATA, HELD, LAST_TIER
from nbadsl.engine.counters import Counters
from nbadsl.engine.hashing import bases, orders
from nbadsl.plan.plan import Plan
from nbadsl.program import chance
from nbadsl.program.decision import BELOW_THRESHOLD, CHOSEN, EXPLORED, FALLBACK, Choice, Decision
from nbadsl.program.nodes import Value

_CHOSEN, _EXPLORED, _FALLBACK = (REASONS.index(reason) for reason in (CHOSEN, EXPLORED, FALLBACK))

Proposal = tuple[float, float, int, int, int]
"""Tier, score (negated), hash of the key, person, place on the person's list."""


def lister(plan: Plan) -> Engine:
    """An engine that ranks all candidates that passed."""
    wide = replace(
        plan.chosen,
        pick=len(plan.chosen.actions),
        explores=False,
        most_action=0,
        most_group=0,
        most_channel=0,
    )
    return Engine(replace(plan, chosen=wide), leaves=True)


def needs_lists(plan: Plan) -> bool:
    """Whether limits bind more than candidates one by one: several picks, or people who share them."""
    takes = [limit for limit in plan.facts.limits if limit.takes]
    return bool(takes) and (plan.chosen.pick > 1 or any(limit.subject != plan.facts.key for limit in takes))


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """The room of each limit for n people, and with whom they share it.

    `rooms`: [limits, n]. `subjects`: [limits, n], people with one number share that limit's room.
    """

    rooms: NDArray[np.int64]
    subjects: NDArray[np.int64]


def allocate(
    plan: Plan, lists: Results, shared: Shared, keys: pa.Array, now: float, seed: int = 0
) -> Results:
    """Decide all people of the lists that `lister` made. `keys`: [n]; `now`, `seed`: of the run."""
    return _Allocation(plan, lists, shared, keys, now, seed).results()


def decide_alone(plan: Plan, people: pa.RecordBatch, given: Mapping[str, Value], seed: int = 0) -> Results:
    """Decide people who share no limits with each other, with a column for the room of each."""
    if plan.chosen.pick == 1 or not any(limit.takes for limit in plan.facts.limits):
        return Engine(plan).decide(people, given, seed)
    lists = lister(plan).decide(people, given, seed)
    rooms = np.array([people.column(limit.room).to_numpy() for limit in plan.facts.limits], np.int64)
    alone = np.broadcast_to(np.arange(people.num_rows), rooms.shape)
    now, key = given["now"], next(i for i in plan.facts.inputs if i.name == plan.facts.key)
    assert isinstance(now, float)
    return allocate(plan, lists, Shared(rooms, alone), people.column(column_of(key)), now, seed)


def picked(plan: Plan, ranking: Decision, left: int, row: Mapping[str, Value]) -> Decision:
    """One person's decision of a ranking by `lister`. `left`: the reason for nothing, an index in REASONS; `row`: with
    the room of each limit."""
    found: list[Choice] = []
    reason = CHOSEN
    for choice in ranking.chosen or ranking.held:
        others = [other.candidate for other in found]
        if choice.tier == LAST_TIER:
            if found or REASONS[left] == BELOW_THRESHOLD:
                break
            choice, reason = replace(choice, tier=None, score=None), FALLBACK
        if len(found) < plan.chosen.pick and _fits(plan, choice.candidate, others):
            if _has_room(plan, choice.candidate, others, row):
                found.append(replace(choice, rank=len(found) + 1))
        if found and reason == FALLBACK:
            break
    if not found:
        reason = REASONS[left]
    if ranking.holdout is not None:
        return replace(ranking, held=tuple(found))
    return replace(ranking, chosen=tuple(found), reason=reason)


def _fits(plan: Plan, candidate: int, others: Sequence[int]) -> bool:
    """Whether a candidate would not be too many of its action, group or channel beside others."""
    chosen = plan.chosen
    for of, most in (
        (chosen.actions, chosen.most_action),
        (chosen.groups, chosen.most_group),
        (chosen.channels, chosen.most_channel),
    ):
        if most and of[candidate] >= 0 and sum(of[c] == of[candidate] for c in others) >= most:
            return False
    return True


def _has_room(plan: Plan, candidate: int, others: Sequence[int], row: Mapping[str, Value]) -> bool:
    """Whether all limits that bind a candidate have room beside what others take of it."""
    for limit in plan.facts.limits:
        room = row[limit.room]
        assert isinstance(room, float)
        if candidate in limit.binds and sum(c in limit.takes for c in others) >= room:
            return False
    return True


class _Allocation:
    def __init__(
        self, plan: Plan, lists: Results, shared: Shared, keys: pa.Array, now: float, seed: int
    ) -> None:
        self.plan, self.chosen, self.lists, self.shared = plan, plan.chosen, lists.outcome, shared
        self.results_of_lists = lists
        self.order = orders(keys).tolist()
        self.bases = bases(keys, now, seed, plan.facts.name).tolist() if plan.chosen.explores else []
        count = len(keys)
        self.candidates: list[list[int]] = [
            [c for c in row if c >= 0] if bad < 0 else []
            for row, bad in zip(self.lists.chosen.tolist(), self.lists.bad.tolist(), strict=True)
        ]
        self.tiers, self.scores = self.lists.tier.tolist(), self.lists.score.tolist()
        self.ends = [
            sum(tier != LAST_TIER for tier in tiers[: len(row)])
            for row, tiers in zip(self.candidates, self.tiers, strict=True)
        ]
        self.next = [0] * count
        self.picked: list[list[int]] = [[] for _ in range(count)]
        self.struck: set[tuple[int, int]] = set()
        self.losses: Counter[tuple[int, int]] = Counter()
        self.reason = [_CHOSEN] * count
        self.probability = [1.0] * count
        self.fallback = False  # whether it is its turn
        self.held = (self.lists.holdout >= 0).tolist()
        self.taken: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.binds = [
            [i for i, x in enumerate(plan.facts.limits) if c in x.binds] for c in range(len(plan.rules))
        ]
        self.takes = [
            [i for i, x in enumerate(plan.facts.limits) if c in x.takes] for c in range(len(plan.rules))
        ]

    def results(self) -> Results:
        people = range(len(self.candidates))
        self._serve([p for person in people if (p := self._proposal(person)) is not None])
        below = self.results_of_lists.left == REASONS.index(BELOW_THRESHOLD)
        self.next, self.fallback = self.ends.copy(), True
        left = [person for person in people if not self.picked[person] and not below[person]]
        self._serve([p for person in left if (p := self._proposal(person)) is not None])
        outcome = self._outcome()
        return Results(outcome, self._counters(outcome), self.results_of_lists.left)

    # --- proposing ---

    def _proposal(self, person: int) -> Proposal | None:
        """What a person proposes next."""
        row, place = self.candidates[person], self.next[person]
        if self.fallback:
            self.next[person] = place + 1
            return None if self.picked[person] or place >= len(row) else self._ranked(person, place)
        if len(self.picked[person]) == self.chosen.pick:
            return None
        if self.chosen.explores:
            return self._explored(person)
        while place < self.ends[person] and not _fits(self.plan, row[place], self._chosen(person)):
            place += 1
        self.next[person] = place + 1
        return None if place >= self.ends[person] else self._ranked(person, place)

    def _ranked(self, person: int, place: int) -> Proposal:
        tier, score = self.tiers[person][place], self.scores[person][place]
        return tier, 0.0 if tier == LAST_TIER else -score, self.order[person], person, place

    def _chosen(self, person: int) -> list[int]:
        return [self._candidate(person, place) for place in self.picked[person]]

    def _candidate(self, person: int, place: int) -> int:
        return self.candidates[person][place]

    def _explored(self, person: int) -> Proposal | None:
        row, tiers = self.candidates[person], self.tiers[person]
        places = [place for place in range(self.ends[person]) if (person, place) not in self.struck]
        if not places:
            return None
        greedy = chosen = places[0]
        among = [p for p in places if tiers[p] == tiers[greedy] and self.chosen.among[row[p]]]
        base, share = self.bases[person] % 2**64, self.chosen.share
        self.reason[person], self.probability[person] = _CHOSEN, 1.0
        if among and chance.unit(chance.draw(base, 0)) < share:
            chosen = max(among, key=lambda place: (chance.draw(base, row[place] + 1), -row[place]))
            self.reason[person] = _EXPLORED
        if among:
            inside = share * (chosen in among) / len(among)
            self.probability[person] = (1.0 - share) * (chosen == greedy) + inside
        return self._ranked(person, chosen)

    # --- serving ---

    def _serve(self, proposals: list[Proposal]) -> None:
        heapify(proposals)
        while proposals:
            *_, person, place = heappop(proposals)
            limit = self._full(person, place)
            if limit is None:
                self._pick(person, place)
            else:
                self.struck.add((person, place))
                self.losses[self._candidate(person, place), limit] += 1
            following = self._proposal(person)
            if following is not None:
                heappush(proposals, following)

    def _full(self, person: int, place: int) -> int | None:
        """The first limit without room for a candidate."""
        for limit in self.binds[self._candidate(person, place)]:
            taken = self.taken[limit, int(self.shared.subjects[limit, person])]
            if self.held[person]:
                takes = self.plan.facts.limits[limit].takes
                taken += sum(c in takes for c in self._chosen(person))
            if taken >= self.shared.rooms[limit, person]:
                return limit
        return None

    def _pick(self, person: int, place: int) -> None:
        if self.fallback:
            self.reason[person], self.probability[person] = _FALLBACK, 1.0
        self.picked[person].append(place)
        if not self.held[person]:
            for limit in self.takes[self._candidate(person, place)]:
                self.taken[limit, int(self.shared.subjects[limit, person])] += 1

    # --- what comes of it ---

    def _outcome(self) -> Outcome:
        lists, shape = self.lists, (len(self.candidates), self.chosen.pick)
        chosen, tier = np.full(shape, -1, np.int32), np.full(shape, -1, np.int32)
        score, send_at, probability = (np.full(shape, np.nan) for _ in range(3))
        for person, places in enumerate(self.picked):
            if not places:
                self.reason[person] = int(self.results_of_lists.left[person])
            for rank, place in enumerate(places):
                chosen[person, rank] = self._candidate(person, place)
                probability[person, rank] = self.probability[person]
                send_at[person, rank] = lists.send_at[person, place]
                if self.tiers[person][place] != LAST_TIER:
                    tier[person, rank], score[person, rank] = (
                        self.tiers[person][place],
                        self.scores[person][place],
                    )
        reason = np.array(self.reason, np.uint8)
        reason[lists.bad >= 0] = BAD_DATA
        return replace(
            lists,
            chosen=chosen,
            tier=tier,
            score=score,
            probability=probability,
            send_at=send_at,
            reason=reason,
        )

    def _counters(self, outcome: Outcome) -> Counters:
        counted, facts = self.results_of_lists.counters, self.plan.facts
        fates, stopped = counted.fates.copy(), counted.stopped.copy()
        fates[:, 5] = np.bincount(outcome.chosen[outcome.chosen >= 0], minlength=len(fates))
        firsts = np.cumsum([0, *(len(c.rules) for c in facts.candidates)])
        for (candidate, limit), count in self.losses.items():
            rooms = [rule.room for rule in facts.candidates[candidate].rules]
            stopped[firsts[candidate] + rooms.index(facts.limits[limit].room)] += count
            fates[candidate, 4] -= count
        reasons = np.bincount(outcome.reason[outcome.holdout < 0], minlength=len(counted.reasons))
        reasons[BAD_DATA], reasons[HELD] = counted.reasons[BAD_DATA], counted.reasons[HELD]
        return replace(counted, fates=fates, stopped=stopped, reasons=reasons)
