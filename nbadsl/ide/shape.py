"""The shape of a text: what can be folded, what surrounds a place, and where imports lead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from nbadsl.ide.definition import imported_file
from nbadsl.ide.names import imported
from nbadsl.ide.snapshot import Snapshot
from nbadsl.ide.trees import around
from nbadsl.ide.words import word_at
from nbadsl.syntax import nodes
from nbadsl.workspace import Document, Place

_MARK = re.compile(r'"(?:\\[^\n]|[^"\\\n])*"|#[^\n]*|[{}]')


@dataclass(frozen=True, slots=True)
class Fold:
    """A range that can be folded; `kind` is `block`, `comment` or `imports`."""

    place: Place
    kind: str


def folds(snapshot: Snapshot, path: str) -> list[Fold]:
    """Blocks, comments and imports that take several lines."""
    document = snapshot.document(path)
    if document is None:
        return []
    found = [*_blocks(document), *_comments(document), *_imports(document)]
    position = document.source.position
    return [f for f in found if position(f.place.start)[0] < position(f.place.end)[0]]


def _blocks(document: Document) -> list[Fold]:
    found = []
    for chunk, start in zip(document.chunks, document.starts, strict=True):
        opened: list[int] = []
        for mark in _MARK.finditer(chunk.source.text):
            if mark.group() == "{":
                opened.append(mark.start())
            elif mark.group() == "}" and opened:
                found.append(Fold(Place(document, start + opened.pop(), start + mark.start()), "block"))
    return found


def _comments(document: Document) -> list[Fold]:
    marks = (m for m in _MARK.finditer(document.source.text) if m.group().startswith("#"))
    lines = [(document.source.position(m.start())[0], m) for m in marks]
    found = []
    for _, run in groupby(enumerate(lines), key=lambda x: x[1][0] - x[0]):
        block = [m for _, (_, m) in run]
        found.append(Fold(Place(document, block[0].start(), block[-1].end()), "comment"))
    return found


def _imports(document: Document) -> list[Fold]:
    found: list[Fold] = []
    first: int | None = None
    last = 0
    for chunk, start in zip(document.chunks, document.starts, strict=True):
        for declaration in chunk.parsed[0].declarations:
            if isinstance(declaration, nodes.Import):
                first = start + declaration.span.start if first is None else first
                last = start + declaration.span.end
            elif first is not None:
                found.append(Fold(Place(document, first, last), "imports"))
                first = None
    return [*found, Fold(Place(document, first, last), "imports")] if first is not None else found


def selections(snapshot: Snapshot, path: str, offset: int) -> list[Place]:
    """What surrounds an offset, from the word to the whole file; each holds the one before."""
    document = snapshot.document(path)
    if document is None:
        return []
    chain, _ = around(document, offset)
    chunk, _ = document.chunk_at(offset)
    start = document.start_of[chunk.source]
    spans = [(start + n.span.start, start + n.span.end) for n in reversed(chain)]
    whole = (0, len(document.source.text))
    ranges = [word_at(document.source.text, offset), *spans, (start, start + len(chunk.source.text)), whole]
    kept = [ranges[0]]
    for low, high in ranges[1:]:
        if low <= kept[-1][0] and kept[-1][1] <= high and (low, high) != kept[-1]:
            kept.append((low, high))
    return [Place(document, low, high) for low, high in kept]


def links(snapshot: Snapshot, path: str) -> list[tuple[Place, str]]:
    """Imports and the paths of the files that they lead to."""
    document, found = snapshot.document(path), []
    for declaration in document.declarations if document is not None else ():
        if not isinstance(declaration, nodes.Import):
            continue
        thing = imported(declaration)
        first, last = (
            (declaration.path,) * 2 if declaration.path else (declaration.module[0], declaration.module[-1])
        )
        place, target = snapshot.place(first.span.to(last.span)), imported_file(snapshot, path, thing)
        if place is not None and target is not None:
            found.append((place, target.path))
    return found
