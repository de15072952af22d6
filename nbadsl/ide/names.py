"""What each name in a text is, and where else it stands.

Takes trees and a model; gives occurrences: a span and the thing that is named there. Two occurrences are of one
thing when their `Thing`s are equal. Definition, references, highlights, renaming, colours and the call hierarchy are
questions to this list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbadsl.ide.trees import walk
from nbadsl.inputs import FACTS
from nbadsl.semantics import builtins
from nbadsl.semantics.model import Builtin, Fact, Local, Model, Symbol, Word
from nbadsl.semantics.trials import OUTCOMES
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import Set, Type, Words

_OF_TABLE, _OF_CASES = "| table", "| cases"  # no names of columns


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that has a name. `kind`: `value` (fields, parameters, definitions, functions, tables, experiments,
    holdouts), `scope` (actions, groups, channels), `word` (of the list `owner`), `local` (of the function or table
    `owner`), `content`, `slot`, `purpose`, `profile`, `policy`, `fact`, `builtin`, `module`, `file` or `setting`."""

    kind: str
    name: str
    owner: object = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a thing is named. `declares`: it is made here."""

    span: Span
    thing: Thing
    declares: bool = False


_SCOPES = {
    *((nodes.Scope, "parent"), (nodes.Via, "channels"), (nodes.Line, "scope"), (nodes.Explore, "among")),
    *(
        (nodes.Fallback, "action"),
        (nodes.Guarantee, "scope"),
        (nodes.AtMost, "scope"),
        (nodes.Expect, "scope"),
        (nodes.Rest, "of"),
    ),
    *((nodes.Expect, "channel"), (nodes.Event, "action"), (nodes.Event, "channel")),
}
_VALUES = {
    *((nodes.Profile, "key"), (nodes.Window, "since"), (nodes.Quiet, "by"), (nodes.Slot, "by")),
    *((nodes.Holdout, "by"), (nodes.Experiment, "by"), (nodes.Entry, "field")),
}
_DECLARED = {
    nodes.Policy: "policy",
    nodes.Profile: "profile",
    nodes.Define: "value",
    nodes.Function: "value",
    nodes.Table: "value",
    nodes.Experiment: "value",
    nodes.Holdout: "value",
    nodes.Scope: "scope",
    nodes.Slot: "slot",
}


def named_nodes(declaration: nodes.Declaration) -> list[tuple[Any, str, Any]]:
    """The nodes of a declaration that may name something, with parents and fields, in the order of the tree."""
    kinds = nodes.Name | nodes.String | nodes.Reference | nodes.TextValue | nodes.Row
    return [found for found in walk(declaration) if isinstance(found[2], kinds)]


def occurrences(
    declaration: nodes.Declaration, model: Model, among: list[tuple[Any, str, Any]]
) -> list[Occurrence]:
    """Every name in a declaration, in the order of the tree. `among`: its `named_nodes`."""
    found = _Names(declaration, model)
    return [o for parent, field, node in among for o in found.at(parent, field, node)]


class _Names:
    """Looks at one node after the other. `columns`: by cell, the column of `cases` that it is in; `_OF_TABLE` and
    `_OF_CASES` for first rows, whose cells are names of columns."""

    def __init__(self, declaration: nodes.Declaration, model: Model) -> None:
        self.declaration, self.model = declaration, model
        self.local = {_name_of(p) for p in getattr(declaration, "parameters", ())}
        self.columns: dict[nodes.Cell, str] = {}

    def at(self, parent: Any, field: str, node: Any) -> Iterator[Occurrence]:
        match node:
            case nodes.Name():
                thing = self._name(parent, field, node)
                if thing is not None:
                    yield Occurrence(node.span, thing, self._declares(parent, field))
            case nodes.String() if (kind := _string(parent, field)) is not None:
                yield Occurrence(node.span, Thing(kind, node.text), parent.__class__ is nodes.Content)
            case nodes.Reference():
                yield Occurrence(node.span, self._reference(parent, node))
            case nodes.TextValue() if _asks_content(parent):
                yield Occurrence(node.span, Thing("content", node.value))
            case nodes.TextValue() if (word := self._quoted(parent, node)) is not None:
                yield Occurrence(node.span, word)
            case nodes.Row() if isinstance(parent, nodes.Table | nodes.TestCases):
                self._columns(parent, node)

    # --- names that a construct has at a place of its own ---

    def _name(self, parent: Any, field: str, name: nodes.Name) -> Thing | None:
        kind, place = type(parent), (type(parent), field)
        if place in _SCOPES:
            known = name.text in self.model.scopes or kind is not nodes.Expect
            return Thing("scope", name.text) if known else None
        if place in _VALUES:
            return self._value(name.text)
        if field == "name" and kind in _DECLARED:
            return Thing(_DECLARED[kind], name.text)
        if place == (nodes.Field, "name"):
            return self._field(parent, name)
        match parent:
            case nodes.Table() if field == "parameters":
                return Thing("local", name.text, _owner(self.declaration))
            case nodes.Call():
                known = name.text in builtins.COUNTS and self._symbol(name) is None
                return Thing("builtin", name.text) if known else self._value(name.text, name)
            case nodes.TypeName():
                return Thing("word", name.text, tuple(dict.fromkeys(w.text for w in parent.words or ())))
            case nodes.Arm():
                assert isinstance(self.declaration, nodes.Experiment)
                return Thing("word", name.text, tuple(a.name.text for a in self.declaration.arms))
            case nodes.Has():
                return self._word(name.text, self._type_of(parent.subject))
            case nodes.Entry():
                symbol = self.model.symbols.get(parent.field.text)
                return self._word(name.text, symbol.input.type if symbol and symbol.input else None)
            case nodes.Purpose() | nodes.Modifier(kind="only_for") | nodes.Setting(kind="purposes"):
                return Thing("purpose", name.text)
            case nodes.TestEntries() if name.text != "context":
                return Thing("profile", name.text)
            case nodes.Limit() if field == "subject":
                own = self.model.profile is not None and self.model.profile.name.text == name.text
                return Thing("profile", name.text) if own else self._value(name.text)
            case nodes.Import():
                return imported(parent)
            case _:
                return Thing("setting", name.text)

    def _declares(self, parent: Any, field: str) -> bool:
        made = field == "name" and type(parent) in {*_DECLARED, nodes.Field, nodes.Arm}
        listed = isinstance(parent, nodes.TypeName | nodes.Table) and field in ("words", "parameters")
        return made or listed or (isinstance(parent, nodes.Setting) and parent.kind == "purposes")

    def _field(self, field: nodes.Field, name: nodes.Name) -> Thing | None:
        if isinstance(self.declaration, nodes.Function | nodes.Table):
            if field is self.declaration.result:
                return None  # the type of a result is a field without a name of its own
            return Thing("local", name.text, _owner(self.declaration))
        return self._value(name.text)

    # --- names in expressions ---

    def _quoted(self, parent: Any, node: nodes.TextValue) -> Thing | None:
        """A word in quotation marks."""
        if isinstance(parent, nodes.Cell) and parent in self.columns:
            symbol = self.model.symbols.get(self.columns[parent])
            return self._word(node.value, symbol.input.type if symbol and symbol.input else None)
        return self._word(node.value, self._type_of(node))

    def _reference(self, parent: Any, node: nodes.Reference) -> Thing:
        column = self._column(parent, node)
        if column is not None:
            return column
        match self.model.uses.get(node):
            case Symbol() as symbol:
                return self._value(symbol.name, node)
            case Word(text):
                info = self.model.infos.get(node)
                return self._word(text, info.type if info else None) or Thing("word", text)
            case Fact(name):
                return Thing("fact", name)
            case Local(name):
                return Thing("local", name, _owner(self.declaration))
            case Builtin(name):
                return Thing("builtin", name)
        return self._by_name(parent, node)

    def _by_name(self, parent: Any, node: nodes.Reference) -> Thing:
        """What a name is that no check has seen yet."""
        if node.name in self.local:
            return Thing("local", node.name, _owner(self.declaration))
        if self._symbol(node) is not None:
            return self._value(node.name, node)
        if node.name in FACTS:
            return Thing("fact", node.name)
        subject = getattr(parent, "left", None) or getattr(parent, "subject", None)
        word = self._word(node.name, self._type_of(subject)) if subject is not None else None
        return word or self._value(node.name)

    def _column(self, parent: Any, node: nodes.Reference) -> Thing | None:
        """The name of a column in a first row, or a word, action or channel in a cell of `cases`."""
        if not isinstance(parent, nodes.Cell) or parent not in self.columns:
            return None
        match self.columns[parent]:
            case place if place is _OF_TABLE:
                known = node.name in self.local
                return Thing(
                    "local" if known else "setting", node.name, _owner(self.declaration) if known else None
                )
            case place if place is _OF_CASES:
                return Thing("setting", node.name) if node.name in OUTCOMES else self._value(node.name)
            case "expect" | "via":
                return Thing("setting" if node.name == "nothing" else "scope", node.name)
            case name:
                symbol = self.model.symbols.get(name)
                return self._word(node.name, symbol.input.type if symbol and symbol.input else None)

    def _columns(self, parent: nodes.Table | nodes.TestCases, row: nodes.Row) -> None:
        header = parent.rows[0]
        if row is header:
            place = _OF_TABLE if isinstance(parent, nodes.Table) else _OF_CASES
            self.columns |= dict.fromkeys(row.cells, place)
        elif isinstance(parent, nodes.TestCases):
            names = [c.span.text.strip() for c in header.cells]
            self.columns |= {cell: name for cell, name in zip(row.cells, names, strict=False)}

    # --- things ---

    def _symbol(self, node: nodes.Reference | nodes.Name) -> Symbol | None:
        name = node.name if isinstance(node, nodes.Reference) else node.text
        return self.model.lookup(name, node.span)

    def _value(self, name: str, at: nodes.Reference | nodes.Name | None = None) -> Thing:
        """A name of the policy; one that a module of the library has for itself is owned by it."""
        path = (at or self.declaration).span.source.path
        own = self.model.library.get(path, {}).get(name)
        return Thing("value", name, path if own and own is not self.model.symbols.get(name) else None)

    def _word(self, text: str, type: Type | None) -> Thing | None:
        if not isinstance(type, Words | Set) or text not in type.words:
            return None
        if type.words == tuple(s.name.text for s in self.model.scopes_of("channel")):
            return Thing("scope", text)  # `channel is push` names the channel itself
        return Thing("slot", text) if type.words == self.model.slots else Thing("word", text, type.words)

    def _type_of(self, node: nodes.Expr) -> Type | None:
        info = self.model.infos.get(node)
        if info is not None:
            return info.type
        symbol = self._symbol(node) if isinstance(node, nodes.Reference) else None
        return symbol.input.type if symbol is not None and symbol.input else None


def imported(declaration: nodes.Import) -> Thing:
    """The file or module that an import names."""
    if declaration.path is not None:
        return Thing("file", declaration.path.text)
    return Thing("module", ".".join(n.text for n in declaration.module))


def _owner(declaration: nodes.Declaration) -> tuple[str, str]:
    name = declaration.name.text if isinstance(declaration, nodes.Function | nodes.Table) else ""
    return declaration.span.source.path, name


def _name_of(parameter: nodes.Name | nodes.Field) -> str:
    return parameter.text if isinstance(parameter, nodes.Name) else parameter.name.text


def _string(parent: Any, field: str) -> str | None:
    match parent:
        case nodes.Import():
            return "file"
        case nodes.Content(name=_) if field == "name":
            return "content"
        case nodes.Expect() if field == "content":
            return "content"
        case _:
            return None


def _asks_content(parent: Any) -> bool:
    """Whether a text is compared with `content`."""
    match parent:
        case nodes.Binary(operator="is" | "is not", left=nodes.Reference(name="content")):
            return True
        case nodes.OneOf(subject=nodes.Reference(name="content")):
            return True
        case _:
            return False
