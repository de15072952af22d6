"""Imports in order: files as they stand, for actions that are worth the same go by it, then modules by name."""

from __future__ import annotations

from nbadsl.ide.rename import Change
from nbadsl.ide.snapshot import Snapshot
from nbadsl.syntax import nodes
from nbadsl.workspace import Place


def organised(snapshot: Snapshot, path: str) -> list[Change]:
    """The changes that bring a file's imports together, at its first one, each once; none when they are so."""
    document = snapshot.document(path)
    if document is None:
        return []
    found: list[tuple[Place, nodes.Import]] = []
    for chunk, start in zip(document.chunks, document.starts, strict=True):
        for declaration in chunk.parsed[0].declarations:
            if isinstance(declaration, nodes.Import):
                place = Place(document, start + declaration.span.start, start + declaration.span.end)
                found.append((place, declaration))
    written = [d.span.words for _, d in found]
    files = dict.fromkeys(d.span.words for _, d in found if d.path is not None)
    modules = dict.fromkeys(sorted(d.span.words for _, d in found if d.path is None))
    wanted = [*files, *modules]
    if wanted == written:
        return []
    text = document.source.text
    first, *others = [place for place, _ in found]
    changes = [Change(first, "\n".join(wanted))]
    # With its line, unless something else stands there.
    for place in others:
        end = text.find("\n", place.end)
        alone = end >= 0 and not text[place.end : end].strip()
        changes.append(Change(Place(document, place.start, end + 1 if alone else place.end), ""))
    return changes
