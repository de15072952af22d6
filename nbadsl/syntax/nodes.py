"""The syntax tree: what stands in the source, and nothing else.

Nodes compare by identity, so that tables can hold facts about them; every node knows its span. Words
that could be wrong (type names, units of a week, hit policies) are kept as the author wrote them;
`semantics` judges them. Each docstring shows the text that the node stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nbadsl.source import Source, Span


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


# --- expressions ---------------------------------------------------------------------------------


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


# --- the policy and its inputs -------------------------------------------------------------------


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
    (two values, the upper one not included) or `value` (a list)."""

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


# --- who may get what, where ---------------------------------------------------------------------


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
    """`limit 2 clicked per customer per 7 days`"""

    count: Expr
    counted: str
    subject: Name | None
    window: Window
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
    """`action winback in retention { … }`; `kind` is `action`, `group` or `channel`"""

    kind: str
    name: Name
    parent: Name | None
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Overall:
    """`limit 4 per customer per 7 days` outside any block: it holds for everything"""

    item: Limit | Rest | Budget | Quiet
    span: Span


# --- choosing ------------------------------------------------------------------------------------


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


# --- promises and tests --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Guarantee:
    """`guarantee "no offers to minors": never promotional when age < 18`"""

    title: String
    never: bool
    scope: Name
    when: Expr
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
    """`winback sent 3 days ago via email`"""

    action: Name
    outcome: str
    ago: Quantity
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


# --- files ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Broken:
    """A declaration that could not be parsed. What it would have declared is kept, so that its uses are not
    reported as well: `keyword` and `name` as far as they can be read."""

    keyword: str
    name: str
    span: Span


Declaration: TypeAlias = (
    Policy
    | Import
    | Profile
    | Context
    | Parameter
    | Define
    | Function
    | Table
    | Scope
    | Overall
    | Priority
    | Arbitrate
    | Holdout
    | Experiment
    | Explore
    | Guarantee
    | Test
    | Broken
)


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """A whole file, declaration by declaration."""

    source: Source
    declarations: tuple[Declaration, ...]
