"""Priority, arbitration, chance, promises and tests."""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.source import Span
from nbadsl.syntax.expressions import Expr, Moment, Name, Number, Quantity, String
from nbadsl.syntax.inputs import Row
from nbadsl.syntax.items import Period, Window


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """`service when complained`; `scope` is None for `everything else`"""

    scope: Name | None
    when: Expr | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Priority:
    """`priority { … }`"""

    lines: tuple[Line, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """`score propensity * value`"""

    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Threshold:
    """`nothing below 0.50 EUR`"""

    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Most:
    """`at most 2 per channel`"""

    count: Number
    by: Name
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Pick:
    """`pick 3, at most 2 per channel`"""

    count: Number
    most: tuple[Most, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Fallback:
    """`fallback banner`"""

    action: Name
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Arbitrate:
    """`arbitrate { … }`"""

    choices: tuple[Score | Threshold | Pick | Fallback, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Holdout:
    """`holdout universal 5% by customer_id until 2026-12-31`"""

    name: Name
    share: Number
    by: Name
    seed: String | None
    period: Period | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """`control 50%`"""

    name: Name
    share: Number
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """`experiment price_test by customer_id { … }`"""

    name: Name
    by: Name
    seed: String | None
    arms: tuple[Arm, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Explore:
    """`explore 10% among tips`"""

    share: Number
    among: Name | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Guarantee:
    """`guarantee "no offers to minors": never promotional when age < 18`"""

    title: String
    never: bool
    scope: Name
    when: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class AtMost:
    """`guarantee "no flood": at most 3 promotional per customer per 7 days`"""

    title: String
    count: Number
    scope: Name
    subject: Name | None
    window: Window
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """`age: 30`, `last_complaint: 2 days ago`, `interests: [sport, film]`, `seen: never`, `income: unknown`;
    `value` is an expression, a Quantity with `ago`, a tuple of words, or `never` or `unknown`."""

    field: Name
    value: Expr | tuple[Name, ...] | str
    ago: bool
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """`winback sent 3 days ago via email`, or `winback sent 2026-11-07 10:00`"""

    action: Name
    outcome: str
    when: Quantity | Moment
    channel: Name | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TestNow:
    """`now 2026-11-10 10:00`"""

    moment: Moment
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TestEntries:
    """`customer { … }` (`name` is the profile's) or `context { … }`"""

    name: Name
    entries: tuple[Entry, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TestHistory:
    """`history { … }`"""

    events: tuple[Event, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TestCases:
    """`cases { … }`: the first row names the columns"""

    rows: tuple[Row, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Expect:
    """`expect apology via call_center`, `expect nothing because "holdout"`, `expect no promotional`,
    `expect score winback between 1 and 2`; `kind` is `action`, `nothing`, `no` or `score`."""

    kind: str
    scope: Name | None
    channel: Name | None
    content: String | None
    because: String | None
    between: tuple[Expr, Expr] | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """`test "a complaint silences sales" { … }`"""

    title: String
    items: tuple[TestNow | TestEntries | TestHistory | TestCases | Expect, ...]
    span: Span
