"""What is decided, in z3's words: who passes, who is better, who is chosen.

`passes`: nothing stops a candidate, so that it competes, or stands in as the fallback. `chosen` is exact for one pick
and for several, without sorting: a candidate is chosen when few enough better ones are that take its place. Exploring
makes several decisions possible; `may` holds when one of them has the candidate.

Nobody is in a holdout here: those people are decided nothing, on purpose, whatever the policy promises.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import z3

from nbadsl.program.nodes import Candidate, Expr, Limit, Rule
from nbadsl.prove.expressions import Expressions
from nbadsl.prove.ordering import peeled
from nbadsl.prove.values import (
    NO,
    YES,
    Number,
    Term,
    both,
    choose,
    compare,
    either,
    every,
    implies,
    literal,
    opposite,
    some,
)

_CLEARLY = z3.Q(1, 100)
ACTION, GROUP = "action", "group"


class Choosing:
    """What one program decides."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions, self.program = expressions, expressions.program
        self.candidates = self.program.candidates
        self.competing = [n for n, c in enumerate(self.candidates) if c.score is not None]
        self.fallbacks = [n for n, c in enumerate(self.candidates) if c.score is None]
        self._passes: dict[int, Term] = {}
        self._tiers: dict[int, Term] = {}
        self._better: dict[tuple[int, int], Term] = {}
        self.clearly: dict[Term, Term] = {}  # of flags that one score is higher, that it is so by far

    # --- one candidate ---

    def lets_pass(self, rule: Rule) -> Term:
        """Whether a rule lets a person pass."""
        when = self.expressions.flag(rule.when)
        if rule.lets_pass:
            return opposite(when.no) if rule.unknown_passes else when.yes
        return opposite(when.yes) if rule.unknown_passes else when.no

    def rules(self, number: int) -> list[Rule]:
        """The rules that a candidate asks, in their order."""
        candidate = self.candidates[number]
        return [rule for rule in candidate.rules if candidate.score is not None or rule.binds_fallback]

    def active(self, number: int) -> Term:
        active = self.candidates[number].active
        return YES if active is None else self.expressions.flag(active).yes

    def sendable(self, number: int) -> Term:
        send_at = self.candidates[number].send_at
        return YES if send_at is None else self.expressions.number(send_at).known

    def allowed(self, number: int) -> Term:
        """Whether nothing stops a candidate before its score."""
        stages = [self.active(number), *(self.lets_pass(rule) for rule in self.rules(number))]
        return every([*stages, self.sendable(number)])

    def passes(self, number: int) -> Term:
        """Whether a candidate competes, or could stand in."""
        if number not in self._passes:
            scored = YES
            if self.candidates[number].score is not None:
                scored = both(self.scored(number), self.reaches_threshold(number))
            self._passes[number] = both(self.allowed(number), scored)
        return self._passes[number]

    def scored(self, number: int) -> Term:
        return self.expressions.number(self._score(number)).known

    def score(self, number: int) -> Number:
        return self.expressions.number(self._score(number))

    def _score(self, number: int) -> Expr:
        score = self.candidates[number].score
        assert score is not None
        return score

    def reaches_threshold(self, number: int) -> Term:
        threshold = self.program.arbitration.threshold
        if threshold is None:
            return YES
        least, score = self.expressions.number(threshold), self.expressions.number(self._score(number))
        return both(least.known, compare(">=", score.value, least.value))

    def in_tier(self, number: int, rank: int) -> Term:
        """Whether a candidate has a tier."""
        before: list[Term] = []
        for tier in self.candidates[number].tiers:
            when = YES if tier.when is None else self.expressions.flag(tier.when).yes
            if tier.rank == rank:
                return both(*(opposite(each) for each in before), when)
            before.append(when)
        return NO

    def tier(self, number: int) -> Term:
        if number not in self._tiers:
            ranks = [tier.rank for tier in self.candidates[number].tiers]
            found = literal(ranks[-1])
            for tier in reversed(self.candidates[number].tiers[:-1]):
                assert tier.when is not None
                found = choose(self.expressions.flag(tier.when).yes, literal(tier.rank), found)
            self._tiers[number] = found
        return self._tiers[number]

    # --- two ---

    def better(self, one: int, other: int) -> Term:
        """Whether one competing candidate comes before another, if both pass."""
        if (one, other) not in self._better:
            a, b = self.tier(one), self.tier(other)
            same = compare("==", a, b)
            higher = NO if z3.is_false(same) else self._higher(one, other)
            self._better[one, other] = either(compare("<", a, b), both(same, higher))
        return self._better[one, other]

    def _higher(self, one: int, other: int) -> Term:
        """Whether the score of one candidate comes before that of another: is higher, or as high and it is earlier."""
        scores, number = (self._score(one), self._score(other)), self.expressions.number
        op = ">=" if one < other else ">"
        higher = compare(op, *(number(score).value for score in scores))
        if z3.is_true(higher) or z3.is_false(higher):
            return higher
        said = z3.Bool(f"higher {one} {other} #{id(self.program)}")
        parts = peeled(self.expressions, *scores)
        a, b = (number(part).value for part in parts or scores)
        # Only what holds for doubles, too, where different parts may give the same score.
        follows = implies(compare(">=", a, b), said) if op == ">=" else implies(said, compare(">", a, b))
        self.expressions.inputs.facts.add([said], [said == higher, *([follows] if parts else [])])
        ahead = compare(">=", a, b + _CLEARLY), compare(">=", b, a + _CLEARLY)
        self.clearly[said] = choose(said, *ahead)
        return said

    def beats(self, one: int, other: int) -> Term:
        """Whether one candidate passes and comes before another."""
        passes = self.passes(one)
        return NO if z3.is_false(passes) else both(passes, self.better(one, other))

    # --- all ---

    @property
    def is_single(self) -> bool:
        return self.program.arbitration.pick == 1

    @property
    def explores(self) -> float:
        """How often."""
        explore = self.program.explore
        return explore.share if explore is not None and self.is_single else 0.0

    def may(self, number: int) -> Term:
        """Whether a candidate may be decided."""
        if not self.is_single and self.candidates[number].score is not None:
            return self.chosen[number]
        best = self.best(number)
        competes = self.candidates[number].score is not None
        return either(best, self.explored(number)) if self.explores and competes else best

    def something(self) -> Term:
        """Whether anything is decided."""
        return some([*map(self.passes, self.competing), *map(self._stands_in, self.fallbacks)])

    def best(self, number: int) -> Term:
        """Whether a candidate passes and comes before all others, or stands in for them."""
        if self.candidates[number].score is None:
            return self._stands_in(number)
        return both(self.passes(number), *(opposite(self.beats(n, number)) for n in self._others(number)))

    def _others(self, number: int) -> list[int]:
        """Those that compete with a candidate, whose tiers leave it a chance to come behind."""
        last = self.candidates[number].tiers[-1].rank
        return [n for n in self.competing if n != number and self.candidates[n].tiers[0].rank <= last]

    def explored(self, number: int) -> Term:
        """Whether exploring may choose a candidate: any of the best tier that it is among."""
        explore = self.program.explore
        if explore is None or number not in explore.among:
            return NO
        better_tier = (
            both(self.passes(n), compare("<", self.tier(n), self.tier(number))) for n in self._others(number)
        )
        return both(self.passes(number), *(opposite(each) for each in better_tier))

    def _stands_in(self, number: int) -> Term:
        """Whether a candidate of the fallback is decided: nothing else is, nor was nothing better than something."""
        before = [opposite(self.passes(n)) for n in self.fallbacks if n < number]
        return both(self.passes(number), *before, self.nobody_competes())

    def nobody_competes(self) -> Term:
        """Whether nothing but the fallback may be decided, and it may."""
        return every(opposite(both(self.allowed(n), self.scored(n))) for n in self.competing)

    def beside(self, among: Iterable[int]) -> Term:
        """Whether something may be decided that has none of some candidates."""
        wanted = set(among)
        if not self.is_single:
            return every(opposite(self.may(n)) for n in wanted)
        others = [n for n in self.competing if n not in wanted]
        beaten = (
            implies(self.passes(n), some(self.beats(other, n) for other in others))
            for n in self.competing
            if n in wanted
        )
        stood_in = (opposite(self._stands_in(n)) for n in self.fallbacks if n in wanted)
        greedy = both(*beaten, *stood_in)
        return either(greedy, *(self.explored(n) for n in others)) if self.explores else greedy

    # --- several picks ---

    @cached_property
    def chosen(self) -> dict[int, Term]:
        """Of each competing candidate, whether it is on the list, where there are several picks.

        The list is filled best first, so who is on it follows from who is that comes before; these conditions have one
        solution for every customer.
        """
        found = {n: z3.Bool(f"chosen {self.program.name} {n} #{id(self.program)}") for n in self.competing}
        for number, is_chosen in found.items():
            before = {n: both(found[n], self.better(n, number)) for n in self.competing if n != number}
            allowed = [self.passes(number), *self._fits(number, before)]
            self.expressions.inputs.facts.add([is_chosen], [is_chosen == every(allowed)])
        return found

    def _fits(self, number: int, before: dict[int, Term]) -> Iterable[Term]:
        """That better ones leave a place. `before`: of each, whether it is on the list, and better."""
        yield fewer(list(before.values()), self.program.arbitration.pick)
        most = {ACTION: 1} | {each.by: each.count for each in self.program.arbitration.most}
        for by, count in most.items():
            kind = kind_of(self.candidates[number], by)
            if kind is not None:
                yield fewer([c for n, c in before.items() if kind_of(self.candidates[n], by) == kind], count)
        for limit in self.program.limits:
            if number in limit.binds:
                yield self._leaves_room(limit, [c for n, c in before.items() if n in limit.takes])

    def _leaves_room(self, limit: Limit, takers: Sequence[Term]) -> Term:
        if not takers:
            return YES
        room = self.expressions.room_of(limit).value
        taken = z3.Sum([z3.If(taker, z3.IntVal(1), z3.IntVal(0)) for taker in takers])
        return compare("<", taken, room)


def fewer(conditions: Sequence[Term], count: int) -> Term:
    """Whether fewer than so many of some conditions hold."""
    if len(conditions) < count:
        return YES
    return every(opposite(c) for c in conditions) if count == 1 else z3.AtMost(*conditions, count - 1)


def kind_of(candidate: Candidate, by: str) -> str | None:
    """What a list may have so many of: its action, innermost group or channel."""
    if by == GROUP:
        return candidate.groups[-1] if candidate.groups else None
    return candidate.action if by == ACTION else candidate.channel
