"""Makes expressions, one object for each meaning.

Two requests with the same operator, operands and type give the same node; `origin` is kept from the
first. So a pool of expressions is a graph in which every shared part stands once, comparing is `is`,
and tables can be keyed by node. Each constructor computes the node's type and whether it may be
unknown. That is a safe estimate: an operation that could overflow counts as possibly unknown even
where the data's ranges forbid it.
"""

from __future__ import annotations

from typing import Any, TypeVar

from nbadsl.program import nodes
from nbadsl.program.nodes import Expr
from nbadsl.source import Span
from nbadsl.types import FLAG, NUMBER, Type, Words

Node = TypeVar("Node")

# These give a finite result for every finite argument.
ALWAYS_DEFINED = {"neg", "abs", "floor", "ceil", "round", "min", "max"}


class Pool:
    """A growing set of expressions."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[Any, ...], Any] = {}

    def _intern(self, cls: type[Node], origin: Span | None, **parts: Any) -> Node:
        # Python says 1 == True == 1.0 and 0.0 == -0.0; repr and the type keep them apart.
        key = (cls, *(id(v) if isinstance(v, nodes.Expr) else _key(v) for v in parts.values()))
        found = self._nodes.get(key)
        if found is None:
            make: Any = cls
            found = self._nodes[key] = make(**parts, origin=origin)
        return found  # type: ignore[no-any-return]

    # --- leaves ---

    def literal(
        self, value: bool | float | str | None, type: Type, origin: Span | None = None
    ) -> nodes.Literal:
        return self._intern(nodes.Literal, origin, value=value, type=type, unknown=value is None)

    def yes(self) -> nodes.Literal:
        return self.literal(True, FLAG)

    def no(self) -> nodes.Literal:
        return self.literal(False, FLAG)

    def column(self, name: str, type: Type, unknown: bool, origin: Span | None = None) -> nodes.Column:
        return self._intern(nodes.Column, origin, name=name, type=type, unknown=unknown)

    def given(self, name: str, type: Type, unknown: bool = False, origin: Span | None = None) -> nodes.Given:
        return self._intern(nodes.Given, origin, name=name, type=type, unknown=unknown)

    def arm(self, experiment: str, type: Words, origin: Span | None = None) -> nodes.Arm:
        return self._intern(nodes.Arm, origin, experiment=experiment, type=type)

    # --- flags ---

    def negate(self, operand: Expr, origin: Span | None = None) -> nodes.Not:
        return self._intern(nodes.Not, origin, operand=operand, type=FLAG, unknown=operand.unknown)

    def both(self, left: Expr, right: Expr, origin: Span | None = None) -> nodes.And:
        return self._pair(nodes.And, left, right, origin)

    def either(self, left: Expr, right: Expr, origin: Span | None = None) -> nodes.Or:
        return self._pair(nodes.Or, left, right, origin)

    def same(self, left: Expr, right: Expr, origin: Span | None = None) -> nodes.Same:
        return self._pair(nodes.Same, left, right, origin)

    def _pair(self, cls: type[Node], left: Expr, right: Expr, origin: Span | None) -> Node:
        unknown = left.unknown or right.unknown
        return self._intern(cls, origin, left=left, right=right, type=FLAG, unknown=unknown)

    def compare(self, op: str, left: Expr, right: Expr, origin: Span | None = None) -> nodes.Compare:
        unknown = left.unknown or right.unknown
        return self._intern(nodes.Compare, origin, op=op, left=left, right=right, type=FLAG, unknown=unknown)

    def member(self, operand: Expr, values: tuple[str, ...], origin: Span | None = None) -> nodes.Member:
        values = tuple(sorted(set(values)))
        return self._intern(
            nodes.Member, origin, operand=operand, values=values, type=FLAG, unknown=operand.unknown
        )

    def match(self, op: str, operand: Expr, pattern: Expr, origin: Span | None = None) -> nodes.Match:
        unknown = operand.unknown or pattern.unknown
        return self._intern(
            nodes.Match, origin, op=op, operand=operand, pattern=pattern, type=FLAG, unknown=unknown
        )

    def has(self, op: str, operand: Expr, words: tuple[str, ...], origin: Span | None = None) -> nodes.Has:
        words = tuple(sorted(set(words)))
        return self._intern(
            nodes.Has, origin, op=op, operand=operand, words=words, type=FLAG, unknown=operand.unknown
        )

    def is_known(self, operand: Expr, origin: Span | None = None) -> nodes.IsKnown:
        return self._intern(nodes.IsKnown, origin, operand=operand, type=FLAG)

    # --- any type ---

    def choose(self, condition: Expr, then: Expr, otherwise: Expr, origin: Span | None = None) -> nodes.If:
        unknown = condition.unknown or then.unknown or otherwise.unknown
        return self._intern(
            nodes.If,
            origin,
            condition=condition,
            then=then,
            otherwise=otherwise,
            type=then.type,
            unknown=unknown,
        )

    def or_else(self, left: Expr, right: Expr, origin: Span | None = None) -> nodes.OrElse:
        unknown = left.unknown and right.unknown
        return self._intern(nodes.OrElse, origin, left=left, right=right, type=left.type, unknown=unknown)

    # --- numbers ---

    def arithmetic(
        self, op: str, *operands: Expr, type: Type = NUMBER, origin: Span | None = None
    ) -> nodes.Arithmetic:
        unknown = op not in ALWAYS_DEFINED or any(o.unknown for o in operands)
        return self._intern(nodes.Arithmetic, origin, op=op, operands=operands, type=type, unknown=unknown)

    def calendar(self, op: str, *operands: Expr, type: Type, origin: Span | None = None) -> nodes.Calendar:
        return self._intern(nodes.Calendar, origin, op=op, operands=operands, type=type, unknown=True)


def _key(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(id(v) if isinstance(v, nodes.Expr) else v for v in value)
    return repr(value) if isinstance(value, float) else value
