"""Lowering of flags: which rows are surely yes, surely no, known.

Two-valued masks replace the three values. Each flag is asked one of three questions, and the question travels
down instead of the value: `yes(a and b)` is `yes(a) & yes(b)`, `no(a and b)` is `no(a) | no(b)`, and `not`
swaps the two. Where a flag can never be unknown, `no` is the complement of `yes`, which is free. Ordered
comparisons are no where either side is unknown (NaN), so they answer `yes` as they stand, and `no` as the
opposite comparison. So a column without nulls costs nothing, and one with nulls a mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from nbadsl.plan.emit import ALL, NONE, Const, Mask, Reg
from nbadsl.plan.ops import COMPARISONS
from nbadsl.plan.plan import FLAG, NUMBER, PAIR, SET, TEXT, WORDS, Column, Source, Test
from nbadsl.program import nodes
from nbadsl.program.nodes import Expr
from nbadsl.types import Flag, Set, Text, Words, is_numeric

if TYPE_CHECKING:
    from nbadsl.plan.scope import Scope

OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def answer(scope: Scope, expr: Expr, yes: bool) -> Mask:
    """Rows where a flag surely has an answer."""
    match expr:
        case nodes.Literal(value=value):
            return ALL if bool(value) == yes else NONE
        case nodes.Column():
            return scope.emit_mask(
                expr, "bits", scope.tables.column(Column(FLAG, Source(expr.name))), int(yes)
            )
        case nodes.Given():
            return scope.fill(scope.tables.given(expr.name), yes)
        case nodes.Not():
            return scope.flag(expr.operand, not yes)
        case nodes.And() if yes and (between := _between(scope, expr)) is not None:
            return between
        case nodes.And() if yes:
            return scope.both(scope.flag(expr.left, True), scope.flag(expr.right, True))
        case nodes.And():
            return scope.either(scope.flag(expr.left, False), scope.flag(expr.right, False))
        case nodes.Or() if yes:
            return scope.either(scope.flag(expr.left, True), scope.flag(expr.right, True))
        case nodes.Or():
            return scope.both(scope.flag(expr.left, False), scope.flag(expr.right, False))
        case nodes.Compare():
            return _compare(scope, expr, expr.op if yes else OPPOSITE[expr.op])
        case nodes.Same():
            return _same(scope, expr, yes)
        case nodes.Member():
            return _text(scope, expr, "member", expr.operand, expr.values, None, yes)
        case nodes.Match():
            return _match(scope, expr, yes)
        case nodes.Has():
            return _has(scope, expr, yes)
        case nodes.If():
            return scope.either(
                scope.both(scope.flag(expr.condition, True), scope.flag(expr.then, yes)),
                scope.both(scope.flag(expr.condition, False), scope.flag(expr.otherwise, yes)),
            )
        case nodes.OrElse():
            left = scope.flag(expr.left, yes)
            return scope.either(left, scope.both(scope.known(expr.left) ^ 1, scope.flag(expr.right, yes)))
        case nodes.IsKnown():
            known = scope.known(expr.operand)
            return known if yes else known ^ 1
        case nodes.Arm() | nodes.Arithmetic() | nodes.Calendar():
            raise TypeError(f"{type(expr).__name__} is not a flag")
    assert_never(expr)


def known(scope: Scope, expr: Expr) -> Mask:
    """Rows where an expression of any type has a value; only asked where it may have none."""
    match expr:
        case nodes.Literal():
            return ALL if expr.value is not None else NONE
        case nodes.Arm() | nodes.IsKnown():
            return ALL
        case nodes.Column():
            return _known_column(scope, expr)
        case nodes.Given():
            return _known_given(scope, expr)
        case nodes.Not() | nodes.Member() | nodes.Has():
            return scope.known(expr.operand)
        case nodes.Compare() | nodes.Same():
            return scope.both(scope.known(expr.left), scope.known(expr.right))
        case nodes.Match():
            return scope.both(scope.known(expr.operand), scope.known(expr.pattern))
        case nodes.And() | nodes.Or():
            return scope.either(scope.flag(expr, True), scope.flag(expr, False))
        case nodes.If():
            return scope.either(
                scope.both(scope.flag(expr.condition, True), scope.known(expr.then)),
                scope.both(scope.flag(expr.condition, False), scope.known(expr.otherwise)),
            )
        case nodes.OrElse():
            return scope.either(scope.known(expr.left), scope.known(expr.right))
        case nodes.Arithmetic() | nodes.Calendar():
            if scope.ranges.defined(expr):
                mask = ALL
                for operand in expr.operands:
                    mask = scope.both(mask, scope.known(operand))
                return mask
            return scope.is_number(expr)
    assert_never(expr)


def _known_column(scope: Scope, expr: nodes.Column) -> Mask:
    source, tables = Source(expr.name), scope.tables
    if isinstance(expr.type, Flag):
        return scope.emit_mask(expr, "flagged", tables.column(Column(FLAG, source)))
    if isinstance(expr.type, Set):
        return scope.emit_mask(expr, "filled", tables.column(Column(SET, source)))
    if is_numeric(expr.type):
        if scope.compact:
            return scope.is_number(expr)
        return scope.emit_mask(expr, "valid", tables.column(Column(NUMBER, source)))
    if isinstance(expr.type, Words):
        column = tables.column(Column(WORDS, source))
        return scope.emit_words(expr, column, [(0, len(expr.type.words) - 1)])
    return _test(scope, expr, expr, Test("known", ()))


def _known_given(scope: Scope, expr: nodes.Given) -> Mask:
    if isinstance(expr.type, Text | Words | Set):
        return scope.fill(scope.tables.run_test("known", expr.name, "", (), None), True)
    slot = scope.tables.given(expr.name)
    if isinstance(expr.type, Flag):
        return scope.either(scope.fill(slot, True), scope.fill(slot, False))
    return scope.is_number(expr)


# --- numbers compared ----------------------------------------------------------------------------------


def _compare(scope: Scope, expr: nodes.Compare, op: str) -> Mask:
    left, right = expr.left, expr.right
    if scope.is_constant(left) and not scope.is_constant(right):
        left, right, op = right, left, MIRROR[op]
    if isinstance(left, nodes.Column) and scope.is_constant(right) and not scope.compact:
        bound = scope.number(right)
        assert isinstance(bound, Const)
        column = scope.tables.column(Column(NUMBER, Source(left.name)))
        return scope.emit_mask(expr, "range", column, COMPARISONS.index(op), bound.slot)
    x, y = scope.number(left), scope.number(right)
    x = x if isinstance(x, Reg) else scope.broadcast(x)
    if isinstance(y, Const):
        return scope.emit_mask(expr, "compare", x.number, COMPARISONS.index(op), y.slot)
    return scope.emit_mask(expr, "versus", x.number, COMPARISONS.index(op), y.number)


def _between(scope: Scope, expr: nodes.And) -> Mask | None:
    """`is between a and b` of a column is one test."""
    match expr.left, expr.right:
        case (
            nodes.Compare(op=">=", left=nodes.Column() as column, right=low),
            nodes.Compare(op="<=", left=same, right=high),
        ) if column is same and not scope.compact and scope.is_constant(low) and scope.is_constant(high):
            least, most = scope.number(low), scope.number(high)
            assert isinstance(least, Const) and isinstance(most, Const)
            number = scope.tables.column(Column(NUMBER, Source(column.name)))
            return scope.emit_mask(expr, "within", number, least.slot, most.slot)
    return None


# --- texts and words -------------------------------------------------------------------------------------


def _same(scope: Scope, expr: nodes.Same, yes: bool) -> Mask:
    left, right = expr.left, expr.right
    if isinstance(left.type, Flag):
        return scope.either(
            scope.both(scope.flag(left, True), scope.flag(right, yes)),
            scope.both(scope.flag(left, False), scope.flag(right, not yes)),
        )
    if not isinstance(left, nodes.Column | nodes.Arm):
        left, right = right, left
    match right:
        case nodes.Literal(value=str() as value):
            return _text(scope, expr, "member", left, (value,), None, yes)
        case nodes.Given():
            return _text(scope, expr, "member", left, (), right.name, yes)
        case nodes.Column() | nodes.Arm():
            pair = Column(PAIR, _source(left), other=_source(right))
            return scope.emit_mask(expr, "equal", scope.tables.column(pair), int(yes))
    raise TypeError("texts must be pushed to the leaves before lowering")


def _match(scope: Scope, expr: nodes.Match, yes: bool) -> Mask:
    match expr.pattern:
        case nodes.Literal(value=str() as value):
            return _text(scope, expr, expr.op, expr.operand, (value,), None, yes)
        case nodes.Given():
            return _text(scope, expr, expr.op, expr.operand, (), expr.pattern.name, yes)
    raise TypeError("the pattern of a match must be a literal or given text")


def _text(
    scope: Scope, expr: Expr, op: str, operand: Expr, values: tuple[str, ...], given: str | None, yes: bool
) -> Mask:
    """A question about one text or word."""
    match operand:
        case nodes.Given():
            return scope.fill(scope.tables.run_test(op, operand.name, "", values, given), yes)
        case nodes.Literal(value=str() as value):
            return scope.fill(scope.tables.run_test(op, None, value, values, given), yes)
        case nodes.Column() | nodes.Arm():
            if isinstance(operand.type, Words) and given is None:
                return _words(scope, expr, operand, op, values, yes)
            return _test(scope, expr, operand, Test(op, values, yes, given))
    raise TypeError("texts must be pushed to the leaves before lowering")


def _test(scope: Scope, expr: Expr, operand: nodes.Column | nodes.Arm, test: Test) -> Mask:
    kind = WORDS if isinstance(operand.type, Words) else TEXT
    column = scope.tables.column(Column(kind, _source(operand)))
    number = scope.tables.test(Test(test.op, test.values, test.answer, test.given, column))
    return scope.emit_mask(expr, "test", column, number)


def _words(
    scope: Scope, expr: Expr, operand: nodes.Column | nodes.Arm, op: str, values: tuple[str, ...], yes: bool
) -> Mask:
    """A question about a word of a closed set is answered now, for each word."""
    assert isinstance(operand.type, Words)
    codes = [i for i, word in enumerate(operand.type.words) if passes(op, word, values) == yes]
    ranges: list[tuple[int, int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    if not ranges:
        return NONE
    return scope.emit_words(expr, scope.tables.column(Column(WORDS, _source(operand))), ranges)


def passes(op: str, text: str, values: tuple[str, ...]) -> bool:
    """What a test of a text means."""
    match op:
        case "member":
            return text in values
        case "starts":
            return text.startswith(values[0])
        case "ends":
            return text.endswith(values[0])
        case "contains":
            return values[0] in text
        case "known":
            return True
    raise ValueError(op)


def _source(expr: Expr) -> Source:
    match expr:
        case nodes.Column():
            return Source(expr.name)
        case nodes.Arm():
            return Source(expr.experiment, "arm")
    raise TypeError("texts must be pushed to the leaves before lowering")


# --- sets ---------------------------------------------------------------------------------------------


def _has(scope: Scope, expr: nodes.Has, yes: bool) -> Mask:
    operand, tables = expr.operand, scope.tables
    if isinstance(operand, nodes.Given):
        return scope.fill(tables.run_test(expr.op, operand.name, "", expr.words, None), yes)
    if not isinstance(operand, nodes.Column) or not isinstance(operand.type, Set):
        raise TypeError("only a field can be asked what it has")
    places = sorted(operand.type.words.index(word) for word in expr.words if word in operand.type.words)
    complete = len(places) == len(expr.words)
    mask = NONE if expr.op == "any" else (ALL if complete else NONE)
    for part in sorted({place // 64 for place in places}):
        bits = sum(1 << place % 64 for place in places if place // 64 == part)
        column = tables.column(Column(SET, Source(operand.name), part))
        test = scope.emit_mask(expr, f"has_{expr.op}", column, tables.set_mask(bits))
        mask = scope.either(mask, test) if expr.op == "any" else scope.both(mask, test)
    if expr.op == "all" and not places:
        mask = scope.both(mask, scope.known(operand))
    return mask if yes else scope.both(mask ^ 1, scope.known(operand))
