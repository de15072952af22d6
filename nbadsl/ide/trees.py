"""Finding one's way in syntax trees: children of a node, and the nodes around an offset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import lru_cache
from typing import Any

from nbadsl.workspace import Document


@lru_cache(maxsize=256)
def _parts(cls: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls) if f.name != "span")


def children(node: Any) -> Iterator[tuple[str, Any]]:
    """The nodes directly in a node, in the order of their fields, with the names of these."""
    cls: Any = type(node)
    for name in _parts(cls):
        value = getattr(node, name)
        for each in value if isinstance(value, tuple) else (value,):
            if hasattr(each, "span"):
                yield name, each


def walk(node: Any) -> Iterator[tuple[Any, str, Any]]:
    """All nodes below a node with their parents and the fields they are in: `(parent, field, node)`."""
    left = [(node, name, child) for name, child in children(node)][::-1]
    while left:
        yield (here := left.pop())
        left += [(here[2], name, child) for name, child in children(here[2])][::-1]


def around(document: Document, offset: int) -> tuple[list[Any], int]:
    """The nodes that hold an offset, the outermost (a declaration) first, and the offset in their chunk.

    An end counts as inside; of two nodes that touch there, the one that begins is meant.
    """
    chunk, inside = document.chunk_at(offset)
    chain: list[Any] = []
    below: list[Any] = list(chunk.parsed[0].declarations)
    while True:
        holding = [n for n in below if n.span.start <= inside <= n.span.end]
        if not holding:
            return chain, inside
        chain.append(max(holding, key=lambda n: n.span.start))
        below = [child for _, child in children(chain[-1])]
