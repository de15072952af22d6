"""Fields of the profile that are called otherwise in the new policy: they read the column that the old ones read.

The old policy is then read once more, with today's names, so that everything else is compared as if it had them already.
Where a name stands for something else as well, the field is told as removed, and added.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from nbadsl.diagnostics import Findings
from nbadsl.semantics.declare import declare
from nbadsl.semantics.judge import judge
from nbadsl.semantics.load import Loaded
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes
from nbadsl.types import Set, Words


def renamed_fields(old: Model, new: Model) -> dict[str, str]:
    """Today's names by former ones."""
    gone, come = _columns(old, new), _columns(new, old)
    taken = _other_names(old) | _other_names(new)
    found = {}
    for column, names in gone.items():
        both = [*names, *come.get(column, [])]
        if len(names) == 1 and len(both) == 2 and both[1] not in old.symbols and not taken & set(both):
            found[both[0]] = both[1]
    return found


def _columns(model: Model, other: Model) -> dict[str, list[str]]:
    """The columns of the fields that only one policy has, each with the names of these fields."""
    found: dict[str, list[str]] = {}
    there = {symbol.name for symbol in other.of_kind("field")}
    for symbol in model.of_kind("field"):
        if symbol.name not in there and symbol.input is not None:
            found.setdefault(symbol.input.column or symbol.name, []).append(symbol.name)
    return found


def _other_names(model: Model) -> set[str]:
    """What else a name can stand for: a block, a word, a moment, a purpose."""
    types = [symbol.input.type for symbol in model.symbols.values() if symbol.input is not None]
    words = {word for type in types if isinstance(type, Words | Set) for word in type.words}
    arms = {arm.name.text for symbol in model.of_kind("experiment") for arm in symbol.node.arms}
    return {*model.scopes, *words, *arms, *model.slots, *model.settings.purposes, model.settings.name}


def with_names(model: Model, names: dict[str, str]) -> Model:
    """A policy without errors, read once more with other names of fields; places are as they were."""
    if not names:
        return model
    files = tuple(file if file.source.path in model.library else _called(file, names) for file in model.files)
    found = Findings()
    read = declare(Loaded(files, frozenset(model.library), False), found)
    judge(read, found)
    return read


def _called(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, tuple):
        return tuple(_called(part, names) for part in node)
    if isinstance(node, nodes.Name):
        return replace(node, text=names.get(node.text, node.text))
    if isinstance(node, nodes.Reference):
        return replace(node, name=names.get(node.name, node.name))
    if not is_dataclass(node):
        return node
    if isinstance(node, nodes.Function | nodes.Table):
        own = {each.name.text for each in node.parameters if isinstance(each, nodes.Field)}
        names = {former: today for former, today in names.items() if former not in own}
    parts = {f.name: getattr(node, f.name) for f in fields(node) if f.name not in ("span", "source")}
    made: Any = replace(node, **{name: _called(part, names) for name, part in parts.items()})  # type: ignore[type-var]
    return made
