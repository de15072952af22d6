"""Decision tables: their cells, and whether their rows cover every case.

The analysis cuts each column into elementary cases: every word, every flag, every number that a cell names
and the stretches between those numbers, and *unknown* where the argument may be. In one case of all columns
together, each row either holds or not, so trying the combinations finds gaps, overlaps and rows that are
never reached, each with a concrete example. Tables whose cells are computed, or with too many
combinations, are not analysed; they may then lack a result unless a row of `any` catches all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise, product
from math import inf
from typing import TYPE_CHECKING

from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.semantics import operators
from nbadsl.semantics.constants import literal
from nbadsl.semantics.fixes import unit_advice
from nbadsl.semantics.model import Info, Word, merge
from nbadsl.syntax import nodes
from nbadsl.types import Anything, Date, Flag, Integer, Set, Text, Type, Words

if TYPE_CHECKING:
    from nbadsl.semantics.infer import Inference

MOST_COMBINATIONS = 50_000
HITS = ("sum", "min", "max", "count")
UNKNOWN, OTHER_TEXT = object(), "another text"


@dataclass(frozen=True, slots=True)
class Coverage:
    """`gap`: an example that no row holds for, or "". `unreachable`: rows, each with the place of a cell that no
    value fits, -1 where it is the rows above that leave nothing. `overlapping`: pairs of rows."""

    gap: str
    unreachable: tuple[tuple[nodes.Row, int], ...]
    overlapping: tuple[tuple[nodes.Row, nodes.Row], ...]


def columns_of(table: nodes.Table) -> list[str]:
    """The names in the first row, the result's included."""
    names = []
    for cell in table.rows[0].cells:
        match cell:
            case nodes.Cell(kind="value", values=(nodes.Reference(name=name),)):
                names.append(name)
            case _:
                names.append("")
    return names


def infer_table(inference: Inference, table: nodes.Table, type: Type, bound: dict[str, Info]) -> Info:
    """The info of a table's result; reports wrong cells."""
    found, names = inference.found, columns_of(table)
    if len(bound) != len(table.parameters):
        return Info(type)  # a parameter's name stands twice, which has been reported
    if sorted(names[:-1]) != sorted(bound) or names[-1] != "result":
        expected = " | ".join([*bound, "result"])
        shown = f"`{' '.join(table.rows[0].span.text.split())}`"
        found.report("wrong-columns", table.rows[0].span, found=shown, expected=f"`{expected}`")
        return Info(type)
    if table.collect is not None and table.collect.text not in HITS:
        help = did_you_mean(table.collect.text, HITS)
        expected = "`sum`, `min`, `max` or `count`"
        found.report(
            "unknown-setting", table.collect.span, found=table.collect.text, expected=expected, help=help
        )
    for name, cell in zip(names, table.rows[0].cells, strict=True):
        if name in bound and isinstance(bound[name].type, Set):
            what = f"column `{name}`"
            found.report("wrong-type", cell.span, what=what, found=f"`{bound[name].type}`", expected="no set")
            return Info(type)
    judged = [_row(inference, row, names, type, bound) for row in table.rows[1:]]
    results = [info for info, _ in judged]
    info = merge(type, *bound.values(), *results)
    low = min((r.low for r in results), default=-inf)
    high = max((r.high for r in results), default=inf)
    if table.hit == "collect":
        low, high = -inf, inf
    without = next((r for r in results if r.unknown), None)
    clean = all(fits for _, fits in judged)
    coverage = cover(inference, table, bound) if clean else None
    gap = not _catches_all(table) if coverage is None else bool(coverage.gap)
    never_empty = table.collect is not None and table.collect.text in ("sum", "count")
    unknown = without is not None or (gap and not never_empty)
    why = without.why if without else f"`{table.name.text}`"
    return replace(info, unknown=unknown, why=why if unknown else "", low=low, high=high)


def _row(
    inference: Inference, row: nodes.Row, names: list[str], type: Type, bound: dict[str, Info]
) -> tuple[Info, bool]:
    """The info of a row's result, and whether its cells fit their columns."""
    if len(row.cells) != len(names):
        found, expected = len(row.cells), len(names)
        inference.found.report("wrong-cells", row.span, found=found, expected=expected)
        return Info(type), False
    fits = [
        _condition(inference, name, bound[name], cell, bound)
        for name, cell in zip(names, row.cells, strict=False)
        if name in bound
    ]
    last = row.cells[-1]
    if last.kind != "value" or len(last.values) != 1:
        inference.found.report("wrong-cell", last.span, found=f"`{last.span.text}`", expected="one result")
        return Info(type), False
    return inference.require(last.values[0], type, "the result", bound), all(fits)


def _condition(
    inference: Inference, name: str, column: Info, cell: nodes.Cell, bound: dict[str, Info]
) -> bool:
    """Whether a cell fits its column; reports when not."""
    what, expected = f"the cell below `{name}`", f"`{column.type}`"
    if cell.kind in ("never", "ago", "set"):
        found = f"`{cell.span.text}`"
        inference.found.report("wrong-type", cell.span, what=what, found=found, expected=expected)
        return False
    operator = cell.operator if cell.kind == "compare" else "<" if cell.kind == "range" else "is"
    for value in cell.values:
        info = inference.infer(value, column.type, bound)
        if operators.result(operator, column.type, info.type) is not None:
            continue
        found = f"`{info.type}`"
        if found == expected:
            found, expected = f"`{cell.span.text}`", f"plain values, since {expected} has no order"
            inference.found.report("wrong-cell", cell.span, found=found, expected=expected)
            return False
        help, fixes = unit_advice(value, column.type)
        inference.found.report(
            "wrong-type", cell.span, what=what, found=found, expected=expected, help=help, fixes=fixes
        )
        return False
    if cell.kind == "range":
        low, high = (_value(inference, v) for v in cell.values)
        if isinstance(low, float) and isinstance(high, float) and low >= high:
            help = "the upper end is not included"
            inference.found.report("wrong-range", cell.span, found=f"`{cell.span.text}`", help=help)
            return False
    return True


def cover(inference: Inference, table: nodes.Table, bound: dict[str, Info]) -> Coverage | None:
    """Which cases the rows cover; None when that cannot be told."""
    names, rows = columns_of(table), table.rows[1:]
    if any(len(row.cells) != len(names) for row in rows) or not set(names[:-1]) <= set(bound):
        return None
    cases: list[list[tuple[object, int]]] = []
    total = 1
    for index, name in enumerate(names[:-1]):
        column = _cases(inference, bound[name], [row.cells[index] for row in rows])
        if column is None:
            return None
        cases.append(column)
        total *= max(1, len(column))
    if total > MOST_COMBINATIONS:
        return None
    return _combine(table, names, cases)


def _combine(table: nodes.Table, names: list[str], cases: list[list[tuple[object, int]]]) -> Coverage:
    rows = table.rows[1:]
    everything, reached, gap = (1 << len(rows)) - 1, 0, ""
    overlaps: dict[tuple[int, int], None] = {}
    for combination in product(*cases):
        holding = everything
        for _, mask in combination:
            holding &= mask
        if not holding:
            gap = gap or ", ".join(f"{n} {_show(v)}" for n, (v, _) in zip(names, combination, strict=False))
        elif table.hit == "collect":
            reached |= holding
        else:
            reached |= holding & -holding
            if table.hit == "unique" and holding & (holding - 1):
                overlaps[tuple(islice(_bits(holding), 2))] = None  # type: ignore[index]
    unreachable = tuple((row, _empty_cell(i, cases)) for i, row in enumerate(rows) if not reached >> i & 1)
    return Coverage(gap, unreachable, tuple((rows[a], rows[b]) for a, b in overlaps))


def _empty_cell(row: int, cases: list[list[tuple[object, int]]]) -> int:
    """The column in which a row holds in no case at all, or -1."""
    never = (c for c, column in enumerate(cases) if not any(mask >> row & 1 for _, mask in column))
    return next(never, -1)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _cases(inference: Inference, column: Info, cells: list[nodes.Cell]) -> list[tuple[object, int]] | None:
    """Elementary cases of a column, each with the set of rows (as bits) whose cell holds in it."""
    values = [[_value(inference, v) for v in cell.values] for cell in cells]
    if any(v is None for row in values for v in row):
        return None
    named = [v for row in values for v in row]
    match column.type:
        case Words():
            domain: list[object] = list(column.type.words)
        case Flag():
            domain = [True, False]
        case Text():
            domain = [*dict.fromkeys(named), OTHER_TEXT]
        case Anything() | Set():
            return None
        case _:
            domain = _stretches(sorted({float(v) for v in named}), column)  # type: ignore[arg-type]
    if column.unknown:
        domain.append(UNKNOWN)
    return [
        (case, sum(1 << i for i, cell in enumerate(cells) if _holds(cell, values[i], case)))
        for case in domain
    ]


def _value(inference: Inference, expr: nodes.Expr) -> object:
    used = inference.model.uses.get(expr)
    if isinstance(used, Word):
        return used.text
    read = literal(expr, inference.model.settings.zone)
    return None if read is None else read[0]


def _stretches(points: list[float], column: Info) -> list[object]:
    """The numbers themselves and one from every stretch between them, within the column's bounds."""
    whole = isinstance(column.type, Integer | Date)
    low, high = column.low, column.high
    edges = [low, *points, high]
    domain: list[object] = [p for p in (low, high) if p not in points and abs(p) < inf]
    domain += [p for p in points if low <= p <= high]
    for a, b in pairwise(edges):
        if a == -inf:
            middle = b - 1 if b < inf else 0.0
        elif b == inf:
            middle = a + 1
        else:
            middle = (a + b) / 2
        if whole:
            middle = float(int(a) + 1) if abs(a) < inf else float(int(middle))
        if a < middle < b and low <= middle <= high:
            domain.append(middle)
    return domain


def _holds(cell: nodes.Cell, values: list[object], case: object) -> bool:
    if cell.kind == "any":
        return True
    if case is UNKNOWN or cell.kind == "unknown":
        return case is UNKNOWN and cell.kind == "unknown"
    if cell.kind == "value":
        return case in values
    if cell.kind == "range":
        return bool(values[0] <= case < values[1])  # type: ignore[operator]
    compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}
    return compare[cell.operator](float(case), float(values[0]))  # type: ignore[arg-type]


def _catches_all(table: nodes.Table) -> bool:
    return any(all(cell.kind == "any" for cell in row.cells[:-1]) for row in table.rows[1:])


def _show(case: object) -> str:
    if case is UNKNOWN:
        return "unknown"
    if isinstance(case, bool):
        return "yes" if case else "no"
    return f"{case:g}" if isinstance(case, float) else str(case)
