"""What is proved is true: the prover's words allow whatever happens, and on small policies say exactly what can.

Random programs and people: with everything that is read fixed to what a person has, z3 must find it possible that this
person is decided what the interpreter decides. Numbers are such that doubles are exact, since z3's are real.

Small policies, of which all customers can be tried: a guarantee is proved exactly when no customer breaks it, and what is
said never to happen is exactly what happens to nobody.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import strategies_expression
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies_expression import fitting
from strategies_program import programs, runs

from nbadsl.interpreter import Evaluator, decide
from nbadsl.program import chance
from nbadsl.program.decision import Decision, Fate
from nbadsl.program.nodes import Calendar, Expr, Program, children
from nbadsl.program.show import show_program
from nbadsl.prove.answers import PROVED, REFUTED
from nbadsl.prove.customer import Customer, Replay
from nbadsl.prove.guarantees import is_broken
from nbadsl.prove.idle import NEVER_REACHED, NEVER_STOPS, NEVER_WINS
from nbadsl.prove.questions import Options, Prover, questions_of
from nbadsl.prove.search import Search
from nbadsl.prove.subject import Subject, load
from nbadsl.prove.values import Encoded, Flag, Members, Number, Term, Text, both, literal
from nbadsl.room import room
from nbadsl.types import DAY, DURATION, FLAG, HOUR, INTEGER, NUMBER
from nbadsl.zone import zone

Row = dict[str, object]

# Powers of two: sums, products and quotients of a few are exact.
EXACT = {
    INTEGER: (0.0, 1.0, 2.0, 4.0, -1.0, 16.0, 64.0, -8.0),
    NUMBER: (0.0, 1.0, 2.0, 0.5, -1.0, 0.25, 4.0, -2.0, 8.0, 64.0),
    strategies_expression.EUR: (0.0, 8.0, 16.0, 0.5, 4.0, 1024.0, -16.0),
    DURATION: (0.0, DAY, 16 * DAY, HOUR, -2 * DAY, 64 * DAY),
}


# --- everything that happens is possible ------------------------------------------------------------


@st.composite
def people(draw, program: Program, run: Row) -> Row:  # type: ignore[no-untyped-def]
    """A person with exact numbers, and any room that limits can leave."""
    row: Row = {}
    for field in program.inputs:
        values = fitting(field)
        may_be_unknown = field.optional or field.never
        row[field.name] = draw(st.sampled_from((*values, None) if may_be_unknown else values))
    for limit in program.limits:
        assert limit.most is not None
        most = Evaluator({}, run, {}, zone(program.timezone)).value(limit.most)  # type: ignore[arg-type]
        room = draw(st.sampled_from((1.0, 2.0, 0.0, 3.0, -1.0)))
        row[limit.room] = min(room, 0.0 if most is None else float(math.floor(most)))  # type: ignore[arg-type]
    return row


def fixed(search: Search, row: Row, given: Row, arms: dict[str, str]) -> list[Term]:
    """That everything that is read is what a person has."""
    found: list[Term] = []
    expressions = search.of[0]
    for (kind, name), value in list(expressions.read.items()):
        held = arms[name] if kind == "arm" else row[name] if kind in ("field", "room") else given[name]
        found += is_value(search, value, held)
    return found


def is_value(search: Search, encoded: Encoded, value: object) -> list[Term]:
    match encoded:
        case Flag(yes, no):
            return [yes == (value is True), no == (value is False)]
        case Members(has, known):
            inside = value if isinstance(value, frozenset) else frozenset()
            return [known == (value is not None), *(held == (word in inside) for word, held in has.items())]
        case Text(term, known):
            if value is None:
                return [known == False]  # noqa: E712
            return [known == True, term == search.inputs.word(str(value))]  # noqa: E712
        case Number(term, known):
            if value is None:
                return [known == False]  # noqa: E712
            return [known == True, term == literal(float(str(value)))]  # noqa: E712
    raise AssertionError


def decisions(program: Program, row: Row, given: Row, seed: int) -> list[int]:
    decision = decide(program, row, given, seed)  # type: ignore[arg-type]
    return [choice.candidate for choice in (*decision.chosen, *decision.held)]


def test_whatever_happens_is_possible_for_z3(proofs: int):
    def check(data: st.DataObject) -> None:
        program = data.draw(programs())
        run = data.draw(runs(program))
        row = data.draw(people(program, run))  # type: ignore[arg-type]
        seed = data.draw(st.integers(0, 3))
        chosen = decisions(program, row, run, seed)  # type: ignore[arg-type]
        search = Search([program], 10, free_parameters=True)
        choosing = search.choosing[0]
        arms = {e.name: chance.arm(e, row[e.by]) for e in program.experiments}  # type: ignore[arg-type]
        others = [n for n in range(len(program.candidates)) if n not in chosen]
        happened = both(*(choosing.may(n) for n in chosen), choosing.beside(others))
        conditions = [happened, *fixed(search, row, run, arms)]  # type: ignore[arg-type]
        assert search.exists(both(*conditions)) is not False, (show_program(program), row, run, seed, chosen)

    with room(), mock.patch.dict(strategies_expression.VALUES, EXACT):
        relaxed = settings(max_examples=proofs, deadline=None, suppress_health_check=list(HealthCheck))
        relaxed(given(st.data())(check))()


def conditions_of(program: Program) -> list[Expr]:
    """All flags and dates that a program asks for."""
    waiting = [e for c in program.candidates for e in (c.active, c.score, c.send_at) if e is not None]
    waiting += [r.when for c in program.candidates for r in c.rules]
    waiting += [t.when for c in program.candidates for t in c.tiers if t.when is not None]
    seen: dict[Expr, None] = {}
    while waiting:
        expr = waiting.pop()
        if expr not in seen:
            seen[expr] = None
            waiting += children(expr)
    return [expr for expr in seen if expr.type == FLAG or isinstance(expr, Calendar)]


def test_every_condition_may_have_the_value_that_it_has(proofs: int):
    def check(data: st.DataObject) -> None:
        program = data.draw(programs())
        run = data.draw(runs(program))
        row = data.draw(people(program, run))  # type: ignore[arg-type]
        search = Search([program], 10, free_parameters=True)
        arms = {e.name: chance.arm(e, row[e.by]) for e in program.experiments}  # type: ignore[arg-type]
        person = Evaluator(row, run, arms, zone(program.timezone))  # type: ignore[arg-type]
        asked = [(search.of[0].encode(expr), person.value(expr)) for expr in conditions_of(program)]
        told = [term for encoded, value in asked for term in is_value(search, encoded, value)]
        told += fixed(search, row, run, arms)  # type: ignore[arg-type]
        assert search.exists(both(*told)) is not False, (show_program(program), row, run)

    with room(), mock.patch.dict(strategies_expression.VALUES, EXACT):
        relaxed = settings(max_examples=proofs, deadline=None, suppress_health_check=list(HealthCheck))
        relaxed(given(st.data())(check))()


# --- small policies, all customers ------------------------------------------------------------------

HEAD = """policy small { }
profile customer key id {
  id: text
  vip: flag
  old: flag optional
  age: integer in 0..3
  plan: one of basic, plus, gold
  likes: any of film, sport
}
channel email { RULE }
channel push { }
group promo { RULE }
"""
FIELDS: dict[str, list[object]] = {
    "vip": [True, False],
    "old": [True, False, None],
    "age": [0.0, 1.0, 2.0, 3.0],
    "plan": ["basic", "plus", "gold"],
    "likes": [frozenset(), frozenset({"film"}), frozenset({"sport"}), frozenset({"film", "sport"})],
}


class Writer:
    """Writes small policies by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def one(self, *options: str) -> str:
        return self.chance.choice(options)

    def condition(self, depth: int = 2, sure: bool = False) -> str:
        """A flag; `sure`: that is never unknown."""
        if depth and self.chance.random() < 0.4:
            joined = self.one(" and ", " or ").join(self.condition(depth - 1, sure) for _ in range(2))
            return f"({joined})"
        return self.one(
            *("vip", "not vip", "old is known", "old or else no", "plan is basic", "plan is not gold"),
            *(f"age {op} {n}" for op in ("<", ">=", "<=", ">") for n in (1, 2)),
            *("likes has film", "likes has all of film, sport", "plan is one of plus, gold"),
            *(() if sure else ("old", "not old")),
        )

    def rule(self) -> str:
        kind = self.one("", "", "eligible", "exclude", "require")
        if not kind:
            return ""
        if kind == "require":
            return f"require {self.condition()}"
        clause = ""
        condition = self.condition(sure=kind == "exclude")
        return f"{kind} when {condition}{clause}"

    def number(self, depth: int = 1) -> str:
        if depth and self.chance.random() < 0.5:
            left, right = self.number(depth - 1), self.number(depth - 1)
            return self.one(
                f"({left} + {right})",
                f"({left} * {right})",
                f"(if {self.condition(1, True)} then {left} else {right})",
                f"min({left}, {right})",
                f"{left} / 2",
                f"1 / (1 + exp(-{left}))",
                f"{left} / (1 + age)",
            )
        return self.one("age", "1", "2", "0.5", "3 - age")

    def policy(self) -> str:
        text = "".join(part + self.rule() for part in HEAD.split("RULE")[:-1]) + HEAD.split("RULE")[-1]
        names = [f"a{n}" for n in range(self.chance.randint(2, 4))]
        for name in names:
            group = self.one("", " in promo")
            via = self.one(
                "", "via email", "via email, push", 'via email { content "x"  content "y" when vip }'
            )
            rules = "  ".join(self.rule() for _ in range(self.chance.randint(0, 2)))
            text += f"action {name}{group} {{ {rules} {via}  value {self.number()} }}\n"
        if self.chance.random() < 0.5:
            lines = "".join(f"  {self.one('a0', 'a1', 'promo')} when {self.condition(1)}\n" for _ in range(2))
            text += f"priority {{\n{lines}  everything else\n}}\n"
        least = f"nothing below {self.number(0)} " if self.chance.random() < 0.3 else ""
        pick = self.one(
            "1", "1", "2", "2, at most 1 per group", "3, at most 2 per action, at most 1 per channel"
        )
        fallback = f"fallback {names[-1]}" if self.chance.random() < 0.3 else ""
        text += f"arbitrate {{ score value  {least} pick {pick} {fallback} }}\n"
        for number in range(3):
            kind, scope = self.one("never", "some"), self.one("a0", "a1", "promo", "email")
            text += f'guarantee "{number}": {kind} {scope} when {self.condition()}\n'
        return text


def everybody(program: Program) -> Iterator[Customer]:
    replay = Replay(program)
    plain = replay.plain()
    for values in itertools.product(*FIELDS.values()):
        yield Customer({**plain.row, **dict(zip(FIELDS, values, strict=True))}, plain.now, {})  # type: ignore[dict-item]


def test_on_small_policies_exactly_what_holds_is_proved(tmp_path: Path, proofs: int):
    seen = dict.fromkeys((PROVED, REFUTED, NEVER_WINS, NEVER_STOPS, NEVER_REACHED), 0)
    for seed in range(max(30, proofs // 5)):
        path = tmp_path / f"{seed}.nba"
        path.write_text(Writer(seed).policy())
        subject = load(path)
        if subject is None:
            continue
        prover = Prover((subject,), Options())
        answers = [a for question in questions_of(subject, Options()) for a in prover.answers(question)]
        compare(subject, answers, seen, path)
    assert all(seen.values()), seen


def compare(subject: Subject, answers, seen: dict[str, int], path: Path) -> None:  # type: ignore[no-untyped-def]
    program, replay = subject.program, Replay(subject.program)
    customers = list(everybody(program))
    decided = [replay.decide(customer) for customer in customers]
    for guarantee, answer in zip(program.guarantees, answers, strict=False):
        broken = any(is_broken(replay, guarantee, customer) for customer in customers)
        assert answer.status == (REFUTED if broken else PROVED), (path.read_text(), answer)
        seen[answer.status] += 1
        if answer.example is not None:
            assert answer.example.test, "every refutation can be written as a test"
            by_action = guarantee.never or any(
                f'"{guarantee.name}": some a{n}' in path.read_text() for n in range(4)
            )
            assert answer.example.fails is by_action
    findings = {
        (a.kind, a.line if a.kind != NEVER_WINS else a.name) for a in answers if a.kind != "guarantee"
    }
    assert all(a.status == PROVED for a in answers if a.kind != "guarantee"), path.read_text()
    expected = set(never(subject, decided))
    assert findings == expected, (path.read_text(), findings ^ expected)
    for kind, _ in findings:
        seen[kind] += 1


def never(subject: Subject, decided: list[Decision]) -> Iterator[tuple[str, object]]:
    """What never happens, by trying everybody."""
    program = subject.program
    won = {program.candidates[c.candidate].action for d in decided for c in d.chosen}
    losers = {c.action for c in program.candidates} - won
    yield from ((NEVER_WINS, action) for action in losers)
    stopped = {(n, s.rule) for d in decided for n, s in enumerate(d.stories) if s.rule is not None}
    places: dict[int, bool] = {}
    for number, candidate in enumerate(program.candidates):
        for index, rule in enumerate(candidate.rules):
            asked = candidate.score is not None or rule.binds_fallback
            if asked and candidate.action not in losers and rule.origin is not None:
                places[rule.origin.line, rule.origin.start] = (
                    places.get((rule.origin.line, rule.origin.start), False) or (number, index) in stopped
                )  # type: ignore[index]
    yield from ((NEVER_STOPS, line) for (line, _), stops in places.items() if not stops)  # type: ignore[misc]
    reached = {s.tier for d in decided for s in d.stories if s.fate >= Fate.OUTRANKED and s.tier is not None}
    lines = subject.model.priority.lines if subject.model.priority else ()
    yield from ((NEVER_REACHED, line.span.line) for rank, line in enumerate(lines) if rank not in reached)
