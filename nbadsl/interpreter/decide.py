"""How one person is decided. This file is the definition; the vector engine is tested against it.

Takes a program, a person's row (with the room that limits leave), the run's givens and a seed; gives the
decision, with the story of every candidate. Step by step, as the language describes it:

1. Experiments place the person in arms; the first active holdout that the person belongs to is found.
2. Every candidate is judged alone: is it active, do its rules let the person pass, is there a moment to
   send it, in which tier is it, what is its score, does that reach the threshold?
3. Those that passed propose, see `choose`: the best are picked that limits have room for, sparing actions,
   groups and channels that have had their share. When nobody passed, the fallback stands in.
4. For a person in a holdout, all this is what would have been done; nothing is.

Parts of a candidate, as a recorder hears of them: `active`, `rule`, `send_at`, `tier`, `score`, `threshold`.
The policy's own part is `holdout`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nbadsl.interpreter.choose import Person, choose
from nbadsl.interpreter.expressions import Evaluator, Recorder
from nbadsl.program import chance
from nbadsl.program.decision import HOLDOUT, Decision, Fate, Losses, Story
from nbadsl.program.nodes import STAGES, Candidate, Expr, Program, Rule, Value
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
    lost: Losses | None = None,
) -> Decision:
    """The decision for one person.

    `row`: every field of the profile, valid, and the room of every limit. `given`: as `program.givens` builds
    it. `seed`: of the run, any integer. `zone`: the program's time zone, where it is at hand already. `lost`: to others,
    where the person was decided together with them.
    """
    judge = Judge(program, row, given, zone or _zone(program), None)
    person = judge.person(seed)
    for number, limit in (lost or {}).items():
        person.strike(number, program.limits[limit])
    choose(program, [person])
    return judge.outcome(person).decision


def run(
    program: Program,
    row: Mapping[str, Value],
    given: Mapping[str, Value],
    seed: int = 0,
    zone: Zone | None = None,
    recorder: Recorder | None = None,
) -> Outcome:
    """As `decide`, with what a run report counts, and told to a recorder."""
    (outcome,) = run_all(program, [row], given, seed, zone, recorder)
    return outcome


def run_all(
    program: Program,
    rows: Sequence[Mapping[str, Value]],
    given: Mapping[str, Value],
    seed: int = 0,
    zone: Zone | None = None,
    recorder: Recorder | None = None,
) -> list[Outcome]:
    """Many people at once, who share limits: see `choose`."""
    judges = [Judge(program, row, given, zone or _zone(program), recorder) for row in rows]
    people = [judge.person(seed) for judge in judges]
    choose(program, people)
    return [judge.outcome(person) for judge, person in zip(judges, people, strict=True)]


def _zone(program: Program) -> Zone:
    return zone(program.timezone)


# --- each candidate alone ------------------------------------------------------------------------------


class Judge:
    """Judges candidates one by one for one person. `send_at`: moments of the candidates that have one."""

    def __init__(
        self,
        program: Program,
        row: Mapping[str, Value],
        given: Mapping[str, Value],
        zone: Zone,
        recorder: Recorder | None,
    ) -> None:
        self.program, self.row, self.given, self.recorder = program, row, given, recorder
        self.arms = {e.name: chance.arm(e, row[e.by]) for e in program.experiments}
        self.evaluator = Evaluator(row, given, self.arms, zone, recorder)
        self.send_at: dict[int, float] = {}
        self.held = self.holdout()

    # --- as a whole ---

    def person(self, seed: int, stories: list[Story] | None = None) -> Person:
        """What choosing is told. `stories`: of all candidates, where they are known already."""
        key, limits = chance.text_of(self.row[self.program.key]), self.program.limits
        return Person(
            program=self.program,
            key=key,
            stories=stories or [self.story(number) for number in range(len(self.program.candidates))],
            base=chance.base(self._id(key), seed),
            send_at=self.send_at,
            subjects=tuple(self._subject(limit.subject) for limit in limits),
            rooms=tuple(self._room(limit.room) for limit in limits),
            takes=self.held is None,
        )

    def _id(self, key: str) -> str:
        now = self.given["now"]
        assert isinstance(now, float)
        return chance.decision_id(key, now, self.program.name)

    def _subject(self, name: str | None) -> Value:
        if name is None:
            return None
        return self.row[name] if name in self.row else self.given[name]

    def _room(self, name: str) -> float:
        room = self.row[name]
        assert isinstance(room, float)
        return room

    def outcome(self, person: Person) -> Outcome:
        """What choosing has come to."""
        chosen, reason = person.outcome()
        key, arms, stories = person.key, tuple(self.arms.values()), tuple(person.stories)
        decision = Decision(key, chosen, reason, arms=arms, stories=stories)
        if self.held is not None:
            reason = f"{HOLDOUT}: {self.held}"
            decision = replace(decision, chosen=(), reason=reason, holdout=self.held, held=chosen)
        return Outcome(decision, frozenset(self.evaluator.undefined))

    # --- the parts of a candidate ---

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
        stopped = self.rules(number, candidate, range(candidate.limited))
        if stopped is not None:
            return stopped
        if candidate.send_at is not None:
            send_at = self.number(number, "send_at", candidate.send_at)
            if send_at is None:
                return Story(Fate.QUIET)
            self.send_at[number] = send_at
        stopped = self.rules(number, candidate, range(candidate.limited, len(candidate.rules)))
        if stopped is not None:
            return stopped
        if candidate.score is None:
            return Story(Fate.OUTRANKED)
        tier = self.tier(number, candidate)
        score = self.number(number, "score", candidate.score)
        if score is None:
            return Story(Fate.NO_SCORE, tier=tier)
        if not self.reaches_threshold(number, score):
            return Story(Fate.THRESHOLD, tier=tier, score=score)
        return Story(Fate.OUTRANKED, tier=tier, score=score)

    def rules(self, number: int, candidate: Candidate, among: range) -> Story | None:
        """The story of a candidate that one of some rules stops, or None."""
        for index in among:
            rule = candidate.rules[index]
            if candidate.score is None and not rule.binds_fallback:
                continue
            value = self.value(number, "rule", rule.when)
            if not lets_pass(rule, value):
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


def lets_pass(rule: Rule, value: Value) -> bool:
    """Whether a rule lets a person pass for whom its condition has this value."""
    if value is None:
        return rule.unknown_passes
    return value is rule.lets_pass
