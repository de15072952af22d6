"""Actions, groups and channels, and what stands in their blocks."""

from __future__ import annotations

from nbadsl.semantics.fixes import unit_advice
from nbadsl.semantics.infer import Inference
from nbadsl.semantics.keys import judge_scope
from nbadsl.semantics.limits import judge_contact, judge_offset
from nbadsl.semantics.rules import judge_purpose, judge_rule
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import DAY, FLAG, NUMBER, Anything, Integer, Money, Number

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


def judge_former_names(inference: Inference) -> None:
    """A block's former names are its own: another one of that name, today or then, would share its contacts."""
    scopes = inference.model.scopes
    former: dict[str, tuple[Span, str]] = {}
    for scope in scopes.values():
        help = (
            f"`was` gives the contacts of that name to {scope.kind} `{scope.name.text}`, and to nothing else"
        )
        for was in scope.was:
            today = scopes.get(was.text)
            if today is not None:
                taken = today.name.span, f"{'an' if today.kind == 'action' else 'a'} {today.kind}"
            elif was.text in former:
                taken = former[was.text]
            else:
                former[was.text] = was.span, f"a former name of {scope.kind} `{scope.name.text}`"
                continue
            place, other = taken
            related = ((place, "declared here" if today is not None else "here"),)
            inference.found.report(
                "repeated-name", was.span, name=was.text, other=other, help=help, related=related
            )


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
            case nodes.Limit() | nodes.Rest() | nodes.Budget() | nodes.Quiet():
                judge_contact(self.inference, item, self.purpose, self.where)
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
            judge_offset(self.inference, slot.by, self.purpose, self.where)

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


def judge_period(inference: Inference, period: nodes.Period) -> None:
    """A period must not end before it starts."""
    start, end = period.start, period.end
    if start is not None and end is not None:
        if (start.day, start.clock or 0.0) > (end.day, DAY if end.clock is None else end.clock):
            inference.found.report("wrong-range", period.span, found=f"`{period.span.text}`")
