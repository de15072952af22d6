"""What follows when a condition has an answer: the fields that it reads are narrowed.

Takes facts that know the answer already; gives better ones, or None where the answer contradicts them. Where
several ways lead to an answer (one part of an `and` is no) what all of them have in common is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from nbadsl.lint.apart import OPPOSITE, Apart, distance
from nbadsl.lint.questions import Question
from nbadsl.lint.values import KNOWN, NO, UNKNOWN, YES, Answers, Known, Numbers, Sets, Texts, opposite
from nbadsl.program import nodes
from nbadsl.program.intervals import MAX
from nbadsl.program.nodes import Expr
from nbadsl.types import Flag

if TYPE_CHECKING:
    from nbadsl.lint.facts import Facts

MOST_WAYS = 8


def by_answers(facts: Facts, expr: Expr, kept: Answers) -> Facts | None:
    """A condition has one of some answers."""
    match expr:
        case nodes.Not():
            return facts.given(expr.operand, opposite(kept))
        case nodes.And():
            return _chain(facts, parts(expr, nodes.And), kept, YES, NO)
        case nodes.Or():
            return _chain(facts, parts(expr, nodes.Or), kept, NO, YES)
        case nodes.If():
            return _chosen(facts, expr, kept)
        case nodes.OrElse():
            there = facts.given(expr.left, kept & KNOWN)
            missing = facts.given(expr.left, UNKNOWN)
            return _any(facts, [there, missing.given(expr.right, kept) if missing else None])
        case nodes.IsKnown() if kept in (YES, NO):
            return known(facts, expr.operand) if kept == YES else unknown(facts, expr.operand)
        case nodes.Compare() | nodes.Same() | nodes.Member() | nodes.Match() | nodes.Has():
            return _asked(facts, expr, kept)
    return facts


# --- and, or, if ---


def parts(expr: Expr, cls: type[nodes.And] | type[nodes.Or]) -> list[Expr]:
    """The operands of a chain of `and`, or of `or`, from left to right."""
    found: list[Expr] = []
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, cls):
            stack += [node.right, node.left]
        else:
            found.append(node)
    return found


def _chain(facts: Facts, operands: list[Expr], kept: Answers, strong: Answers, weak: Answers) -> Facts | None:
    """`and` is yes (strong) when all parts are, no (weak) when one is; of `or` it is the other way round."""
    if kept == strong:
        return _all(facts, operands, strong)
    if not kept & weak:
        return _all(facts, operands, strong | UNKNOWN)
    if kept & strong or len(operands) > MOST_WAYS:
        return facts
    return _any(facts, [facts.given(part, kept) for part in operands])


def _all(facts: Facts, operands: list[Expr], wanted: Answers) -> Facts | None:
    # Twice, for what a later part says may tell more of an earlier one.
    for _ in range(2):
        for part in operands:
            found = facts.given(part, wanted)
            if found is None:
                return None
            facts = found
    return facts


def _chosen(facts: Facts, expr: nodes.If, kept: Answers) -> Facts | None:
    then, otherwise = facts.given(expr.condition, YES), facts.given(expr.condition, NO)
    return _any(
        facts,
        [
            then.given(expr.then, kept) if then else None,
            otherwise.given(expr.otherwise, kept) if otherwise else None,
            facts.given(expr.condition, UNKNOWN) if kept & UNKNOWN else None,
        ],
    )


def _any(facts: Facts, ways: Sequence[Facts | None]) -> Facts | None:
    """What several ways have in common."""
    open_ways = [way for way in ways if way is not None]
    if len(open_ways) < 2:
        return open_ways[0] if open_ways else None
    return facts.either(open_ways)


# --- known and unknown ---


def known(facts: Facts, expr: Expr) -> Facts | None:
    """An expression has a value, and so has what it is computed from."""
    if isinstance(expr.type, Flag):
        return facts.given(expr, KNOWN)
    value = facts.value(expr)
    if not value.known:
        return None
    if not value.unknown:
        return facts
    found: Facts | None = facts.learn(expr, replace(value, unknown=False))
    if isinstance(expr, nodes.Arithmetic | nodes.Calendar):
        for operand in expr.operands:
            found = known(found, operand) if found is not None else None
    return found


def unknown(facts: Facts, expr: Expr) -> Facts | None:
    """An expression has no value."""
    if isinstance(expr.type, Flag):
        return facts.given(expr, UNKNOWN)
    value = facts.value(expr)
    if not value.unknown:
        return None
    return facts.learn(expr, replace(value, known=False)) if value.known else facts


# --- questions ---


def _asked(facts: Facts, expr: Question, kept: Answers) -> Facts | None:
    operands = nodes.children(expr)
    if kept == UNKNOWN:
        open_ones = [o for o in operands if facts.may_be_unknown(o)]
        return unknown(facts, open_ones[0]) if len(open_ones) == 1 else facts
    if kept & UNKNOWN:
        return facts
    found: Facts | None = facts
    for operand in operands:
        found = known(found, operand) if found is not None else None
    if found is None or kept == KNOWN:
        return found
    yes = kept == YES
    match expr:
        case nodes.Compare():
            return _compared(found, expr, expr.op if yes else OPPOSITE[expr.op])
        case nodes.Same():
            return _same(found, expr, yes)
        case nodes.Member():
            text = cast(Texts, found.value(expr.operand))
            return _set(found, expr.operand, text.only(expr.values) if yes else text.but(expr.values))
        case nodes.Has():
            return _has(found, expr, yes)
    return found


def _set(facts: Facts | None, expr: Expr, value: Known) -> Facts | None:
    if facts is None or not value.fits:
        return None
    return facts if facts.value(expr) == value else facts.learn(expr, value)


def _compared(facts: Facts, expr: nodes.Compare, op: str) -> Facts | None:
    a, b = facts.number(expr.left), facts.number(expr.right)
    left, right = _ordered(op, a, b)
    found = _set(_set(facts, expr.left, left), expr.right, right)
    if found is None or op == "!=":
        return found
    told = distance(found, expr, op)
    pair = (told.value, told.base)
    before = found.apart.get(pair, Apart())
    after = before.narrowed(told)
    return found if after == before else found.learn_distance(*pair, after)


def _ordered(op: str, a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """Two numbers of which a comparison holds."""
    match op:
        case "<":
            return a.below(b), b.above(a)
        case ">":
            return a.above(b), b.below(a)
        case "<=":
            return a.within(-MAX, b.high), b.within(a.low, MAX)
        case ">=":
            return a.within(b.low, MAX), b.within(-MAX, a.high)
        case "==":
            return a.within(b.low, b.high), b.within(a.low, a.high)
    return a.but(b), b.but(a)


def _same(facts: Facts, expr: nodes.Same, yes: bool) -> Facts | None:
    left, right = expr.left, expr.right
    if isinstance(left.type, Flag):
        found: Facts | None = facts
        for one, other in ((left, right), (right, left)):
            if found is not None:
                answers = found.answers(other)
                found = found.given(one, answers if yes else opposite(answers))
        return found
    a, b = cast(Texts, facts.value(left)), cast(Texts, facts.value(right))
    if yes:
        return _set(_set(facts, left, a.meet(b)), right, b.meet(a))
    found = facts
    for one, mine, others in ((left, a, b), (right, b, a)):
        if others.among is not None and len(others.among) == 1:
            found = _set(found, one, mine.but(others.among))
    return found


def _has(facts: Facts, expr: nodes.Has, yes: bool) -> Facts | None:
    held, words = cast(Sets, facts.value(expr.operand)), frozenset(expr.words)
    open_words = words & held.can - held.has
    if expr.op == "all":
        if yes:
            return _set(facts, expr.operand, replace(held, has=held.has | words))
        lacks = open_words if len(open_words) == 1 and words <= held.can else frozenset()
        return _set(facts, expr.operand, replace(held, can=held.can - lacks))
    if not yes:
        return _set(facts, expr.operand, replace(held, can=held.can - words))
    has = open_words if len(open_words) == 1 and not words & held.has else frozenset()
    return _set(facts, expr.operand, replace(held, has=held.has | has))
