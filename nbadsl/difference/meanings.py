"""The expressions of two policies in one pool, so that what means the same is the same object.

Takes two models without errors; translates their expressions. Definitions, functions and tables are spelled out, so
their names do not matter. What a block knows of its candidates (channel, score factors) stays a name. The pool is
stricter about sameness than the compiler's: it brings `and`, `or`, comparisons and sums into one order. A field that
both policies have is one column that holds what either lets in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

from nbadsl.difference.shape import shape
from nbadsl.inputs import MOMENTS, OF_CANDIDATE, Input, Value
from nbadsl.lint.facts import Facts, Whole
from nbadsl.lint.narrow import parts
from nbadsl.program import nodes as ir
from nbadsl.program.env import Env
from nbadsl.program.intervals import NOW, TODAY, declared, union
from nbadsl.program.nodes import Expr
from nbadsl.program.pool import Pool
from nbadsl.program.translate import Translator
from nbadsl.semantics.model import Model, Symbol
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import NUMBER, TEXT, Set, Type, Words

INPUTS = ("field", "context", "parameter")
_ANY_ORDER = {"add", "mul", "min", "max"}


class OrderedPool(Pool):
    """One object for each meaning, also where it is written in another order."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[Expr, int] = {}

    def place(self, expr: Expr) -> int:
        """A number of its own for each expression."""
        return self._places.setdefault(expr, len(self._places))

    def literal(self, value: bool | float | str | None, type: Type, origin: Span | None = None) -> ir.Literal:
        # A word is the same word when its field has got another one beside it.
        return super().literal(value, TEXT if isinstance(type, Words) else type, origin)

    def both(self, left: Expr, right: Expr, origin: Span | None = None) -> Any:
        return self._chained(ir.And, left, right)

    def either(self, left: Expr, right: Expr, origin: Span | None = None) -> Any:
        return self._chained(ir.Or, left, right)

    def _chained(self, cls: Any, left: Expr, right: Expr) -> Expr:
        operands = sorted({*parts(left, cls), *parts(right, cls)}, key=self.place)
        return reduce(lambda a, b: self._pair(cls, a, b, None), operands)

    def same(self, left: Expr, right: Expr, origin: Span | None = None) -> ir.Same:
        first, second = sorted((left, right), key=self.place)
        return super().same(first, second)

    def negate(self, operand: Expr, origin: Span | None = None) -> Any:
        match operand:
            case ir.Not():
                return operand.operand
            case ir.Compare(op="<"):
                return self.compare("<=", operand.right, operand.left)
            case ir.Compare(op="<="):
                return self.compare("<", operand.right, operand.left)
        return super().negate(operand)

    def compare(self, op: str, left: Expr, right: Expr, origin: Span | None = None) -> ir.Compare:
        if op in (">", ">="):
            return self.compare({">": "<", ">=": "<="}[op], right, left)
        if op in ("==", "!="):
            left, right = sorted((left, right), key=self.place)
        return super().compare(op, left, right)

    def arithmetic(
        self, op: str, *operands: Expr, type: Type = NUMBER, origin: Span | None = None
    ) -> ir.Arithmetic:
        if op in _ANY_ORDER:
            operands = tuple(sorted(operands, key=self.place))
        return super().arithmetic(op, *operands, type=type)


class Reader(Translator):
    """Translates expressions of one of the policies. `inputs`: by name, fields and parameters as both have them;
    `values`: of parameters whose value is not the same in both."""

    def __init__(
        self, model: Model, pool: Pool, inputs: Mapping[str, Input], values: Mapping[str, Value]
    ) -> None:
        super().__init__(model, pool)
        self.inputs, self.values = inputs, values

    def read(self, expr: nodes.Expr) -> Expr:
        """The meaning of an expression."""
        return self.translate(expr, Env())

    def symbol(self, symbol: Symbol, env: Env, at: Span | None = None) -> Expr:
        joint = self.inputs.get(symbol.name) if symbol.kind in INPUTS else None
        if joint is None:
            return super().symbol(symbol, env, at)
        if symbol.kind == "parameter" and symbol.name in self.values:
            value = self.values[symbol.name]
            assert not isinstance(value, frozenset)
            return self.pool.literal(value, joint.type)
        unknown = (joint.optional or joint.never) and joint.default is None
        if symbol.kind == "field":
            return self.pool.column(symbol.name, joint.type, unknown)
        return self.pool.given(symbol.name, joint.type, unknown)

    def undefined(self, type: Type, origin: Span) -> Expr:
        self.places = {}  # wherever it is
        return super().undefined(type, origin)

    def _body(self, symbol: Symbol, arguments: list[Expr], env: Env, type: Type) -> Expr:
        node = symbol.node
        if isinstance(node, nodes.Table) and node.hit == "unique":  # in whatever order its rows stand
            rows = sorted(node.rows[1:], key=lambda row: repr(shape(row)))
            symbol = replace(symbol, node=replace(node, rows=(node.rows[0], *rows)))
        return super()._body(symbol, arguments, env, type)

    def _fact(self, name: str, expr: nodes.Reference, env: Env) -> Expr:
        if name in MOMENTS:
            return super()._fact(name, expr, env)
        if name in OF_CANDIDATE:
            return self.pool.given(f"the {name}", TEXT)
        return self.pool.given(f"the {name}", self._type(expr), True)


class Meanings:
    """Two policies, read side by side. `old`, `new`: their readers; `facts`: what both declare."""

    def __init__(self, old: Model, new: Model) -> None:
        olds, news = _inputs(old), _inputs(new)
        pool = OrderedPool()
        names = {*olds, *news}
        joint = {n: _joint(olds[n], news[n]) if n in olds and n in news else (olds | news)[n] for n in names}
        pinned = [n for n in olds if n in news and _pinned(old, new, n)]
        self.old = Reader(old, pool, joint, {n: olds[n].default for n in pinned})
        self.new = Reader(new, pool, joint, {n: news[n].default for n in pinned})
        bounds = {n: _bounds(olds.get(n), news.get(n)) for n in names}
        self.facts = Facts(Whole(bounds, {**bounds, "now": NOW, "today": TODAY}))


def _inputs(model: Model) -> dict[str, Input]:
    return {s.name: s.input for kind in INPUTS for s in model.of_kind(kind) if s.input is not None}


def _pinned(old: Model, new: Model, name: str) -> bool:
    """Whether a parameter has one value in each policy, and not the same."""
    a, b = old.symbols[name], new.symbols[name]
    if (a.kind, b.kind) != ("parameter", "parameter") or a.node.changes or b.node.changes:
        return False
    assert a.input is not None and b.input is not None
    return a.input.default != b.input.default


def _joint(old: Input, new: Input) -> Input:
    match old.type, new.type:
        case Words(a), Words(b):
            type: Type = Words(tuple(dict.fromkeys((*a, *b))))
        case Set(a), Set(b):
            type = Set(tuple(dict.fromkeys((*a, *b))))
        case _:
            if old.type != new.type:
                return new
            type = new.type
    default = new.default if old.default is not None else None
    return replace(
        new, type=type, optional=old.optional or new.optional, never=old.never or new.never, default=default
    )


def _bounds(old: Input | None, new: Input | None) -> tuple[float, float]:
    if old is None or new is None:
        only = old or new
        assert only is not None
        return declared(only)
    return union(declared(old), declared(new))
