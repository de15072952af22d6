"""What every word of a text is, for colours: names by what they name, and comments, texts, numbers and keywords."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbadsl.ide.keywords import TYPES
from nbadsl.ide.names import Thing
from nbadsl.ide.places import Named, names_in
from nbadsl.ide.snapshot import Snapshot
from nbadsl.semantics.model import Model
from nbadsl.syntax.words import keywords
from nbadsl.workspace import Document

KINDS = (
    *("comment", "string", "number", "keyword", "operator", "type", "property", "variable", "parameter"),
    *("function", "enumMember", "enum", "class", "namespace", "interface", "struct"),
)
MODIFIERS = ("declaration", "readonly", "defaultLibrary")

_LEXED = re.compile(
    r'(?P<comment>#[^\n]*)|(?P<string>"(?:\\[^\n]|[^"\\\n])*")'
    r"|(?P<number>\b\d[\d_]*(?:[-:.]\d[\d_]*)*%?)|(?P<word>[^\W\d]\w*)|(?P<operator><=|>=|[<>+*/^=-])"
)
_SYMBOLS = {
    "field": "property",
    "context": "property",
    "parameter": "variable",
    "define": "variable",
    "function": "function",
    "table": "function",
    "experiment": "enum",
}
_THINGS = {
    "word": "enumMember",
    "local": "parameter",
    "content": "string",
    "slot": "enumMember",
    "purpose": "enumMember",
    "profile": "struct",
    "policy": "namespace",
    "fact": "variable",
    "builtin": "function",
    "module": "namespace",
    "file": "string",
}
_BLOCKS = {"action": "class", "group": "namespace", "channel": "interface"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word at an offset; never over a line end. `kind` is one of KINDS, `modifiers` of MODIFIERS."""

    start: int
    end: int
    kind: str
    modifiers: tuple[str, ...] = ()


def tokens(snapshot: Snapshot, path: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The tokens between two offsets, in order."""
    document = snapshot.document(path)
    if document is None:
        return []
    end = len(document.source.text) if end is None else end
    named = {n.place.start: n for n in names_in(snapshot, document)}
    model = snapshot.model(path)
    return _tokens(document, model, named, start, end)


def _tokens(document: Document, model: Model, named: dict[int, Named], start: int, end: int) -> list[Token]:
    found: list[Token] = []
    text = document.source.text
    begin = text.rfind("\n", 0, start) + 1  # a token never begins on an earlier line
    for lexed in _LEXED.finditer(text, begin):
        if lexed.start() >= end:
            break
        if lexed.end() <= start:
            continue
        kind = lexed.lastgroup or ""
        name = named.get(lexed.start()) if kind in ("word", "string") else None
        if name is not None and name.place.end == lexed.end():
            token = _named(model, name)
            if token is not None:
                found.append(Token(lexed.start(), lexed.end(), *token))
                continue
        if kind == "word":
            is_type = lexed.group() in TYPES and text[max(0, lexed.start() - 3) : lexed.start()].rstrip(
                " "
            ).endswith(":")
            kind = "type" if is_type else "keyword" if lexed.group() in keywords() else ""
        if kind:
            found.append(Token(lexed.start(), lexed.end(), kind))
    return found


def _named(model: Model, named: Named) -> tuple[str, tuple[str, ...]] | None:
    thing = named.thing
    kind = _kind(model, thing)
    if kind is None:
        return None
    modifiers = []
    if named.declares:
        modifiers.append("declaration")
    symbol = model.symbols.get(thing.name) if thing.kind == "value" else None
    if symbol is not None and symbol.kind == "parameter":
        modifiers.append("readonly")
    of_library = symbol is not None and symbol.span.source.path in model.library
    if thing.kind in ("builtin", "fact") or of_library:
        modifiers.append("defaultLibrary")
    return kind, tuple(modifiers)


def _kind(model: Model, thing: Thing) -> str | None:
    match thing.kind:
        case "value":
            symbol = model.symbols.get(thing.name)
            return _SYMBOLS.get(symbol.kind, "variable") if symbol is not None else "variable"
        case "scope":
            scope = model.scopes.get(thing.name)
            return _BLOCKS[scope.kind] if scope is not None else "class"
        case "setting":
            return None
        case kind:
            return _THINGS[kind]
