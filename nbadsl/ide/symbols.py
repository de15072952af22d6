"""What is declared in a file or in the workspace, for outlines and for going to a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbadsl.ide.snapshot import Snapshot
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.workspace import Place


@dataclass(frozen=True, slots=True)
class Outline:
    """`kind`: the keyword of a declaration, or `field`, `content`, `arm`. `name_place` lies within `place`."""

    kind: str
    name: str
    detail: str
    place: Place
    name_place: Place
    inside: tuple[Outline, ...] = ()


def document_symbols(snapshot: Snapshot, path: str) -> list[Outline]:
    """The declarations of a file, with their fields, contents and arms."""
    document = snapshot.document(path)
    found = (_outline(snapshot, d) for d in document.declarations) if document is not None else ()
    return [o for o in found if o is not None]


def workspace_symbols(snapshot: Snapshot, query: str) -> list[Outline]:
    """The declarations of the workspace whose names have the letters of a query in its order."""
    everything = (o for path in snapshot.workspace.documents for o in document_symbols(snapshot, path))
    flat = (o for outline in everything for o in (outline, *outline.inside))
    return [o for o in flat if _fits(query.lower(), o.name.lower())]


def _fits(query: str, name: str) -> bool:
    letters = iter(name)
    return all(letter in letters for letter in query)


def _outline(snapshot: Snapshot, node: Any) -> Outline | None:
    kind, name, name_span, detail = _head(node)
    place, name_place = snapshot.place(node.span), snapshot.place(name_span)
    if place is None or name_place is None:
        return None
    inside = tuple(o for each in _parts(node) if (o := _outline(snapshot, each)) is not None)
    return Outline(kind, name or kind, detail, place, name_place, inside)


def _head(node: Any) -> tuple[str, str, Span, str]:
    """Kind, name, where the name stands, and what else is worth a glance."""
    match node:
        case nodes.Scope():
            return node.kind, node.name.text, node.name.span, f"in {node.parent.text}" if node.parent else ""
        case nodes.Field():
            return "field", node.name.text, node.name.span, node.type.span.words
        case nodes.Parameter():
            return "parameter", node.name.text, node.name.span, node.field.type.span.words
        case nodes.Guarantee() | nodes.AtMost():
            return "guarantee", node.title.text, node.title.span, ""
        case nodes.Test():
            return "test", node.title.text, node.title.span, ""
        case nodes.Import():
            return "import", node.span.words.removeprefix("import ").strip('"'), node.span, ""
        case nodes.Broken():
            at = node.span.start + max(0, node.span.text.find(node.name, len(node.keyword)))
            named = Span(node.span.source, at, at + len(node.name)) if node.name else node.span
            return node.keyword, node.name, named, "cannot be read"
        case nodes.Content():
            return "content", node.name.text, node.name.span, ""
        case nodes.Overall():
            return node.span.words.split()[0], node.span.words, node.span, ""
        case _:
            name = getattr(node, "name", None)
            return type(node).__name__.lower(), name.text if name else "", (name or node).span, ""


def _parts(node: Any) -> Iterator[Any]:
    match node:
        case nodes.Profile() | nodes.Context():
            yield from node.fields
        case nodes.Experiment():
            yield from node.arms
        case nodes.Scope() | nodes.Via():
            for item in node.items:
                if isinstance(item, nodes.Content):
                    yield item
                elif isinstance(item, nodes.Via):
                    yield from _parts(item)
