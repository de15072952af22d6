"""The candidates of an action: one for every channel, content and slot, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes

Items = tuple[nodes.Item, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One candidate, still in the words of the tree.

    `via` and `content_items`: what stands in those blocks. `when`: the content's own condition. `at`: the
    slot's time of day in microseconds (None for now) and `by` the field with the person's offset.
    """

    action: nodes.Scope
    groups: tuple[nodes.Scope, ...]
    holder: nodes.Scope | None
    via: Items
    content: str | None
    content_items: Items
    when: nodes.Expr | None
    slot: str | None
    at: float | None
    by: str | None

    @property
    def channel(self) -> str | None:
        return self.holder.name.text if self.holder else None

    def layers(self) -> Iterator[tuple[str, Items]]:
        """The blocks that a candidate inherits from, outermost first, with the name that reports use."""
        for group in self.groups:
            yield f"group {group.name.text}", group.items
        yield f"action {self.action.name.text}", self.action.items
        if self.holder is not None:
            yield f"channel {self.holder.name.text}", self.holder.items
            yield f"action {self.action.name.text} via {self.holder.name.text}", self.via
        if self.content is not None:
            yield f'content "{self.content}"', self.content_items

    def items(self) -> Iterator[nodes.Item]:
        """All items that hold for the candidate, outermost first."""
        for _, items in self.layers():
            yield from items


def places(model: Model, action: nodes.Scope) -> Iterator[Place]:
    """The candidates of an action."""
    groups = tuple(model.groups_of(action))
    for holder, via in _channels(model, action):
        for content in _contents(action, via):
            for slot in _slots(action, via):
                yield Place(
                    action,
                    groups,
                    holder,
                    via,
                    content.name.text if content else None,
                    content.items if content else (),
                    content.when if content else None,
                    slot.name.text if slot else None,
                    slot.at.value if slot and slot.at else None,
                    slot.by.text if slot and slot.by else None,
                )


def _channels(model: Model, action: nodes.Scope) -> Iterator[tuple[nodes.Scope | None, Items]]:
    vias = [i for i in action.items if isinstance(i, nodes.Via)]
    if not vias:
        yield None, ()
    for via in vias:
        for channel in via.channels:
            yield model.scopes[channel.text], via.items


def _contents(action: nodes.Scope, via: Items) -> list[nodes.Content | None]:
    """The contents of the channel's block, else those of the action, else one candidate without any."""
    for items in (via, action.items):
        found: list[nodes.Content | None] = [i for i in items if isinstance(i, nodes.Content)]
        if found:
            return found
    return [None]


def _slots(action: nodes.Scope, via: Items) -> list[nodes.Slot | None]:
    for items in (via, action.items):
        for item in items:
            if isinstance(item, nodes.Send):
                return list(item.slots)
    return [None]
