"""The rules under `expr`."""

from __future__ import annotations

from nbadsl.syntax import nodes
from nbadsl.syntax.build.words import Part, Parts, Words, Wrong, exprs
from nbadsl.types import HOUR, MINUTE, SECOND


class Expressions(Words):
    """The rules under `expr`."""

    def number(self, parts: Parts) -> nodes.Number:
        return self.number_of(parts[0])

    percent = number

    def money(self, parts: Parts) -> nodes.Amount:
        return nodes.Amount(self.number_of(parts[0]).value, str(parts[1]), self.span(parts))

    def unit(self, parts: Parts) -> nodes.Name:
        return self.name_of(parts[0])

    def quantity(self, parts: Parts) -> nodes.Quantity:
        return nodes.Quantity(self.number_of(parts[0]).value, parts[1].text, self.span(parts))

    def text(self, parts: Parts) -> nodes.TextValue:
        return nodes.TextValue(self.string_of(parts[0]).text, self.span(parts))

    def yes(self, parts: Parts) -> nodes.FlagValue:
        return nodes.FlagValue(True, self.span(parts))

    def no(self, parts: Parts) -> nodes.FlagValue:
        return nodes.FlagValue(False, self.span(parts))

    def date(self, parts: Parts) -> nodes.Moment:
        return nodes.Moment(self.day_of(str(parts[0]), parts[0]), None, self.span(parts))

    def datetime(self, parts: Parts) -> nodes.Moment:
        day, clock = str(parts[0]).split(" ")
        hours, minutes, seconds = (*clock.split(":"), "0")[:3]
        value = int(hours) * HOUR + int(minutes) * MINUTE + float(seconds) * SECOND
        if int(hours) > 23 or int(minutes) > 59 or float(seconds) >= 60:
            found: dict[str, object] = {"found": str(parts[0]), "what": "time"}
            self.wrong.append(Wrong("wrong-date", self.span(parts), found))
        return nodes.Moment(self.day_of(day, parts[0]), round(value), self.span(parts))

    def clock(self, parts: Parts) -> nodes.ClockValue:
        return self.clock_of(parts[0])

    def name(self, parts: Parts) -> nodes.Reference:
        return nodes.Reference(str(parts[0]), self.span(parts))

    def call(self, parts: Parts) -> nodes.Call:
        return nodes.Call(self.name_of(parts[0]), exprs(parts), self.span(parts))

    def brackets(self, parts: Parts) -> nodes.Brackets:
        return nodes.Brackets(parts[1], self.span(parts))

    def neg(self, parts: Parts) -> nodes.Unary:
        return nodes.Unary("-", parts[1], self.span(parts))

    def not_expr(self, parts: Parts) -> nodes.Unary:
        return nodes.Unary("not", parts[1], self.span(parts))

    def _binary(self, parts: Parts) -> nodes.Binary:
        operator = " ".join(" ".join(str(p).split()) for p in parts[1:-1])
        return nodes.Binary(operator, parts[0], parts[-1], self.span(parts))

    or_expr = and_expr = compare = is_expr = is_not_expr = or_else = _binary
    add = sub = mul = div = pow = starts_with = ends_with = contains = _binary

    def if_expr(self, parts: Parts) -> nodes.If:
        return nodes.If(parts[1], parts[3], parts[5], self.span(parts))

    def options(self, parts: Parts) -> Part:
        return Part("options", exprs(parts), self.span(parts))

    def one_of(self, parts: Parts) -> nodes.OneOf:
        return nodes.OneOf(parts[0], False, parts[-1].value, self.span(parts))

    def not_one_of(self, parts: Parts) -> nodes.OneOf:
        return nodes.OneOf(parts[0], True, parts[-1].value, self.span(parts))

    def between(self, parts: Parts) -> nodes.Between:
        return nodes.Between(parts[0], False, parts[-3], parts[-1], self.span(parts))

    def not_between(self, parts: Parts) -> nodes.Between:
        return nodes.Between(parts[0], True, parts[-3], parts[-1], self.span(parts))

    def is_state(self, parts: Parts) -> nodes.Is:
        return nodes.Is(parts[0], False, str(parts[-1]), self.span(parts))

    def is_not_state(self, parts: Parts) -> nodes.Is:
        return nodes.Is(parts[0], True, str(parts[-1]), self.span(parts))

    def within(self, parts: Parts) -> nodes.Recency:
        return nodes.Recency(parts[0], "within", parts[-1], self.span(parts))

    def within_next(self, parts: Parts) -> nodes.Recency:
        return nodes.Recency(parts[0], "within next", parts[-1], self.span(parts))

    def more_than_ago(self, parts: Parts) -> nodes.Recency:
        return nodes.Recency(parts[0], "more than", parts[3], self.span(parts))

    def names(self, parts: Parts) -> Part:
        return Part("names", self.names_of(parts), self.span(parts))

    def words(self, parts: Parts) -> Part:
        return Part("words", self.words_of(parts), self.span(parts))

    def has_one(self, parts: Parts) -> nodes.Has:
        return nodes.Has(parts[0], "one", self.words_of(parts[-1:]), self.span(parts))

    def _has(self, parts: Parts) -> nodes.Has:
        return nodes.Has(parts[0], str(parts[2]), parts[-1].value, self.span(parts))

    has_any = has_all = has_none = _has
