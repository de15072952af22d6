"""Give a thing another name, wherever it is named; and imports another file.

A new name is tried before it is answered: the policies are checked with it, and when that brings a mistake, such as
a name that is taken, nothing is changed and the mistake is the answer.
"""

from __future__ import annotations

import os.path
import re
from dataclasses import dataclass

from nbadsl.diagnostics import Diagnostic, Edit
from nbadsl.diagnostics.fixes import edited
from nbadsl.ide.names import Thing
from nbadsl.ide.places import Named, everywhere, named_at
from nbadsl.ide.snapshot import Snapshot
from nbadsl.inputs import FACTS
from nbadsl.resources import folder
from nbadsl.semantics.declare import NO_NAMES
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import spelled
from nbadsl.workspace import Place, Workspace

_NAME = re.compile(r"[^\W\d]\w*")
_TEXTS = ("content",)  # named by texts in quotation marks
_RENAMED = ("value", "scope", "word", "local", "content", "slot", "purpose", "profile", "policy")


class CannotRename(ValueError):
    """Why a thing cannot have a name. The message is for the author."""


@dataclass(frozen=True, slots=True)
class Change:
    """Replace what stands at a place."""

    place: Place
    text: str


def prepare_rename(snapshot: Snapshot, path: str, offset: int) -> Place:
    """The name at an offset, without quotation marks. Raises CannotRename."""
    named = named_at(snapshot, path, offset)
    if named is None or named.thing.kind not in _RENAMED:
        raise CannotRename("there is no name here that can be changed")
    places = everywhere(snapshot, path, named.thing)
    if not any(n.declares for n in places):
        raise CannotRename(f"`{named.thing.name}` is declared nowhere")
    if any(n.place.path.startswith(str(folder("stdlib"))) for n in places):
        raise CannotRename(f"`{named.thing.name}` belongs to the standard library")
    return _inner(named)


def rename(snapshot: Snapshot, path: str, offset: int, name: str) -> list[Change]:
    """The changes that rename what is named at an offset. Raises CannotRename."""
    prepare_rename(snapshot, path, offset)
    named = named_at(snapshot, path, offset)
    assert named is not None
    if named.thing.kind in _TEXTS:
        if '"' in name or "\\" in name or "\n" in name:
            raise CannotRename("a name in quotation marks has none inside")
    elif named.thing.kind == "word":
        name = name.strip().removeprefix('"').removesuffix('"')
        if not name:
            raise CannotRename("a word has a letter at least")
    elif not _NAME.fullmatch(name):
        raise CannotRename(f"`{name}` is no name: letters, digits and `_`, and no digit first")
    if name != named.thing.name and _is_taken(snapshot, path, named.thing, name):
        raise CannotRename(f"the name `{name}` is already taken")
    places = everywhere(snapshot, path, named.thing)
    if named.thing.kind == "word":
        changes = [Change(n.place, spelled(name)) for n in places]
    else:
        changes = [Change(_inner(n), name) for n in places]
    _need_all_files(snapshot, changes)
    _try(snapshot, changes, named.thing.name)
    return changes


def _need_all_files(snapshot: Snapshot, changes: list[Change]) -> None:
    """Other files may use a name unless it stands in a policy alone, which nobody imports."""
    documents = {change.place.path: change.place.document for change in changes}
    alone = len(documents) == 1 and all(document.is_policy for document in documents.values())
    if not alone and (cut := snapshot.workspace.cut):
        raise CannotRename(
            f"{cut[0]} is too large to be read whole, and files that were not read may use this name"
        )


def _is_taken(snapshot: Snapshot, path: str, thing: Thing, name: str) -> bool:
    model = snapshot.model(path)
    match thing.kind:
        case "value":
            return name in model.symbols or name in (*FACTS, *NO_NAMES)
        case "scope":
            return name in model.scopes
        case "word":
            return isinstance(thing.owner, tuple) and name in thing.owner
        case "content":
            return name in model.contents
        case _:
            return False


def _inner(named: Named) -> Place:
    """The place of a name, without quotation marks."""
    place = named.place
    if named.thing.kind in _TEXTS:
        return Place(place.document, place.start + 1, place.end - 1)
    return place


def _try(snapshot: Snapshot, changes: list[Change], old: str) -> None:
    workspace = changed(snapshot.workspace, changes)
    for policy in {c.path for change in changes for c in snapshot.checks(change.place.path)}:
        before, after = snapshot.checked[policy], workspace.check(policy)
        if after is None:
            continue
        known = len(_errors(before.diagnostics))
        errors = _errors(after.diagnostics)
        if len(errors) > known:
            told = {(d.kind.name, d.message) for d in before.diagnostics}
            new = next((d for d in errors if (d.kind.name, d.message) not in told), errors[0])
            raise CannotRename(f"`{old}` cannot be renamed so: {new.message}")


def _errors(found: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    return [d for d in found if d.kind.severity == "error"]


def changed(workspace: Workspace, changes: list[Change]) -> Workspace:
    """The workspace after changes."""
    for path in {c.place.path for c in changes}:
        document = workspace.document(path)
        assert document is not None
        edits = [Edit(c.place.span, c.text) for c in changes if c.place.path == path]
        workspace = workspace.with_text(path, edited(document.source.text, edits))
    return workspace


def rename_files(snapshot: Snapshot, moved: dict[str, str]) -> list[Change]:
    """The changes of imports when files get other paths (old to new), also of those in the files themselves."""
    changes = []
    for path, document in snapshot.workspace.documents.items():
        here = os.path.dirname(moved.get(path, path))
        for declaration in document.declarations:
            if not isinstance(declaration, nodes.Import) or declaration.path is None:
                continue
            target = os.path.normpath(document.path.parent / declaration.path.text)
            if path not in moved and target not in moved:
                continue
            new = os.path.relpath(moved.get(target, target), here).replace(os.sep, "/")
            change = _import(snapshot, declaration.path.span, new)
            if change is not None and new != declaration.path.text:
                changes.append(change)
    return changes


def _import(snapshot: Snapshot, span: Span, path: str) -> Change | None:
    place = snapshot.place(span)
    return Change(place, f'"{path}"') if place is not None else None
