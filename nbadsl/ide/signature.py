"""The call that is being written: its signature, and which argument comes next."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbadsl.ide.describe import signature
from nbadsl.ide.snapshot import Snapshot
from nbadsl.semantics import builtins
from nbadsl.syntax import nodes
from nbadsl.syntax.comments import documentation

_TOKEN = re.compile(r'"(?:\\[^\n]|[^"\\\n])*"|#[^\n]*|[(){},\[\]]')
_CALLED = re.compile(r"([^\W\d]\w*)\s*$")


@dataclass(frozen=True, slots=True)
class Signature:
    """`label` as it is declared; `parameters`: the ranges in it of the parameters; `active`: the one that comes next."""

    label: str
    documentation: str
    parameters: tuple[tuple[int, int], ...]
    active: int


def signature_help(snapshot: Snapshot, path: str, offset: int) -> Signature | None:
    """The signature of the innermost call around an offset."""
    document = snapshot.document(path)
    if document is None:
        return None
    chunk, inside = document.chunk_at(offset)
    for name, commas in reversed(_open_calls(chunk.source.text[:inside])):
        found = _of(snapshot, path, name, commas)
        if found is not None:
            return found
    return None


def _open_calls(text: str) -> list[tuple[str, int]]:
    """Names before brackets that are still open, the outermost first, with the commas since."""
    stack: list[tuple[str, int]] = []
    for token in _TOKEN.finditer(text):
        match token.group():
            case "(":
                called = _CALLED.search(text, 0, token.start())
                stack.append((called.group(1) if called else "", 0))
            case ")" if stack:
                stack.pop()
            case "," if stack:
                name, commas = stack.pop()
                stack.append((name, commas + 1))
    return stack


def _of(snapshot: Snapshot, path: str, name: str, commas: int) -> Signature | None:
    model = snapshot.model(path)
    symbol = (model.library.get(path) or {}).get(name) or model.symbols.get(name)
    if symbol is not None and symbol.kind in ("function", "table"):
        node: nodes.Function | nodes.Table = symbol.node
        label = signature(node).partition(" ")[2]
        doc, written = documentation(node.span), [p.span.words for p in node.parameters]
    elif name in builtins.SIGNATURES:
        label, _, doc = builtins.SIGNATURES[name].partition(": ")
        written = label.partition("(")[2].rstrip(")").split(", ")
    else:
        return None
    ranges, at = [], len(name) + 1
    for each in written:
        start = label.index(each, at)
        ranges.append((start, start + len(each)))
        at = start + len(each)
    endless = written[-1] == "…"
    return Signature(label, doc, tuple(ranges), min(commas, len(ranges) - 1) if endless else commas)
