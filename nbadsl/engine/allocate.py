"""Serves people who share limits, and people who are picked several: see `interpreter.choose`, which this equals.

The engine decides everybody as if limits had room for all. Whose picks no shared limit can strike keeps them. All
others propose (see `walk`); of those who lose a candidate the kernel is asked for more of their lists, first a few
candidates, then all, and everybody proposes once more, until nothing that was needed is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.decisions import REASONS, Outcome
from nbadsl.engine.batch import Engine, Results
from nbadsl.engine.choose import BAD_DATA, HELD, LAST_TIER
from nbadsl.engine.hashing import bases, orders
from nbadsl.engine.lists import BELOW_CODE, FALLBACK_CODE, Lists, in_order, worth_of
from nbadsl.engine.walk import Choosing, Entries, People, Rooms, Small, Whole, walk
from nbadsl.plan.plan import Plan
from nbadsl.program.decision import NOBODY_PASSED
from nbadsl.program.facts import LimitFacts

_NOBODY = REASONS.index(NOBODY_PASSED)
_MANY = 8  # one in so many who lose are many

Ask = Callable[[Whole, int], Iterable[tuple[slice, Results, Whole]]]
"""Rank the candidates of some people (ascending indices), the best so many; by `lister`. Gives them portion by portion:
which of these people, the results of them, or of more, and where in those each of them stands."""


def lister(plan: Plan, depth: int | None = None) -> Engine:
    """An engine that ranks all candidates that passed, or the best `depth`."""
    wide = replace(
        plan.chosen,
        pick=min(depth or len(plan.chosen.actions), len(plan.chosen.actions)),
        explores=False,
        most_action=0,
        most_group=0,
        most_channel=0,
    )
    return Engine(replace(plan, chosen=wide), leaves=True)


def shares(plan: Plan) -> bool:
    """Whether limits bind more than candidates one by one: several picks, or people who share them."""
    takes = [limit for limit in plan.facts.limits if limit.takes]
    return bool(takes) and (plan.chosen.pick > 1 or any(limit.subject != plan.facts.key for limit in takes))


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """The room that a limit leaves n people, and with whom they share it; asked for limits that may have too little.

    `room`: by the limit's number: [n], or one number for everybody. `subject`: [n], people with one number from 0 on share
    that limit's room; None: everybody does.
    """

    room: Callable[[int], int | Whole | Small]
    subject: Callable[[LimitFacts], Whole | None]


@dataclass(frozen=True, slots=True, eq=False)
class Allocated:
    """Decisions of people who share limits, and what they lost: of each loss the person, the candidate and the limit."""

    outcome: Outcome
    losses: Whole

    @staticmethod
    def of(outcome: Outcome) -> Allocated:
        """Decisions of which nothing was lost."""
        return Allocated(outcome, np.zeros((3, 0), np.int64))

    def part(self, start: int, stop: int) -> Allocated:
        """Of some people, one after the other."""
        found = {name: getattr(self.outcome, name)[start:stop] for name in Outcome.__dataclass_fields__}
        mine = (self.losses[0] >= start) & (self.losses[0] < stop)
        return Allocated(Outcome(**found), self.losses[:, mine] - np.array([[start], [0], [0]]))

    def results(self, plan: Plan, found: Results) -> Results:
        """With what is counted now. `found`: the same people's, before."""
        facts, outcome, before = plan.facts, self.outcome, found.counters
        fates, stopped = before.fates.copy(), before.stopped.copy()
        fates[:, 5] = np.bincount(outcome.chosen[outcome.chosen >= 0], minlength=len(fates))
        firsts, many = np.cumsum([0, *(len(c.rules) for c in facts.candidates)]), len(facts.limits)
        losses = np.bincount(self.losses[1] * many + self.losses[2])
        for pair in np.flatnonzero(losses):
            candidate, limit = divmod(int(pair), many)
            rooms = [rule.room for rule in facts.candidates[candidate].rules]
            stopped[firsts[candidate] + rooms.index(facts.limits[limit].room)] += losses[pair]
            fates[candidate, 4] -= losses[pair]
        reasons = np.bincount(outcome.reason[outcome.holdout < 0], minlength=len(before.reasons))
        reasons[BAD_DATA], reasons[HELD] = before.reasons[BAD_DATA], before.reasons[HELD]
        counters = replace(before, fates=fates, stopped=stopped, reasons=reasons)
        person, candidate, limit = self.losses
        struck = np.full(len(outcome.reason), -1, np.int32)
        first = candidate == found.outcome.chosen[person, 0]
        struck[person[first]] = limit[first]
        return Results(outcome, counters, found.left, struck, losses=self.losses)


def allocate(
    plan: Plan, found: Results, shared: Shared, keys: pa.Array, now: float, seed: int, ask: Ask
) -> Allocated:
    """Decide all people. `found`: what the engine decided with the rooms of limits as columns. `keys`: [n]; `now`,
    `seed`: of the run."""
    return _Allocation(plan, found, shared, keys, now, seed).allocated(ask)


class _Allocation:
    def __init__(
        self, plan: Plan, found: Results, shared: Shared, keys: pa.Array, now: float, seed: int
    ) -> None:
        self.plan, self.found = plan, found
        self.counts: dict[str | None, Whole] = {}
        self.proposes = (found.outcome.chosen[:, 0] >= 0) & (found.outcome.bad < 0)
        limits, candidates = plan.facts.limits, len(plan.facts.candidates)
        self.takes = np.zeros((len(limits), candidates), np.int64)
        bound = np.zeros((candidates, len(limits)), bool)
        for number, limit in enumerate(limits):
            self.takes[number, list(limit.takes)] = 1
            bound[list(limit.binds), number] = True
        self.concerned = bound | self.takes.T.astype(bool)
        found_scarce = {
            n: scarce
            for n, limit in enumerate(limits)
            if (scarce := self._scarce(n, limit, shared)) is not None
        }
        self.limits = list(found_scarce)
        self.takes = self.takes[self.limits]
        self.starts = np.concatenate([[0], np.cumsum(bound[:, self.limits].sum(1))])
        self.binds = np.nonzero(bound[:, self.limits])[1].astype(np.int64)
        whose = [shared.subject(limits[n]) for n in self.limits]
        self.everybody = np.array([each is None for each in whose], np.int64)
        self.who = self._in_order(self._contested(found_scarce), keys)
        rooms, subjects = np.empty((2, len(self.limits), len(self.who)), np.int64)
        for row, (number, subject) in enumerate(zip(self.limits, whose, strict=True)):
            room = shared.room(number)
            rooms[row] = room if isinstance(room, int) else room[self.who]
            subjects[row] = 0 if subject is None else subject[self.who]
        self.room, self.subject = rooms, subjects
        sizes = [int(each.max(initial=-1)) + 1 for each in subjects]
        self.first, self.subjects = np.cumsum([0, *sizes[:-1]]), sum(sizes)
        explores = plan.chosen.explores
        mine = keys.take(pa.array(self.who)) if explores else keys[:1]
        self.base = bases(mine, now, seed, plan.facts.name) if explores else np.zeros(1, np.int64)
        self.held = (found.outcome.holdout[self.who] >= 0).astype(np.int64)

    def _scarce(self, number: int, limit: LimitFacts, shared: Shared) -> NDArray[np.bool_] | None:
        """[n]: for whom a limit may have too little room; None: for nobody."""
        pick = self.plan.chosen.pick
        if not limit.takes:
            return None
        subject = shared.subject(limit)
        if subject is None:
            many = int(self.proposes.sum()) * pick
            scarce = np.broadcast_to(many > shared.room(number), self.proposes.shape)
        else:
            counts = self._counts(limit, subject)
            if counts.max(initial=0) * pick <= 1:  # who proposes has room for one
                return None
            scarce = counts[subject] * pick > shared.room(number)
        return scarce if scarce.any() else None

    def _counts(self, limit: LimitFacts, subject: Whole) -> Whole:
        """How many people with each number propose; several limits often go by one field."""
        if limit.subject not in self.counts:
            size = int(subject.max(initial=0)) + 1
            self.counts[limit.subject] = np.bincount(subject[self.proposes], minlength=size)
        return self.counts[limit.subject]

    def _contested(self, scarce: Mapping[int, NDArray[np.bool_]]) -> Whole:
        """The people who are picked something that others, or more picks of theirs, may leave no room for."""
        found = np.zeros(len(self.proposes), bool)
        for number, people in scarce.items():
            touched = np.append(self.concerned[:, number], False)  # the last one is for no candidate: -1
            for picks in self.found.outcome.chosen.T:
                found |= people & touched[picks]
        return np.flatnonzero(found & self.proposes)

    def _in_order(self, people: Whole, keys: pa.Array) -> Whole:
        """People in the order of their first proposals, which never changes."""
        outcome = self.found.outcome
        stands = outcome.reason[people] == FALLBACK_CODE
        tier = np.where(stands, LAST_TIER, outcome.tier[people, 0])
        worth = worth_of(np.where(stands, 0.0, outcome.score[people, 0]))
        order = orders(keys.take(pa.array(people))).view(np.int64) ^ np.int64(-(2**63))  # compare as unsigned
        by = in_order(tier, worth, order)
        self.order = order[by]
        return people[by]

    def allocated(self, ask: Ask) -> Allocated:
        if not len(self.who):
            return Allocated.of(self.found.outcome)
        lists = Lists(self.found.outcome, self.who)
        while True:
            people, entries = self._served(lists)
            short = np.flatnonzero(people.short)
            if not len(short):
                return Allocated(*self._outcome(lists, people, entries))
            # Where many lose, others lose to them: then asking for all lists at once is faster than once more for each.
            wanted = short if _MANY * len(short) < len(self.who) else np.flatnonzero(lists.whole == 0)
            self._complete(lists, wanted, ask)

    def _complete(self, lists: Lists, people: Whole, ask: Ask) -> None:
        """Ask for the lists of some people: for as many candidates as nearly always pass at most, then for all."""
        all, deep = len(self.plan.facts.candidates), people
        mean = self.found.counters.fates[:, 4].sum() / max(1, self.proposes.sum())
        for depth in (min(all, math.ceil(mean + 4 * math.sqrt(mean))), all):
            if not len(deep):
                return
            deep, deeper = deep[np.argsort(self.who[deep])], []
            for some, found, rows in ask(self.who[deep], depth):
                lists.complete(deep[some], found.outcome, found.left, rows)
                deeper.append(deep[some][found.outcome.chosen[rows, -1] >= 0])
            deep = np.concatenate(deeper) if depth < all else deep[:0]

    # --- serving ---

    def _served(self, lists: Lists) -> tuple[People, Entries]:
        """Everybody proposes; then those with nothing, their fallback."""
        count, pick, chosen = len(self.who), self.plan.chosen.pick, self.plan.chosen
        entries = lists.entries()
        rooms = Rooms(
            self.room,
            self.subject,
            self.first,
            np.zeros(self.subjects, np.int64),
            self.starts,
            self.binds,
            self.takes,
            self.everybody,
            np.zeros(len(self.plan.facts.candidates), np.int64),
        )
        people = People(
            lists.start,
            lists.stop,
            lists.whole,
            self.held,
            self.order,
            self.who,
            self.base,
            lists.begin.copy(),
            np.zeros(count, np.int64),
            np.full((count, pick), -1, np.int32),
            np.full((count, pick), -1, np.int64),
            self.found.outcome.reason[self.who].astype(np.int64),
            self.found.outcome.probability[self.who, 0].copy(),
            np.zeros(count, np.int64),
        )
        most = np.array([chosen.most_action, chosen.most_group, chosen.most_channel], np.int64)
        kinds = np.array([chosen.actions, chosen.groups, chosen.channels], np.int32)
        among = np.array(chosen.among or (False,), np.uint8)
        choosing = Choosing(pick, chosen.explores, chosen.share, most, kinds, among)
        heap = np.empty((count, 3), np.int64)
        walk(people, entries, rooms, choosing, np.flatnonzero(lists.stop > lists.start), heap)
        left = (people.many == 0) & (people.short == 0) & ~lists.below
        stands = np.flatnonzero(left & (lists.end > lists.stop))
        if len(stands):
            stands = stands[np.argsort(self.who[stands])]
            people.place[stands] = place = lists.stop[stands]
            worth = np.zeros(len(stands), np.int64)
            stands = stands[in_order(entries.tier[place], worth, self.order[stands])]
            walk(
                people._replace(stop=lists.end),
                entries,
                rooms,
                choosing._replace(pick=1, explores=False),
                stands,
                heap,
            )
            people.reason[stands] = FALLBACK_CODE
            people.probability[stands] = 1.0
        return people, entries

    # --- what comes of it ---

    def _outcome(self, lists: Lists, people: People, entries: Entries) -> tuple[Outcome, Whole]:
        """Decisions of people whose lists were asked for are made anew, all others keep theirs; and the losses."""
        before = self.found.outcome
        mine = np.flatnonzero(lists.whole)
        rows, picked, entry = self.who[mine], people.picked[mine], people.entry[mine]
        there = picked >= 0
        scored = there & (entries.tier[entry] != LAST_TIER)

        def anew(values: NDArray[Any], where: NDArray[np.bool_], found: NDArray[Any], kind: type) -> Any:
            changed: NDArray[Any] = np.array(values, kind)
            changed[rows] = np.where(where, found, -1 if kind is np.int32 else np.nan)
            return changed

        reason = before.reason.copy()
        nothing = np.where(lists.below[mine], BELOW_CODE, _NOBODY)
        reason[rows] = np.where(there[:, 0], people.reason[mine], nothing)
        outcome = replace(
            before,
            chosen=anew(before.chosen, there, picked, np.int32),
            tier=anew(before.tier, scored, entries.tier[entry], np.int32),
            score=anew(before.score, scored, entries.score[entry], np.float64),
            probability=anew(before.probability, there, people.probability[mine][:, None], np.float64),
            send_at=anew(before.send_at, there, lists.found.send[entry], np.float64),
            reason=reason,
        )
        lost = np.flatnonzero(entries.lost)
        owners = self.who[lists.found.owner[lost]]
        limits = np.array(self.limits)[entries.lost[lost] - 1]
        return outcome, np.stack([owners, entries.candidate[lost].astype(np.int64), limits])
