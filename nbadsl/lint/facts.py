"""What is known before any person is seen: an abstract interpretation of conditions.

Takes expressions of a program and the declared inputs; says which answers a condition can have, between which
bounds a number lies, which words a text can be. `given` adds that a condition holds, or does not: it narrows what
is known of the fields that it reads, so that `age > 50` and then `age < 40` contradict each other.

Facts never change; to learn makes new ones. What they rule out never happens, for nobody whose data is valid: this
is the promise that the rules of the linter stand on, and it is tested against the interpreter. What they
allow may still never happen. Every question costs effort, of which there is an end; beyond it nothing is ruled out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from nbadsl.lint import narrow
from nbadsl.lint.apart import Apart, distance
from nbadsl.lint.values import (
    ANY,
    KNOWN,
    NO,
    UNKNOWN,
    YES,
    Answers,
    Known,
    Numbers,
    Sets,
    Texts,
    both,
    opposite,
)
from nbadsl.program import nodes
from nbadsl.program.intervals import CALENDAR, EVERYTHING, MAX, NOW, TODAY, Interval, arithmetic, declared
from nbadsl.program.nodes import Expr, Input, Program
from nbadsl.types import Date, Flag, Integer, Set, Words, is_numeric

MOST_EFFORT = 4000
MATCH = {"starts": str.startswith, "ends": str.endswith, "contains": str.__contains__}
WHOLE = {"floor", "ceil", "round"}  # whole for any number
STAYS_WHOLE = {"neg", "abs", "add", "sub", "mul", "min", "max"}


@dataclass(slots=True)
class Effort:
    """How many expressions may still be looked at."""

    left: int = MOST_EFFORT


class Facts:
    """What is known of the expressions of one program. `columns` and `givens`: bounds of the inputs."""

    def __init__(self, columns: dict[str, Interval], givens: dict[str, Interval]) -> None:
        self.columns, self.givens = columns, givens
        self.learnt: dict[Expr, Answers | Known] = {}
        self.apart: dict[tuple[Expr, Expr], Apart] = {}
        self.effort = Effort()
        self._computed: dict[Expr, Answers | Known] = {}

    def renewed(self) -> Facts:
        """The same facts, with all effort to spend."""
        again = self.copy()
        again.effort, again._computed = Effort(), self._computed
        return again

    def copy(self) -> Facts:
        again = Facts(self.columns, self.givens)
        again.learnt, again.apart, again.effort = dict(self.learnt), dict(self.apart), self.effort
        return again

    # --- questions ---

    def answers(self, expr: Expr) -> Answers:
        """The answers that a condition can have; 0 when the facts contradict each other."""
        return self.computed(expr) & cast(int, self.learnt.get(expr, ANY))

    def value(self, expr: Expr) -> Known:
        """What a number, text, word or set can be."""
        found = cast(Known | None, self._computed.get(expr))
        if found is None:
            if not self._may_look():
                return _anything(expr)
            found = self._computed[expr] = self._value(expr)
        learnt = self.learnt.get(expr)
        if learnt is None:
            return found
        both = found.meet(learnt)  # type: ignore[arg-type]
        return both if both.fits else replace(found, known=False, unknown=both.unknown)

    def number(self, expr: Expr) -> Numbers:
        """What a number can be."""
        return cast(Numbers, self.value(expr))

    def may_be_unknown(self, expr: Expr) -> bool:
        if isinstance(expr.type, Flag):
            return bool(self.answers(expr) & UNKNOWN)
        return self.value(expr).unknown

    def given(self, expr: Expr, wanted: Answers) -> Facts | None:
        """These facts, and that a condition has one of some answers; None when it cannot."""
        possible = self.computed(expr)
        kept = possible & wanted & cast(int, self.learnt.get(expr, ANY))
        if not kept:
            return None
        if kept == possible or not self._may_look():
            return self
        return narrow.by_answers(self.learn(expr, kept), expr, kept)

    def learn(self, expr: Expr, fact: Answers | Known) -> Facts:
        """These facts with another one, as it stands."""
        if isinstance(expr, nodes.Literal):
            return self
        again = self.copy()
        again.learnt[expr] = fact
        return again

    # --- conditions ---

    def computed(self, expr: Expr) -> Answers:
        """The answers that follow from what a condition is made of."""
        found = self._computed.get(expr)
        if found is None:
            if not self._may_look():
                return _allowed(expr)
            found = self._computed[expr] = self._answers(expr)
        return cast(int, found)

    def _may_look(self) -> bool:
        self.effort.left -= 1
        return self.effort.left > 0

    def _answers(self, expr: Expr) -> Answers:
        match expr:
            case nodes.Literal(value=value):
                return YES if value else NO
            case nodes.Not():
                return opposite(self.answers(expr.operand))
            case nodes.And():
                return self._chain(narrow.parts(expr, nodes.And), YES)
            case nodes.Or():
                return opposite(self._chain(narrow.parts(expr, nodes.Or), NO))
            case nodes.If():
                found = 0
                for facts, branch in self.branches(expr):
                    found |= facts.answers(branch) if branch is not None else UNKNOWN
                return found
            case nodes.OrElse():
                left = self.answers(expr.left)
                return left if not left & UNKNOWN else left & KNOWN | self.answers(expr.right)
            case nodes.IsKnown(operand=operand):
                return self._is_known(operand)
            case nodes.Compare() | nodes.Same() | nodes.Member() | nodes.Match() | nodes.Has():
                return self._test(expr)
        return _allowed(expr)

    def _chain(self, operands: list[Expr], go_on: Answers) -> Answers:
        """`and` of operands, or, where no goes on, of their opposites: each where those before it did not stop."""
        facts: Facts | None = self
        found = YES
        for operand in operands:
            if facts is None:
                return NO
            answers = facts.answers(operand)
            found = both(found, answers if go_on == YES else opposite(answers))
            facts = facts.given(operand, go_on | UNKNOWN)
        return found if facts is not None else NO

    def branches(self, expr: nodes.If) -> Iterator[tuple[Facts, Expr | None]]:
        """What can be chosen, with what is then known; None for unknown. A chain is followed to its end."""
        facts: Facts | None = self
        branch: Expr = expr
        while facts is not None and isinstance(branch, nodes.If):
            answers = facts.answers(branch.condition)
            if answers & UNKNOWN:
                yield facts, None
            chosen = facts.given(branch.condition, YES)
            if chosen is not None:
                yield chosen, branch.then
            facts, branch = facts.given(branch.condition, NO), branch.otherwise
        if facts is not None:
            yield facts, branch

    def _is_known(self, operand: Expr) -> Answers:
        if isinstance(operand.type, Flag):
            answers = self.answers(operand)
            return (YES if answers & KNOWN else 0) | (NO if answers & UNKNOWN else 0)
        value = self.value(operand)
        return (YES if value.known else 0) | (NO if value.unknown else 0)

    def _test(self, expr: nodes.Compare | nodes.Same | nodes.Member | nodes.Match | nodes.Has) -> Answers:
        """A question that is unknown when one of its operands is, and only then."""
        if isinstance(expr, nodes.Same) and isinstance(expr.left.type, Flag):
            left, right = self.answers(expr.left), self.answers(expr.right)
            found = (left | right) & UNKNOWN
            found |= YES if left & right & KNOWN else 0
            differ = (left & YES and right & NO) or (left & NO and right & YES)
            return found | (NO if differ and expr.left is not expr.right else 0)
        operands = [self.value(operand) for operand in nodes.children(expr)]
        unknown = UNKNOWN if any(o.unknown for o in operands) else 0
        if not all(o.known for o in operands):
            return unknown
        return unknown | self._known_answers(expr)

    def _known_answers(self, expr: Expr) -> Answers:
        """The answers to a question whose operands are known."""
        match expr:
            case nodes.Compare():
                found = _compared(expr.op, self.number(expr.left), self.number(expr.right))
                if expr.left is expr.right:
                    return YES if expr.op in ("<=", ">=", "==") else NO
                asked = distance(self, expr, expr.op)
                apart = self.apart.get((asked.value, asked.base))
                return found & apart.answers(asked) if apart else found
            case nodes.Same():
                if expr.left is expr.right:
                    return YES
                left, right = cast(Texts, self.value(expr.left)), cast(Texts, self.value(expr.right))
                single = left.among is not None and left.among == right.among and len(left.among) == 1
                return (YES if left.meet(right).fits else 0) | (0 if single else NO)
            case nodes.Member():
                text = cast(Texts, self.value(expr.operand))
                return (YES if text.only(expr.values).fits else 0) | (NO if text.but(expr.values).fits else 0)
            case nodes.Match():
                text, pattern = cast(Texts, self.value(expr.operand)), cast(Texts, self.value(expr.pattern))
                if text.among is None or pattern.among is None:
                    return KNOWN
                asked_of = [MATCH[expr.op](t, p) for t in text.among for p in pattern.among]
                return (YES if any(asked_of) else 0) | (NO if not all(asked_of) else 0)
            case nodes.Has(words=words):
                held = cast(Sets, self.value(expr.operand))
                if expr.op == "all":
                    return (YES if held.can.issuperset(words) else 0) | (
                        0 if held.has.issuperset(words) else NO
                    )
                return (0 if held.can.isdisjoint(words) else YES) | (0 if held.has & set(words) else NO)
        return KNOWN

    # --- values ---

    def _value(self, expr: Expr) -> Known:
        match expr:
            case nodes.Literal(value=None):
                return Numbers(unknown=True, known=False)
            case nodes.Literal(value=float() as value):
                return Numbers(value, value, whole=value % 1 == 0)
            case nodes.Literal(value=str() as text):
                return Texts(frozenset({text}))
            case nodes.Column() | nodes.Given():
                return self._input(expr)
            case nodes.If():
                return self._chosen(expr)
            case nodes.OrElse():
                left = self.value(expr.left)
                if not left.unknown:
                    return left
                right = self.value(expr.right)
                return replace(left, unknown=False).join(right) if left.known else right  # type: ignore[arg-type]
            case nodes.Arithmetic() | nodes.Calendar():
                return self._operation(expr)
        return _anything(expr)

    def _chosen(self, expr: nodes.If) -> Known:
        found: Known | None = None
        for facts, branch in self.branches(expr):
            one = facts.value(branch) if branch is not None else _nothing(expr)
            found = one if found is None else found.join(one)  # type: ignore[arg-type]
        return found if found is not None else _anything(expr)

    def _input(self, expr: nodes.Column | nodes.Given) -> Known:
        known = _anything(expr)
        if not isinstance(known, Numbers):
            return known
        bounds = self.columns if isinstance(expr, nodes.Column) else self.givens
        low, high = bounds.get(expr.name, EVERYTHING)
        return replace(known.within(low, high), whole=isinstance(expr.type, Integer | Date))

    def _operation(self, expr: nodes.Arithmetic | nodes.Calendar) -> Numbers:
        operands = [self.number(o) for o in expr.operands]
        known = all(o.known for o in operands)
        unknown = any(o.unknown for o in operands)
        if isinstance(expr, nodes.Calendar):
            low, high = CALENDAR.get(expr.op, EVERYTHING)
            return Numbers(low, high, True, known)
        low, high = arithmetic(expr.op, [(o.low, o.high) for o in operands])
        defined = -MAX <= low <= high <= MAX
        if not low <= high:
            low, high = EVERYTHING
        whole = expr.op in WHOLE or (expr.op in STAYS_WHOLE and all(o.whole for o in operands))
        return Numbers(max(low, -MAX), min(high, MAX), unknown or not defined, known, whole)


def declared_facts(program: Program) -> Facts:
    """What the declarations of a policy say."""
    columns = (*program.inputs, *program.rooms)
    givens = (*program.context, *(p.input for p in program.parameters))
    return facts_of(columns, givens)


def facts_of(columns: Iterable[Input], givens: Iterable[Input]) -> Facts:
    """What the declarations of fields, and of what is the same for everybody, say."""
    return Facts(
        {i.name: declared(i) for i in columns},
        {"now": NOW, "today": TODAY, **{i.name: declared(i) for i in givens}},
    )


def _allowed(expr: Expr) -> Answers:
    return ANY if expr.unknown else KNOWN


def _anything(expr: Expr) -> Known:
    """All values of an expression's type."""
    match expr.type:
        case Words(words):
            return Texts(frozenset(words), unknown=expr.unknown)
        case Set(words):
            return Sets(frozenset(), frozenset(words), unknown=expr.unknown)
    return Numbers(unknown=expr.unknown) if is_numeric(expr.type) else Texts(unknown=expr.unknown)


def _nothing(expr: Expr) -> Known:
    """No value."""
    return replace(_anything(expr), unknown=True, known=False)


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
