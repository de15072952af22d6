"""Questions about values: comparisons, equality, membership, words of a set.

Takes facts and a question; gives the answers that it can have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from nbadsl.lint.apart import distance
from nbadsl.lint.values import KNOWN, NO, UNKNOWN, YES, Answers, Numbers, Sets, Texts
from nbadsl.program import nodes
from nbadsl.types import Flag

if TYPE_CHECKING:
    from nbadsl.lint.facts import Facts

Question: TypeAlias = nodes.Compare | nodes.Same | nodes.Member | nodes.Match | nodes.Has
MATCH = {"starts": str.startswith, "ends": str.endswith, "contains": str.__contains__}


def answers(facts: Facts, expr: Question) -> Answers:
    """A question that is unknown when one of its operands is, and only then."""
    if isinstance(expr, nodes.Same) and isinstance(expr.left.type, Flag):
        left, right = facts.answers(expr.left), facts.answers(expr.right)
        found = (left | right) & UNKNOWN
        found |= YES if left & right & KNOWN else 0
        differ = (left & YES and right & NO) or (left & NO and right & YES)
        return found | (NO if differ and expr.left is not expr.right else 0)
    operands = [facts.value(operand) for operand in nodes.children(expr)]
    unknown = UNKNOWN if any(o.unknown for o in operands) else 0
    if not all(o.known for o in operands):
        return unknown
    return unknown | _of_known(facts, expr)


def _of_known(facts: Facts, expr: Question) -> Answers:
    """The answers to a question whose operands are known."""
    match expr:
        case nodes.Compare():
            found = _compared(expr.op, facts.number(expr.left), facts.number(expr.right))
            if expr.left is expr.right:
                return YES if expr.op in ("<=", ">=", "==") else NO
            asked = distance(facts, expr, expr.op)
            apart = facts.apart.get((asked.value, asked.base))
            return found & apart.answers(asked) if apart else found
        case nodes.Same():
            if expr.left is expr.right:
                return YES
            left, right = cast(Texts, facts.value(expr.left)), cast(Texts, facts.value(expr.right))
            single = left.among is not None and left.among == right.among and len(left.among) == 1
            return (YES if left.meet(right).fits else 0) | (0 if single else NO)
        case nodes.Member():
            text = cast(Texts, facts.value(expr.operand))
            return (YES if text.only(expr.values).fits else 0) | (NO if text.but(expr.values).fits else 0)
        case nodes.Match():
            text, pattern = cast(Texts, facts.value(expr.operand)), cast(Texts, facts.value(expr.pattern))
            if text.among is None or pattern.among is None:
                return KNOWN
            asked_of = [MATCH[expr.op](t, p) for t in text.among for p in pattern.among]
            return (YES if any(asked_of) else 0) | (NO if not all(asked_of) else 0)
        case nodes.Has(words=words):
            held = cast(Sets, facts.value(expr.operand))
            if expr.op == "all":
                return (YES if held.can.issuperset(words) else 0) | (0 if held.has.issuperset(words) else NO)
            return (0 if held.can.isdisjoint(words) else YES) | (0 if held.has & set(words) else NO)
    return KNOWN


def _compared(op: str, a: Numbers, b: Numbers) -> Answers:
    match op:
        case "<":
            yes, no = a.low < b.high, a.high >= b.low
        case "<=":
            yes, no = a.low <= b.high, a.high > b.low
        case ">":
            yes, no = a.high > b.low, a.low <= b.high
        case ">=":
            yes, no = a.high >= b.low, a.low < b.high
        case _:
            yes, no = a.low <= b.high and b.low <= a.high, not a.low == a.high == b.low == b.high
            if op == "!=":
                yes, no = no, yes
    return (YES if yes else 0) | (NO if no else 0)
