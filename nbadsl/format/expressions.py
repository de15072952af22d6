"""Expressions and clauses that do not fit on a line.

    exclude when has_open_dispute
      or (days_since_order > 45 days and not is_loyal)
      because "…"

Chains of operators get a line for each operand, `if` one for each answer, arguments one for each; lists are filled;
clauses such as `because` begin a line where they do not fit.
"""

from __future__ import annotations

from typing import Any

from nbadsl.format.printer import STEP, Printer
from nbadsl.format.shape import LEVEL
from nbadsl.syntax import nodes

_LEAVES = (
    nodes.Name
    | nodes.String
    | nodes.Number
    | nodes.Amount
    | nodes.Quantity
    | nodes.TextValue
    | nodes.FlagValue
    | nodes.Moment
    | nodes.ClockValue
    | nodes.Reference
)
_CLAUSES = frozenset("because when via content per by seed within among unique first collect".split())
_CLAUSE_NODES = nodes.Modifier | nodes.Period | nodes.Window
_CLOSED = nodes.Brackets | nodes.Call | nodes.OneOf | nodes.Has
_LISTS = nodes.OneOf | nodes.Has | nodes.TypeName


def put_node(printer: Printer, node: Any) -> None:
    """Write a node, broken where it has to be."""
    first, behind = printer.range_of(node)
    if printer.fits(first, behind) or isinstance(node, _LEAVES):
        return printer.put_each(first, behind)
    match node:
        case nodes.Binary(operator) if operator in LEVEL:
            _put_chain(printer, node)
        case nodes.If():
            _put_if(printer, node)
        case nodes.Brackets():
            put_list(printer, first, behind, [node.inner])
        case nodes.Call():
            printer.put(first, first + 1)
            put_list(printer, first + 1, behind, node.arguments)
        case _:
            put_clauses(printer, node, first, behind)


def _put_chain(printer: Printer, chain: nodes.Binary) -> None:
    """Operands one below the other, each with the operator before it."""
    steps: list[nodes.Binary] = []
    operand: nodes.Expr = chain
    while isinstance(operand, nodes.Binary) and LEVEL.get(operand.operator) == LEVEL[chain.operator]:
        steps.append(operand)
        operand = operand.left
    _put_operand(printer, operand)
    for step in reversed(steps):
        printer.newline(printer.deep)
        printer.put_each(printer.words.behind[step.left.span.end], printer.range_of(step.right)[0])
        _put_operand(printer, step.right)


def _put_operand(printer: Printer, operand: nodes.Expr) -> None:
    """What has lines of its own between brackets or in a list; other operands go on further to the right."""
    with printer.deeper(0 if isinstance(operand, _CLOSED) else STEP):
        put_node(printer, operand)


def _put_if(printer: Printer, choice: nodes.If) -> None:
    """`if … then …`, `else if … then …` and `else …` on lines of their own, and `then` where it does not fit."""
    while True:
        first, then = printer.range_of(choice)[0], printer.words.behind[choice.condition.span.end]
        otherwise = printer.words.behind[choice.then.span.end]
        if printer.fits(first, otherwise):
            printer.put(first, otherwise)
        else:
            printer.put(first, first + 1)
            with printer.deeper():
                put_node(printer, choice.condition)
            printer.newline(printer.deep)
            with printer.deeper():
                printer.put(then, then + 1)
                put_node(printer, choice.then)
        printer.newline(printer.deep)
        printer.put(otherwise, otherwise + 1)
        if not isinstance(choice.otherwise, nodes.If):
            with printer.deeper():
                put_node(printer, choice.otherwise)
            return
        choice = choice.otherwise


def put_list(printer: Printer, opening: int, behind: int, items: Any) -> None:
    """`(`, then items one below the other, then `)`."""
    printer.put(opening, opening + 1)
    with printer.deeper():
        for item in items:
            printer.newline(printer.deep)
            put_node(printer, item)
            comma = printer.range_of(item)[1]
            printer.put_each(comma, comma + (comma < behind - 1))
        printer.comments(behind - 1)
    printer.newline(printer.deep)
    printer.put(behind - 1, behind)


def put_clauses(printer: Printer, node: Any, first: int, behind: int) -> None:
    """The tokens from `first` up to `behind` of a node: on this line what fits, and where it does not, a list goes on in
    the next line, and a clause begins one."""
    groups = _groups(printer, node, first, behind)
    deep, long = printer.deep, False
    for number, (kind, parts) in enumerate(groups):
        begin, end = parts[0][0], parts[-1][1]
        if kind == "list":
            until = next((g[0][0] for k, g in groups[number + 1 :] if k != "fill"), groups[-1][1][-1][1])
            if not printer.fits(begin, until):
                # The words of an expression stand apart from the operators that may follow them.
                printer.deep = deep + (STEP if isinstance(node, nodes.Expr) else 0)
                printer.newline(printer.deep)
                long = True
        elif kind == "clause":
            printer.deep = deep
            if long or _wants_a_line(printer, parts):
                printer.newline(printer.deep)
        elif kind == "fill" and not printer.fits(begin, end):
            printer.newline(printer.deep)
        long = _put_parts(printer, parts) or (long and kind in ("list", "fill"))
    printer.deep = deep


def _put_parts(printer: Printer, parts: Any) -> bool:
    """Write parts one after the other; whether they took several lines."""
    lines = len(printer.lines)
    for begin, end, child in parts:
        if child is None:
            printer.put_each(begin, end)
        else:
            put_node(printer, child)
    return len(printer.lines) > lines


def _wants_a_line(printer: Printer, parts: Any) -> bool:
    """Whether a clause does not fit here, but would on a line of its own; or cannot be broken anyway."""
    begin, end = parts[0][0], parts[-1][1]
    if printer.fits(begin, end):
        return False
    simple = all(child is None or isinstance(child, _LEAVES) for *_, child in parts)
    return simple or printer.fits_at(printer.deep, begin, end)


def _groups(printer: Printer, node: Any, first: int, behind: int) -> list[tuple[str, list[Any]]]:
    """The parts of a node, cut where a line may begin, and why: in a list, at a clause."""
    text, after_child = printer.words.text, False
    groups: list[tuple[str, list[Any]]] = []
    for part in printer.parts(node, first, behind):
        begin, _, child = part
        kind = _joint(node, text[begin - 1], text[begin], child, after_child) if begin > first else ""
        if kind or not groups:
            groups.append((kind, [part]))
        else:
            groups[-1][1].append(part)
        after_child = after_child or child is not None
    return groups


def _joint(node: Any, before: str, word: str, child: Any, after_child: bool) -> str:
    """Why a line may begin at a word, the start of a child or a token of the node itself; "" if it may not."""
    if before == ",":
        return "" if word == "unknown" else "fill"
    if isinstance(node, _LISTS) and before == "of":
        return "list"
    if isinstance(node, nodes.Guarantee | nodes.AtMost) and before == ":":
        return "clause"
    if isinstance(child, _CLAUSE_NODES):
        return "clause"
    clause = child is None and word in _CLAUSES and not isinstance(node, nodes.Expr)
    return "clause" if clause and after_child else ""
