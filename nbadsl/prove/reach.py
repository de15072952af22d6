"""When evaluation comes to an expression, in z3's words.

A rule is asked of who passed those before it, a score of whom nothing stopped; `and` stops at no, `or` at yes, `if` takes
one branch, `or else` stops at a known value. Operands of all else are always evaluated. Where evaluation comes to an
expression, the condition here holds; it may hold for somebody else as well, whom the interpreter then does not confirm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nbadsl.program.nodes import And, Expr, If, Or, OrElse, children
from nbadsl.program.walk import postorder
from nbadsl.prove.choosing import Choosing
from nbadsl.prove.inputs import known
from nbadsl.prove.values import YES, Term, both, every, opposite, some


class Reach:
    """Of some expressions of a program, when a decision evaluates them."""

    def __init__(self, choosing: Choosing, wanted: Iterable[Expr]) -> None:
        self.choosing, self.expressions = choosing, choosing.expressions
        self._ways: dict[Expr, list[Term]] = {expr: [] for expr in wanted}
        roots = list(self._roots())
        above = _above([expr for expr, _ in roots], set(self._ways))
        self._ways |= {expr: [] for expr in above}
        for expr, when in roots:
            self._add(expr, when)
        for expr in above:
            here = some(self._ways[expr])
            for operand, when in self._operands(expr):
                self._add(operand, both(here, when))

    def when(self, expr: Expr) -> Term:
        """Holds wherever one of the wanted expressions is evaluated."""
        return some(self._ways[expr])

    def _add(self, expr: Expr, when: Term) -> None:
        if expr in self._ways:
            self._ways[expr].append(when)

    def _roots(self) -> Iterator[tuple[Expr, Term]]:
        """What a decision asks, and of whom."""
        choosing = self.choosing
        for number, candidate in enumerate(choosing.candidates):
            here = choosing.active(number)
            for rule in choosing.rules(number):
                yield rule.when, here
                here = both(here, choosing.lets_pass(rule))
            if candidate.active is not None:
                yield candidate.active, YES
            if candidate.send_at is not None:
                stages = [choosing.lets_pass(rule) for rule in candidate.rules[: candidate.limited]]
                yield candidate.send_at, every([choosing.active(number), *stages])
            if candidate.score is not None:
                here = choosing.allowed(number)
                yield candidate.score, here
                for when in (tier.when for tier in candidate.tiers if tier.when is not None):
                    yield when, here
                    here = both(here, opposite(self.expressions.flag(when).yes))
        if choosing.program.arbitration.threshold is not None:
            yield choosing.program.arbitration.threshold, opposite(choosing.nobody_competes())

    def _operands(self, expr: Expr) -> Iterator[tuple[Expr, Term]]:
        """The operands of an expression, and when they are evaluated where it is."""
        flag = self.expressions.flag
        match expr:
            case And():
                yield from ((expr.left, YES), (expr.right, opposite(flag(expr.left).no)))
            case Or():
                yield from ((expr.left, YES), (expr.right, opposite(flag(expr.left).yes)))
            case If():
                condition = flag(expr.condition)
                yield expr.condition, YES
                yield from ((expr.then, condition.yes), (expr.otherwise, condition.no))
            case OrElse():
                yield expr.left, YES
                yield expr.right, opposite(known(self.expressions.encode(expr.left)))
            case _:
                yield from ((operand, YES) for operand in children(expr))


def _above(roots: list[Expr], wanted: set[Expr]) -> list[Expr]:
    """The expressions that have a wanted one in them, each before its operands."""
    leads: dict[Expr, bool] = {}
    for expr in postorder(roots):
        leads[expr] = any(leads[o] or o in wanted for o in children(expr))
    return [expr for expr in reversed(leads) if leads[expr]]
