"""The policy itself, what it reads, and what it names: definitions, functions and tables."""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.source import Span
from nbadsl.syntax.expressions import Expr, Moment, Name, String


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """`timezone "Europe/Berlin"`; `kind` is its keyword, `values` its words"""

    kind: str
    values: tuple[Name | String, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """`policy mobile_retention { … }`"""

    name: Name
    settings: tuple[Setting, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """`import "customer.nba"` (`path`) or `import std.recency` (`module`)"""

    path: String | None
    module: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """`0..120`"""

    low: Expr
    high: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TypeName:
    """`integer`, `one of basic, plus`, `any of sport, film`; `words` is None for the first kind"""

    name: str
    words: tuple[Name, ...] | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Modifier:
    """What follows a type: `kind` is `in_range`, `in_unit`, `in_currency`, `optional`, `or_never`,
    `only_for`, `from_column` or `default`; `value` is its part, if it has one."""

    kind: str
    value: Range | Name | String | Expr | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """`age: integer in 0..120`, in a profile or context, as a parameter, or for a function"""

    name: Name
    type: TypeName
    modifiers: tuple[Modifier, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """`profile customer key customer_id { … }`"""

    name: Name
    key: Name
    fields: tuple[Field, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """`context { … }`"""

    fields: tuple[Field, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """`from 2026-12-01 = 1.2`"""

    start: Moment
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """`parameter sales_lever: number = 1.0 in 0.5..2.0 { from 2026-12-01 = 1.2 }`"""

    field: Field
    changes: tuple[Change, ...]
    span: Span

    @property
    def name(self) -> Name:
        return self.field.name


@dataclass(frozen=True, slots=True, eq=False)
class Define:
    """`define complained = last_complaint within 14 days`"""

    name: Name
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """`function half_life(elapsed: duration, half: duration): number = 0.5 ^ (elapsed / half)`"""

    name: Name
    parameters: tuple[Field, ...]
    result: Field
    body: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One cell of a table. `kind`: `any`, `unknown`, `compare` (`operator` and one value), `range`
    (two values, the upper one not included) or `value` (a list); in a test's cases also `never`, `ago`
    (a quantity) and `set` (references)."""

    kind: str
    operator: str
    values: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """`basic, plus | >= 70% | 20%`"""

    cells: tuple[Cell, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """`table discount(plan, churn_risk): number { … }`. A parameter without a type is a Name: it has the
    type of the field of that name. `hit`: `first`, `unique` or `collect`; `collect` names how."""

    name: Name
    parameters: tuple[Name | Field, ...]
    result: Field
    hit: str
    collect: Name | None
    rows: tuple[Row, ...]
    span: Span
