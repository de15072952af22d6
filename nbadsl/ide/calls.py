"""Who uses a definition, function, table, parameter or field, and what it uses itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nbadsl.ide.names import Thing
from nbadsl.ide.places import declared, everywhere, named_at, names_in
from nbadsl.ide.snapshot import Snapshot
from nbadsl.ide.symbols import Outline, document_symbols
from nbadsl.workspace import Place

_KINDS = ("value", "scope")


@dataclass(frozen=True, slots=True)
class Call:
    """A declaration, and the places where one of the two names the other."""

    outline: Outline
    places: tuple[Place, ...]


def called_at(snapshot: Snapshot, path: str, offset: int) -> Outline | None:
    """The declaration of what is named at an offset."""
    named = named_at(snapshot, path, offset)
    if named is None or named.thing.kind not in _KINDS:
        return None
    return _made(snapshot, path, named.thing)


def incoming(snapshot: Snapshot, path: str, offset: int) -> list[Call]:
    """The declarations that name what is named at an offset."""
    named = named_at(snapshot, path, offset)
    if named is None:
        return []
    used = [n.place for n in everywhere(snapshot, path, named.thing) if not n.declares]
    outlines = {p: document_symbols(snapshot, p) for p in {place.path for place in used}}
    return _grouped((_holder(outlines[place.path], place), place) for place in used)


def outgoing(snapshot: Snapshot, path: str, offset: int) -> list[Call]:
    """What is named in the declaration of what is named at an offset."""
    called = called_at(snapshot, path, offset)
    if called is None:
        return []
    used: dict[Thing, list[Place]] = {}
    for named in names_in(snapshot, called.place.document):
        if _holds(called.place, named.place) and not named.declares and named.thing.kind in _KINDS:
            used.setdefault(named.thing, []).append(named.place)
    made = {thing: _made(snapshot, path, thing) for thing in used}
    return _grouped((made[thing], place) for thing, places in used.items() for place in places)


def _made(snapshot: Snapshot, path: str, thing: Thing) -> Outline | None:
    found = next(iter(declared(snapshot, path, thing)), None)
    return _declaration_of(snapshot, found.place) if found is not None else None


def _grouped(found: Iterator[tuple[Outline | None, Place]]) -> list[Call]:
    groups: dict[tuple[str, int], tuple[Outline, list[Place]]] = {}
    for outline, place in found:
        if outline is not None:
            key = (outline.place.path, outline.name_place.start)
            groups.setdefault(key, (outline, []))[1].append(place)
    return [Call(outline, tuple(places)) for outline, places in groups.values()]


def _declaration_of(snapshot: Snapshot, name: Place) -> Outline | None:
    """The outline whose own name stands at a place."""
    top = _top(snapshot, name)
    if top is None:
        return None
    return next((o for o in (top, *top.inside) if o.name_place.start == name.start), top)


def _top(snapshot: Snapshot, place: Place) -> Outline | None:
    return _holder(document_symbols(snapshot, place.path), place)


def _holder(outlines: list[Outline], place: Place) -> Outline | None:
    return next((o for o in outlines if _holds(o.place, place)), None)


def _holds(outer: Place, inner: Place) -> bool:
    return outer.path == inner.path and outer.start <= inner.start and inner.end <= outer.end
