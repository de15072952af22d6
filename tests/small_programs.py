"""Small programs, written by hand, for tests of how one person is decided."""

from dataclasses import replace

from nbadsl.interpreter import decide
from nbadsl.program.decision import Decision
from nbadsl.program.givens import givens
from nbadsl.program.nodes import Arbitration, Candidate, Expr, Input, Program, Rule, Tier, Value
from nbadsl.program.pool import Pool
from nbadsl.source import Source, Span
from nbadsl.types import FLAG, NUMBER, TEXT

NOW = 1_794_301_200_000_000.0  # 2026-11-10 09:00 UTC
POOL = Pool()
SOURCE = Source("p.nba", "0123456789")
YES, NO = POOL.yes(), POOL.no()
UNKNOWN = POOL.column("nothing", FLAG, True)
BROKEN = POOL.arithmetic(
    "div", POOL.literal(1.0, NUMBER), POOL.literal(0.0, NUMBER), origin=Span(SOURCE, 0, 1)
)
BROKEN_FLAG = POOL.compare(">", BROKEN, POOL.literal(0.0, NUMBER))


def number(value: float) -> Expr:
    return POOL.literal(value, NUMBER)


def column(name: str) -> Expr:
    return POOL.column(name, NUMBER, True)


def rule(stage: str, when: Expr, unknown_passes: bool = False) -> Rule:
    return Rule(stage, when, unknown_passes, "because", "scope")


def candidate(
    action: str, score: Expr | float | None = 1.0, *rules: Rule, tier: int = 0, **parts: object
) -> Candidate:
    if isinstance(score, float):
        score = number(score)
    plain = Candidate(action, None, None, None, (), None, rules, None, (Tier(tier, None),), score)
    return replace(plain, **parts)


def program(*candidates: Candidate, **parts: object) -> Program:
    key = Input("id", TEXT)
    plain = Program(
        "p", "", "", "UTC", "EUR", 1, "customer", "id", (key,), (), (), candidates, ("t",), Arbitration()
    )
    return replace(plain, **parts)


def person(key: Value = "c1", **fields: Value) -> dict[str, Value]:
    return {"id": key, "nothing": None, **fields}


def decided(program: Program, row: dict[str, Value] | None = None, seed: int = 0) -> Decision:
    return decide(program, row or person(), givens(program, NOW), seed)
