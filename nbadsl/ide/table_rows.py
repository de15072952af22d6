"""The row that a table lacks."""

from __future__ import annotations

import re

from nbadsl.diagnostics import Diagnostic, Edit, Fix
from nbadsl.ide.snapshot import Snapshot
from nbadsl.semantics.model import Model
from nbadsl.semantics.tables import columns_of
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import Date, Flag, Integer, Money, Number, Text, Type, Words, spelled


def missing_row(snapshot: Snapshot, finding: Diagnostic) -> list[Fix]:
    """For a table with a gap, the fix that adds a row for the example that the finding names."""
    if finding.kind.name != "table-gap":
        return []
    path = finding.span.source.path
    model = snapshot.model(path)
    for symbol in model.of_kind("table"):
        name = snapshot.place(symbol.span)
        last = snapshot.place(symbol.node.rows[-1].span)
        if name is None or last is None or (name.path, name.start) != (path, finding.span.start):
            continue
        columns = columns_of(symbol.node)[:-1]
        cells = _cells(finding.message, columns, symbol.node, model)
        indent = re.search(r"[ \t]*$", last.document.source.text[: last.start])
        row = " | ".join([*cells, _result(symbol.node, model)])
        at = Span(finding.span.source, last.end, last.end)
        title = f"add a row for {', '.join(f'{c} {v}' for c, v in zip(columns, cells, strict=True))}"
        return [Fix(title, (Edit(at, f"\n{indent.group() if indent else '  '}{row}"),))]
    return []


def _cells(message: str, columns: list[str], table: nodes.Table, model: Model) -> list[str]:
    """The values of the example, one a column; `any` where the message does not tell the unit."""
    pattern = ", ".join(f"{re.escape(c)} (?P<c{i}>.*?)" for i, c in enumerate(columns))
    found = re.search(f"no row holds for {pattern}$", message)
    if found is None:
        return ["any"] * len(columns)
    types = {c: _column(table, model, c) for c in columns}
    plain = (Words, Flag, Integer, Number)
    return [
        value if value == "unknown" or isinstance(types[c], plain) else "any"
        for i, c in enumerate(columns)
        for value in [found.group(f"c{i}")]
    ]


def _column(table: nodes.Table, model: Model, name: str) -> Type | None:
    for parameter in table.parameters:
        if isinstance(parameter, nodes.Field) and parameter.name.text == name:
            words = parameter.type.words
            named: dict[str, Type] = {"flag": Flag(), "integer": Integer(), "number": Number()}
            return Words(tuple(w.text for w in words)) if words else named.get(parameter.type.name)
    symbol = model.symbols.get(name)
    info = model.infos.get(symbol.node) if symbol is not None else None
    return symbol.input.type if symbol is not None and symbol.input else info.type if info else None


def _result(table: nodes.Table, model: Model) -> str:
    """A result to begin with: that of the last row."""
    cells = table.rows[-1].cells
    return str(cells[-1].span.words) if len(table.rows) > 1 else "0"


def default_of(type: Type) -> str:
    """What a value of a type can be said to be where it is unknown."""
    match type:
        case Money(currency):
            return f"0 {currency}"
        case Flag():
            return "no"
        case Text():
            return '""'
        case Words(words):
            return spelled(words[0]) if words else '""'
        case Date():
            return "today"
        case _:
            return "0"
