"""Pairs of random programs, an old one and a new one made of it by a few changes, and the simulation of both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from arrays import to_arrow
from hypothesis import strategies as st
from strategies_program import Case, Row, cases

from nbadsl.api import Policy
from nbadsl.history.asking import Asking
from nbadsl.history.memory import MemoryStore
from nbadsl.interpreter.decide import run_all
from nbadsl.program import chance
from nbadsl.program.decision import Decision
from nbadsl.program.nodes import Candidate, Guarantee, Program, Rule
from nbadsl.program.pool import Pool
from nbadsl.simulate.deciding import Side
from nbadsl.simulate.figures import Simulation
from nbadsl.simulate.simulate import Asked, simulate
from nbadsl.types import INTEGER
from nbadsl.zone import EPOCH


@dataclass(frozen=True)
class Pair:
    """An old program, a new one, and people with different keys. `decided`: by the interpreter, the new program first."""

    case: Case
    new: Program

    def simulated(self, **asked: Any) -> Simulation:
        program, given = self.case.program, self.case.given
        context = {i.name: given[i.name] for i in program.context if given[i.name] is not None}
        parameters = {p.input.name: given[p.input.name] for p in program.parameters}
        now = given["now"]
        assert isinstance(now, float)
        sides = [Side(Policy(None, each), None, context, parameters) for each in (self.new, program)]
        people = to_arrow(self.case.rows, program.inputs)
        when = EPOCH + timedelta(microseconds=now)
        return simulate(sides[0], Asked(people, when, self.case.seed, **asked), sides[1])

    def decided(self) -> list[tuple[Decision, Decision]]:
        found = [self._decided(program) for program in (self.new, self.case.program)]
        return list(zip(*found, strict=True))

    def _decided(self, program: Program) -> list[Decision]:
        asking, store = Asking(program, self.case.given), MemoryStore()
        rows = [{k: v for k, v in row.items() if not k.startswith("room ")} for row in self.case.rows]
        rows = [row | asking.rooms(store, asking.demands(row)) for row in rows]
        outcomes = run_all(program, rows, self.case.given, self.case.seed)
        return [outcome.decision for outcome in outcomes]


@st.composite
def pairs(draw: st.DrawFn, shares: bool = False) -> Pair:
    case: Case = draw(cases(shares=shares))
    by_key: dict[str, Row] = {chance.text_of(row[case.program.key]): row for row in case.rows}
    rules = [rule for c in case.program.candidates for rule in c.rules if not rule.room]
    many = len(case.program.candidates)
    guarantees = tuple(
        Guarantee(f"g{n}", draw(st.booleans()), tuple(draw(st.sets(st.integers(0, many - 1)))), rule.when)
        for n, rule in enumerate(rules[:2])
    )
    numbers = [Pool().literal(float(draw(st.integers(0, 3))), INTEGER) for _ in case.program.limits]
    limits = [replace(x, most=most) for x, most in zip(case.program.limits, numbers, strict=True)]
    program = replace(case.program, guarantees=guarantees, limits=tuple(limits))
    new = program
    for _ in range(draw(st.integers(1, 3))):
        new = draw(changed(new))
    return Pair(replace(case, program=program, rows=list(by_key.values())), new)


@st.composite
def changed(draw: st.DrawFn, program: Program) -> Program:
    """A program with one change."""
    many = len(program.candidates)
    number = draw(st.integers(0, many - 1))
    mine = program.candidates[number]
    plain = [place for place, rule in enumerate(mine.rules) if not rule.room]
    match draw(st.integers(0, 10)):
        case 0 if plain:
            return _with(program, number, rules=_without(mine, draw(st.sampled_from(plain))))
        case 1 if plain:
            place = draw(st.sampled_from(plain))
            rule = mine.rules[place]
            turned = replace(rule, unknown_passes=not rule.unknown_passes and rule.stage != "require")
            return _with(program, number, rules=_put(mine, place, turned))
        case 2 if plain:
            place = draw(st.sampled_from(plain))
            others = [r.when for c in program.candidates for r in c.rules if not r.room]
            other = replace(mine.rules[place], when=draw(st.sampled_from(others)))
            return _with(program, number, rules=_put(mine, place, other))
        case 3 if mine.score is not None:
            scores = [c.score for c in program.candidates if c.score is not None]
            return _with(program, number, score=draw(st.sampled_from(scores)))
        case 4:
            order = draw(st.permutations(range(many)))
            return _ordered(program, order)
        case 5 if many > 1:
            return _ordered(program, [n for n in range(many) if n != number])
        case 6:
            return _with(program, number, tiers=draw(st.sampled_from([c.tiers for c in program.candidates])))
        case 7:
            return replace(program, explore=None, holdouts=program.holdouts[1:])
        case 8:
            holdouts = (
                replace(each, share=draw(st.sampled_from((0.0, 0.5, 1.0)))) for each in program.holdouts
            )
            return replace(program, holdouts=tuple(holdouts))
        case 9:
            seed = draw(st.sampled_from(("a", "b", "c")))
            return replace(program, experiments=tuple(replace(e, seed=seed) for e in program.experiments))
        case _:
            return replace(program, arbitration=replace(program.arbitration, threshold=None))
    return program


def _with(program: Program, number: int, **parts: object) -> Program:
    mine = replace(program.candidates[number], **parts)  # type: ignore[arg-type]
    some = program.candidates
    return replace(program, candidates=(*some[:number], mine, *some[number + 1 :]))


def _without(candidate: Candidate, place: int) -> tuple[Rule, ...]:
    return (*candidate.rules[:place], *candidate.rules[place + 1 :])


def _put(candidate: Candidate, place: int, rule: Rule) -> tuple[Rule, ...]:
    return (*candidate.rules[:place], rule, *candidate.rules[place + 1 :])


def _ordered(program: Program, order: list[int]) -> Program:
    """With some of the candidates, in another order."""
    places = {old: new for new, old in enumerate(order)}

    def moved(numbers: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(places[n] for n in numbers if n in places))

    explore = program.explore
    return replace(
        program,
        candidates=tuple(program.candidates[n] for n in order),
        explore=None if explore is None else replace(explore, among=moved(explore.among)),
        limits=tuple(replace(x, binds=moved(x.binds), takes=moved(x.takes)) for x in program.limits),
        guarantees=tuple(replace(g, among=moved(g.among)) for g in program.guarantees),
    )
