"""What a decision reads, as variables of z3, and a model of them as a customer.

Every field is any value that its declaration allows. `now` is any moment in the years 1 to 9999, and today its day.
A parameter has its declared value at that moment, or with `any_parameters` any value of its range. Texts are compared
and matched, and nothing else: they are things that are equal or not, of which the constants of a policy are some, and
what matches a pattern is free where no constant says it. The room that a limit leaves is free, up to its number: there
may have been any contacts before.

Variables are called by their names and types, so two policies ask about the same customer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import z3

from nbadsl.inputs import Input, Value
from nbadsl.interpreter.expressions import MATCH
from nbadsl.program.intervals import MAX, Interval, declared
from nbadsl.program.nodes import Parameter
from nbadsl.prove.facts import Facts
from nbadsl.prove.values import (
    NO,
    YES,
    Encoded,
    Flag,
    Members,
    Number,
    Term,
    Text,
    choose,
    compare,
    constant,
    double,
    either,
    every,
    implies,
    literal,
    some,
)
from nbadsl.types import Clock, Date, Integer, Set, Time, Type, Words
from nbadsl.types import Flag as FlagType
from nbadsl.types import Text as TextType
from nbadsl.zone import Zone

WORD = z3.DeclareSort("Word")
_CODE = z3.Function("code", WORD, z3.IntSort())  # tells the constants apart
WHOLE = (
    Integer,
    Date,
)  # moments are real numbers: z3 is quicker with them, and they are rounded where they are read


class Inputs:
    """Variables, made when they are first asked for, and what is true of them."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.words: dict[str, Term] = {}
        self.texts: dict[str, Term] = {}
        self.matches: dict[tuple[str, str], z3.FuncDeclRef] = {}
        self._made: dict[str, Encoded] = {}
        self._kept: dict[str, set[Input]] = {}  # declarations that a variable keeps

    # --- variables ---

    def variable(self, kind: str, field: Input, unknown: bool) -> Encoded:
        """A field of the profile or context. `kind`: its first word in z3. `unknown`: whether it may be."""
        name = f"{kind} {field.name}: {field.type}"
        if name not in self._made:
            known = z3.Bool(f"{name} known") if unknown else YES
            self._made[name] = self._variable(name, field, known)
        if field not in self._kept.setdefault(name, {field}):
            self._kept[name].add(field)
            self._narrow(self._made[name], field, unknown)
        return self._made[name]

    def _narrow(self, made: Encoded, field: Input, unknown: bool) -> None:
        """A variable keeps what several policies declare of it."""
        if not unknown and not z3.is_true(known(made)):
            self.facts.always.append(known(made))
        if isinstance(made, Number):
            self.facts.add([made.value], within(made.value, declared(field)))

    def _variable(self, name: str, field: Input, known: Term) -> Encoded:
        match field.type:
            case FlagType():
                yes = z3.Bool(name)
                return Flag(yes if z3.is_true(known) else z3.And(known, yes), z3.And(known, z3.Not(yes)))
            case Set(words):
                return Members({word: z3.Bool(f"{name} {word}") for word in words}, known)
            case Words(words):
                word = z3.Const(name, WORD)
                self.facts.add([word], [some(word == self.word(each) for each in words)])
                return Text(word, known)
            case TextType():
                text = self.texts[name] = z3.Const(name, WORD)
                return Text(text, known)
        return self.number(name, field, known)

    def number(self, name: str, field: Input, known: Term = YES) -> Number:
        """A number within its declared range."""
        whole = isinstance(field.type, WHOLE)
        value = z3.Int(name) if whole else z3.Real(name)
        low, high = declared(field)
        self.facts.add([value], within(value, (low, high)))
        return Number(value, known, (low, high), (value, 1) if whole else None)

    def parameter(self, parameter: Parameter, now: Term, zone: Zone, free: bool) -> Encoded:
        """A parameter: free within its range, or as declared at a moment."""
        if free:
            return self.variable("parameter", parameter.input, False)
        value = self.literal(parameter.input.default, parameter.input.type)
        # Of two changes on one day the one written later holds.
        for change in sorted(parameter.changes, key=lambda each: each.day):
            begun = compare(">=", now, literal(zone.midnight(change.day)))
            value = pick(begun, self.literal(change.value, parameter.input.type), value)
        return value

    # --- constants ---

    def literal(self, value: Value, type: Type) -> Encoded:
        match value:
            case bool():
                return Flag(YES, NO) if value else Flag(NO, YES)
            case str():
                return Text(self.word(value), YES)
            case frozenset():
                assert isinstance(type, Set)
                return Members({word: YES if word in value else NO for word in type.words}, YES)
            case None:
                return Number(literal(0), NO, (0.0, 0.0))
        term = literal(value)
        return Number(term, YES, (value, value), (term, 1) if term.is_int() else None)

    def word(self, text: str) -> Term:
        """A text of the policy. Different ones are different things."""
        if text not in self.words:
            word = z3.Const(f"text #{len(self.words)}", WORD)  # names of z3 end at a NUL
            self.facts.add([word], [_CODE(word) == len(self.words)])
            for (op, pattern), match in self.matches.items():
                self.facts.always.append(match(word) == MATCH[op](text, pattern))
            self.words[text] = word
        return self.words[text]

    def match(self, op: str, pattern: str) -> z3.FuncDeclRef:
        """Whether a text starts with, ends with or contains another one."""
        if (op, pattern) not in self.matches:
            match = z3.Function(f"{op} #{len(self.matches)}", WORD, z3.BoolSort())
            self.facts.always += [
                match(word) == MATCH[op](text, pattern) for text, word in self.words.items()
            ]
            self.matches[op, pattern] = match
        return self.matches[op, pattern]

    # --- a model read back ---

    def value(self, model: z3.ModelRef, encoded: Encoded, type: Type) -> Value:
        """What a variable is in a model."""
        match encoded:
            case Flag(yes, no):
                return True if holds(model, yes) else False if holds(model, no) else None
            case Members(has, known):
                return (
                    frozenset(w for w, inside in has.items() if holds(model, inside))
                    if holds(model, known)
                    else None
                )
            case Text(value, known):
                return self._text(model, value, type) if holds(model, known) else None
            case Number(value, known):
                found = number_in(model, value)
                exact = Fraction(math.floor(found)) if isinstance(type, Time | Clock) else found
                return double(exact) if holds(model, known) else None

    def _text(self, model: z3.ModelRef, value: Term, type: Type) -> str:
        found = model.evaluate(value, model_completion=True)
        for text, word in self.words.items():
            if (not isinstance(type, Words) or text in type.words) and found.eq(model.evaluate(word)):
                return text
        wanted = [key for key, match in self.matches.items() if holds(model, match(value))]
        others = list(dict.fromkeys(str(model.evaluate(text)) for text in self.texts.values()))
        name = str(found)
        return _another(wanted, set(self.words), others.index(name) if name in others else 0)


def _another(wanted: Sequence[tuple[str, str]], taken: set[str], number: int) -> str:
    """A text that is none of some, and matches patterns, as far as putting them one after the other does it."""

    def of(op: str) -> str:
        return max((pattern for each, pattern in wanted if each == op), key=len, default="")

    inside = " ".join(pattern for op, pattern in wanted if op == "contains")
    tails = ("", "x", "xyz", *(f"x{n}" for n in range(len(taken) + 1)))
    found = (f"{of('starts')}{inside}{tail}{number or ''}{of('ends')}" for tail in tails)
    return next(text for text in found if text and text not in taken)


def within(value: Term, bounds: Interval, when: Term = YES) -> list[Term]:
    """That a number keeps bounds, where there are any."""
    low, high = bounds
    kept = [compare(">=", value, literal(low))] if low > -MAX else []
    kept += [compare("<=", value, literal(high))] if high < MAX else []
    return [implies(when, every(kept))] if kept else []


def pick(condition: Term, then: Encoded, otherwise: Encoded) -> Encoded:
    """One of two values, by a condition that is never unknown."""
    match then, otherwise:
        case Flag(), Flag():
            return Flag(choose(condition, then.yes, otherwise.yes), choose(condition, then.no, otherwise.no))
        case Number(), Number():
            low, high = min(then.bounds[0], otherwise.bounds[0]), max(then.bounds[1], otherwise.bounds[1])
            value = choose(condition, then.value, otherwise.value)
            return Number(value, choose(condition, then.known, otherwise.known), (low, high))
        case Text(), Text():
            value = choose(condition, then.value, otherwise.value)
            return Text(value, choose(condition, then.known, otherwise.known))
        case Members(), Members():
            has = {word: choose(condition, then.has[word], otherwise.has[word]) for word in then.has}
            return Members(has, choose(condition, then.known, otherwise.known))
    raise AssertionError("two values of one type")


def holds(model: z3.ModelRef, condition: Term) -> bool:
    return bool(z3.is_true(model.evaluate(condition, model_completion=True)))


def number_in(model: z3.ModelRef, value: Term) -> Fraction:
    """A number in a model, which in linear arithmetic is a fraction."""
    found = model.evaluate(value, model_completion=True)
    exact = constant(found)
    return exact if exact is not None else Fraction(found.approx(20).as_fraction())


def known(value: Encoded) -> Term:
    return either(value.yes, value.no) if isinstance(value, Flag) else value.known
