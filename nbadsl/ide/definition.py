"""Where a name is declared, and where its type is written."""

from __future__ import annotations

import os.path

from nbadsl.ide.names import Thing
from nbadsl.ide.places import declared, named_at
from nbadsl.ide.snapshot import Snapshot
from nbadsl.resources import folder
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import Set, Words
from nbadsl.workspace import Place


def definition(snapshot: Snapshot, path: str, offset: int) -> list[Place]:
    """The declarations of what is named at an offset; of an import, the file."""
    named = named_at(snapshot, path, offset)
    if named is None:
        return []
    if named.thing.kind in ("file", "module"):
        target = imported_file(snapshot, path, named.thing)
        return [target] if target is not None else []
    found = [n.place for n in declared(snapshot, path, named.thing)]
    # A column of a table that is named after a field leads to the field from the table's own head.
    if named.declares and named.thing.kind == "local" and not found[1:]:
        same = declared(snapshot, path, Thing("value", named.thing.name))
        return [n.place for n in same] or found
    return found


def imported_file(snapshot: Snapshot, path: str, thing: Thing) -> Place | None:
    """The beginning of the file that an import names."""
    document = snapshot.document(path)
    if document is None:
        return None
    file = os.path.normpath(document.path.parent / thing.name)
    found = snapshot.document(file if thing.kind == "file" else module_path(thing.name))
    return Place(found, 0, 0) if found is not None else None


def module_path(name: str) -> str:
    """The file of a module such as `std.recency`, whether there is one or not."""
    _, *below = name.split(".")
    return str(folder("stdlib").joinpath(*below).with_suffix(".nba")) if below else ""


def type_definition(snapshot: Snapshot, path: str, offset: int) -> list[Place]:
    """Where the type of a value is written: beside its name, or the list of words that it is one of."""
    named = named_at(snapshot, path, offset)
    if named is None:
        return []
    model = snapshot.model(path)
    symbol = model.symbols.get(named.thing.name) if named.thing.kind == "value" else None
    written = _written_type(symbol.node) if symbol is not None else None
    if written is not None:
        place = snapshot.place(written)
        return [place] if place is not None else []
    words = named.thing.owner if named.thing.kind == "word" else None
    if symbol is not None and (info := model.infos.get(symbol.node)) is not None:
        words = info.type.words if isinstance(info.type, Words | Set) else None
    if not isinstance(words, tuple):
        return []
    first = Thing("word", words[0], words)
    return [n.place for n in declared(snapshot, path, first)]


def _written_type(node: object) -> Span | None:
    match node:
        case nodes.Field():
            return node.type.span
        case nodes.Parameter():
            return node.field.type.span
        case nodes.Function() | nodes.Table():
            return node.result.type.span
        case _:
            return None
