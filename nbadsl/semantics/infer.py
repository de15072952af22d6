"""Find out what every expression is.

Takes a model with its symbols; fills `infos` (type, whether it may be unknown, bounds, what it reads) and
`uses` (what each name means) for every expression that `judge` asks about.

Types flow both ways: upward from the parts, and downward as the *expected* type, which tells a bare word
(`basic`) from a field and a day from an instant. A define is inferred once; a function or table anew for
each call, with what is known of its arguments, so that unknown and bounds stay exact. After a mistake
the expression has the type `anything`, which agrees with everything: one mistake, one message.
"""

from __future__ import annotations

from dataclasses import replace

from nbadsl.diagnostics import Findings
from nbadsl.inputs import FACTORS, FACTS, MOMENTS
from nbadsl.semantics import bounds, calls, conditions, operators
from nbadsl.semantics.constants import literal
from nbadsl.semantics.fixes import unit_advice
from nbadsl.semantics.mismatch import mismatch
from nbadsl.semantics.model import NOTHING_KNOWN, Fact, Info, Local, Model, Symbol, Word, merge, through
from nbadsl.semantics.unknown_names import report_unknown, report_word
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import (
    ANYTHING,
    CALENDAR_UNITS,
    DATE,
    FLAG,
    TEXT,
    TIME,
    Anything,
    Date,
    Duration,
    Integer,
    Money,
    Number,
    Set,
    Time,
    Type,
    Words,
)

DEEPEST = 1500  # terms of one sum, or brackets in brackets: far beyond what anybody reads


class Inference:
    """Infers expressions of one model. `factors`: what the score may read, while the score is inferred."""

    def __init__(self, model: Model, found: Findings) -> None:
        self.model, self.found = model, found
        self.factors: dict[str, Info] = {}
        self.defining: list[str] = []
        self.cycles: set[frozenset[str]] = set()
        self.bodies: dict[tuple[object, ...], Info] = {}
        self.chained: set[int] = set()
        self.depth = 0

    # --- entry points ---

    def infer(
        self, expr: nodes.Expr, expected: Type | None = None, local: dict[str, Info] | None = None
    ) -> Info:
        """The info of an expression; also kept in the model."""
        self.depth += 1
        try:
            if self.depth > DEEPEST:
                self.found.report("too-deep", expr.span, help="give a part of it a name with `define`")
                return NOTHING_KNOWN
            info = self._infer(expr, expected, local or {})
        finally:
            self.depth -= 1
        self.model.infos[expr] = info
        return info

    def require(
        self, expr: nodes.Expr, expected: Type, what: str, local: dict[str, Info] | None = None
    ) -> Info:
        """Infer an expression that must have a type; anything else is reported."""
        info = self.infer(expr, expected, local)
        if self.accepts(expected, info.type):
            return info
        help, fixes = unit_advice(expr, expected)
        self.found.report(
            "wrong-type",
            expr.span,
            what=what,
            found=f"`{info.type}`",
            expected=f"`{expected}`",
            help=help,
            fixes=fixes,
        )
        return replace(info, type=ANYTHING)

    def accepts(self, expected: Type, found: Type) -> bool:
        if isinstance(found, Anything) or isinstance(expected, Anything):
            return True
        return found == expected or (isinstance(expected, Number) and isinstance(found, Integer))

    # --- expressions ---

    def _infer(self, expr: nodes.Expr, expected: Type | None, local: dict[str, Info]) -> Info:
        match expr:
            case nodes.Reference():
                return self._reference(expr, expected, local)
            case nodes.Binary(operator="and" | "or"):
                return conditions.junction(self, expr, local)
            case nodes.Binary(operator="or else"):
                return self._or_else(expr, expected, local)
            case nodes.Binary(operator="is" | "is not"):
                return conditions.equality(self, expr, local)
            case nodes.Binary(operator="starts with" | "ends with" | "contains"):
                return conditions.match(self, expr, local)
            case nodes.Binary():
                return self._binary(expr, expected, local)
            case nodes.Moment(clock=None) if isinstance(expected, Time):
                return Info(TIME)
            case nodes.TextValue() if isinstance(expected, Words):
                return self._word(expr, expected)
            case nodes.Number(value=0.0, whole=True) if isinstance(expected, Money | Duration):
                return Info(expected, low=0.0, high=0.0)  # nothing is nothing in every unit
            case nodes.Quantity() if expr.unit in CALENDAR_UNITS:
                help = "months and years differ in length: write days, or use it with a date (`today - 3 months`)"
                self.found.report(
                    "not-a-value", expr.span, name=expr.span.text, what="a step of the calendar", help=help
                )
                return NOTHING_KNOWN
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
            case nodes.Brackets():
                return self.infer(expr.inner, expected, local)
            case nodes.Unary():
                return self._unary(expr, local)
            case nodes.If():
                return self._if(expr, expected, local)
            case nodes.OneOf():
                return conditions.one_of(self, expr, local)
            case nodes.Between():
                return conditions.between(self, expr, local)
            case nodes.Is():
                return conditions.state(self, expr, local)
            case nodes.Recency():
                return conditions.recency(self, expr, local)
            case nodes.Has():
                return conditions.has(self, expr, local)
            case nodes.Call():
                return calls.infer_call(self, expr, expected, local)

    def _literal(self, expr: nodes.Expr) -> Info:
        read = literal(expr, self.model.settings.zone)
        assert read is not None
        value, type = read
        if isinstance(value, bool | str):
            return Info(type)
        return Info(type, low=value, high=value)

    def _word(self, expr: nodes.TextValue, expected: Words) -> Info:
        """A word in quotation marks."""
        if expr.value not in expected.words:
            report_word(self, expr, expr.value, expected)
            return NOTHING_KNOWN
        self.model.uses[expr] = Word(expr.value)
        return Info(expected)

    # --- names ---

    def _reference(self, expr: nodes.Reference, expected: Type | None, local: dict[str, Info]) -> Info:
        name = expr.name
        if isinstance(expected, Words) and name in expected.words:
            self.model.uses[expr] = Word(name)
            return Info(expected)
        if name in local:
            self.model.uses[expr] = Local(name)
            return local[name]
        symbol = self.model.lookup(name, expr.span)
        if symbol is not None:
            self.model.uses[expr] = symbol
            return self._symbol(symbol, expr.span)
        fact = self._fact(expr)
        if fact is not None:
            self.model.uses[expr] = Fact(name)
            return fact
        report_unknown(self, expr, expected, local)
        return NOTHING_KNOWN

    def _symbol(self, symbol: Symbol, span: Span) -> Info:
        match symbol.kind:
            case "field" | "context" | "parameter":
                return self._input(symbol)
            case "define":
                return self._define(symbol, span)
            case "experiment":
                words = tuple(a.name.text for a in symbol.node.arms)
                return Info(Words(words), varies=symbol.name)
            case _:
                help = f"call it: `{symbol.name}(…)`"
                self.found.report("not-a-value", span, name=symbol.name, what=symbol.phrase, help=help)
                return NOTHING_KNOWN

    def _input(self, symbol: Symbol) -> Info:
        declared = symbol.input
        assert declared is not None
        low, high = bounds.of_input(declared)
        may_be_unknown = (declared.optional or declared.never) and declared.default is None
        return Info(
            declared.type,
            unknown=may_be_unknown,
            why=f"`{symbol.name}`" if may_be_unknown else "",
            never=declared.never,
            low=low,
            high=high,
            only_for=frozenset({(symbol.name, symbol.purpose, "")}) if symbol.purpose else frozenset(),
            varies=symbol.name if symbol.kind == "field" else "",
        )

    def _define(self, symbol: Symbol, span: Span) -> Info:
        node = symbol.node
        known = self.model.infos.get(node)
        if known is not None:
            return known
        if symbol.name in self.defining:
            self.report_recursion(symbol.name, span)
            return NOTHING_KNOWN
        self.defining.append(symbol.name)
        depth, self.depth = self.depth, 0
        factors, self.factors = self.factors, {}
        info = through(symbol.name, self.infer(node.value))
        self.factors, self.depth = factors, depth
        self.defining.pop()
        self.model.infos[node] = info
        return info

    def report_recursion(self, name: str, span: Span) -> None:
        cycle = frozenset(self.defining[self.defining.index(name) :])
        if cycle in self.cycles:
            return
        self.cycles.add(cycle)
        path = " → ".join([*self.defining[self.defining.index(name) :], name])
        self.found.report("recursive-definition", span, name=name, path=path)

    def _fact(self, expr: nodes.Reference) -> Info | None:
        match expr.name:
            case name if name in MOMENTS:
                return Info(MOMENTS[name])
            case "channel":
                channels = tuple(s.name.text for s in self.model.scopes_of("channel"))
                return Info(Words(channels), of_candidate=True)
            case "content":
                return Info(TEXT, of_candidate=True)
            case "slot":
                return Info(Words(self.model.slots), of_candidate=True)
            case name if name in FACTORS:
                if name not in self.factors:
                    self.found.report("factor-outside-score", expr.span, factor=name)
                    return NOTHING_KNOWN
                return replace(self.factors[name], of_candidate=True)
            case _:
                return None

    # --- values ---

    def _unary(self, expr: nodes.Unary, local: dict[str, Info]) -> Info:
        if expr.operator == "not":
            return merge(FLAG, self.require(expr.operand, FLAG, "what follows `not`", local))
        operand = self.infer(expr.operand, None, local)
        if not isinstance(operand.type, Integer | Number | Money | Duration | Anything):
            self.found.report(
                "wrong-type",
                expr.span,
                what="what follows `-`",
                found=f"`{operand.type}`",
                expected="a number",
            )
            return NOTHING_KNOWN
        return merge(operand.type, operand, low=-operand.high, high=-operand.low)

    def two(
        self, first: nodes.Expr, second: nodes.Expr, local: dict[str, Info], expected: Type | None = None
    ) -> tuple[Info, Info]:
        """Two sides that tell each other what a bare word, a day or a zero among them means."""
        if self.is_loose(first, local) and not self.is_loose(second, local):
            right = self.infer(second, expected, local)
            return self.infer(first, expected or right.type, local), right
        left = self.infer(first, expected, local)
        return left, self.infer(second, expected or left.type, local)

    def is_loose(self, expr: nodes.Expr, local: dict[str, Info]) -> bool:
        match expr:
            case nodes.Reference():
                known = expr.name in local or self.model.lookup(expr.name, expr.span) is not None
                return not known and expr.name not in FACTS
            case nodes.Moment() | nodes.Number(value=0.0) | nodes.TextValue():
                return True
            case _:
                return False

    def _if(self, expr: nodes.If, expected: Type | None, local: dict[str, Info]) -> Info:
        condition = self.require(expr.condition, FLAG, "the condition after `if`", local)
        then, otherwise = self.two(expr.then, expr.otherwise, local, expected)
        return self._one_type(expr, "else", then, otherwise, (condition,))

    def _or_else(self, expr: nodes.Binary, expected: Type | None, local: dict[str, Info]) -> Info:
        left, right = self.two(expr.left, expr.right, local, expected)
        info = self._one_type(expr, "or else", left, right, ())
        return replace(info, unknown=right.unknown, why=right.why, never=False)

    def _one_type(
        self, expr: nodes.Expr, operator: str, left: Info, right: Info, conditions: tuple[Info, ...]
    ) -> Info:
        type = operators.join(left.type, right.type)
        if type is None or isinstance(type, Set):
            mismatch(self, expr, left.type, right.type, operator)
            return NOTHING_KNOWN
        low, high = min(left.low, right.low), max(left.high, right.high)
        return merge(type, *conditions, left, right, low=low, high=high)

    def _binary(self, expr: nodes.Binary, expected: Type | None, local: dict[str, Info]) -> Info:
        if (
            expr.operator in "+-"
            and isinstance(expr.right, nodes.Quantity)
            and expr.right.unit in CALENDAR_UNITS
        ):
            return self._step(expr, local)
        if expr.operator in "*/^":
            left, right = self.infer(expr.left, None, local), self.infer(expr.right, None, local)
        else:
            left, right = self.two(expr.left, expr.right, local)
        type = operators.result(expr.operator, left.type, right.type)
        if type is None:
            mismatch(self, expr, left.type, right.type)
            return NOTHING_KNOWN
        if expr.operator in operators.COMPARISONS:
            return conditions.asked(left, right)
        low, high = bounds.of_operator(expr.operator, left, right)
        info = merge(type, left, right, low=low, high=high)
        if bounds.may_be_undefined(expr.operator, left, right):
            info = replace(info, unknown=True, why=info.why or f"`{' '.join(expr.span.text.split())}`")
        return info

    def _step(self, expr: nodes.Binary, local: dict[str, Info]) -> Info:
        assert isinstance(expr.right, nodes.Quantity)
        months = expr.right.count * CALENDAR_UNITS[expr.right.unit]
        if months != int(months):
            found, what = f"`{expr.right.span.text}`", "a step of the calendar"
            self.found.report("wrong-count", expr.right.span, what=what, found=found, expected="whole months")
        left = self.infer(expr.left, DATE, local)
        if not isinstance(left.type, Date | Anything):
            self.found.report(
                "mismatched-types",
                expr.span,
                operator=expr.operator,
                left=f"`{left.type}`",
                right=f"`{expr.right.span.text}`",
                help="months and years are steps from a date",
            )
        return merge(DATE, left)
