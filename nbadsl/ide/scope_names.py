"""Which names fit where a name is expected, from what the parser has read before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbadsl.ide.keywords import TYPES
from nbadsl.ide.names import Thing
from nbadsl.ide.snapshot import Snapshot
from nbadsl.resources import folder
from nbadsl.semantics.declare import WEEKDAYS
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes
from nbadsl.types import Date, Set, Text, Time, Type, Words

Found = Iterator[tuple[str, str, Thing | None]]

_SCOPES = ("action", "group", "channel")
# Keyword before the name: kinds of blocks that fit.
_AFTER: dict[str, tuple[str, ...]] = {
    "VIA": ("channel",),
    "IN": ("group",),
    "AMONG": ("action", "group"),
    "FALLBACK": ("action",),
    "EXPECT": ("action",),
    "NEVER": _SCOPES,
    "SOME": _SCOPES,
    "NO": _SCOPES,
    "OF": _SCOPES,
    "SCORE": ("action",),
}


def _kind(part: Any) -> str:
    return getattr(part, "type", "") if isinstance(part, str) else type(part).__name__


def names_after(snapshot: Snapshot, path: str, model: Model, parts: tuple[Any, ...]) -> Found:
    """Name, kind and thing of what can be named after the parts that were read."""
    kinds = [_kind(p) for p in parts]
    declaration, last = kinds[0] if kinds else "", _last_keyword(kinds)
    match declaration, last:
        case "IMPORT", _:
            written = ".".join(str(p) for p, k in zip(parts, kinds, strict=True) if k == "NAME")
            for module in sorted(p.stem for p in folder("stdlib").glob("*.nba")):
                yield (module if written else f"std.{module}"), "module", Thing("module", f"std.{module}")
        case _, "PURPOSE" | "FOR":
            yield from ((p, "purpose", Thing("purpose", p)) for p in model.settings.purposes)
        case "POLICY", "STARTS":
            yield from ((day, "word", None) for day in WEEKDAYS)
        case _, "COLON" if declaration in ("PROFILE", "CONTEXT", "PARAMETER", "FUNCTION", "TABLE"):
            yield from ((name, "type", Thing("setting", name)) for name in TYPES)
        case _, "BY":
            yield from _fields(model, Text)
        case _, "SINCE":
            yield from _fields(model, Date, Time)
        case _, "PER":
            if model.profile is not None:
                name = model.profile.name.text
                yield name, "profile", Thing("profile", name)
            yield from _fields(model, Text)
        case "PROFILE", "KEY":
            yield from _fields(model)
        case "PRIORITY", "LBRACE" | "PRIORITY":
            yield from _blocks(model, ("action", "group"))
        case "TEST", _:
            yield from _in_test(model, kinds, last)
        case "TABLE", "LPAR":
            yield from _fields(model)
        case _:
            yield from _blocks(model, _AFTER.get(last, ()))


def _last_keyword(kinds: list[str]) -> str:
    """The last token that is no name and no comma."""
    return next((k for k in reversed(kinds) if k.isupper() and k not in ("NAME", "COMMA", "FIELD_COMMA")), "")


def _blocks(model: Model, kinds: tuple[str, ...]) -> Found:
    for scope in model.scopes.values():
        if scope.kind in kinds:
            yield scope.name.text, scope.kind, Thing("scope", scope.name.text)


def _fields(model: Model, *types: type) -> Found:
    for symbol in (*model.of_kind("field"), *model.of_kind("context")):
        if symbol.input is not None and (not types or isinstance(symbol.input.type, types)):
            yield symbol.name, symbol.kind, Thing("value", symbol.name)


def _in_test(model: Model, kinds: list[str], last: str) -> Found:
    match last:
        case "LBRACE" if kinds.count("LBRACE") == 1 and model.profile is not None:
            name = model.profile.name.text
            yield name, "profile", Thing("profile", name)
        case "LBRACE" if "HISTORY" in kinds:
            yield from _blocks(model, ("action",))
        case "LBRACE":
            yield from _fields(model)
        case _:
            yield from _blocks(model, _AFTER.get(last, ()))


# --- words of lists ---

# What may stand between `is` or `has` and the next word.
_LISTED = frozenset("NOT ONE ANY ALL NONE OF COMMA NAME STRING Reference TextValue Part".split())


def words_expected(model: Model, parts: tuple[Any, ...]) -> tuple[str, ...] | None:
    """The words that can stand next because of what they are compared with; None where no word is expected."""
    kinds = [_kind(p) for p in parts]
    if kinds[:1] == ["TABLE"]:
        return _of(_column_type(model, parts, kinds))
    if kinds[:1] == ["TEST"]:
        return _of(_entry_type(model, parts, kinds))
    subject = subject_of(parts)
    return _of(type_of(model, subject)) if subject is not None else None


def subject_of(parts: tuple[Any, ...]) -> Any:
    """What the next word is compared with: the part before the last `is` or `has`."""
    place = len(parts)
    while place > 0:
        place -= 1
        kind = _kind(parts[place])
        if kind in ("IS", "HAS"):
            return parts[place - 1] if place else None
        if kind not in _LISTED:
            return None
    return None


def type_of(model: Model, node: Any) -> Type | None:
    """The type of a value that was read but not checked yet, as far as its name tells."""
    match node:
        case nodes.Brackets():
            return type_of(model, node.inner)
        case nodes.Reference(name="channel"):
            return Words(tuple(s.name.text for s in model.scopes_of("channel")))
        case nodes.Reference(name="slot"):
            return Words(model.slots)
        case nodes.Reference() | nodes.Call():
            name = node.name if isinstance(node, nodes.Reference) else node.function.text
            symbol = model.lookup(name, node.span)
            if symbol is None:
                return None
            if symbol.kind == "experiment":
                return Words(tuple(a.name.text for a in symbol.node.arms))
            info = model.infos.get(symbol.node)
            return symbol.input.type if symbol.input is not None else info.type if info is not None else None
        case _:
            return None


def _of(type: Type | None) -> tuple[str, ...] | None:
    return type.words if isinstance(type, Words | Set) else None


def _column_type(model: Model, parts: tuple[Any, ...], kinds: list[str]) -> Type | None:
    """The type of the column in which the next cell of a table stands."""
    header = next((p for p in parts if isinstance(p, nodes.Row)), None)
    if header is None or kinds[-1] not in ("ROW", "VBAR", "COMMA"):
        return None
    start = max((i for i, k in enumerate(kinds) if k == "ROW"), default=0)
    place = kinds[start:].count("VBAR")
    if place >= len(header.cells):
        return None
    name = header.cells[place].span.words
    for part in parts:
        for field in part.value if isinstance(getattr(part, "value", None), tuple) else (part,):
            if isinstance(field, nodes.Field) and field.name.text == name and field.type.words is not None:
                return Words(tuple(w.text for w in field.type.words))
    symbol = model.symbols.get(name)
    return symbol.input.type if symbol is not None and symbol.input is not None else None


def _entry_type(model: Model, parts: tuple[Any, ...], kinds: list[str]) -> Type | None:
    """The type of the field whose value comes next in a test."""
    if kinds[-1] == "COLON" or kinds[-2:] == ["COLON", "LSQB"] or "LSQB" in kinds[-4:]:
        place = max(i for i, k in enumerate(kinds) if k == "COLON")
        symbol = model.symbols.get(str(parts[place - 1]))
        return symbol.input.type if symbol is not None and symbol.input is not None else None
    return None
