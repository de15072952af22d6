"""The syntax tree: what stands in the source, and nothing else.

Nodes compare by identity, so that tables can hold facts about them; every node knows its span. Words
that could be wrong (type names, units of a week, hit policies) are kept as the author wrote them;
`semantics` judges them. Each docstring shows the text that the node stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nbadsl.source import Source, Span
from nbadsl.syntax.choices import Arbitrate as Arbitrate
from nbadsl.syntax.choices import Arm as Arm
from nbadsl.syntax.choices import AtMost as AtMost
from nbadsl.syntax.choices import Entry as Entry
from nbadsl.syntax.choices import Event as Event
from nbadsl.syntax.choices import Expect as Expect
from nbadsl.syntax.choices import Experiment as Experiment
from nbadsl.syntax.choices import Explore as Explore
from nbadsl.syntax.choices import Fallback as Fallback
from nbadsl.syntax.choices import Guarantee as Guarantee
from nbadsl.syntax.choices import Holdout as Holdout
from nbadsl.syntax.choices import Line as Line
from nbadsl.syntax.choices import Most as Most
from nbadsl.syntax.choices import Pick as Pick
from nbadsl.syntax.choices import Priority as Priority
from nbadsl.syntax.choices import Score as Score
from nbadsl.syntax.choices import Test as Test
from nbadsl.syntax.choices import TestCases as TestCases
from nbadsl.syntax.choices import TestEntries as TestEntries
from nbadsl.syntax.choices import TestHistory as TestHistory
from nbadsl.syntax.choices import TestNow as TestNow
from nbadsl.syntax.choices import Threshold as Threshold
from nbadsl.syntax.expressions import Amount as Amount
from nbadsl.syntax.expressions import Between as Between
from nbadsl.syntax.expressions import Binary as Binary
from nbadsl.syntax.expressions import Brackets as Brackets
from nbadsl.syntax.expressions import Call as Call
from nbadsl.syntax.expressions import ClockValue as ClockValue
from nbadsl.syntax.expressions import Expr as Expr
from nbadsl.syntax.expressions import FlagValue as FlagValue
from nbadsl.syntax.expressions import Has as Has
from nbadsl.syntax.expressions import If as If
from nbadsl.syntax.expressions import Is as Is
from nbadsl.syntax.expressions import Moment as Moment
from nbadsl.syntax.expressions import Name as Name
from nbadsl.syntax.expressions import Number as Number
from nbadsl.syntax.expressions import OneOf as OneOf
from nbadsl.syntax.expressions import Quantity as Quantity
from nbadsl.syntax.expressions import Recency as Recency
from nbadsl.syntax.expressions import Reference as Reference
from nbadsl.syntax.expressions import String as String
from nbadsl.syntax.expressions import TextValue as TextValue
from nbadsl.syntax.expressions import Unary as Unary
from nbadsl.syntax.inputs import Cell as Cell
from nbadsl.syntax.inputs import Change as Change
from nbadsl.syntax.inputs import Context as Context
from nbadsl.syntax.inputs import Define as Define
from nbadsl.syntax.inputs import Field as Field
from nbadsl.syntax.inputs import Function as Function
from nbadsl.syntax.inputs import Import as Import
from nbadsl.syntax.inputs import Modifier as Modifier
from nbadsl.syntax.inputs import Parameter as Parameter
from nbadsl.syntax.inputs import Policy as Policy
from nbadsl.syntax.inputs import Profile as Profile
from nbadsl.syntax.inputs import Range as Range
from nbadsl.syntax.inputs import Row as Row
from nbadsl.syntax.inputs import Setting as Setting
from nbadsl.syntax.inputs import Table as Table
from nbadsl.syntax.inputs import TypeName as TypeName
from nbadsl.syntax.items import Active as Active
from nbadsl.syntax.items import Boost as Boost
from nbadsl.syntax.items import Budget as Budget
from nbadsl.syntax.items import Content as Content
from nbadsl.syntax.items import Exempt as Exempt
from nbadsl.syntax.items import Factor as Factor
from nbadsl.syntax.items import Item as Item
from nbadsl.syntax.items import Limit as Limit
from nbadsl.syntax.items import Overall as Overall
from nbadsl.syntax.items import Period as Period
from nbadsl.syntax.items import Purpose as Purpose
from nbadsl.syntax.items import Quiet as Quiet
from nbadsl.syntax.items import Rest as Rest
from nbadsl.syntax.items import Rule as Rule
from nbadsl.syntax.items import Scope as Scope
from nbadsl.syntax.items import Send as Send
from nbadsl.syntax.items import Slot as Slot
from nbadsl.syntax.items import Title as Title
from nbadsl.syntax.items import Via as Via
from nbadsl.syntax.items import Window as Window


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
    | AtMost
    | Test
    | Broken
)


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """A whole file, declaration by declaration."""

    source: Source
    declarations: tuple[Declaration, ...]
