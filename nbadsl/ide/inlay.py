"""What the text does not say: types of definitions, values of parameters, names of arguments, match rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from nbadsl.ide.rates import Rates, of_rule
from nbadsl.ide.snapshot import Snapshot
from nbadsl.ide.trees import walk
from nbadsl.semantics.model import Model, Symbol
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import Anything
from nbadsl.zone import EPOCH_DAY


@dataclass(frozen=True, slots=True)
class Hint:
    """A text at an offset of the file; `kind` is `type`, `value`, `argument` or `rate`."""

    offset: int
    text: str
    kind: str


def inlay_hints(snapshot: Snapshot, path: str, start: int, end: int, today: date) -> list[Hint]:
    """The hints between two offsets; parameters have the values that they have on a day."""
    document, model = snapshot.document(path), snapshot.model(path)
    if document is None:
        return []
    found = []
    ends = [*document.starts[1:], len(document.source.text)]
    for chunk, begin, finish in zip(document.chunks, document.starts, ends, strict=True):
        if finish < start or begin > end:
            continue
        for declaration in chunk.parsed[0].declarations:
            found += [
                Hint(begin + at, text, kind)
                for at, text, kind in _in_declaration(model, snapshot.rates_of(path), declaration, today)
                if start <= begin + at <= end
            ]
    return found


def _in_declaration(
    model: Model, rates: Rates | None, declaration: nodes.Declaration, today: date
) -> Iterator[tuple[int, str, str]]:
    if isinstance(declaration, nodes.Define):
        info = model.infos.get(declaration)
        if info is not None and not isinstance(info.type, Anything):
            yield declaration.name.span.end, f": {info.type}", "type"
    for _, _, node in walk(declaration):
        match node:
            case nodes.Reference():
                symbol = model.uses.get(node)
                if isinstance(symbol, Symbol) and symbol.kind == "parameter":
                    yield node.span.end, f" = {parameter_text(symbol.node, today)}", "value"
            case nodes.Rule() if said := of_rule(rates, declaration, node):
                yield node.span.end, f"  {said}", "rate"
            case nodes.Call(arguments=arguments) if len(arguments) > 1:
                symbol = model.uses.get(node.function)
                if isinstance(symbol, Symbol):
                    yield from _arguments(symbol, arguments)


def parameter_text(parameter: nodes.Parameter, today: date) -> str:
    """The value of a parameter on a day, as it is written: that of the latest change that has begun."""
    day = (today - EPOCH_DAY).days
    begun = [c for c in parameter.changes if c.start.day <= day]
    if begun:
        return str(max(begun, key=lambda c: c.start.day).value.span.words)
    default = next((m.value for m in parameter.field.modifiers if m.kind == "default"), None)
    span = getattr(default, "span", None)
    return span.words if isinstance(span, Span) else "?"


def _arguments(symbol: Symbol, arguments: tuple[nodes.Expr, ...]) -> Iterator[tuple[int, str, str]]:
    for parameter, argument in zip(symbol.node.parameters, arguments, strict=False):
        name = parameter.text if isinstance(parameter, nodes.Name) else parameter.name.text
        same = isinstance(argument, nodes.Reference) and argument.name == name
        if not same:
            yield argument.span.start, f"{name}: ", "argument"
