"""Expressions of the tree into expressions of the program.

Takes a checked model, so nothing here can fail; gives nodes of one pool. Names are replaced by what they
mean: defines, functions and tables are spelled out, and what is constant for a candidate (its channel,
content and slot, and the factors of its score) stands in an `Env`.
"""

from __future__ import annotations

from functools import reduce
from typing import assert_never

from nbadsl.inputs import MOMENTS, OF_CANDIDATE
from nbadsl.program.env import Env
from nbadsl.program.from_tables import Use, translate_table
from nbadsl.program.nodes import Column, Expr, Given
from nbadsl.program.pool import Pool
from nbadsl.semantics.constants import literal
from nbadsl.semantics.model import Builtin, Fact, Local, Model, Symbol, Word
from nbadsl.semantics.operators import COMPARISONS, SYMBOLS
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import (
    CALENDAR_UNITS,
    CLOCK,
    DATE,
    DAY,
    DURATION,
    FLAG,
    HOUR,
    INTEGER,
    NUMBER,
    TIME,
    Date,
    Duration,
    Time,
    Type,
    Words,
    is_numeric,
)


class Translator:
    """Translates expressions of one model into one pool. `uses`: of its tables, as they come."""

    def __init__(self, model: Model, pool: Pool) -> None:
        self.model, self.pool = model, pool
        self.defines: dict[tuple[str, tuple[str, ...]], Expr] = {}
        self.calls: dict[tuple[object, ...], Expr] = {}
        self.places: dict[tuple[str, int], int] = {}
        self.uses: list[Use] = []

    def translate(self, expr: nodes.Expr, env: Env) -> Expr:
        """The meaning of an expression in its surroundings."""
        pool, at = self.pool, expr.span
        match expr:
            case nodes.Reference():
                return self._reference(expr, env)
            case nodes.Brackets():
                return self.translate(expr.inner, env)
            case nodes.Binary():
                return self._binary(expr, env)
            case nodes.Unary(operator="not"):
                return pool.negate(self.translate(expr.operand, env), at)
            case nodes.Unary():
                return self._negative(expr, env)
            case nodes.If():
                condition, then = self.translate(expr.condition, env), self.translate(expr.then, env)
                return pool.choose(condition, then, self.translate(expr.otherwise, env), at)
            case nodes.OneOf():
                found = self.one_of(self.translate(expr.subject, env), expr.options, env, at)
                return pool.negate(found, at) if expr.negated else found
            case nodes.Between():
                subject, low, high = [self.translate(e, env) for e in (expr.subject, expr.low, expr.high)]
                inside = pool.both(
                    pool.compare(">=", subject, low, at), pool.compare("<=", subject, high, at), at
                )
                between: Expr = inside
                for part in (subject, low, high):
                    between = self.settled(between, part, at)
                return pool.negate(between, at) if expr.negated else between
            case nodes.Is():
                return self._state(expr, self.translate(expr.subject, env))
            case nodes.Recency():
                return self._recency(expr, env)
            case nodes.Has():
                return self._has(expr, env)
            case nodes.Call():
                return self._call(expr, env)
            case (
                nodes.Number()
                | nodes.Amount()
                | nodes.Quantity()
                | nodes.TextValue()
                | nodes.FlagValue()
                | nodes.Moment()
                | nodes.ClockValue()
            ):
                return self._literal(expr)
            case _:
                assert_never(expr)

    def _type(self, expr: nodes.Expr) -> Type:
        return self.model.infos[expr].type

    def number(self, value: float, type: Type = NUMBER) -> Expr:
        return self.pool.literal(float(value), type)

    def undefined(self, type: Type, origin: Span) -> Expr:
        """A value that is unknown, and counted as undefined at its origin."""
        # A numerator of its own for each place, so that places are counted apart.
        place = self.places.setdefault((origin.source.path, origin.start), len(self.places) + 1)
        nothing = self.pool.arithmetic("div", self.number(place), self.number(0), type=type, origin=origin)
        if is_numeric(type):
            return nothing
        blank = self.blank(type)
        return self.pool.choose(self.pool.compare("==", nothing, self.number(0)), blank, blank, origin)

    def blank(self, type: Type) -> Expr:
        """Some value of a type that is not numeric."""
        return self.pool.no() if type == FLAG else self.pool.literal("", type)

    def _literal(self, expr: nodes.Expr) -> Expr:
        zone = self.model.settings.zone
        if isinstance(expr, nodes.Moment) and expr.clock is None and self._type(expr) == TIME:
            return self.pool.literal(zone.midnight(float(expr.day)), TIME, expr.span)
        used = self.model.uses.get(expr)
        if isinstance(used, Word):
            return self.pool.literal(used.text, self._type(expr), expr.span)
        read = literal(expr, zone)
        assert read is not None
        value, type = read
        return self.pool.literal(float(value) if is_numeric(type) else value, type, expr.span)

    def _negative(self, expr: nodes.Unary, env: Env) -> Expr:
        read = literal(expr, self.model.settings.zone)
        if read is not None:
            return self.pool.literal(float(read[0]), read[1], expr.span)
        return self.pool.arithmetic(
            "neg", self.translate(expr.operand, env), type=self._type(expr), origin=expr.span
        )

    # --- names ---

    def _reference(self, expr: nodes.Reference, env: Env) -> Expr:
        match self.model.uses[expr]:
            case Word(text):
                return self.pool.literal(text, self._type(expr), expr.span)
            case Local(name):
                return env.locals[name]
            case Fact(name):
                return self._fact(name, expr, env)
            case Symbol() as symbol:
                return env.factors.get(symbol.name) or self.symbol(symbol, env, expr.span)
            case Builtin():
                raise AssertionError("a built-in function is not a value")

    def symbol(self, symbol: Symbol, env: Env, at: Span | None = None) -> Expr:
        """What a named value stands for."""
        match symbol.kind:
            case "define":
                return self._define(symbol, env)
            case "experiment":
                words = Words(tuple(a.name.text for a in symbol.node.arms))
                return self.pool.arm(symbol.name, words, at)
        declared = symbol.input
        assert declared is not None
        unknown = (declared.optional or declared.never) and declared.default is None
        if symbol.kind == "field":
            return self.pool.column(symbol.name, declared.type, unknown, at)
        return self.pool.given(symbol.name, declared.type, unknown, at)

    def _define(self, symbol: Symbol, env: Env) -> Expr:
        info = self.model.infos.get(symbol.node)
        facts = tuple(env.facts.values()) if info is None or info.of_candidate else ()
        found = self.defines.get((symbol.name, facts))
        if found is None:
            found = self.translate(symbol.node.value, Env(facts=env.facts))
            self.defines[symbol.name, facts] = found
        return found

    def _fact(self, name: str, expr: nodes.Reference, env: Env) -> Expr:
        if name in MOMENTS:
            return self.pool.given(name, MOMENTS[name], origin=expr.span)
        if name in OF_CANDIDATE:
            return self.pool.literal(env.facts.get(name, ""), self._type(expr), expr.span)
        return env.factors[name]

    # --- operators ---

    def _binary(self, expr: nodes.Binary, env: Env) -> Expr:
        pool, at, operator = self.pool, expr.span, expr.operator
        left = self.translate(expr.left, env)
        if isinstance(expr.right, nodes.Quantity) and expr.right.unit in CALENDAR_UNITS:
            months = expr.right.count * CALENDAR_UNITS[expr.right.unit]
            steps = self.number(months if operator == "+" else -months)
            return pool.calendar("add_months", left, steps, type=DATE, origin=at)
        right = self.translate(expr.right, env)
        if operator in COMPARISONS:
            return self.compare(operator, left, right, at)
        match operator:
            case "and":
                return pool.both(left, right, at)
            case "or":
                return pool.either(left, right, at)
            case "or else":
                return pool.or_else(left, right, at)
            case "is":
                return self.equal(left, right, at)
            case "is not":
                return pool.negate(self.equal(left, right, at), at)
            case "starts with" | "ends with" | "contains":
                return pool.match(operator.split()[0], left, right, at)
            case _:
                return self._arithmetic(expr, left, right)

    def equal(self, left: Expr, right: Expr, at: Span | None) -> Expr:
        """Equality in the form that fits the type."""
        if is_numeric(left.type):
            return self.compare("==", left, right, at)
        if left.type == FLAG:
            return self.pool.same(left, right, at)
        from_right = right.value if hasattr(right, "value") else None
        if isinstance(from_right, str):
            return self.pool.member(left, (from_right,), at)
        return self.pool.same(left, right, at)

    def compare(self, op: str, left: Expr, right: Expr, at: Span | None) -> Expr:
        """A comparison of numbers."""
        found = self.pool.compare(op, left, right, at)
        return self.settled(self.settled(found, left, at), right, at)

    def settled(self, found: Expr, asked: Expr, at: Span | None) -> Expr:
        """What never happened compares with nothing: where the asked field is *never*, the answer is no."""
        return self.pool.both(self.pool.is_known(asked, at), found, at) if self._is_never(asked) else found

    def _is_never(self, expr: Expr) -> bool:
        """Whether an expression is the value of an `or never` field."""
        symbol = self.model.symbols.get(expr.name) if isinstance(expr, Column | Given) else None
        return symbol is not None and symbol.input is not None and symbol.input.never

    def _state(self, expr: nodes.Is, subject: Expr) -> Expr:
        pool, at = self.pool, expr.span
        known: Expr = pool.is_known(subject, at)
        if expr.state == "never" and subject.unknown and not self._is_never(subject):
            # Of an optional value nobody knows whether it has never happened: yes becomes unknown.
            known = pool.either(known, pool.compare("==", subject, subject, at), at)
        return known if (expr.state == "known") != expr.negated else pool.negate(known, at)

    def _arithmetic(self, expr: nodes.Binary, left: Expr, right: Expr) -> Expr:
        pool, type, at = self.pool, self._type(expr), expr.span
        match left.type, right.type:
            case Date(), Duration():
                right = self._whole_days(right)
            case Duration(), Date():
                left = self._whole_days(left)
            case Date(), Date():
                days = pool.arithmetic("sub", left, right, type=NUMBER, origin=at)
                return pool.arithmetic("mul", days, self.number(DAY), type=DURATION, origin=at)
        return pool.arithmetic(SYMBOLS[expr.operator], left, right, type=type, origin=at)

    def _whole_days(self, length: Expr) -> Expr:
        """A duration in days, without its part of a day."""
        value = getattr(length, "value", None)
        if isinstance(value, float):
            return self.number(value // DAY)
        days = self.pool.arithmetic("div", length, self.number(DAY))
        return self.pool.arithmetic("floor", days)

    def one_of(self, subject: Expr, options: tuple[nodes.Expr, ...], env: Env, at: Span) -> Expr:
        values = [self.translate(o, env) for o in options]
        constants = [getattr(v, "value", None) for v in values]
        if all(isinstance(c, str) for c in constants):
            return self.pool.member(subject, tuple(str(c) for c in constants), at)
        return reduce(lambda a, b: self.pool.either(a, b, at), (self.equal(subject, v, at) for v in values))

    def _recency(self, expr: nodes.Recency, env: Env) -> Expr:
        pool, at = self.pool, expr.span
        subject, length = self.translate(expr.subject, env), self.translate(expr.length, env)
        if isinstance(subject.type, Time):
            now = pool.given("now", TIME)
        else:
            now = pool.given("today", DATE)
            length = pool.arithmetic("div", length, self.number(DAY))
        before = pool.arithmetic("sub", now, length, type=subject.type)
        after = pool.arithmetic("add", now, length, type=subject.type)
        match expr.relation:
            case "within":
                found: Expr = pool.both(
                    pool.compare("<=", subject, now, at), pool.compare(">=", subject, before, at), at
                )
            case "within next":
                found = pool.both(
                    pool.compare(">=", subject, now, at), pool.compare("<=", subject, after, at), at
                )
            case _:
                found = pool.compare("<", subject, before, at)
        return self.settled(found, subject, at)

    def _has(self, expr: nodes.Has, env: Env) -> Expr:
        subject, words = self.translate(expr.subject, env), tuple(w.text for w in expr.words)
        found = self.pool.has("all" if expr.mode == "all" else "any", subject, words, expr.span)
        return self.pool.negate(found, expr.span) if expr.mode == "none" else found

    # --- calls ---

    def _call(self, expr: nodes.Call, env: Env) -> Expr:
        arguments = [self.translate(a, env) for a in expr.arguments]
        use = self.model.uses[expr.function]
        if isinstance(use, Builtin):
            return self._builtin(use.name, arguments, expr)
        assert isinstance(use, Symbol)
        # The same function of the same arguments is translated once: nested calls stay cheap.
        key = (use.node, *env.facts.values(), *(id(a) for a in arguments))
        found = self.calls.get(key)
        if found is None:
            found = self.calls[key] = self._body(use, arguments, env, self._type(expr))
        return found

    def _body(self, symbol: Symbol, arguments: list[Expr], env: Env, type: Type) -> Expr:
        node = symbol.node
        names = [p.text if isinstance(p, nodes.Name) else p.name.text for p in node.parameters]
        inner = Env(dict(zip(names, arguments, strict=True)), env.facts)
        if symbol.kind == "function":
            return self.translate(node.body, inner)
        return translate_table(self, node, inner, type)

    def _builtin(self, name: str, arguments: list[Expr], expr: nodes.Call) -> Expr:
        pool, type, at = self.pool, self._type(expr), expr.span
        first = arguments[0]
        match name:
            case "min" | "max":
                return reduce(lambda a, b: pool.arithmetic(name, a, b, type=type, origin=at), arguments)
            case "clamp":
                above = pool.arithmetic("max", first, arguments[1], type=type, origin=at)
                return pool.arithmetic("min", above, arguments[2], type=type, origin=at)
            case "hour":
                clock = (
                    first
                    if first.type == CLOCK
                    else pool.calendar("local_clock", first, type=CLOCK, origin=at)
                )
                hours = pool.arithmetic("div", clock, self.number(HOUR))
                return pool.arithmetic("floor", hours, type=INTEGER, origin=at)
            case "weekday" | "day" | "month" | "year":
                day = (
                    first if first.type == DATE else pool.calendar("local_date", first, type=DATE, origin=at)
                )
                return pool.calendar(name, day, type=INTEGER, origin=at)
            case "months_between":
                return pool.calendar(name, *arguments, type=INTEGER, origin=at)
            case "age_in_years":
                months = pool.calendar(
                    "months_between", first, pool.given("today", DATE), type=INTEGER, origin=at
                )
                years = pool.arithmetic("div", months, self.number(12))
                return pool.arithmetic("floor", years, type=INTEGER, origin=at)
            case _:
                return pool.arithmetic(name, first, type=type, origin=at)
