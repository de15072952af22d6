"""Who can pass the rules of a candidate: what is known of a person who did.

Takes candidates; gives facts, or None where nobody passes. Candidates of one group begin with the same rules, so
what follows from those is worked out once.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.lint.facts import Facts
from nbadsl.lint.values import NO, UNKNOWN, YES, Answers
from nbadsl.program.nodes import ELIGIBLE, EXCLUDE, REQUIRE, Candidate, Expr, Rule

Told = tuple[tuple[Expr, Answers], ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nobody passes a rule who passed those before it; `earlier` is the one among them that contradicts it by
    itself, if there is one. `alone`: nobody passes it at all."""

    rule: Rule
    earlier: Rule | None
    alone: bool


class Passing:
    """What is known of those who pass. `facts`: what is known of everybody."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._known: dict[Told, Facts | None] = {}

    def facts_of(self, candidate: Candidate) -> Facts | None:
        """What is known of whoever passes all rules of a candidate; None when nobody does."""
        return self.after(tuple((r.when, passes(r)) for r in own_rules(candidate)))

    def after(self, told: Told) -> Facts | None:
        """What is known of those for whom conditions have answers."""
        if not told:
            return self.facts
        if told not in self._known:
            before, (expr, answers) = self.after(told[:-1]), told[-1]
            after = before.renewed().given(expr, answers) if before else None
            # What was unknown so far may be known now.
            for earlier, had in told[:-1]:
                if had & UNKNOWN and after is not None:
                    after = after.given(earlier, had)
            self._known[told] = after
        return self._known[told]

    def possible(self, told: Told) -> bool:
        """Whether conditions can have answers together. What reads nothing that another one reads cannot contradict it."""
        reads = [self.facts.whole.reads(expr) for expr, _ in told]
        once = twice = 0
        for read in reads:
            once, twice = once | read, twice | (once & read)
        shared = tuple(one for one, read in zip(told, reads, strict=True) if read & twice)
        alone = (one for one, read in zip(told, reads, strict=True) if not read & twice)
        return all(self.after((one,)) is not None for one in alone) and self.after(shared) is not None

    def stopped(self, candidate: Candidate) -> Stopped | None:
        """The first rule that nobody passes who came that far."""
        rules = own_rules(candidate)
        told = tuple((r.when, passes(r)) for r in rules)
        if self.possible(told):
            return None
        for number, rule in enumerate(rules):
            if self.after(told[: number + 1]) is None:
                alone = self.after(told[number : number + 1]) is None
                with_one = (i for i in range(number) if self.after((told[i], told[number])) is None)
                earlier = None if alone else next(with_one, None)
                return Stopped(rule, None if earlier is None else rules[earlier], alone)
        return None


def own_rules(candidate: Candidate) -> tuple[Rule, ...]:
    """The rules about the person: no quiet hours, no limits. Of the fallback those that bind it."""
    stages = (REQUIRE,) if candidate.score is None else (REQUIRE, ELIGIBLE, EXCLUDE)
    return tuple(r for r in candidate.rules if r.stage in stages)


def passes(rule: Rule) -> Answers:
    """The answers with which a rule lets a person pass."""
    return (YES if rule.lets_pass else NO) | (UNKNOWN if rule.unknown_passes else 0)
