"""What means the same in two policies: expressions of both are made in one pool, where that is one object.

A field is its column, whatever it is called; a word is the same word when its field or experiment has got others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbadsl.data.schema import column_of
from nbadsl.program.nodes import Arm, Column, Expr, Given, Literal, Program
from nbadsl.program.pool import Pool
from nbadsl.program.rewrites import Rewriter
from nbadsl.source import Span
from nbadsl.types import TEXT, Set, Type, Words


class Meanings:
    """Of two policies, the new one first."""

    def __init__(self, new: Program, old: Program) -> None:
        nodes: dict[tuple[Any, ...], Any] = {}
        self._rewriters = [Rewriter(_Pool(nodes, _columns(side))) for side in (new, old)]

    def of(self, side: int, expr: Expr | None) -> Expr | None:
        """An object that is one for all expressions of the same meaning. `side`: NEW or OLD, whose expression it is."""
        return self._rewriters[side].optional(expr)


def _columns(program: Program) -> dict[str, str]:
    return {field.name: column_of(field) for field in program.inputs}


class _Pool(Pool):
    """Of one policy; `nodes` are those of both."""

    def __init__(self, nodes: dict[tuple[Any, ...], Any], columns: Mapping[str, str]) -> None:
        self._nodes, self._columns = nodes, columns

    def literal(self, value: bool | float | str | None, type: Type, origin: Span | None = None) -> Literal:
        return super().literal(value, _plain(type), origin)

    def column(self, name: str, type: Type, unknown: bool, origin: Span | None = None) -> Column:
        return super().column(self._columns.get(name, name), _plain(type), unknown, origin)

    def given(self, name: str, type: Type, unknown: bool = False, origin: Span | None = None) -> Given:
        return super().given(name, _plain(type), unknown, origin)

    def arm(self, experiment: str, type: Words, origin: Span | None = None) -> Arm:
        return super().arm(experiment, Words(()), origin)


def _plain(type: Type) -> Type:
    """Without its words."""
    return TEXT if isinstance(type, Words) else Set(()) if isinstance(type, Set) else type
