"""What stands in the blocks of actions, groups and channels, and those blocks themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nbadsl.source import Span
from nbadsl.syntax.expressions import ClockValue, Expr, Moment, Name, Number, Quantity, String


@dataclass(frozen=True, slots=True, eq=False)
class Title:
    """`title "Discount"`"""

    text: String
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Purpose:
    """`purpose marketing`"""

    name: Name
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Period:
    """`from 2026-11-01 until 2026-12-31`"""

    start: Moment | None
    end: Moment | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Active:
    """`active from 2026-11-01`"""

    period: Period
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """`exclude when income < 800 EUR, unknown keeps because "affordability"`; `stage` is `require`,
    `eligible` or `exclude`, `unknown` the clause's word."""

    stage: str
    when: Expr
    unknown: Name | None
    because: String | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """`content "winback_b" when age < 30 { … }`"""

    name: String
    when: Expr | None
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """`evening at 18:00 by utc_offset`; `at` is None for `now`"""

    name: Name
    at: ClockValue | None
    by: Name | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Send:
    """`send now, evening at 18:00`"""

    slots: tuple[Slot, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Via:
    """`via email, push` or `via email { … }` (one channel, with items)"""

    channels: tuple[Name, ...]
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """`propensity 1 - churn_risk`; `kind` is `propensity`, `value` or `cost`"""

    kind: str
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Boost:
    """`boost 1.2 when channel is push`"""

    value: Expr
    when: Expr | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """`per 7 days` (`length`), `per month` (`calendar`), `since cancelled` (`since`), `ever` (none of them)"""

    length: Quantity | None
    calendar: str | None
    since: Name | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """`limit 2 clicked per household_id per 7 days, unknown passes`"""

    count: Expr
    counted: str
    subject: Name | None
    window: Window
    unknown: Name | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """`rest 30 days after 3 ignored of retention within 60 days`; without a `count` the first one counts"""

    length: Quantity
    count: Number | None
    outcome: str
    of: Name | None
    within: Quantity | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Budget:
    """`budget 50_000 EUR per month, 15 EUR each on accepted`"""

    amount: Expr
    window: Window
    each: Expr
    outcome: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Exempt:
    """`exempt from limits but counted`"""

    counted: bool
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Quiet:
    """`quiet 21:00 to 08:00 by utc_offset, unknown blocks`"""

    start: ClockValue
    end: ClockValue
    by: Name | None
    unknown: Name | None
    span: Span


Item: TypeAlias = (
    Title
    | Purpose
    | Active
    | Rule
    | Via
    | Content
    | Send
    | Factor
    | Boost
    | Limit
    | Rest
    | Budget
    | Exempt
    | Quiet
)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """`action winback was "comeback" in retention { … }`; `kind` is `action`, `group` or `channel`"""

    kind: str
    name: Name
    was: tuple[String, ...]
    parent: Name | None
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Overall:
    """`limit 4 per customer per 7 days` outside any block: it holds for everything"""

    item: Limit | Rest | Budget | Quiet
    span: Span
