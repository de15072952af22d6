"""Where a thing is named, in one file or in every file of the policies that a file belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from nbadsl.ide.names import Occurrence, Thing, named_nodes, occurrences
from nbadsl.ide.snapshot import Snapshot
from nbadsl.semantics.model import Model
from nbadsl.types import quoted
from nbadsl.workspace import Checked, Chunk, Document, Place

# What was found out of a declaration stays true as long as it exists, and of its names as long as the check does.
_NODES: WeakKeyDictionary[Chunk, list[tuple[Any, list[tuple[Any, str, Any]]]]] = WeakKeyDictionary()
_KNOWN: WeakKeyDictionary[Checked, dict[Chunk, list[Occurrence]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Named:
    """A place where a thing is named."""

    place: Place
    thing: Thing
    declares: bool


def named_at(snapshot: Snapshot, path: str, offset: int) -> Named | None:
    """What is named at an offset; of two names that touch there, the one that begins."""
    document = snapshot.document(path)
    if document is None:
        return None
    chunk, inside = document.chunk_at(offset)
    holding = [o for o in _of(snapshot, chunk) if o.span.start <= inside <= o.span.end]
    if not holding:
        return None
    found = max(holding, key=lambda o: (o.span.start, o.declares))
    start = document.start_of[chunk.source]
    return Named(
        Place(document, start + found.span.start, start + found.span.end), found.thing, found.declares
    )


def names_in(snapshot: Snapshot, document: Document, text: str = "") -> Iterator[Named]:
    """Everything that is named in a file, declaration by declaration; of those alone that have a text in them."""
    for chunk, start in zip(document.chunks, document.starts, strict=True):
        if text in chunk.source.text:
            for o in _of(snapshot, chunk):
                yield Named(Place(document, start + o.span.start, start + o.span.end), o.thing, o.declares)


def everywhere(snapshot: Snapshot, path: str, thing: Thing) -> list[Named]:
    """All places of a thing, file by file: in the policies that a file belongs to, and in all others that reach a
    file in which it is declared."""
    own = dict.fromkeys([path, *(p for c in snapshot.checks(path) for p in c.documents)])
    found = [n for p in own for n in named_as(snapshot, p, thing)]
    makers = {n.place.path for n in found if n.declares}
    others = dict.fromkeys(p for m in makers for c in snapshot.checks(m) for p in c.documents)
    return found + [n for p in others if p not in own for n in named_as(snapshot, p, thing)]


def named_as(snapshot: Snapshot, path: str, thing: Thing) -> list[Named]:
    """All places of a thing in one file."""
    document = snapshot.document(path)
    if document is None:
        return []
    # A text in quotation marks may be written in another way than it reads.
    written = "" if thing.kind == "content" or "\\" in quoted(thing.name) else thing.name
    return [n for n in names_in(snapshot, document, written) if n.thing == thing]


def declared(snapshot: Snapshot, path: str, thing: Thing) -> list[Named]:
    """The places where a thing is made."""
    return [n for n in everywhere(snapshot, path, thing) if n.declares]


def _of(snapshot: Snapshot, chunk: Chunk) -> list[Occurrence]:
    """The names in a declaration, as they were understood last."""
    checks = snapshot.checks(chunk.source.path)
    known = _KNOWN.setdefault(checks[0], {}) if checks else {}
    if chunk not in known:
        model = checks[0].understood if checks else Model(())
        known[chunk] = [o for d, among in _nodes(chunk) for o in occurrences(d, model, among)]
    return known[chunk]


def _nodes(chunk: Chunk) -> list[tuple[Any, list[tuple[Any, str, Any]]]]:
    found = _NODES.get(chunk)
    if found is None:
        found = _NODES[chunk] = [(d, named_nodes(d)) for d in chunk.parsed[0].declarations]
    return found
