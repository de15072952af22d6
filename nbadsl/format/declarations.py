"""Declarations and what stands in their blocks: one item a line where a block is broken, columns of tables aligned."""

from __future__ import annotations

from typing import Any

from nbadsl.format.expressions import put_clauses, put_list, put_node
from nbadsl.format.printer import STEP, Printer
from nbadsl.format.shape import opening_of, shape_of
from nbadsl.format.tree import children
from nbadsl.format.words import columns, words_of
from nbadsl.syntax import nodes


def lines_of(declaration: nodes.Declaration, end: int, width: int) -> list[str]:
    """The lines of a declaration that was parsed, with the comment after it, which ends at the offset `end`."""
    span = declaration.span
    words = words_of(span.source.text, span.start, end)
    printer = Printer(words, shape_of(declaration, words), width)
    _put_item(printer, declaration, 0, len(words.text), 0)
    return printer.finished()


def _put_item(printer: Printer, item: Any, first: int, behind: int, indent: int) -> None:
    """The tokens from `first` up to `behind`: a declaration or an item of a block, with the comma behind it."""
    printer.deep = indent + STEP
    if printer.fits(first, behind):
        return printer.put(first, behind)
    opening = opening_of(item, printer.words)
    match item:
        case nodes.Define(value=body) | nodes.Function(body=body):
            begin = printer.range_of(body)[0]
            _put_head(printer, item, first, begin)
            printer.newline(printer.deep)
            put_node(printer, body)
        case _ if opening is not None:
            _put_head(printer, item, first, opening)
            _put_block(printer, item, opening, indent)
            printer.put_each(printer.range_of(item)[1], behind)
        case _:
            put_clauses(printer, item, first, behind)


def _put_head(printer: Printer, item: Any, first: int, behind: int) -> None:
    """What stands before a body or a block."""
    if printer.fits(first, behind):
        return printer.put(first, behind)
    if isinstance(item, nodes.Function | nodes.Table):
        opening = printer.range_of(item.name)[1]
        closing = printer.words.behind[item.parameters[-1].span.end] if item.parameters else opening + 1
        if printer.fits(first, closing + 1):
            printer.put(first, closing + 1)
        else:
            printer.put_each(first, opening)
            with printer.deeper(-STEP):
                put_list(printer, opening, closing + 1, item.parameters)
        first = closing + 1
    put_clauses(printer, item, first, behind)


def _put_block(printer: Printer, item: Any, opening: int, indent: int) -> None:
    """A block over several lines, to its `}`."""
    closing = printer.range_of(item)[1] - 1
    printer.put(opening, opening + 1)
    printer.newline(indent)
    printer.start = len(printer.lines)
    inside = [c for c in children(item) if printer.range_of(c)[0] > opening]
    if isinstance(item, nodes.Table | nodes.TestCases):
        _put_rows(printer, inside, indent + STEP)
    else:
        put = _put_entries if isinstance(item, nodes.TestEntries | nodes.Experiment) else _put_items
        put(printer, inside, indent + STEP)
    printer.comments(closing, indent + STEP, blanks=True)
    printer.newline(indent)
    printer.deep = indent + STEP
    printer.put(closing, closing + 1)


def _put_items(printer: Printer, items: list[Any], indent: int) -> None:
    """One item a line."""
    for item in items:
        first, behind = _with_comma(printer, item)
        _begin(printer, first, indent)
        _put_item(printer, item, first, behind, indent)


def _put_entries(printer: Printer, entries: list[Any], indent: int) -> None:
    """Values or arms, on the lines that their author gave them. What is too much for a line begins the next."""
    words, carried = printer.words, False
    for number, entry in enumerate(entries):
        first, behind = _with_comma(printer, entry)
        fresh = first in words.fresh
        apart = number == 0 or first in words.above or first in words.blank or printer.ended
        if apart or (fresh and not carried) or not printer.fits(first, behind):
            carried = not (apart or fresh)
            _begin(printer, first, indent)
        elif fresh:
            carried = False
        _put_item(printer, entry, first, behind, indent)


def _with_comma(printer: Printer, item: Any) -> tuple[int, int]:
    """The tokens of an item, and the comma behind it."""
    first, behind = printer.range_of(item)
    return first, behind + (printer.words.text[behind] == ",")


def _begin(printer: Printer, first: int, indent: int) -> None:
    """A new line for a token, with the comments above it and the blank lines that the author left."""
    printer.newline(indent)
    printer.comments(first, indent, blanks=True)
    if first in printer.words.blank:
        printer.blank()


def _put_rows(printer: Printer, rows: list[Any], indent: int) -> None:
    """Rows whose columns begin one below the other. A row with a comment inside stands as it can."""
    cells = [_cells(printer, row) for row in rows]
    widths: dict[int, int] = {}
    for row in cells:
        for number, text in enumerate(row[:-1]):
            widths[number] = max(widths.get(number, 0), columns(text))
    for row, texts in zip(rows, cells, strict=True):
        first, behind = printer.range_of(row)
        _begin(printer, first, indent)
        printer.deep = indent + STEP
        if not texts:
            printer.put_each(first, behind)
            continue
        padded = [text + " " * (widths[n] - columns(text)) for n, text in enumerate(texts[:-1])]
        printer.put_row(" | ".join([*padded, texts[-1]]), behind)


def _cells(printer: Printer, row: nodes.Row) -> list[str]:
    """The texts of the cells, none if there are comments between them."""
    if not printer.is_flat(*printer.range_of(row)):
        return []
    return [printer.text_of(*printer.range_of(cell)) for cell in row.cells]
