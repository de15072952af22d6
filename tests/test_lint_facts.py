"""What the linter says never happens does not happen: its abstract interpretation against the interpreter.

Random programs, people and runs. For each person some conditions are told to the facts, with the answers that
they have for this person (or with these and others); then every expression of the program must be allowed the
value that it has.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies_program import Case, cases

from nbadsl.interpreter.decide import decide
from nbadsl.interpreter.expressions import Evaluator
from nbadsl.lint.facts import Facts, declared_facts
from nbadsl.lint.passing import Passing, own_rules, passes
from nbadsl.lint.rules import always_outranked, shadowed_line
from nbadsl.lint.values import KNOWN, NO, UNKNOWN, YES, Numbers, Sets, Texts
from nbadsl.program import chance
from nbadsl.program.decision import Fate
from nbadsl.program.nodes import STAGES, Expr, Program, Value, children
from nbadsl.program.pool import Pool
from nbadsl.room import room
from nbadsl.types import NUMBER, Flag
from nbadsl.zone import zone

ANSWER = {True: YES, False: NO, None: UNKNOWN}


def conditions_of(program: Program) -> list[Expr]:
    """Every flag that a candidate asks for."""
    found: dict[Expr, None] = {}
    for candidate in program.candidates:
        asked = [candidate.active, *(r.when for r in candidate.rules), *(t.when for t in candidate.tiers)]
        found.update((expr, None) for expr in asked if expr is not None)
    return list(found)


def everything_in(program: Program) -> list[Expr]:
    """All expressions, parts before wholes."""
    stack: list[Expr] = conditions_of(program)
    for candidate in program.candidates:
        stack += [e for e in (candidate.score, candidate.send_at) if e is not None]
    seen: dict[Expr, None] = {}
    while stack:
        expr = stack.pop()
        if expr not in seen:
            seen[expr] = None
            stack += children(expr)
    return list(seen)


def allows(facts: Facts, expr: Expr, value: Value) -> bool:
    """Whether facts leave room for a value."""
    if isinstance(expr.type, Flag):
        return bool(facts.answers(expr) & ANSWER[value])
    what = facts.value(expr)
    if value is None:
        return what.unknown
    match what:
        case Numbers(low=low, high=high):
            fits = low <= value <= high and (not what.whole or value % 1 == 0)
        case Texts():
            fits = what.can_be(value)
        case Sets(has=has, can=can):
            fits = has <= value <= can
    return fits and what.known


def people(case: Case) -> list[Evaluator]:
    program = case.program
    return [
        Evaluator(
            row,
            case.given,
            {e.name: chance.arm(e, row[e.by]) for e in program.experiments},
            zone(program.timezone),
        )
        for row in case.rows
    ]


def check(case: Case, draw: st.DataObject) -> None:
    known = declared_facts(case.program)
    conditions, all_of_it = conditions_of(case.program), everything_in(case.program)
    for person in people(case):
        facts = known.renewed()
        for expr in draw.draw(st.permutations(conditions)) if conditions else ():
            answer = ANSWER[person.value(expr)]  # type: ignore[index]
            told = answer | draw.draw(st.sampled_from((0, 0, YES, NO, UNKNOWN, KNOWN)))
            found = facts.given(expr, told)
            assert found is not None, "what happens was said to be impossible"
            facts = found
        for expr in all_of_it:
            value = person.value(expr)
            assert allows(facts, expr, value), (expr, value)


def test_what_is_ruled_out_never_happens(examples: int) -> None:
    relaxed = settings(
        max_examples=max(1, examples // 4), deadline=None, suppress_health_check=list(HealthCheck)
    )
    with room():
        relaxed(given(cases(), st.data())(check))()


def test_what_the_rules_say_of_candidates_is_so(examples: int) -> None:
    """Nobody passes what is for nobody, no candidate stands in a line that it never reaches, and what never wins is
    never chosen."""
    said: Counter[str] = Counter()

    def check(case: Case, alike: bool) -> None:
        program = alikes(case.program) if alike else case.program
        passing = Passing(declared_facts(program))
        policy = SimpleNamespace(program=program, passing=passing)
        told = [tuple((r.when, passes(r)) for r in own_rules(c)) for c in program.candidates]
        impossible = [
            passing.facts_of(c) is None or not passing.possible(t)
            for c, t in zip(program.candidates, told, strict=True)
        ]
        ranks = range(len(program.tiers))
        never = [
            {rank for rank in ranks if not shadowed_line._reaches(policy, c, rank)}
            for c in program.candidates
        ]
        alone = program.explore is None and program.arbitration.pick == 1
        better = always_outranked.outranked(program, passing) if alone else ()
        beaten = {number: name for number, name in better if name}
        decisions = [decide(program, row, case.given, case.seed) for row in case.rows]
        for decision in decisions:
            for number, story in enumerate(decision.stories):
                went_on = story.fate not in (Fate.INACTIVE, Fate.REQUIRE, Fate.ELIGIBLE, Fate.EXCLUDE)
                assert not (went_on and impossible[number]), "somebody passes what is for nobody"
                assert story.tier is None or story.tier not in never[number], "a line is reached"
                if number in beaten and story.fate >= Fate.OUTRANKED:
                    better_ones = {
                        program.candidates[n].action
                        for n, other in enumerate(decision.stories)
                        if other.fate >= Fate.OUTRANKED
                    }
                    assert beaten[number] in better_ones, "what always wins did not pass"
                    assert story.fate is not Fate.CHOSEN, "what never wins was chosen"
        said["impossible"] += sum(impossible)
        said["beaten"] += len(beaten)

    relaxed = settings(
        max_examples=max(1, examples // 8), deadline=None, suppress_health_check=list(HealthCheck)
    )
    with room():
        relaxed(given(cases(), st.booleans())(check))()
    if examples >= 2000:
        assert said["impossible"] and said["beaten"]


def alikes(program: Program) -> Program:
    """A program whose candidates have much in common, so that one often wins whenever another one could: one is picked,
    nothing but rules stops anybody, scores are a few numbers, and every second candidate has the rules of the one before
    it and its own."""
    pool = Pool()
    before = (program.candidates[0], *program.candidates)
    candidates = tuple(
        replace(
            c,
            active=None,
            send_at=None,
            rules=tuple(
                sorted(
                    (*(own_rules(before[n]) if n % 2 else ()), *own_rules(c)),
                    key=lambda r: STAGES.index(r.stage),
                )
            ),
            score=None if c.score is None else pool.literal(float(n % 3), NUMBER),
        )
        for n, c in enumerate(program.candidates)
    )
    arbitration = replace(program.arbitration, pick=1)
    return replace(program, candidates=candidates, arbitration=arbitration, explore=None, limits=())
