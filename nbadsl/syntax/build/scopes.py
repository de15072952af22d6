"""The rules of channels, groups and actions."""

from __future__ import annotations

from lark import Token

from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.syntax.build.inputs import Inputs
from nbadsl.syntax.build.words import Part, Parts, all_of, exprs, first, keyed, part_of


class Scopes(Inputs):
    """Channels, groups and actions."""

    def title_item(self, parts: Parts) -> nodes.Title:
        return nodes.Title(self.string_of(parts[1]), self.span(parts))

    def purpose(self, parts: Parts) -> nodes.Purpose:
        return nodes.Purpose(self.name_of(parts[1]), self.span(parts))

    def period(self, parts: Parts) -> nodes.Period:
        moments = dict(zip((str(p) for p in parts[::2]), parts[1::2], strict=True))
        return nodes.Period(moments.get("from"), moments.get("until"), self.span(parts))

    def active(self, parts: Parts) -> nodes.Active:
        return nodes.Active(parts[1], self.span(parts))

    def unknown(self, parts: Parts) -> Part:
        token = parts[0]
        word = str(token).split()[-1]
        end = token.end_pos or 0
        return Part("unknown", nodes.Name(word, Span(self.source, end - len(word), end)), self.span(parts))

    def because(self, parts: Parts) -> Part:
        return Part("because", self.string_of(parts[1]), self.span(parts))

    def _rule(self, parts: Parts) -> nodes.Rule:
        unknown, because = part_of(parts, "unknown"), part_of(parts, "because")
        return nodes.Rule(str(parts[0]), exprs(parts)[0], unknown, because, self.span(parts))

    require = eligible = exclude = _rule

    def via_names(self, parts: Parts) -> nodes.Via:
        return nodes.Via(parts[1].value, (), self.span(parts))

    def via_block(self, parts: Parts) -> nodes.Via:
        return nodes.Via((self.name_of(parts[1]),), all_of(parts, nodes.Item), self.span(parts))

    def content_block(self, parts: Parts) -> Part:
        return Part("items", all_of(parts, nodes.Item), self.span(parts))

    def content(self, parts: Parts) -> nodes.Content:
        when = next(iter(exprs(parts)), None)
        return nodes.Content(self.string_of(parts[1]), when, part_of(parts, "items") or (), self.span(parts))

    by = keyed("by")

    def slot_now(self, parts: Parts) -> nodes.Slot:
        return nodes.Slot(self.name_of(parts[0]), None, None, self.span(parts))

    def slot_at(self, parts: Parts) -> nodes.Slot:
        return nodes.Slot(
            self.name_of(parts[0]), self.clock_of(parts[2]), part_of(parts, "by"), self.span(parts)
        )

    def send(self, parts: Parts) -> nodes.Send:
        return nodes.Send(all_of(parts, nodes.Slot), self.span(parts))

    def _factor(self, parts: Parts) -> nodes.Factor:
        return nodes.Factor(str(parts[0]), parts[1], self.span(parts))

    propensity = value = cost = _factor

    def boost(self, parts: Parts) -> nodes.Boost:
        when = parts[3] if len(parts) > 3 else None
        return nodes.Boost(parts[1], when, self.span(parts))

    def counted(self, parts: Parts) -> Part:
        return Part("counted", str(parts[0]), self.span(parts))

    subject = keyed("subject")

    def rolling_window(self, parts: Parts) -> nodes.Window:
        return nodes.Window(parts[-1], None, None, self.span(parts))

    def calendar_window(self, parts: Parts) -> nodes.Window:
        return nodes.Window(None, str(parts[-1]), None, self.span(parts))

    def since_window(self, parts: Parts) -> nodes.Window:
        return nodes.Window(None, None, self.name_of(parts[-1]), self.span(parts))

    def ever_window(self, parts: Parts) -> nodes.Window:
        return nodes.Window(None, None, None, self.span(parts))

    def limit(self, parts: Parts) -> nodes.Limit:
        counted, subject = part_of(parts, "counted") or "decided", part_of(parts, "subject")
        window, unknown = first(parts, nodes.Window), part_of(parts, "unknown")
        return nodes.Limit(exprs(parts)[0], counted, subject, window, unknown, self.span(parts))

    of_scope = keyed("of")

    def in_quantity(self, parts: Parts) -> Part:
        return Part("within", parts[1], self.span(parts))

    def rest(self, parts: Parts) -> nodes.Rest:
        numbers = self.numbers_of(parts)
        count = numbers[0] if numbers else None
        outcome = next(str(p) for p in parts if isinstance(p, Token) and p.type == "OUTCOME")
        of, within = part_of(parts, "of"), part_of(parts, "within")
        return nodes.Rest(parts[1], count, outcome, of, within, self.span(parts))

    def on_outcome(self, parts: Parts) -> Part:
        return Part("on", str(parts[1]), self.span(parts))

    def budget(self, parts: Parts) -> nodes.Budget:
        amount, each = exprs(parts)
        window = first(parts, nodes.Window)
        return nodes.Budget(amount, window, each, part_of(parts, "on") or "decided", self.span(parts))

    def counted_too(self, parts: Parts) -> Part:
        return Part("counted", True, self.span(parts))

    def exempt(self, parts: Parts) -> nodes.Exempt:
        return nodes.Exempt(bool(part_of(parts, "counted")), self.span(parts))

    def quiet(self, parts: Parts) -> nodes.Quiet:
        start, end = self.clock_of(parts[1]), self.clock_of(parts[3])
        return nodes.Quiet(start, end, part_of(parts, "by"), part_of(parts, "unknown"), self.span(parts))

    def was(self, parts: Parts) -> Part:
        return Part("was", self.strings_of(parts), self.span(parts))

    def _scope(self, parts: Parts) -> nodes.Scope:
        names = self.names_of(parts)
        parent = names[1] if len(names) > 1 else None
        items = all_of(parts, nodes.Item)
        return nodes.Scope(
            str(parts[0]), names[0], part_of(parts, "was") or (), parent, items, self.span(parts)
        )

    channel = group = action = _scope

    def overall(self, parts: Parts) -> nodes.Overall:
        return nodes.Overall(parts[0], self.span(parts))
