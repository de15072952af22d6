"""Limits, rests, budgets and quiet hours, each by itself: numbers, fields and words that can stand in them.

What they do together with others is seen in `contacts` and `quiet_hours`.
"""

from __future__ import annotations

from typing import assert_never

from nbadsl.semantics.constants import literal
from nbadsl.semantics.infer import Inference
from nbadsl.semantics.keys import judge_field, judge_scope
from nbadsl.semantics.rules import judge_reader, judge_uniform
from nbadsl.semantics.unknown import judge_unknown
from nbadsl.syntax import nodes
from nbadsl.types import (
    CALENDAR_UNITS,
    NUMBER,
    Anything,
    Date,
    Duration,
    Integer,
    Money,
    Number,
    Text,
    Time,
    Type,
)

Contact = nodes.Limit | nodes.Rest | nodes.Budget | nodes.Quiet


def judge_contact(inference: Inference, item: Contact, purpose: str | None, where: str) -> None:
    """One item of a block that has a purpose. `where`: how messages call the block."""
    judge = _Judge(inference, purpose, where)
    match item:
        case nodes.Limit():
            judge.limit(item)
        case nodes.Rest():
            judge.rest(item)
        case nodes.Budget():
            judge.budget(item)
        case nodes.Quiet():
            judge.quiet(item)
        case _:
            assert_never(item)


def judge_offset(inference: Inference, by: nodes.Name | None, purpose: str | None, where: str) -> None:
    """The field by whose clock something happens."""
    if by is not None:
        expected = "a duration, the offset from UTC"
        judge_field(inference.model, by, "the offset", (Duration,), expected, inference.found)
        judge_reader(inference, by, purpose, where)


def judge_at_most(inference: Inference, promise: nodes.AtMost) -> None:
    """A promise about limits. It decides nothing, so it may read fields of any purpose."""
    judge = _Judge(inference, None, "a guarantee")
    judge.whole_count(promise.count, "the number of a guarantee", 0)
    judge.subject(promise.subject, "a guarantee")
    judge.window(promise.window)


class _Judge:
    def __init__(self, inference: Inference, purpose: str | None, where: str) -> None:
        self.inference, self.purpose, self.where = inference, purpose, where
        self.model, self.found = inference.model, inference.found

    def limit(self, item: nodes.Limit) -> None:
        info = self.inference.require(item.count, NUMBER, "the number of a `limit`")
        judge_uniform(self.inference, item.count, info, "the number of a `limit`")
        self.whole_count(item.count, "the number of a `limit`", 0)
        if self.subject(item.subject, "a limit") and item.subject is not None:
            judge_reader(self.inference, item.subject, self.purpose, self.where)
        judge_unknown(self.found, "limit", item, item.window.span, self._unknown(item.subject))
        self._read_window(item.window)

    def subject(self, name: nodes.Name | None, what: str) -> bool:
        """By what contacts are counted. Whether it is a field, and not the person."""
        profile = self.model.profile
        if name is None or profile is None or name.text == profile.name.text:
            return False
        expected = f"a text (or `{profile.name.text}`)"
        judge_field(self.model, name, what, (Text,), expected, self.found, ("field", "context"))
        return True

    def _read_window(self, window: nodes.Window) -> None:
        self.window(window)
        if window.since is not None:
            judge_reader(self.inference, window.since, self.purpose, self.where)

    def window(self, window: nodes.Window) -> None:
        if window.length is not None:
            self._length(window.length)
        if window.since is not None:
            judge_field(self.model, window.since, "a window", (Date, Time), "a date or time", self.found)

    def _length(self, length: nodes.Quantity) -> None:
        if length.unit in CALENDAR_UNITS:
            what = "a step of the calendar, not a length"
            help = f"write it in days, or `per {length.unit.removesuffix('s')}` for the calendar's"
            self.found.report("not-a-value", length.span, name=length.span.text, what=what, help=help)
        elif length.count <= 0:
            self.found.report("wrong-range", length.span, found=f"`{length.span.text}`")

    def rest(self, item: nodes.Rest) -> None:
        self._length(item.length)
        if item.count is not None:
            self.whole_count(item.count, "how often it happened", 1)
        if item.within is not None:
            self._length(item.within)
        if item.of is not None:
            judge_scope(self.model, item.of, ("action", "group", "channel"), self.found)

    def budget(self, item: nodes.Budget) -> None:
        amount = self._money(item.amount, "a budget")
        each = self._money(item.each, "the cost of `each`")
        if isinstance(amount, Money) and isinstance(each, Money) and amount != each:
            self.found.report(
                "wrong-type",
                item.each.span,
                what="the cost of `each`",
                found=f"`{each}`",
                expected=f"`{amount}`",
            )
        self._read_window(item.window)

    def _money(self, value: nodes.Expr, what: str) -> Type:
        info = self.inference.infer(value)
        judge_uniform(self.inference, value, info, what)
        if not isinstance(info.type, Money | Anything):
            self.found.report("wrong-type", value.span, what=what, found=f"`{info.type}`", expected="money")
        elif info.high < 0:
            self.found.report(
                "out-of-range", value.span, found=f"`{value.span.text}`", range="what can be spent"
            )
        return info.type

    def whole_count(self, number: nodes.Expr, what: str, least: int) -> None:
        """A literal count; expressions are not judged here."""
        read = literal(number, self.model.settings.zone)
        if read is None or not isinstance(read[1], Integer | Number):
            return
        value = float(read[0])
        if value < least or value != int(value):
            expected = f"a whole number, {least} or more"
            found = f"`{number.span.text}`"
            self.found.report("wrong-count", number.span, what=what, found=found, expected=expected)

    def quiet(self, item: nodes.Quiet) -> None:
        if item.start.value == item.end.value:
            self.found.report("wrong-range", item.span, found=f"`{item.start.span.to(item.end.span).text}`")
        judge_offset(self.inference, item.by, self.purpose, self.where)
        before = item.by.span if item.by is not None else item.end.span
        judge_unknown(self.found, "quiet", item, before, self._unknown(item.by))

    def _unknown(self, field: nodes.Name | None) -> str:
        """A field that may be unknown, as messages call it."""
        symbol = self.model.symbols.get(field.text) if field is not None else None
        may_be = (
            field is not None and symbol is not None and symbol.input is not None and symbol.input.optional
        )
        return f"`{field.text}`" if field is not None and may_be else ""
