"""Laying out: all of a file, or the declarations that a range touches."""

from __future__ import annotations

from nbadsl.format import WIDTH, formatted
from nbadsl.ide.rename import Change
from nbadsl.ide.snapshot import Snapshot
from nbadsl.source import Source
from nbadsl.workspace import Document, Place


def layout(snapshot: Snapshot, path: str, width: int = WIDTH) -> list[Change]:
    """What gives a file the one style; declarations that cannot be read stay as they are."""
    document = snapshot.document(path)
    return [] if document is None else _changes(document, 0, document.source.text, width)


def layout_range(snapshot: Snapshot, path: str, start: int, end: int, width: int = WIDTH) -> list[Change]:
    """The same for the declarations between two offsets, whole; blank lines above them stay."""
    document = snapshot.document(path)
    if document is None:
        return []
    found: list[Change] = []
    for chunk, at in zip(document.chunks, document.starts, strict=True):
        text = chunk.source.text
        body = text.lstrip()
        if at <= end and start <= at + len(text) and body:
            found += _changes(document, at + len(text) - len(body), f"{body.rstrip()}\n", width)
    return found


def _changes(document: Document, at: int, text: str, width: int) -> list[Change]:
    """`text`: of the document from an offset on, up to a line's end that it may not have itself."""
    last = len(document.source.text)
    return [
        Change(Place(document, at + edit.span.start, min(at + edit.span.end, last)), edit.text)
        for edit in formatted(Source(document.source.path, text), width).edits
    ]
