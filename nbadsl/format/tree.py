"""The nodes below a node, and whether two trees say the same wherever they stand."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from nbadsl.syntax import nodes

_PLAIN = ("str", "bool", "int", "float", "float | None", "str | None")
_parts: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {}  # of a class, see `_parts_of`


def children(node: Any) -> list[Any]:
    """The nodes directly below a node, in the order of the text."""
    if isinstance(node, nodes.Function):
        # The result has no name of its own: what stands in the text is its type.
        return [node.name, *node.parameters, node.result.type, *node.result.modifiers, node.body]
    if isinstance(node, nodes.Table):
        collect = [node.collect] if node.collect else []
        return [node.name, *node.parameters, node.result.type, *node.result.modifiers, *collect, *node.rows]
    found: list[Any] = []
    for name in _parts_of(type(node))[1]:
        value = getattr(node, name)
        if type(value) is tuple:
            found += value
        elif value is not None and type(value) is not str:
            found.append(value)
    return found


def same(left: Any, right: Any) -> bool:
    """Whether two nodes are equal but for their places."""
    todo = [(left, right)]
    while todo:
        a, b = todo.pop()
        if type(a) is not type(b):
            return False
        if type(a) is tuple:
            if len(a) != len(b):
                return False
            todo += zip(a, b, strict=True)
        elif hasattr(a, "span"):
            todo += [(getattr(a, name), getattr(b, name)) for name in _parts_of(type(a))[0]]
        elif a != b:
            return False
    return True


def _parts_of(kind: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a class of nodes but for the place, and of these the ones that may hold nodes."""
    if kind not in _parts:
        own = [f for f in fields(kind) if f.name != "span"]
        _parts[kind] = tuple(f.name for f in own), tuple(f.name for f in own if f.type not in _PLAIN)
    return _parts[kind]
