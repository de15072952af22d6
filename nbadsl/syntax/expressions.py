"""Expressions of the syntax tree, and the names and texts that all nodes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nbadsl.source import Span


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """`churn_risk`"""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class String:
    """`"silence after a complaint"`; `text` without quotes and escapes."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """`10_000`, `2.5`, `20%`; `whole` when written without a point or percent sign."""

    value: float
    whole: bool
    percent: bool
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Amount:
    """`12.50 EUR`"""

    value: float
    currency: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """`14 days`"""

    count: float
    unit: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TextValue:
    """`"abc"` as a value"""

    value: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class FlagValue:
    """`yes`"""

    value: bool
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """`2026-11-21` (`clock` None) or `2026-11-21 10:00`; `day` counts from 1970, `clock` in microseconds."""

    day: int
    clock: float | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class ClockValue:
    """`21:00`, in microseconds since midnight"""

    value: float
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """`churn_risk`, or a word such as `basic`: which of them, only its surroundings tell."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """`discount(plan, churn_risk)`"""

    function: Name
    arguments: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Brackets:
    """`(a or b)`"""

    inner: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Unary:
    """`not a`, `-a`; `operator` is `not` or `-`"""

    operator: str
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Binary:
    """`a + b`; `operator` is as written: `or and or else + - * / ^ < <= > >= is`, `is not`,
    `starts with`, `ends with`, `contains`."""

    operator: str
    left: Expr
    right: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class If:
    """`if a then b else c`"""

    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    """`plan is one of basic, plus`"""

    subject: Expr
    negated: bool
    options: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Between:
    """`age is between 18 and 65`"""

    subject: Expr
    negated: bool
    low: Expr
    high: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Is:
    """`income is known`; `state` is `known`, `unknown` or `never`"""

    subject: Expr
    negated: bool
    state: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Recency:
    """`seen within 14 days`, `seen within next 14 days`, `seen more than 14 days ago`;
    `relation` is `within`, `within next` or `more than`."""

    subject: Expr
    relation: str
    length: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Has:
    """`interests has any of sport, film`; `mode` is `one`, `any`, `all` or `none`"""

    subject: Expr
    mode: str
    words: tuple[Name, ...]
    span: Span


Expr: TypeAlias = (
    Number
    | Amount
    | Quantity
    | TextValue
    | FlagValue
    | Moment
    | ClockValue
    | Reference
    | Call
    | Brackets
    | Unary
    | Binary
    | If
    | OneOf
    | Between
    | Is
    | Recency
    | Has
)
