"""The program as text: candidates with every rule, tier and score spelled out."""

from __future__ import annotations

from collections.abc import Iterator

from nbadsl.program.givens import shown
from nbadsl.program.nodes import (
    And,
    Arithmetic,
    Arm,
    Calendar,
    Candidate,
    Column,
    Compare,
    Expr,
    Given,
    Has,
    If,
    IsKnown,
    Literal,
    Match,
    Member,
    Not,
    Or,
    OrElse,
    Program,
    Rule,
    Same,
)
from nbadsl.types import Text

_SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^"}


def show_program(program: Program) -> str:
    """A line for each part of each candidate; `?` marks what may be unknown."""
    return "\n".join(_program(program)) + "\n"


def _program(program: Program) -> Iterator[str]:
    yield f"program {program.name}: {program.timezone}, {program.currency}, key {program.key}"
    for number, tier in enumerate(program.tiers, 1):
        yield f"tier {number}: {tier}"
    chosen = program.arbitration
    yield f"pick {chosen.pick}" + "".join(f", at most {m.count} per {m.by}" for m in chosen.most)
    if chosen.threshold is not None:
        yield f"nothing below {show_expr(chosen.threshold)}"
    for experiment in program.experiments:
        arms = ", ".join(f"{name} {share:g}" for name, share in experiment.arms)
        yield f"experiment {experiment.name} by {experiment.by}: {arms}"
    for holdout in program.holdouts:
        yield f"holdout {holdout.name} {holdout.share:g} by {holdout.by}"
    for candidate in program.candidates:
        yield from _candidate(candidate)


def _candidate(candidate: Candidate) -> Iterator[str]:
    yield ""
    yield f"candidate {candidate.name}"
    if candidate.active is not None:
        yield f"  active {show_expr(candidate.active)}"
    yield from map(_rule, candidate.rules[: candidate.limited])
    if candidate.send_at is not None:
        yield f"  send at {show_expr(candidate.send_at)}"
    yield from map(_rule, candidate.rules[candidate.limited :])
    for tier in candidate.tiers:
        yield f"  tier {tier.rank + 1}" + (f" when {show_expr(tier.when)}" if tier.when is not None else "")
    if candidate.score is not None:
        yield f"  score {show_expr(candidate.score)}"


def _rule(rule: Rule) -> str:
    passes = " (unknown passes)" if rule.unknown_passes else ""
    return f"  {rule.stage} {show_expr(rule.when)}{passes}    # {rule.scope}: {rule.reason}"


def show_expr(expr: Expr) -> str:
    """An expression in brackets, near to the language."""
    match expr:
        case Literal():
            return f'"{expr.value}"' if isinstance(expr.type, Text) else shown(expr.value, expr.type)
        case Column() | Given():
            return expr.name + ("?" if expr.unknown else "")
        case Arm():
            return expr.experiment
        case Not():
            return f"not {show_expr(expr.operand)}"
        case And():
            return f"({show_expr(expr.left)} and {show_expr(expr.right)})"
        case Or():
            return f"({show_expr(expr.left)} or {show_expr(expr.right)})"
        case Compare():
            op = {"==": "is", "!=": "is not"}.get(expr.op, expr.op)
            return f"({show_expr(expr.left)} {op} {show_expr(expr.right)})"
        case Same():
            return f"({show_expr(expr.left)} is {show_expr(expr.right)})"
        case Member():
            return f"({show_expr(expr.operand)} is one of {', '.join(expr.values)})"
        case Match():
            return f"({show_expr(expr.operand)} {expr.op} {show_expr(expr.pattern)})"
        case Has():
            return f"({show_expr(expr.operand)} has {expr.op} of {', '.join(expr.words)})"
        case If():
            then, otherwise = show_expr(expr.then), show_expr(expr.otherwise)
            return f"(if {show_expr(expr.condition)} then {then} else {otherwise})"
        case OrElse():
            return f"({show_expr(expr.left)} or else {show_expr(expr.right)})"
        case IsKnown():
            return f"({show_expr(expr.operand)} is known)"
        case Arithmetic(operands=(left, right)) if expr.op in _SYMBOLS:
            return f"({show_expr(left)} {_SYMBOLS[expr.op]} {show_expr(right)})"
        case Arithmetic() | Calendar():
            return f"{expr.op}({', '.join(show_expr(o) for o in expr.operands)})"
