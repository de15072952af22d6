"""Every place of a name: in the whole policy, and in one file for highlighting."""

from __future__ import annotations

from nbadsl.ide.places import Named, everywhere, named_as, named_at
from nbadsl.ide.snapshot import Snapshot
from nbadsl.workspace import Place


def references(snapshot: Snapshot, path: str, offset: int, declarations: bool = True) -> list[Place]:
    """Where what is named at an offset is named, in all files of its policies."""
    named = named_at(snapshot, path, offset)
    if named is None:
        return []
    found = everywhere(snapshot, path, named.thing)
    return [n.place for n in found if declarations or not n.declares]


def highlights(snapshot: Snapshot, path: str, offset: int) -> list[Named]:
    """Where it is named in this file."""
    named = named_at(snapshot, path, offset)
    return named_as(snapshot, path, named.thing) if named is not None else []


def linked(snapshot: Snapshot, path: str, offset: int) -> list[Place]:
    """Names that are typed together: those of a function's or table's parameters, which nothing outside knows."""
    named = named_at(snapshot, path, offset)
    if named is None or named.thing.kind != "local":
        return []
    return [n.place for n in highlights(snapshot, path, offset)]
