"""How one person is decided. This file is the definition; the vector engine is tested against it.

Takes a program, a person's row, the run's givens and a seed; gives the decision, with the story of every
candidate. Step by step, as the language describes it:

1. Experiments place the person in arms; the first active holdout that the person belongs to is found.
2. Every candidate is judged alone: is it active, do its rules let the person pass, is there a moment to
   send it, in which tier is it, what is its score, does that reach the threshold?
3. Those that passed are ranked and picked from the top, sparing actions, groups and channels that have
   had their share. Exploration may replace the choice by another of the best tier.
4. When nobody passed, the fallback stands in.
5. For a person in a holdout, all this is what would have been done; nothing is.

Parts of a candidate, as a recorder hears of them: `active`, `rule`, `send_at`, `tier`, `score`, `threshold`.
The policy's own part is `holdout`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from nbadsl.interpreter.expressions import Evaluator, Recorder
from nbadsl.program import chance
from nbadsl.program.decision import (
    BELOW_THRESHOLD,
    CHOSEN,
    EXPLORED,
    FALLBACK,
    HOLDOUT,
    NOBODY_PASSED,
    Choice,
    Decision,
    Fate,
    Story,
)
from nbadsl.program.nodes import (
    STAGES,
    Candidate,
    Explore,
    Expr,
    Program,
    Rule,
    Value,
)
from nbadsl.source import Span
from nbadsl.zone import Zone, zone

_FATE_OF_STAGE = {stage: Fate[stage.upper()] for stage in STAGES}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision, and the origins of undefined arithmetic met on the way (None: a node without origin)."""

    decision: Decision
    undefined: frozenset[Span | None]


def decide(
    program: Program,
    row: Mapping[str, Value],
    given: Mapping[str, Value],
    seed: int = 0,
    zone: Zone | None = None,
) -> Decision:
    """The decision for one person.

    `row`: every field of the profile, valid. `given`: as `program.givens` builds it. `seed`: of the run,
    any integer. `zone`: the program's time zone, where it is at hand already.
    """
    return run(program, row, given, seed, zone).decision


def run(
    program: Program,
    row: Mapping[str, Value],
    given: Mapping[str, Value],
    seed: int = 0,
    zone: Zone | None = None,
    recorder: Recorder | None = None,
) -> Outcome:
    """As `decide`, with what a run report counts, and told to a recorder."""
    arms = {e.name: chance.arm(e, row[e.by]) for e in program.experiments}
    judge = _Judge(program, row, given, arms, zone or _zone(program), recorder)
    holdout = judge.holdout()
    stories = [judge.story(number) for number in range(len(program.candidates))]
    key = chance.text_of(row[program.key])
    chosen, reason = _choose(judge, stories, chance.base(_id(key, given), seed))
    for choice in chosen:
        stories[choice.candidate] = replace(stories[choice.candidate], fate=Fate.CHOSEN)
    decision = Decision(key, chosen, reason, arms=tuple(arms.values()), stories=tuple(stories))
    if holdout is not None:
        reason = f"{HOLDOUT}: {holdout}"
        decision = replace(decision, chosen=(), reason=reason, holdout=holdout, held=chosen)
    return Outcome(decision, frozenset(judge.evaluator.undefined))


def _zone(program: Program) -> Zone:
    return zone(program.timezone)


def _id(key: str, given: Mapping[str, Value]) -> str:
    now = given["now"]
    assert isinstance(now, float)
    return chance.decision_id(key, now)


# --- 1 and 2: each candidate alone --------------------------------------------------------------------


class _Judge:
    """Judges candidates one by one for one person. `send_at`: moments of the candidates that have one."""

    def __init__(
        self,
        program: Program,
        row: Mapping[str, Value],
        given: Mapping[str, Value],
        arms: Mapping[str, str],
        zone: Zone,
        recorder: Recorder | None,
    ) -> None:
        self.program, self.row, self.recorder = program, row, recorder
        self.evaluator = Evaluator(row, given, arms, zone, recorder)
        self.send_at: dict[int, float] = {}

    def value(self, candidate: int | None, part: str, expr: Expr) -> Value:
        if self.recorder is not None:
            self.evaluator.forget()
            self.recorder.part(candidate, part, expr)
        return self.evaluator.value(expr)

    def number(self, candidate: int, part: str, expr: Expr) -> float | None:
        value = self.value(candidate, part, expr)
        assert value is None or isinstance(value, float)
        return value

    def holdout(self) -> str | None:
        """The first active holdout that the person belongs to."""
        for holdout in self.program.holdouts:
            active = holdout.active is None or self.value(None, "holdout", holdout.active) is True
            if active and chance.held(holdout, self.row[holdout.by]):
                return holdout.name
        return None

    def story(self, number: int) -> Story:
        """A candidate's fate. Those that passed are `outranked` until they are chosen."""
        candidate = self.program.candidates[number]
        if candidate.active is not None and self.value(number, "active", candidate.active) is not True:
            return Story(Fate.INACTIVE)
        stopped = self.rules(number, candidate)
        if stopped is not None:
            return stopped
        if candidate.send_at is not None:
            send_at = self.number(number, "send_at", candidate.send_at)
            if send_at is None:
                return Story(Fate.QUIET)
            self.send_at[number] = send_at
        if candidate.score is None:
            return Story(Fate.OUTRANKED)
        tier = self.tier(number, candidate)
        score = self.number(number, "score", candidate.score)
        if score is None:
            return Story(Fate.NO_SCORE, tier=tier)
        if not self.reaches_threshold(number, score):
            return Story(Fate.THRESHOLD, tier=tier, score=score)
        return Story(Fate.OUTRANKED, tier=tier, score=score)

    def rules(self, number: int, candidate: Candidate) -> Story | None:
        """The story of a candidate that a rule stops, or None. Few of them bind the fallback."""
        for index, rule in enumerate(candidate.rules):
            if candidate.score is None and not rule.binds_fallback:
                continue
            value = self.value(number, "rule", rule.when)
            if not _lets_pass(rule, value):
                return Story(_FATE_OF_STAGE[rule.stage], index, blocked_by_unknown=value is None)
        return None

    def tier(self, number: int, candidate: Candidate) -> int:
        for tier in candidate.tiers:
            if tier.when is None or self.value(number, "tier", tier.when) is True:
                return tier.rank
        raise AssertionError("the last tier of a candidate has no condition")

    def reaches_threshold(self, number: int, score: float) -> bool:
        if self.program.arbitration.threshold is None:
            return True
        threshold = self.number(number, "threshold", self.program.arbitration.threshold)
        return threshold is not None and score >= threshold


def _lets_pass(rule: Rule, value: Value) -> bool:
    if value is None:
        return rule.unknown_passes
    return value is rule.lets_pass


# --- 3 and 4: all candidates together -----------------------------------------------------------------


def _choose(judge: _Judge, stories: list[Story], base: int) -> tuple[tuple[Choice, ...], str]:
    """What is chosen, best first, and why. `base`: where the decision's draws start."""
    program = judge.program
    ranking = _ranking(program, stories)
    if not ranking:
        return _instead(judge, stories)
    picked, reason, probability = _pick(program, ranking), CHOSEN, 1.0
    if program.explore is not None:
        share, greedy = program.explore.share, picked[0]
        among = _explored(program.explore, ranking, stories)
        if among and chance.unit(chance.draw(base, 0)) < share:
            picked, reason = (
                [max(among, key=lambda number: (chance.draw(base, number + 1), -number))],
                EXPLORED,
            )
        probability = _probability(share, picked[0] == greedy, picked[0] in among, len(among))
    choices = [
        Choice(
            number, rank, stories[number].tier, stories[number].score, probability, judge.send_at.get(number)
        )
        for rank, number in enumerate(picked, start=1)
    ]
    return tuple(choices), reason


def _ranking(program: Program, stories: list[Story]) -> list[int]:
    """The candidates that passed: by tier, then score (higher first), then order in the file."""
    keys: list[tuple[int, float, int]] = []
    for number, story in enumerate(stories):
        if story.fate == Fate.OUTRANKED and story.tier is not None and story.score is not None:
            keys.append((story.tier, -story.score, number))
    return [number for _, _, number in sorted(keys)]


def _pick(program: Program, ranking: list[int]) -> list[int]:
    """From the top, as many as are asked for, leaving out what would be too much of one kind."""
    most = {"action": 1} | {m.by: m.count for m in program.arbitration.most}
    picked: list[int] = []
    taken: Counter[tuple[str, str]] = Counter()
    for number in ranking:
        candidate = program.candidates[number]
        kinds = {"action": candidate.action, "channel": candidate.channel}
        kinds["group"] = candidate.groups[-1] if candidate.groups else None
        counted = [(by, name) for by, name in kinds.items() if by in most and name is not None]
        if len(picked) < program.arbitration.pick and all(taken[kind] < most[kind[0]] for kind in counted):
            picked.append(number)
            taken.update(counted)
    return picked


def _explored(explore: Explore, ranking: list[int], stories: list[Story]) -> list[int]:
    """Whom exploration may choose: the best tier's candidates that passed and belong to its scope."""
    best = stories[ranking[0]].tier
    return [number for number in ranking if stories[number].tier == best and number in explore.among]


def _probability(share: float, is_greedy: bool, in_pool: bool, size: int) -> float:
    """How probable the choice was, the draws aside: one when there was nothing to explore."""
    if size == 0:
        return 1.0
    return (1.0 - share) * float(is_greedy) + share * float(in_pool) / size


def _instead(judge: _Judge, stories: list[Story]) -> tuple[tuple[Choice, ...], str]:
    """What happens when nobody passed. Below the threshold doing nothing was chosen; else the fallback stands in."""
    if any(story.fate == Fate.THRESHOLD for story in stories):
        return (), BELOW_THRESHOLD
    for number, candidate in enumerate(judge.program.candidates):
        if candidate.score is None and stories[number].fate == Fate.OUTRANKED:
            choice = Choice(number, 1, None, None, 1.0, judge.send_at.get(number))
            return (choice,), FALLBACK
    return (), NOBODY_PASSED
