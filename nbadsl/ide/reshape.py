"""Changes of texts in which nothing is wrong: give an expression a name, say what counts for unknown, sort priority."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbadsl.ide.rename import Change
from nbadsl.ide.snapshot import Snapshot
from nbadsl.ide.table_rows import default_of
from nbadsl.ide.trees import around, walk
from nbadsl.inputs import FACTORS, OF_CANDIDATE
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes
from nbadsl.types import DURATION, TIME, Anything, Clock, Set
from nbadsl.workspace import Document, Place

Reshaping = tuple[str, str, list[Change]]
_SMALL = nodes.Reference | nodes.Number | nodes.Amount | nodes.Quantity | nodes.TextValue | nodes.FlagValue
_PLAIN = nodes.Moment | nodes.ClockValue


def reshapings(snapshot: Snapshot, path: str, start: int, end: int) -> Iterator[Reshaping]:
    """Kind, title and changes of what can be done with the text between two offsets."""
    document, model = snapshot.document(path), snapshot.model(path)
    if document is None:
        return
    chain, _ = around(document, start)
    if not chain:
        return
    _, inside = document.chunk_at(start)
    begin = start - inside
    yield from _extract(document, model, chain, start - begin, end - begin, begin)
    yield from _guard(document, model, chain, begin)
    if isinstance(chain[0], nodes.Priority):
        yield from _sorted(document, model, chain[0], begin)


def _place(document: Document, begin: int, node: Any) -> Place:
    return Place(document, begin + node.span.start, begin + node.span.end)


# --- a name for an expression ---


def _extract(
    document: Document, model: Model, chain: list[Any], start: int, end: int, begin: int
) -> Iterator[Reshaping]:
    declaration = chain[0]
    if isinstance(declaration, nodes.Function | nodes.Table | nodes.Test | nodes.Profile | nodes.Parameter):
        return  # there an expression may read what only stands there
    text = document.source.text[begin:]
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    wanted = [n for n in chain if isinstance(n, nodes.Expr) and not isinstance(n, _SMALL | _PLAIN)]
    exact = next((n for n in wanted if (n.span.start, n.span.end) == (start, end)), None)
    found = exact or (wanted[-1] if wanted and start == end else None)
    if found is None or (isinstance(declaration, nodes.Define) and declaration.value is found):
        return
    if any(isinstance(n, nodes.Reference) and n.name in (*OF_CANDIDATE, *FACTORS) for _, _, n in walk(found)):
        return  # what differs between candidates has no value in a define
    name = next(n for n in _names() if n not in model.symbols)
    top = Place(document, begin, begin)
    changes = [
        Change(top, f"define {name} = {found.span.text}\n\n"),
        Change(_place(document, begin, found), name),
    ]
    yield "refactor.extract", f"Give `{_short(found.span.words)}` a name: define {name}", changes


def _names() -> Iterator[str]:
    yield "new_name"
    number = 2
    while True:
        yield f"new_name_{number}"
        number += 1


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


# --- unknown ---


def _guard(document: Document, model: Model, chain: list[Any], begin: int) -> Iterator[Reshaping]:
    node = chain[-1]
    info = model.infos.get(node) if isinstance(node, nodes.Reference) else None
    if info is None or not isinstance(node, nodes.Reference):
        return
    if not info.unknown or info.never or isinstance(info.type, Anything | Set | Clock):
        return
    default = {TIME: "now", DURATION: "0 days"}.get(info.type) or default_of(info.type)
    guarded = f"({node.name} or else {default})"
    place = _place(document, begin, node)
    title = f"Say what counts where `{node.name}` is unknown: `{guarded}`"
    yield "refactor.rewrite", title, [Change(place, guarded)]


# --- priority ---


def _sorted(document: Document, model: Model, priority: nodes.Priority, begin: int) -> Iterator[Reshaping]:
    lines = list(priority.lines)
    for line in priority.lines:
        later = [other for other in lines[lines.index(line) + 1 :] if _hides(model, line, other)]
        if later:
            lines.remove(line)
            lines.insert(lines.index(later[-1]) + 1, line)
    if lines == list(priority.lines):
        return
    changes = [
        Change(_place(document, begin, old), new.span.text)
        for old, new in zip(priority.lines, lines, strict=True)
        if old is not new
    ]
    yield "refactor.rewrite", "Sort priority: what is special before what holds it", changes


def _hides(model: Model, line: nodes.Line, other: nodes.Line) -> bool:
    """Whether a line leaves nothing for one that comes after it."""
    if line.when is not None or line.scope is None:
        return line.scope is None
    scope = model.scopes.get(other.scope.text) if other.scope is not None else None
    return scope is not None and model.within(line.scope.text, scope)
