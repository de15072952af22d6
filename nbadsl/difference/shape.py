"""Trees compared by what they say: without places, brackets, and spellings of one number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from nbadsl.syntax import nodes
from nbadsl.types import UNITS


def shape(node: Any) -> Any:
    """A value that two nodes have in common when they say the same: `50%` is 0.5, `2 weeks` are `14 days`."""
    match node:
        case nodes.Name() | nodes.String():
            return node.text
        case nodes.Brackets():
            return shape(node.inner)
        case nodes.Number():
            return "Number", node.value
        case nodes.Quantity() if node.unit in UNITS:
            return "Quantity", node.count * UNITS[node.unit]
        case tuple():
            return tuple(shape(part) for part in node)
    if not is_dataclass(node):
        return node
    parts = (getattr(node, field.name) for field in fields(node) if field.name != "span")
    return (type(node).__name__, *(shape(part) for part in parts))


def children(node: Any) -> Iterator[Any]:
    """The nodes directly below a node."""
    parts = (
        node if isinstance(node, tuple) else (getattr(node, f.name) for f in fields(node) if f.name != "span")
    )
    for part in parts:
        if is_dataclass(part):
            yield part
        elif isinstance(part, tuple):
            yield from children(part)


def everything(node: Any) -> Iterator[Any]:
    """A node and all nodes below it."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(list(children(node)))
