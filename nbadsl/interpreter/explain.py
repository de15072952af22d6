"""Why a person was decided like that: the interpreter, run with a recorder.

Takes what `decide` takes; gives the same decision, and for every candidate the parts that were evaluated, in
order, each with its value and the fields, givens and arms that were really read for it. What a short-circuit
skipped is not there: it did not decide anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nbadsl.interpreter.decide import Judge, lets_pass, run
from nbadsl.program import chance
from nbadsl.program.decision import Decision, Fate, Story
from nbadsl.program.nodes import Arithmetic, Arm, Calendar, Candidate, Column, Expr, Given, Program, Value
from nbadsl.source import Span
from nbadsl.zone import Zone
from nbadsl.zone import zone as zone_of


@dataclass(frozen=True, slots=True)
class Reading:
    """A leaf that was read, and what stood there."""

    leaf: Column | Given | Arm
    value: Value


@dataclass(frozen=True, slots=True)
class Part:
    """One expression of a candidate that was evaluated.

    `name`: `active`, `rule`, `send_at`, `tier`, `score`, `threshold` (or `holdout`, of the policy). `readings`: in
    order of first reading. `undefined`: origins of its undefined arithmetic, in order.
    """

    name: str
    expr: Expr
    value: Value
    readings: tuple[Reading, ...]
    undefined: tuple[Span | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """What became of one candidate, and everything that was evaluated for it, in order."""

    candidate: int
    story: Story
    parts: tuple[Part, ...]

    @property
    def deciding(self) -> tuple[Part, ...]:
        """The parts that made the fate: what stopped the candidate, or its tier and score when nothing did.

        Empty for a candidate that nothing was asked about, as a fallback without rules.
        """
        match self.story.fate:
            case Fate.THRESHOLD:
                return tuple(part for part in self.parts if part.name in ("score", "threshold"))
            case Fate.OUTRANKED | Fate.CHOSEN:
                return tuple(part for part in self.parts if part.name in ("tier", "score"))
        return self.parts[-1:]

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What was read by the deciding parts, each leaf once."""
        found = {reading.leaf: reading for part in self.deciding for reading in part.readings}
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with its reasons. `id`: the decision's, which with the seed gives its draws.

    `policy`: the policy's own parts (holdouts). `undefined`: as `decide.Outcome` has it.
    """

    id: str
    decision: Decision
    accounts: tuple[Account, ...]
    policy: tuple[Part, ...]
    undefined: frozenset[Span | None]


def explain(
    program: Program,
    row: Mapping[str, Value],
    given: Mapping[str, Value],
    seed: int = 0,
    zone: Zone | None = None,
) -> Explanation:
    """The decision for one person and why. Takes what `decide` takes."""
    notebook = _Notebook()
    outcome = run(program, row, given, seed, zone, notebook)
    decision, parts = outcome.decision, notebook.parts()
    accounts = tuple(
        Account(number, story, tuple(part for whose, part in parts if whose == number))
        for number, story in enumerate(decision.stories)
    )
    now = given["now"]
    assert isinstance(now, float)
    return Explanation(
        chance.decision_id(decision.key, now, program.name),
        decision,
        accounts,
        tuple(part for whose, part in parts if whose is None),
        outcome.undefined,
    )


@dataclass(frozen=True, slots=True)
class Hurdle:
    """What stops a candidate. `rule`: its index among the candidate's rules; None where it is not active (`part` is
    `active`) or has no moment to be sent (`send_at`)."""

    rule: int | None
    part: Part


@dataclass(frozen=True, slots=True)
class Alone:
    """A candidate judged alone, as if nothing stopped it: all that does, in the order of its rules, its tier and its
    score. `threshold`: that scores must reach; None where there is none, or it is unknown."""

    hurdles: tuple[Hurdle, ...]
    tier: int | None
    score: float | None
    threshold: float | None


def alone(program: Program, number: int, row: Mapping[str, Value], given: Mapping[str, Value]) -> Alone:
    """Everything that stops one candidate, where `explain` tells what does first."""
    notebook = _Notebook()
    judge = Judge(program, row, given, zone_of(program.timezone), notebook)
    candidate = program.candidates[number]

    def ask(name: str, expr: Expr) -> Part:
        judge.value(number, name, expr)
        return notebook.pages[-1].part()

    hurdles = []
    if candidate.active is not None and (part := ask("active", candidate.active)).value is not True:
        hurdles.append(Hurdle(None, part))
    for index, rule in enumerate(candidate.rules):
        if index == candidate.limited:
            hurdles += _unsent(candidate, ask)
        if candidate.score is None and not rule.binds_fallback:
            continue
        if not lets_pass(rule, (part := ask("rule", rule.when)).value):
            hurdles.append(Hurdle(index, part))
    if candidate.limited == len(candidate.rules):
        hurdles += _unsent(candidate, ask)
    if candidate.score is None:
        return Alone(tuple(hurdles), None, None, None)
    threshold = program.arbitration.threshold
    return Alone(
        tuple(hurdles),
        judge.tier(number, candidate),
        judge.number(number, "score", candidate.score),
        None if threshold is None else judge.number(number, "threshold", threshold),
    )


def _unsent(candidate: Candidate, ask: Callable[[str, Expr], Part]) -> list[Hurdle]:
    """No moment to send a candidate."""
    if candidate.send_at is None or (part := ask("send_at", candidate.send_at)).value is not None:
        return []
    return [Hurdle(None, part)]


@dataclass(slots=True)
class _Page:
    """The notes on one part: values by node, in order of evaluation."""

    candidate: int | None
    name: str
    expr: Expr
    values: dict[Expr, Value] = field(default_factory=dict)
    undefined: list[Span | None] = field(default_factory=list)

    def part(self) -> Part:
        readings = tuple(
            Reading(expr, value)
            for expr, value in self.values.items()
            if isinstance(expr, Column | Given | Arm)
        )
        return Part(self.name, self.expr, self.values[self.expr], readings, tuple(self.undefined))


class _Notebook:
    """The recorder of an explanation: a page for each part."""

    def __init__(self) -> None:
        self.pages: list[_Page] = []

    def part(self, candidate: int | None, name: str, expr: Expr) -> None:
        self.pages.append(_Page(candidate, name, expr))

    def value(self, expr: Expr, value: Value) -> None:
        self.pages[-1].values[expr] = value

    def undefined(self, expr: Arithmetic | Calendar) -> None:
        self.pages[-1].undefined.append(expr.origin)

    def parts(self) -> list[tuple[int | None, Part]]:
        return [(page.candidate, page.part()) for page in self.pages]
