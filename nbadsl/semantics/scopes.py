"""Actions, groups and channels, and what stands in their blocks."""

from __future__ import annotations

from nbadsl.diagnostics import Edit, Fix
from nbadsl.semantics.constants import literal
from nbadsl.semantics.fixes import unit_advice
from nbadsl.semantics.infer import Inference
from nbadsl.semantics.keys import judge_field, judge_scope
from nbadsl.semantics.rules import judge_purpose, judge_reader, judge_rule, judge_uniform
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import (
    CALENDAR_UNITS,
    FLAG,
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

_RULES = {"require", "eligible", "exclude", "boost"}
_CONTACTS = {"limit", "rest", "budget", "quiet"}
# What may stand where. `via` is the block of a channel in an action.
ALLOWED: dict[str, set[str]] = {
    "channel": {*_RULES, *_CONTACTS, "title", "cost"},
    "group": {*_RULES, *_CONTACTS, "title", "purpose", "active", "exempt"},
    "action": {
        *_RULES,
        *_CONTACTS,
        *("title", "purpose", "active", "exempt"),
        *("via", "content", "send", "propensity", "value", "cost"),
    },
    "via": {*_RULES, "content", "send", "propensity", "value", "cost", "limit", "quiet"},
    "content": {*_RULES, "title", "propensity", "value", "cost"},
}
_ONCE = {"title", "purpose", "active", "propensity", "value", "cost", "exempt", "quiet", "send"}


def item_name(item: nodes.Item) -> str:
    """The keyword that an item begins with."""
    match item:
        case nodes.Rule():
            return item.stage
        case nodes.Factor():
            return item.kind
        case _:
            return type(item).__name__.lower()


def judge_scopes(inference: Inference) -> None:
    """All actions, groups and channels."""
    cycles: set[frozenset[str]] = set()
    for scope in inference.model.scopes.values():
        _judge_parent(inference, scope, cycles)
        purpose = inference.model.purpose_of(scope) if scope.kind != "channel" else None
        _Block(inference, purpose, f"{scope.kind} `{scope.name.text}`").judge(scope.kind, scope.items)


def judge_overall(inference: Inference) -> None:
    """Limits, rests, budgets and quiet hours outside any block."""
    block = _Block(inference, None, "the policy")
    for overall in inference.model.overall:
        block.item(overall.item)


def _judge_parent(inference: Inference, scope: nodes.Scope, cycles: set[frozenset[str]]) -> None:
    model, found = inference.model, inference.found
    if scope.parent is None or judge_scope(model, scope.parent, ("group",), found) is None:
        return
    seen: list[str] = [scope.name.text]
    parent: nodes.Name | None = scope.parent
    while parent is not None and parent.text not in seen:
        seen.append(parent.text)
        parent = model.scopes[parent.text].parent if parent.text in model.scopes else None
    if parent is not None and parent.text == scope.name.text and frozenset(seen) not in cycles:
        cycles.add(frozenset(seen))
        path = " → ".join([*seen, parent.text])
        found.report("recursive-definition", scope.name.span, name=scope.name.text, path=path)


class _Block:
    """The items of one block. `where` is how messages call it."""

    def __init__(self, inference: Inference, purpose: str | None, where: str) -> None:
        self.inference, self.purpose, self.where = inference, purpose, where
        self.model, self.found = inference.model, inference.found

    def judge(self, kind: str, items: tuple[nodes.Item, ...]) -> None:
        seen: dict[str, nodes.Item] = {}
        for item in items:
            name = item_name(item)
            if name not in ALLOWED[kind]:
                allowed = ", ".join(f"`{a}`" for a in sorted(ALLOWED[kind]))
                help = f"there can stand {allowed}"
                self.found.report("misplaced-item", item.span, what=name, where=self.where, help=help)
                continue
            if name in _ONCE and name in seen:
                related = ((seen[name].span, "the first one"),)
                self.found.report("repeated-item", item.span, what=name, where=self.where, related=related)
            seen[name] = item
            self.item(item)
        self._channels(items)
        self._contents(items)

    def item(self, item: nodes.Item) -> None:
        match item:
            case nodes.Rule():
                judge_rule(self.inference, item, self.purpose, self.where)
            case nodes.Purpose():
                self._purpose(item)
            case nodes.Active():
                self._active(item)
            case nodes.Via():
                for channel in item.channels:
                    judge_scope(self.model, channel, ("channel",), self.found)
                self._inner("via", f"`via {item.channels[0].text}` of {self.where}", item.items)
            case nodes.Content():
                self._content(item)
            case nodes.Send():
                self._send(item)
            case nodes.Factor():
                self._factor(item)
            case nodes.Boost():
                self._boost(item)
            case nodes.Limit():
                self._limit(item)
            case nodes.Rest():
                self._rest(item)
            case nodes.Budget():
                self._budget(item)
            case nodes.Quiet():
                self._quiet(item)
            case nodes.Title() | nodes.Exempt():
                pass

    def _inner(self, kind: str, where: str, items: tuple[nodes.Item, ...]) -> None:
        _Block(self.inference, self.purpose, where).judge(kind, items)

    def _channels(self, items: tuple[nodes.Item, ...]) -> None:
        seen: set[str] = set()
        for channel in (c for item in items if isinstance(item, nodes.Via) for c in item.channels):
            if channel.text in seen:
                self.found.report("repeated-item", channel.span, what=f"via {channel.text}", where=self.where)
            seen.add(channel.text)

    def _contents(self, items: tuple[nodes.Item, ...]) -> None:
        seen: set[str] = set()
        for content in (item for item in items if isinstance(item, nodes.Content)):
            if content.name.text in seen:
                what = f'content "{content.name.text}"'
                self.found.report("repeated-item", content.name.span, what=what, where=self.where)
            seen.add(content.name.text)

    def _purpose(self, item: nodes.Purpose) -> None:
        purposes = self.model.settings.purposes
        if item.name.text not in purposes and "*" not in self.model.broken:
            help = "list it under `purposes` in the policy block"
            self.found.report("unknown-purpose", item.name.span, name=item.name.text, help=help)

    def _active(self, item: nodes.Active) -> None:
        judge_period(self.inference, item.period)

    def _content(self, item: nodes.Content) -> None:
        if item.when is not None:
            self._flag(item.when)
        self._inner("content", f'content "{item.name.text}" of {self.where}', item.items)

    def _flag(self, when: nodes.Expr) -> None:
        info = self.inference.require(when, FLAG, "the condition after `when`")
        judge_purpose(self.inference, info, when.span, self.purpose, self.where)

    def _send(self, item: nodes.Send) -> None:
        seen: set[str] = set()
        for slot in item.slots:
            if slot.name.text in seen:
                self.found.report("repeated-item", slot.span, what=slot.name.text, where="`send`")
            seen.add(slot.name.text)
            self._offset(slot.by)

    def _offset(self, by: nodes.Name | None) -> None:
        if by is not None:
            judge_field(
                self.model, by, "the offset", (Duration,), "a duration, the offset from UTC", self.found
            )
            judge_reader(self.inference, by, self.purpose, self.where)

    def _factor(self, item: nodes.Factor) -> None:
        info = self.inference.infer(item.value)
        judge_purpose(self.inference, info, item.value.span, self.purpose, self.where)
        fits = {"propensity": (Integer, Number), "cost": (Money,), "value": (Integer, Number, Money)}[
            item.kind
        ]
        expected = {"propensity": "a number", "cost": "money", "value": "a number or money"}[item.kind]
        own = Money(self.model.settings.currency)
        if item.kind == "cost" and isinstance(info.type, Money) and info.type != own:
            self.found.report(
                "wrong-type", item.value.span, what="`cost`", found=f"`{info.type}`", expected=f"`{own}`"
            )
        if not isinstance(info.type, (*fits, Anything)):
            help, fixes = unit_advice(item.value, own) if item.kind == "cost" else ("", ())
            what = f"`{item.kind}`"
            self.found.report(
                "wrong-type",
                item.value.span,
                what=what,
                found=f"`{info.type}`",
                expected=expected,
                help=help,
                fixes=fixes,
            )

    def _boost(self, item: nodes.Boost) -> None:
        info = self.inference.require(item.value, NUMBER, "`boost`")
        judge_purpose(self.inference, info, item.value.span, self.purpose, self.where)
        if item.when is not None:
            self._flag(item.when)

    # --- contacts ---

    def _limit(self, item: nodes.Limit) -> None:
        info = self.inference.require(item.count, NUMBER, "the number of a `limit`")
        judge_uniform(self.inference, item.count, info, "the number of a `limit`")
        self._whole(item.count, "the number of a `limit`", 0)
        profile = self.model.profile
        if item.subject is not None and profile is not None and item.subject.text != profile.name.text:
            judge_field(
                self.model,
                item.subject,
                "a limit",
                (Text,),
                f"a text (or `{profile.name.text}`)",
                self.found,
                ("field", "context"),
            )
            judge_reader(self.inference, item.subject, self.purpose, self.where)
        self._subject_unknown(item)
        self._window(item.window)

    def _subject_unknown(self, item: nodes.Limit) -> None:
        """Whom a limit holds for where its subject is unknown must be said, and only there."""
        symbol = self.model.symbols.get(item.subject.text) if item.subject is not None else None
        may_be = symbol is not None and symbol.input is not None and symbol.input.optional
        if item.unknown is not None and item.unknown.text not in ("blocks", "passes"):
            help = "write `unknown blocks` or `unknown passes`"
            self.found.report(
                "wrong-unknown-clause", item.unknown.span, word=item.unknown.text, stage="limit", help=help
            )
        elif item.unknown is None and may_be:
            assert item.subject is not None
            end = Span(item.span.source, item.span.end, item.span.end)
            fixes = tuple(
                Fix(f"say `unknown {word}`", (Edit(end, f", unknown {word}"),))
                for word in ("passes", "blocks")
            )
            help = "`unknown passes`: the limit is not for them; `unknown blocks`: they get none of it"
            self.found.report(
                "unsettled-unknown", item.span, what=f"`{item.subject.text}`", help=help, fixes=fixes
            )
        elif item.unknown is not None and not may_be:
            self.found.report("idle-unknown-clause", item.unknown.span)

    def _window(self, window: nodes.Window) -> None:
        if window.length is not None:
            self._length(window.length)
        if window.since is not None:
            judge_field(self.model, window.since, "a window", (Date, Time), "a date or time", self.found)
            judge_reader(self.inference, window.since, self.purpose, self.where)

    def _length(self, length: nodes.Quantity) -> None:
        if length.unit in CALENDAR_UNITS:
            what = "a step of the calendar, not a length"
            help = f"write it in days, or `per {length.unit.removesuffix('s')}` for the calendar's"
            self.found.report("not-a-value", length.span, name=length.span.text, what=what, help=help)
        elif length.count <= 0:
            self.found.report("wrong-range", length.span, found=f"`{length.span.text}`")

    def _rest(self, item: nodes.Rest) -> None:
        self._length(item.length)
        if item.count is not None:
            self._whole(item.count, "how often it happened", 1)
        if item.within is not None:
            self._length(item.within)
        if item.of is not None:
            judge_scope(self.model, item.of, ("action", "group", "channel"), self.found)

    def _budget(self, item: nodes.Budget) -> None:
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
        self._window(item.window)

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

    def _whole(self, number: nodes.Expr, what: str, least: int) -> None:
        """A literal count; expressions are not judged here."""
        read = literal(number, self.model.settings.zone)
        if read is None or not isinstance(read[1], Integer | Number):
            return
        value = float(read[0])
        if value < least or value != int(value):
            expected = f"a whole number, {least} or more"
            found = f"`{number.span.text}`"
            self.found.report("wrong-count", number.span, what=what, found=found, expected=expected)

    def _quiet(self, item: nodes.Quiet) -> None:
        if item.start.value == item.end.value:
            self.found.report("wrong-range", item.span, found=f"`{item.start.span.to(item.end.span).text}`")
        self._offset(item.by)
        if item.unknown is not None and item.unknown.text not in ("blocks", "passes"):
            help = "write `unknown blocks` or `unknown passes`"
            self.found.report(
                "wrong-unknown-clause", item.unknown.span, word=item.unknown.text, stage="quiet", help=help
            )


def judge_period(inference: Inference, period: nodes.Period) -> None:
    """A period must not end before it starts."""
    start, end = period.start, period.end
    if start is not None and end is not None:
        if (start.day, start.clock or 0.0) > (end.day, 86_400e6 if end.clock is None else end.clock):
            inference.found.report("wrong-range", period.span, found=f"`{period.span.text}`")
