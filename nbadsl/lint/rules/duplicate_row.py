"""A row of a table that asks for the same as another row.

In a table where the first row counts `nba check` tells which rows are never reached. In one that collects, both
count; and a table whose cells are computed is not looked through by `check`.
"""

from __future__ import annotations

from nbadsl.diagnostics import Edit, Findings, Fix
from nbadsl.lint.policy import Policy
from nbadsl.source import Span
from nbadsl.syntax import nodes


def find(policy: Policy, found: Findings) -> None:
    told = {d.span for d in policy.diagnostics if d.kind.name in ("unreachable-row", "overlapping-rows")}
    for symbol in policy.model.of_kind("table"):
        seen: dict[tuple[str, ...], nodes.Row] = {}
        for row in symbol.node.rows[1:] if policy.is_own(symbol.span) else ():
            asked = tuple(_words(cell) for cell in row.cells[:-1])
            first = seen.setdefault(asked, row)
            if first is row or row.span in told:
                continue
            same = first.cells[-1].span.words == row.cells[-1].span.words
            collects = symbol.node.hit == "collect"
            help = "both of them count" if collects else "the first one counts"
            fixes = () if collects else (Fix("remove the row", (Edit(_line(row.span), ""),), safe=True),)
            if collects and same:
                help += ", so their result counts twice"
            related = ((first.span, "the other row"),)
            found.report("duplicate-row", row.span, help=help, related=related, fixes=fixes)


def _words(cell: nodes.Cell) -> str:
    """What a cell asks; the order of a list of values makes no difference."""
    if cell.kind == "value":
        return ", ".join(sorted(value.span.words for value in cell.values))
    return cell.span.words


def _line(span: Span) -> Span:
    """A row with its line, where it stands alone on it."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    alone = not text[start : span.start].strip() and end >= 0 and not text[span.end : end].strip()
    return Span(span.source, start, end + 1) if alone else span
