"""The syntax tree as text, one node a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from nbadsl.source import Span
from nbadsl.syntax import nodes


def show_tree(file: nodes.File) -> str:
    """Node names, their plain values, and children below them."""
    lines = [line for declaration in file.declarations for line in _lines(declaration, "", 0)]
    return "\n".join(lines) + "\n" if lines else ""


def _lines(node: Any, label: str, depth: int) -> Iterator[str]:
    head = "  " * depth + (f"{label}: " if label else "")
    if isinstance(node, nodes.Name | nodes.String):
        yield f"{head}{node.text!r}" if isinstance(node, nodes.String) else f"{head}{node.text}"
        return
    parts = [(f.name, getattr(node, f.name)) for f in fields(node) if f.name != "span"]
    plain = [
        f"{name}={value!r}" for name, value in parts if not _has_children(value) and value not in (None, ())
    ]
    yield f"{head}{type(node).__name__} {' '.join(plain)}".rstrip()
    for name, value in parts:
        for child in value if isinstance(value, tuple) else (value,):
            if _has_children(child):
                yield from _lines(child, name, depth + 1)


def _has_children(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(_has_children(v) for v in value)
    return is_dataclass(value) and not isinstance(value, Span | type)
