"""Decision tables into chains of `if`, one link a row.

Takes a checked table and what its parameters stand for; gives the expression of its result. An unknown value
fits only the cells `any` and `unknown`. Where no row holds the result is undefined, counted at the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from nbadsl.program.env import Env
from nbadsl.program.nodes import Expr
from nbadsl.semantics.tables import columns_of
from nbadsl.syntax import nodes
from nbadsl.types import Type

if TYPE_CHECKING:
    from nbadsl.program.translate import Translator


@dataclass(frozen=True, slots=True)
class Use:
    """A table where it is used. `columns`: what is asked about, by the names of the columns. `rows`: whether each of its
    rows fits that, never unknown. `result`: what comes of it."""

    table: nodes.Table
    columns: dict[str, Expr]
    rows: tuple[Expr, ...]
    result: Expr


def translate_table(translator: Translator, table: nodes.Table, env: Env, type: Type) -> Expr:
    """The result of a table; the translator is told of the use."""
    names, rows = columns_of(table)[:-1], table.rows[1:]
    conditions = [_holds(translator, names, row, env) for row in rows]
    result = _result(translator, table, conditions, env, type)
    columns = {name: env.locals[name] for name in names}
    translator.uses.append(Use(table, columns, tuple(conditions), result))
    return result


def _result(translator: Translator, table: nodes.Table, conditions: list[Expr], env: Env, type: Type) -> Expr:
    """What comes of a table. `conditions`: whether each row fits."""
    rows = table.rows[1:]
    results = [translator.translate(row.cells[-1].values[0], env) for row in rows]
    pairs = list(zip(conditions, results, rows, strict=True))
    if table.hit != "collect":
        rest: Expr | None = None
        for condition, result, row in reversed(pairs):
            if condition == translator.pool.yes():
                rest = result
            else:
                rest = translator.pool.choose(
                    condition, result, rest or translator.undefined(type, table.name.span), row.span
                )
        return rest or translator.undefined(type, table.name.span)
    assert table.collect is not None
    if table.collect.text in ("sum", "count"):
        one = translator.number(1)
        parts = [
            translator.pool.choose(
                c, r if table.collect.text == "sum" else one, translator.number(0, r.type), row.span
            )
            for c, r, row in pairs
        ]
        add = lambda a, b: translator.pool.arithmetic("add", a, b, type=type, origin=table.name.span)  # noqa: E731
        return reduce(add, parts, translator.number(0, type)) if parts else translator.number(0, type)
    return _extreme(translator, table, table.collect.text, pairs, type)


def _extreme(
    translator: Translator, table: nodes.Table, op: str, pairs: list[tuple[Expr, Expr, nodes.Row]], type: Type
) -> Expr:
    """The smallest or largest result of the rows that hold; undefined when none does."""
    pool, at = translator.pool, table.name.span
    best: Expr = translator.undefined(type, at)
    later: Expr = pool.no()
    for condition, result, row in reversed(pairs):
        both = pool.arithmetic(op, result, best, type=type, origin=at)
        best = pool.choose(condition, pool.choose(later, both, result), best, row.span)
        later = pool.either(condition, later)
    return best


def _holds(translator: Translator, names: list[str], row: nodes.Row, env: Env) -> Expr:
    """Whether a row holds: never unknown, as an unknown value fits only `any` and `unknown`."""
    conditions = [
        _cell(translator, env.locals[name], cell, env)
        for name, cell in zip(names, row.cells, strict=False)
        if cell.kind != "any"
    ]
    if not conditions:
        return translator.pool.yes()
    settled = [translator.pool.or_else(c, translator.pool.no()) if c.unknown else c for c in conditions]
    return reduce(lambda a, b: translator.pool.both(a, b, row.span), settled)


def _cell(translator: Translator, subject: Expr, cell: nodes.Cell, env: Env) -> Expr:
    pool, at = translator.pool, cell.span
    match cell.kind:
        case "unknown":
            return pool.negate(pool.is_known(subject, at), at)
        case "compare":
            return translator.compare(cell.operator, subject, translator.translate(cell.values[0], env), at)
        case "range":
            low, high = (translator.translate(v, env) for v in cell.values)
            return pool.both(pool.compare(">=", subject, low, at), pool.compare("<", subject, high, at), at)
        case _:
            return translator.one_of(subject, cell.values, env, at)
