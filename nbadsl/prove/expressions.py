"""Expressions of a program, in z3's words. The interpreter is their meaning; numbers are real numbers here."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import cast

import z3

from nbadsl.inputs import Input
from nbadsl.interpreter.expressions import MATCH
from nbadsl.program import intervals
from nbadsl.program.nodes import (
    And,
    Arithmetic,
    Arm,
    Calendar,
    Column,
    Compare,
    Expr,
    Given,
    Has,
    Holdout,
    If,
    IsKnown,
    Limit,
    Literal,
    Match,
    Member,
    Not,
    Or,
    OrElse,
    Program,
    Same,
    children,
)
from nbadsl.prove.dates import Dates
from nbadsl.prove.inputs import WORD, Inputs, known, pick
from nbadsl.prove.places import arms, held
from nbadsl.prove.terms import EXP, LN_MAX, LOG, SQRT, Terms, power_by, power_of, widened
from nbadsl.prove.values import (
    NO,
    YES,
    Encoded,
    Flag,
    Members,
    Number,
    Term,
    Text,
    alike,
    both,
    choose,
    compare,
    either,
    every,
    implies,
    literal,
    opposite,
    real,
    some,
)
from nbadsl.types import TIME
from nbadsl.zone import zone

_MOST_FACTORS = 4  # of a power that is spelled out as a product
_COLUMN, _GIVEN = "field", "context"


class Expressions:
    """Encodes the expressions of one program, each once. `free_parameters`: take all values of their ranges.

    Several programs can share `inputs` and `terms`: then they are about the same customer.
    """

    def __init__(self, program: Program, inputs: Inputs, terms: Terms, free_parameters: bool = False) -> None:
        self.program, self.inputs, self.terms = program, inputs, terms
        self.free_parameters = free_parameters
        self.zone = zone(program.timezone)
        self.dates = Dates(terms, self.zone)
        self.fields = {f.name: f for f in (*program.inputs, *program.rooms)}
        self.context = {f.name: f for f in program.context}
        self.parameters = {p.input.name: p for p in program.parameters}
        self.rooms = {limit.room: limit for limit in program.limits}
        self.read: dict[tuple[str, str], Encoded] = {}
        self._made: dict[Expr, Encoded] = {}

    # --- what is asked ---

    def flag(self, expr: Expr) -> Flag:
        return cast(Flag, self.encode(expr))

    def number(self, expr: Expr) -> Number:
        return cast(Number, self.encode(expr))

    @property
    def now(self) -> Number:
        return cast(Number, self._given("now"))

    def encode(self, expr: Expr) -> Encoded:
        """The value of an expression. Operands come first, so sums may have thousands of terms."""
        waiting = [expr]
        while waiting:
            node = waiting[-1]
            missing = [each for each in children(node) if each not in self._made]
            if missing and node not in self._made:
                waiting += missing
                continue
            waiting.pop()
            if node not in self._made:
                self._made[node] = self._encode(node)
        return self._made[expr]

    def _encode(self, expr: Expr) -> Encoded:
        match expr:
            case Literal():
                return self.inputs.literal(expr.value, expr.type)
            case Column():
                return self._column(expr.name)
            case Given():
                return self._given(expr.name)
            case Arm():
                return self._arm(expr.experiment)
            case Not():
                operand = self.flag(expr.operand)
                return Flag(operand.no, operand.yes)
            case And():
                left, right = self.flag(expr.left), self.flag(expr.right)
                return Flag(both(left.yes, right.yes), either(left.no, right.no))
            case Or():
                left, right = self.flag(expr.left), self.flag(expr.right)
                return Flag(either(left.yes, right.yes), both(left.no, right.no))
            case If():
                return self._if(expr)
            case OrElse():
                first = self._made[expr.left]
                return pick(known(first), first, self._made[expr.right])
            case IsKnown():
                found = known(self._made[expr.operand])
                return Flag(found, opposite(found))
            case Arithmetic():
                return self._arithmetic(expr, [self.number(o) for o in expr.operands])
            case Calendar():
                return self._calendar(expr, [self.number(o) for o in expr.operands])
            case Compare() | Same() | Member() | Match() | Has():
                holds = self._holds(expr)
                there = every(known(self._made[operand]) for operand in children(expr))
                return Flag(both(there, holds), both(there, opposite(holds)))

    def _if(self, expr: If) -> Encoded:
        condition = self.flag(expr.condition)
        then, otherwise = self._made[expr.then], self._made[expr.otherwise]
        if isinstance(then, Flag) and isinstance(otherwise, Flag):
            return Flag(
                either(both(condition.yes, then.yes), both(condition.no, otherwise.yes)),
                either(both(condition.yes, then.no), both(condition.no, otherwise.no)),
            )
        chosen = pick(condition.yes, then, otherwise)
        settled = either(condition.yes, condition.no)
        match chosen:
            case Number():
                return Number(chosen.value, both(settled, chosen.known), chosen.bounds)
            case Text():
                return Text(chosen.value, both(settled, chosen.known))
        raise AssertionError("sets are never chosen")

    def _holds(self, expr: Compare | Same | Member | Match | Has) -> Term:
        """Of known operands."""
        match expr:
            case Compare():
                return compare(expr.op, self.number(expr.left).value, self.number(expr.right).value)
            case Same():
                left, right = self._made[expr.left], self._made[expr.right]
                if isinstance(left, Flag) and isinstance(right, Flag):
                    return either(both(left.yes, right.yes), both(left.no, right.no))
                return cast(Text, left).value == cast(Text, right).value
            case Member():
                value = cast(Text, self._made[expr.operand]).value
                return some(self._is(value, word) for word in expr.values)
            case Match():
                return self._matches(expr)
            case Has():
                held = cast(Members, self._made[expr.operand]).has
                asked = [held.get(word, NO) for word in expr.words]
                return some(asked) if expr.op == "any" else every(asked)

    def _is(self, value: Term, word: str) -> Term:
        constant = self.inputs.word(word)
        if value.eq(constant):
            return YES
        return NO if z3.is_const(value) and str(value).startswith("text #") else value == constant

    def _matches(self, expr: Match) -> Term:
        pattern, value = expr.pattern, cast(Text, self._made[expr.operand]).value
        if isinstance(pattern, Literal):
            if isinstance(expr.operand, Literal):
                return z3.BoolVal(bool(MATCH[expr.op](expr.operand.value, pattern.value)))
            return self.inputs.match(expr.op, str(pattern.value))(value)
        return z3.FreshBool(f"{expr.op} a pattern")  # what a pattern of the context matches is free

    # --- what is read ---

    def _column(self, name: str) -> Encoded:
        field = self.fields[name]
        if name in self.rooms:
            return self.read.get(("room", name)) or self._remember("room", name, self._room(name, field))
        unknown = (field.optional or field.never) and field.default is None
        return self._remember(_COLUMN, name, self.inputs.variable(_COLUMN, field, unknown))

    def _given(self, name: str) -> Encoded:
        if name == "now":
            return self._remember("now", name, self.inputs.variable("given", Input("now", TIME), False))
        if name == "today":
            day, _ = self.dates.local(self.now.value)
            bounds = (intervals.FIRST_DAY, intervals.LAST_DAY)
            self.inputs.facts.add([day], [z3.And(day >= int(bounds[0]), day <= int(bounds[1]))])
            return Number(day, YES, bounds, (day, 1))
        if name in self.parameters:
            parameter = self.parameters[name]
            value = self.inputs.parameter(parameter, self.now.value, self.zone, self.free_parameters)
            return self._remember("parameter", name, value)
        field = self.context[name]
        unknown = (field.optional or field.never) and field.default is None
        return self._remember(_GIVEN, name, self.inputs.variable(_GIVEN, field, unknown))

    def _remember(self, kind: str, name: str, value: Encoded) -> Encoded:
        return self.read.setdefault((kind, name), value)

    def _arm(self, name: str) -> Encoded:
        experiment = next(e for e in self.program.experiments if e.name == name)
        value, facts = z3.Const(f"arm of {experiment}", WORD), self.inputs.facts
        facts.add(
            [value], [(value == self.inputs.word(arm)) == here for arm, here in arms(facts, experiment)]
        )
        return self._remember("arm", name, Text(value, YES))

    def held(self) -> Term:
        """Whether somebody is in a holdout."""
        return some(both(self._held(each), self._is_active(each)) for each in self.program.holdouts)

    def _held(self, holdout: Holdout) -> Term:
        here = held(self.inputs.facts, holdout)
        self._remember("holdout", holdout.name, Flag(here, opposite(here)))
        return here

    def _is_active(self, holdout: Holdout) -> Term:
        return YES if holdout.active is None else self.flag(holdout.active).yes

    def _room(self, name: str, field: Input) -> Number:
        """The room of a limit: at most its number, where the person is counted."""
        limit = self.rooms[name]
        sums = [self.number(each).value.sexpr() for each in (limit.most, limit.each) if each is not None]
        said = (
            limit.stage,
            limit.name,
            limit.scope,
            limit.contacts,
            limit.window,
            limit.subject,
            limit.pause,
        )
        found = self.inputs.number(f"room of {said} {sums}", field)
        if limit.most is not None and limit.each is None:
            most = self.number(limit.most)
            counted = self.is_known(limit.subject)
            unexceeded = compare("<=", found.value, most.value)
            none = implies(opposite(most.known), compare("<=", found.value, literal(0)))
            self.inputs.facts.add([found.value], [implies(both(counted, most.known), unexceeded), none])
        return found

    def room_of(self, limit: Limit) -> Number:
        """The room of a limit of the program."""
        return cast(Number, self._column(limit.room))

    def is_known(self, subject: str | None) -> Term:
        """Whether the field by which a limit counts is."""
        if subject is None or subject == self.program.key:
            return YES
        return known(self._column(subject) if subject in self.fields else self._given(subject))

    # --- arithmetic ---

    def _calendar(self, expr: Calendar, operands: list[Number]) -> Number:
        there = every(operand.known for operand in operands)
        value, defined = self.dates.operate(expr.op, operands)
        bounds = intervals.CALENDAR.get(expr.op, intervals.EVERYTHING)
        return Number(value, both(there, defined), bounds, (value, 1) if value.is_int() else None)

    def _arithmetic(self, expr: Arithmetic, operands: list[Number]) -> Number:
        there = every(operand.known for operand in operands)
        value, defined, ratio = self._result(expr.op, operands)
        bounds = widened(intervals.arithmetic(expr.op, [operand.bounds for operand in operands]))
        return Number(value, both(there, defined), bounds, ratio)

    def _result(self, op: str, operands: list[Number]) -> tuple[Term, Term, tuple[Term, int] | None]:
        """The result, whether it is defined for known operands, and as a ratio."""
        a, b = operands[0], operands[-1]
        match op:
            case "neg":
                return -a.value, YES, None
            case "abs":
                return choose(compare(">=", a.value, literal(0)), a.value, -a.value), YES, None
            case "floor" | "ceil" | "round":
                return _rounded(op, a), YES, None
            case "min" | "max":
                smaller = compare("<=" if op == "min" else ">=", a.value, b.value)
                return choose(smaller, *alike(a.value, b.value)), YES, None
            case "add" | "sub":
                x, y = alike(a.value, b.value)
                return (x + y if op == "add" else x - y), YES, None
            case "mul":
                return self._product(a, b), YES, None
            case "div":
                return self._quotient(a, b)
            case "pow":
                return (*self._power(a, b), None)
        return (*self._curve(op, a), None)

    def _product(self, a: Number, b: Number) -> Term:
        if a.constant is None and b.constant is None:
            return self.terms.product(a, b)
        x, y = alike(a.value, b.value)
        return x * y

    def _quotient(self, a: Number, b: Number) -> tuple[Term, Term, tuple[Term, int] | None]:
        by = b.constant
        if by is None:
            bounds = widened(intervals.arithmetic("div", [a.bounds, b.bounds]))
            return self.terms.quotient(a, b, bounds), b.value != 0, None
        if by == 0:
            return literal(0, False), NO, None
        if by > 0 and by.denominator == 1 and a.value.is_int():
            return real(a.value) / literal(by, False), YES, (a.value, by.numerator)
        return real(a.value) * literal(1 / by, False), YES, None

    def _curve(self, op: str, a: Number) -> tuple[Term, Term]:
        bounds = widened(intervals.arithmetic(op, [a.bounds]))
        x = real(a.value)
        if op == "exp":
            defined = compare("<=", x, literal(LN_MAX, False))
            return self.terms.curve(EXP, x, defined, (max(0.0, bounds[0]), bounds[1])), defined
        if op == "sqrt":
            defined = compare(">=", x, literal(0))
            return self.terms.curve(SQRT, x, defined, (0.0, bounds[1])), defined
        defined = compare(">", x, literal(0))
        return self.terms.curve(LOG, x, defined, bounds), defined

    def _power(self, a: Number, b: Number) -> tuple[Term, Term]:
        base, exponent = a.constant, b.constant
        if exponent is not None and exponent.denominator == 1 and 1 <= exponent <= _MOST_FACTORS:
            product = a
            for _ in range(int(exponent) - 1):
                bounds = widened(intervals.arithmetic("mul", [product.bounds, a.bounds]))
                product = Number(self._product(product, a), YES, bounds)
            return product.value, YES
        if base is not None and base > 0 and base != 1:
            # For a base below 1, the inverse base of what is negative.
            x, up = (real(b.value), float(base)) if base > 1 else (-real(b.value), 1 / float(base))
            most = literal(LN_MAX / math.log(up), False)
            defined = compare("<=", x, most)
            return self.terms.curve(power_of(up), x, defined, (0.0, intervals.MAX)), defined
        if exponent is not None and exponent > 0 and exponent.denominator > 1:
            defined = compare(">=", a.value, literal(0))
            most = literal(Fraction(f"{math.exp(min(LN_MAX / float(exponent), 700)):.6g}"), False)
            fits = both(defined, compare("<=", a.value, most))
            return self.terms.curve(power_by(float(exponent)), a.value, fits, (0.0, intervals.MAX)), fits
        return self.terms.power(a.value, b.value)


def _rounded(op: str, a: Number) -> Term:
    if a.value.is_int():
        return a.value
    if op == "round":
        half = z3.Q(1, 2)
        return z3.If(a.value >= 0, z3.ToInt(a.value + half), -z3.ToInt(-a.value + half))
    if op == "ceil":
        return -z3.ToInt(-a.value)
    if a.ratio is not None:
        whole, by = a.ratio
        return whole / by
    return z3.ToInt(a.value)
