"""Offsets and paths of `ide` as lines, columns and addresses of the client, and back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from nbadsl.ide.rename import Change
from nbadsl.ide.snapshot import Snapshot
from nbadsl.source import Span
from nbadsl.workspace import Document, Place


class At(Protocol):
    """Parameters that name a position."""

    @property
    def text_document(self) -> types.TextDocumentIdentifier: ...

    @property
    def position(self) -> types.Position: ...


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot, seen by a client. `uris`: how the client calls the files that it has opened. `commands`: what it can do
    where a lens offers that."""

    snapshot: Snapshot
    encoding: str
    uris: Mapping[str, str]
    capabilities: types.ClientCapabilities
    commands: frozenset[str] = frozenset()

    def at(self, params: At) -> tuple[str, int]:
        """Path and offset of a position; offset 0 of a file that is not known."""
        path = path_of(params.text_document.uri)
        document = self.snapshot.document(path)
        return path, self.offset(document, params.position) if document is not None else 0

    def offset(self, document: Document, position: types.Position) -> int:
        return document.source.offset(position.line, position.character, self.encoding)

    def offsets(self, path: str, range: types.Range) -> tuple[int, int]:
        document = self.snapshot.document(path)
        if document is None:
            return 0, 0
        return self.offset(document, range.start), self.offset(document, range.end)

    def position(self, document: Document, offset: int) -> types.Position:
        return types.Position(*document.source.place(offset, self.encoding))

    def range(self, place: Place) -> types.Range:
        start, end = (self.position(place.document, o) for o in (place.start, place.end))
        return types.Range(start, end)

    def span_range(self, span: Span) -> types.Range:
        """The range of a span of a whole file."""
        start, end = (types.Position(*span.source.place(o, self.encoding)) for o in (span.start, span.end))
        return types.Range(start, end)

    def uri(self, path: str) -> str:
        return self.uris.get(path) or uri_of(path)

    def location(self, place: Place) -> types.Location:
        return types.Location(self.uri(place.path), self.range(place))

    def edit(self, changes: Iterable[Change]) -> types.WorkspaceEdit:
        """Changes as one edit of the workspace."""
        edits: dict[str, list[types.TextEdit]] = {}
        for change in changes:
            edit = types.TextEdit(self.range(change.place), change.text)
            edits.setdefault(self.uri(change.place.path), []).append(edit)
        return types.WorkspaceEdit(changes=edits)


def path_of(uri: str) -> str:
    """The path of a file; of a text that is no file, its address."""
    path = to_fs_path(uri)
    return os.path.normpath(path) if path else uri


def uri_of(path: str) -> str:
    return (from_fs_path(path) or path) if os.path.isabs(path) else path
