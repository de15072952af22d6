"""What is said about what the pointer is on: a name, a rule, a literal or a keyword."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbadsl.ide.describe import describe
from nbadsl.ide.keywords import meaning
from nbadsl.ide.places import named_at
from nbadsl.ide.plain import in_words, rule_in_words
from nbadsl.ide.rates import of_rule
from nbadsl.ide.snapshot import Snapshot
from nbadsl.ide.trees import around
from nbadsl.ide.words import word_at
from nbadsl.program.givens import shown
from nbadsl.semantics.constants import literal
from nbadsl.syntax import nodes
from nbadsl.workspace import Place


@dataclass(frozen=True, slots=True)
class Hover:
    """What is said (Markdown) of a place."""

    place: Place
    text: str


def hover(snapshot: Snapshot, path: str, offset: int) -> Hover | None:
    """What there is to say at an offset."""
    named = named_at(snapshot, path, offset)
    if named is not None and (said := describe(snapshot, path, named.thing)):
        return Hover(named.place, said)
    document = snapshot.document(path)
    if document is None:
        return None
    chain, inside = around(document, offset)
    return _of_node(snapshot, path, chain, inside) or _of_keyword(snapshot, path, offset)


def _of_node(snapshot: Snapshot, path: str, chain: list[Any], inside: int) -> Hover | None:
    if not chain:
        return None
    node = chain[-1]
    place = snapshot.place(node.span)
    if place is None:
        return None
    match node:
        case nodes.Rule() if inside <= node.when.span.start or inside > node.when.span.end:
            rate = of_rule(snapshot.rates_of(path), chain[0], node)
            return Hover(place, rule_in_words(node) + (f"\n\n{rate[:1].upper()}{rate[1:]}." if rate else ""))
        case nodes.Number() | nodes.Amount() | nodes.Quantity() | nodes.Moment() | nodes.ClockValue():
            read = literal(node, snapshot.model(path).settings.zone)
            if read is None:
                return None
            value, type = read
            text = node.span.words
            same = shown(value, type)
            return Hover(place, f"`{type}`" + (f": {same}" if same != text else ""))
        case (
            nodes.Binary()
            | nodes.OneOf()
            | nodes.Between()
            | nodes.Is()
            | nodes.Recency()
            | nodes.Has()
            | nodes.If()
        ):
            info = snapshot.model(path).infos.get(node)
            said = in_words(node)
            return Hover(place, f"{said[:1].upper()}{said[1:]}." + (f"\n\n`{info.type}`" if info else ""))
        case _:
            return None


def _of_keyword(snapshot: Snapshot, path: str, offset: int) -> Hover | None:
    document = snapshot.document(path)
    assert document is not None
    start, end = word_at(document.source.text, offset)
    said = meaning(document.source.text[start:end])
    return Hover(Place(document, start, end), said) if said else None
