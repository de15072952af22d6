"""Channels, groups and actions: which there are, where they belong, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar, get_args

from nbadsl.difference.change import LOOSENED, MOVED, RENAMED, TIGHTENED, Change, change
from nbadsl.difference.limits import Limit, limits
from nbadsl.difference.periods import period_change
from nbadsl.difference.rules import rules
from nbadsl.difference.shape import shape
from nbadsl.difference.sides import Sides, either, matched, out_of_order
from nbadsl.ide.plain import in_words
from nbadsl.syntax import nodes

Items = tuple[nodes.Item, ...]
Item = TypeVar("Item")
KINDS = ("channel", "group", "action")


def scopes(sides: Sides) -> Iterator[Change]:
    """What differs between the blocks of two policies."""
    for kind in KINDS:
        old, new = sides.old.scopes_of(kind), sides.new.scopes_of(kind)
        pairs = matched(old, new, (lambda s: sides.named(s.name.text),))
        for a, b in pairs:
            if a is None or b is None:
                yield _one_sided(kind, a, b)
            else:
                yield from _both(sides, f"{kind} {b.name.text}", a, b)
        order = [s.name.text for s in new]
        for name in out_of_order([sides.named(s.name.text) for s in old], order) if kind == "action" else ():
            before, after = next(p for p in pairs if p[1] is not None and p[1].name.text == name)
            assert before is not None and after is not None
            text = "stands elsewhere in the order of the file, which decides between equal scores"
            yield change(f"action {name}", "order", text, before, after, kind=MOVED)


def renames(sides: Sides) -> None:
    """Learn what is called otherwise: a block that says `was`, and none of the old name is left."""
    for scope in sides.new.scopes.values():
        for former in scope.was:
            if former.text in sides.old.scopes and scope.name.text not in sides.old.scopes:
                sides.renamed[former.text] = scope.name.text


def _one_sided(kind: str, old: nodes.Scope | None, new: nodes.Scope | None) -> Change:
    scope = either(old, new)
    words = [kind, *(["in", scope.parent.text] if scope.parent else [])]
    channels = [c.text for i in scope.items if isinstance(i, nodes.Via) for c in i.channels]
    words += ["via", ", ".join(channels)] if channels else []
    subject = f"{kind} {scope.name.text}"
    return change(subject, "block", " ".join(words), old, new)


def _both(sides: Sides, subject: str, old: nodes.Scope, new: nodes.Scope) -> Iterator[Change]:
    spans = old.name, new.name
    if old.name.text != new.name.text:
        yield change(subject, "name", f"was called {old.name.text}", *spans, kind=RENAMED)
    if tuple(w.text for w in old.was) != tuple(w.text for w in new.was) and old.name.text == new.name.text:
        was = ", ".join(w.text for w in new.was) or "nothing else"
        yield change(subject, "name", f"its contacts in the history go on from {was}", *spans)
    parent = sides.named(old.parent.text) if old.parent else "no group"
    if parent != (new.parent.text if new.parent else "no group"):
        moved = f"in {new.parent.text if new.parent else 'no group'} instead of {parent}"
        yield change(subject, "group", moved, *spans, kind=MOVED)
        yield from _moved(sides, subject, old, new)
    else:
        yield from items(sides, subject, old.items, new.items)
    if sides.old.purpose_of(old) != sides.new.purpose_of(new):
        purposes = (_one(s.items, nodes.Purpose) for s in (old, new))
        yield from sides.value(subject, "purpose", *purposes)


def _moved(sides: Sides, subject: str, old: nodes.Scope, new: nodes.Scope) -> Iterator[Change]:
    """What differs for a block in another group: what it had from the groups that it has left counts as its own, and so
    does what it has from those that it is in now. Their limits count other contacts than a limit of its own."""
    before = {sides.named(g.name.text): g for g in sides.old.groups_of(old)}
    after = {g.name.text: g for g in sides.new.groups_of(new)}
    left = [item for name, g in before.items() if name not in after for item in g.items]
    come = [item for name, g in after.items() if name not in before for item in g.items]
    for item in (i for i in left if isinstance(i, get_args(Limit))):
        yield change(subject, "limit", item.span.words, item, None, LOOSENED)
    for item in (i for i in come if isinstance(i, get_args(Limit))):
        yield change(subject, "limit", item.span.words, None, item, TIGHTENED)
    own = [tuple(i for i in some if isinstance(i, nodes.Rule | nodes.Boost)) for some in (left, come)]
    yield from items(sides, subject, (*own[0], *old.items), (*own[1], *new.items))


def items(sides: Sides, subject: str, old: Items, new: Items) -> Iterator[Change]:
    """What differs between two blocks."""
    yield from sides.value(subject, "title", _one(old, nodes.Title), _one(new, nodes.Title))
    yield from _active(sides, subject, old, new)
    yield from rules(sides, subject, _all(old, nodes.Rule), _all(new, nodes.Rule))
    yield from _factors(sides, subject, old, new)
    yield from _boosts(sides, subject, _all(old, nodes.Boost), _all(new, nodes.Boost))
    kinds = get_args(Limit)
    yield from limits(
        sides, subject, [i for i in old if isinstance(i, kinds)], [i for i in new if isinstance(i, kinds)]
    )
    yield from _exempt(sides, subject, old, new)
    yield from _contents(sides, subject, _all(old, nodes.Content), _all(new, nodes.Content))
    yield from sides.value(subject, "slots", _one(old, nodes.Send), _one(new, nodes.Send))
    yield from _channels(sides, subject, _all(old, nodes.Via), _all(new, nodes.Via))


def _all(items: Items, cls: type[Item]) -> list[Item]:
    return [i for i in items if isinstance(i, cls)]


def _one(items: Items, cls: type[Item]) -> Item | None:
    found = _all(items, cls)
    return found[-1] if found else None


def _active(sides: Sides, subject: str, old: Items, new: Items) -> Iterator[Change]:
    for a, b in matched(_all(old, nodes.Active), _all(new, nodes.Active), (shape, type)):
        yield from period_change(sides, subject, "active", a.period if a else None, b.period if b else None)


def _exempt(sides: Sides, subject: str, old: Items, new: Items) -> Iterator[Change]:
    before, after = _one(old, nodes.Exempt), _one(new, nodes.Exempt)
    effect = TIGHTENED if after is None else LOOSENED if before is None else ""
    for found in sides.value(subject, "limit", before, after):
        yield replace(found, effect=effect)


# --- what scores are made of ---


def _factors(sides: Sides, subject: str, old: Items, new: Items) -> Iterator[Change]:
    for kind in ("propensity", "value", "cost"):
        before = [i for i in _all(old, nodes.Factor) if i.kind == kind]
        after = [i for i in _all(new, nodes.Factor) if i.kind == kind]
        for a, b in matched(before, after, (shape, type)):
            if a is not None and b is not None:
                yield from sides.number(subject, kind, kind, a.value, b.value)
            else:
                one = either(a, b)
                yield change(subject, kind, f"{kind}: {in_words(one.value)}", a, b)


def _boosts(sides: Sides, subject: str, old: list[nodes.Boost], new: list[nodes.Boost]) -> Iterator[Change]:
    keys = (shape, lambda b: shape(b.when), lambda b: shape(b.value), type)
    for a, b in matched(old, new, keys):
        if a is None or b is None:
            one = either(a, b)
            yield change(subject, "boost", _boost(one), a, b)
            continue
        yield from sides.number(subject, "boost", "boost", a.value, b.value)
        yield from sides.when(subject, "boost", f"boost {b.value.span.words}", a, b)


def _boost(boost: nodes.Boost) -> str:
    when = f" when {in_words(boost.when)}" if boost.when is not None else ""
    return f"boost {boost.value.span.words}{when}"


# --- contents and channels ---


def _contents(
    sides: Sides, subject: str, old: list[nodes.Content], new: list[nodes.Content]
) -> Iterator[Change]:
    for a, b in matched(old, new, (lambda c: c.name.text,)):
        if a is None or b is None:
            one = either(a, b)
            when = f" when {in_words(one.when)}" if one.when is not None else ""
            yield change(subject, "content", f"content “{one.name.text}”{when}", a, b)
            continue
        name = f"content “{b.name.text}”"
        yield from sides.when(subject, "content", name, a, b)
        yield from items(sides, f"{subject}, {name}", a.items, b.items)
    order = [c.name.text for c in new]
    if out_of_order([c.name.text for c in old], order):
        text = f"contents in another order, which decides between equal scores: {', '.join(order)}"
        yield change(subject, "content", text, old[0], new[0], kind=MOVED)


def _channels(
    sides: Sides, subject: str, old: Sequence[nodes.Via], new: Sequence[nodes.Via]
) -> Iterator[Change]:
    before = {sides.named(c.text): (v, c) for v in old for c in v.channels}
    after = {c.text: (v, c) for v in new for c in v.channels}
    for name in dict.fromkeys((*after, *before)):
        a, b = before.get(name), after.get(name)
        if a is None or b is None:
            yield change(subject, "channel", f"via {name}", a and a[1], b and b[1])
        else:
            yield from items(sides, f"{subject} via {name}", a[0].items, b[0].items)
    order: list[Any] = list(after)
    if out_of_order(list(before), order):
        text = f"channels in another order, which decides between equal scores: {', '.join(order)}"
        yield change(subject, "channel", text, old[0], new[0], kind=MOVED)
