"""What is known before any person is seen: an abstract interpretation of conditions.

Takes expressions of a program and the declared inputs; says which answers a condition can have, between which
bounds a number lies, which words a text can be. `given` adds that a condition holds, or does not: it narrows what
is known of the fields that it reads, so that `age > 50` and then `age < 40` contradict each other.

Facts never change; to learn makes new ones. What they rule out never happens, for nobody whose data is valid: this
is the promise that the rules of the linter stand on, and it is tested against the interpreter. What they
allow may still never happen. Every question costs effort, of which there is an end; beyond it nothing is ruled out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import cast

from nbadsl.lint import narrow, questions
from nbadsl.lint.apart import Apart
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
from nbadsl.program.nodes import Expr, Program
from nbadsl.program.walk import postorder
from nbadsl.types import Date, Flag, Integer, Set, Words, is_numeric

MOST_EFFORT = 1000
WHOLE = {"floor", "ceil", "round"}  # whole for any number
STAYS_WHOLE = {"neg", "abs", "add", "sub", "mul", "min", "max"}


@dataclass(slots=True)
class Whole:
    """What all facts about one program share: bounds of its inputs, the effort that is left for a question, whether
    it is about a branch of an `if`, and by expression the inputs that it reads, as bits."""

    columns: dict[str, Interval]
    givens: dict[str, Interval]
    effort: int = MOST_EFFORT
    choosing: bool = False
    read: dict[Expr, int] = field(default_factory=dict)
    bits: dict[Expr, int] = field(default_factory=dict)

    def reads(self, expr: Expr) -> int:
        """The inputs that an expression reads."""
        if expr not in self.read:
            for node in postorder([expr], self.read):
                below = nodes.children(node)
                found = reduce(or_, (self.read[c] for c in below), 0)
                if not below and not isinstance(node, nodes.Literal):
                    found = 1 << self.bits.setdefault(node, len(self.bits))
                self.read[node] = found
        return self.read[expr]


class Facts:
    """What is known of the expressions of one program: what its declarations say, and what was `learnt`.

    `before`: the facts that these were made from, by learning about the inputs `news`. What reads none of them is
    known as well as before.
    """

    def __init__(self, whole: Whole, before: Facts | None = None) -> None:
        self.whole, self.before, self.news = whole, before, 0
        self.learnt: dict[Expr, Answers | Known] = dict(before.learnt) if before else {}
        self.apart: dict[tuple[Expr, Expr], Apart] = dict(before.apart) if before else {}
        self._computed: dict[Expr, Answers | Known] = {}

    def renewed(self) -> Facts:
        """These facts, with all effort to spend on another question."""
        self.whole.effort = MOST_EFFORT
        return self

    def _same(self, expr: Expr) -> Facts:
        """The first facts that know as much of an expression as these do."""
        facts = self
        if facts.before is None or expr in self._computed:
            return self
        reads = self.whole.reads(expr)
        while facts.before is not None and not facts.news & reads:
            facts = facts.before
        return facts

    # --- questions ---

    def answers(self, expr: Expr) -> Answers:
        """The answers that a condition can have; 0 when the facts contradict each other."""
        return self.computed(expr) & cast(int, self.learnt.get(expr, ANY))

    def value(self, expr: Expr) -> Known:
        """What a number, text, word or set can be."""
        facts = self._same(expr)
        if facts is not self:
            return facts.value(expr)
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
        again = Facts(self.whole, self)
        again.learnt[expr] = fact
        again.news = self.whole.reads(expr)
        return again

    def learn_distance(self, value: Expr, base: Expr, apart: Apart) -> Facts:
        """These facts, and how far a value lies from another."""
        again = Facts(self.whole, self)
        again.apart[value, base] = apart
        again.news = self.whole.reads(value) | self.whole.reads(base)
        return again

    def either(self, ways: Sequence[Facts]) -> Facts:
        """What several facts that were made from these have in common."""
        again = Facts(self.whole, self)
        again.news = reduce(or_, (way._since(self) for way in ways))
        again.learnt = {
            expr: reduce(_join, (way.learnt[expr] for way in ways))
            for expr in ways[0].learnt
            if all(expr in way.learnt for way in ways)
        }
        again.apart = {
            pair: reduce(Apart.join, (way.apart[pair] for way in ways))
            for pair in ways[0].apart
            if all(pair in way.apart for way in ways)
        }
        return again

    def _since(self, before: Facts) -> int:
        """What was learnt about since some facts that these were made from."""
        news, facts = 0, self
        while facts is not before and facts.before is not None:
            news, facts = news | facts.news, facts.before
        return news

    # --- conditions ---

    def computed(self, expr: Expr) -> Answers:
        """The answers that follow from what a condition is made of."""
        facts = self._same(expr)
        if facts is not self:
            return facts.computed(expr)
        found = self._computed.get(expr)
        if found is None:
            if not self._may_look():
                return _allowed(expr)
            found = self._computed[expr] = self._answers(expr)
        return cast(int, found)

    def _may_look(self) -> bool:
        self.whole.effort -= 1
        return self.whole.effort > 0

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
                return questions.answers(self, expr)
        return _allowed(expr)

    def _chain(self, operands: list[Expr], go_on: Answers) -> Answers:
        """`and` of operands, or, where no goes on, of their opposites: each where those before it did not stop."""
        going: Facts | None = self  # none has stopped, some may be unknown
        sure: Facts | None = self  # all of them went on
        found = YES
        for operand in operands:
            if going is None:
                return NO
            answers = going.answers(operand)
            found = both(found, answers if go_on == YES else opposite(answers))
            same = sure is going and not answers & UNKNOWN
            going = going.given(operand, go_on | UNKNOWN)
            sure = going if same else sure.given(operand, go_on) if sure is not None else None
        return NO if going is None else found if sure is not None else found & ~YES

    def branches(self, expr: nodes.If) -> Iterator[tuple[Facts, Expr | None]]:
        """What can be chosen, with what is then known; None for unknown. A chain is followed to its end.

        Within a branch nothing is learnt from further conditions: that would be much work for little.
        """
        facts: Facts | None = self
        branch: Expr = expr
        learns = not self.whole.choosing
        self.whole.choosing = True
        while facts is not None and isinstance(branch, nodes.If):
            answers = facts.answers(branch.condition)
            if answers & UNKNOWN:
                yield facts, None
            if answers & YES:
                chosen = facts.given(branch.condition, YES) if learns else facts
                if chosen is not None:
                    yield chosen, branch.then
            otherwise = facts.given(branch.condition, NO) if learns else facts
            facts, branch = otherwise if answers & NO else None, branch.otherwise
        if facts is not None:
            yield facts, branch
        self.whole.choosing = not learns

    def _is_known(self, operand: Expr) -> Answers:
        if isinstance(operand.type, Flag):
            answers = self.answers(operand)
            return (YES if answers & KNOWN else 0) | (NO if answers & UNKNOWN else 0)
        value = self.value(operand)
        return (YES if value.known else 0) | (NO if value.unknown else 0)

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
        if not is_numeric(expr.type):
            return _anything(expr)
        bounds = self.whole.columns if isinstance(expr, nodes.Column) else self.whole.givens
        low, high = bounds.get(expr.name, EVERYTHING)
        return Numbers(low, high, expr.unknown, whole=isinstance(expr.type, Integer | Date))

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
    givens = (*program.context, *(p.input for p in program.parameters))
    return Facts(
        Whole(
            {i.name: declared(i) for i in (*program.inputs, *program.rooms)},
            {"now": NOW, "today": TODAY, **{i.name: declared(i) for i in givens}},
        )
    )


def _join(a: Answers | Known, b: Answers | Known) -> Answers | Known:
    """What one of two facts says."""
    return a | b if isinstance(a, int) else a.join(b)  # type: ignore[operator,arg-type]


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
