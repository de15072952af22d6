"""Which arithmetic can never be undefined.

Takes expressions and the declared bounds of inputs; says for each numeric expression between which
bounds its known values lie, and for each operation whether its result is finite for all operands within
their bounds. Such an operation needs no check when it runs.
"""

from __future__ import annotations

from nbadsl.program import nodes
from nbadsl.program.intervals import (
    CALENDAR,
    EVERYTHING,
    MAX,
    NOW,
    TODAY,
    Interval,
    arithmetic,
    declared,
    union,
)
from nbadsl.program.nodes import Expr, Program


class Ranges:
    """Bounds of the expressions of one program, computed on demand and remembered."""

    def __init__(self, program: Program) -> None:
        inputs = [*program.inputs, *program.rooms, *program.context, *(p.input for p in program.parameters)]
        self._inputs: dict[str, Interval] = {i.name: declared(i) for i in inputs}
        self._inputs["now"] = NOW
        self._inputs["today"] = TODAY
        self._known: dict[Expr, Interval] = {}
        self._unknown: dict[Expr, bool] = {}
        self._undefined: dict[Expr, bool] = {}

    def of(self, expr: Expr) -> Interval:
        """Bounds of the known values of a numeric expression."""
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._compute(expr)
        return found

    def _compute(self, expr: Expr) -> Interval:
        match expr:
            case nodes.Literal(value=value):
                known = float(value or 0)  # of nothing any bounds are true
                return known, known
            case nodes.Column() | nodes.Given():
                return self._inputs.get(expr.name, EVERYTHING)
            case nodes.If():
                return union(self.of(expr.then), self.of(expr.otherwise))
            case nodes.OrElse():
                return union(self.of(expr.left), self.of(expr.right))
            case nodes.Arithmetic():
                low, high = arithmetic(expr.op, [self.of(o) for o in expr.operands])
                return (max(low, -MAX), min(high, MAX)) if low <= high else EVERYTHING
            case nodes.Calendar():
                return CALENDAR.get(expr.op, EVERYTHING)
        return EVERYTHING

    def defined(self, expr: nodes.Arithmetic | nodes.Calendar) -> bool:
        """Whether the operation has a finite result for all known operands."""
        if isinstance(expr, nodes.Calendar):
            return False
        low, high = arithmetic(expr.op, [self.of(o) for o in expr.operands])
        return -MAX <= low <= high <= MAX

    def can_be_undefined(self, expr: Expr) -> bool:
        """Whether an operation anywhere in the expression can be."""
        found = self._undefined.get(expr)
        if found is None:
            own = isinstance(expr, nodes.Arithmetic | nodes.Calendar) and not self.defined(expr)
            found = own or any(map(self.can_be_undefined, nodes.children(expr)))
            self._undefined[expr] = found
        return found

    def unknown(self, expr: Expr) -> bool:
        """Whether the expression may be unknown: sharper than `Expr.unknown`, which trusts no operation."""
        found = self._unknown.get(expr)
        if found is None:
            found = self._unknown[expr] = self._may_be_unknown(expr)
        return found

    def _may_be_unknown(self, expr: Expr) -> bool:
        match expr:
            case nodes.Literal() | nodes.Column() | nodes.Given() | nodes.Arm() | nodes.IsKnown():
                return expr.unknown
            case nodes.OrElse():
                return self.unknown(expr.left) and self.unknown(expr.right)
            case nodes.Arithmetic() | nodes.Calendar() if not self.defined(expr):
                return True
        return any(self.unknown(child) for child in nodes.children(expr))
