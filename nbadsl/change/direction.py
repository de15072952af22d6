"""In which direction an expression moves when one field grows.

Takes an expression and two evaluators, of the ends of a piece of the field's values on which every test has one
answer; gives 1 (it never falls), -1 (it never grows), 0 (it stays), or None where that is not known. An operation of
doubles that is correctly rounded keeps the order of its operands, so this holds to the bit; of `exp`, `log` and `pow` it
holds but for the last digit.
"""

from __future__ import annotations

from nbadsl.interpreter import Evaluator
from nbadsl.program.nodes import Arithmetic, Calendar, Column, Expr, Given, If, OrElse

_GROWING = {"year": 1, "midnight": 1, "add_months": 1, "local_date": 1}


class Directions:
    """Directions on one piece. `moving`: the expressions that read the field. `rough`: whether a day of a moment was
    asked for, which is earlier once more where clocks are put back over midnight."""

    def __init__(self, moving: frozenset[Expr], low: Evaluator, high: Evaluator) -> None:
        self.moving, self.low, self.high = moving, low, high
        self.rough = False
        self._known: dict[Expr, int | None] = {}

    def of(self, expr: Expr) -> int | None:
        if expr not in self.moving:
            return 0
        if expr not in self._known:
            self._known[expr] = self._find(expr)
        return self._known[expr]

    def _find(self, expr: Expr) -> int | None:
        match expr:
            case Column() | Given():
                return 1
            case If():
                return self.of(self._branch(expr))
            case OrElse():
                low, high = self.low.value(expr.left), self.high.value(expr.left)
                if (low is None) != (high is None):
                    return None
                return self.of(expr.right if low is None else expr.left)
            case Arithmetic() | Calendar():
                if self.low.value(expr) is None or self.high.value(expr) is None:
                    # What has an unknown operand is unknown, and that is so all over the piece where the operand stays.
                    stays = any(self.low.value(o) is None and self.of(o) == 0 for o in expr.operands)
                    return 0 if stays else None
                return self._arithmetic(expr) if isinstance(expr, Arithmetic) else self._calendar(expr)
        return None

    def _branch(self, expr: If) -> Expr:
        """Which branch is chosen, all over the piece; a table is a chain of these. Unknown stays unknown."""
        branch: Expr = expr
        while isinstance(branch, If):
            condition = self.low.value(branch.condition)
            if condition is None:
                return branch.condition
            branch = branch.then if condition else branch.otherwise
        return branch

    def _calendar(self, expr: Calendar) -> int | None:
        first, *rest = [self.of(operand) for operand in expr.operands]
        if expr.op == "months_between":
            return _agree([None if first is None else -first, *rest])
        if expr.op == "local_date":
            self.rough = True
        return first if expr.op in _GROWING and rest in ([], [0]) else None

    def _arithmetic(self, expr: Arithmetic) -> int | None:
        moves = [self.of(operand) for operand in expr.operands]
        if None in moves:
            return None
        first, *rest = [move for move in moves if move is not None]
        match expr.op:
            case "neg":
                return -first
            case "add" | "min" | "max":
                return _agree([first, *rest])
            case "sub":
                return _agree([first, -rest[0]])
            case "floor" | "ceil" | "round" | "exp" | "log" | "sqrt":
                return first
            case "abs":
                sign = self._sign(expr.operands[0])
                return None if sign is None else first * sign
            case "mul":
                left, right = [self._sign(operand) for operand in expr.operands]
                return _agree([_times(first, right), _times(rest[0], left)])
            case "div":
                left, right = [self._sign(operand) for operand in expr.operands]
                return None if not right else _agree([_times(first, right), _times(-rest[0], left)])
            case "pow":
                return self._power(expr, first, rest[0])
        return None

    def _power(self, expr: Arithmetic, first: int, second: int) -> int | None:
        base, exponent = self._ends(expr.operands[0]), self._ends(expr.operands[1])
        if min(base) <= 0:
            return None
        if second == 0:
            return first if exponent[0] >= 0 else -first
        if first == 0:
            return second if base[0] >= 1 else -second
        return None

    def _ends(self, expr: Expr) -> tuple[float, float]:
        low, high = self.low.value(expr), self.high.value(expr)
        assert isinstance(low, float) and isinstance(high, float)
        return low, high

    def _sign(self, expr: Expr) -> int | None:
        """The sign of an expression all over the piece: what moves in one direction is between its ends."""
        low, high = self._ends(expr)
        if low == high == 0:
            return 0
        return 1 if min(low, high) >= 0 else -1 if max(low, high) <= 0 else None


def _times(move: int, sign: int | None) -> int | None:
    return 0 if move == 0 else None if sign is None else move * sign


def _agree(moves: list[int | None]) -> int | None:
    """The direction of what has several moving parts."""
    some = {move for move in moves if move != 0}
    return 0 if not some else some.pop() if len(some) == 1 else None
