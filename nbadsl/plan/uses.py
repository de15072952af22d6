"""Which candidates use an expression: decides where it is computed.

Takes a program; answers for each expression whether several candidates use it (then it is computed
once, in front of all of them), and for a numeric one whether it is computed for all rows or only for
those that a candidate's rules let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nbadsl.program import nodes
from nbadsl.program.nodes import Candidate, Expr, Program
from nbadsl.program.walk import postorder

SEVERAL = -1
# A part of the scores of this many candidates is computed once for all rows: rules let, as a rule of
# thumb, a quarter of the people through.
WORTH_SHARING = 4


class Uses:
    """The uses of a program's expressions."""

    def __init__(self, program: Program) -> None:
        self._user: dict[Expr, int] = {}
        self._dense: set[Expr] = set()
        self._scores: dict[Expr, int] = {}
        if program.arbitration.threshold is not None:
            self._visit([program.arbitration.threshold], SEVERAL)
            self._dense.update(postorder([program.arbitration.threshold]))
        for index, candidate in enumerate(program.candidates):
            dense, score = list(_dense_roots(candidate)), [candidate.score] if candidate.score else []
            self._visit([*dense, *score, *_tier_roots(candidate)], index)
            self._dense.update(postorder(dense))
            for node in postorder([*score, *_tier_roots(candidate)]):
                self._scores[node] = self._scores.get(node, 0) + 1

    def _visit(self, roots: Iterable[Expr], user: int) -> None:
        for node in postorder(roots):
            before = self._user.setdefault(node, user)
            if before != user:
                self._user[node] = SEVERAL

    def is_shared(self, expr: Expr) -> bool:
        """Whether several candidates use an expression. One that is new (made by lowering) belongs to one."""
        return self._user.get(expr, 0) == SEVERAL

    def is_dense(self, expr: Expr) -> bool:
        """Whether a numeric expression in a score is computed for all rows: it is anyway, or many scores share it."""
        if isinstance(expr, nodes.Column | nodes.Literal | nodes.Given):
            return False
        return expr in self._dense or self._scores.get(expr, 0) >= WORTH_SHARING


def _dense_roots(candidate: Candidate) -> Iterator[Expr]:
    for rule in candidate.rules:
        yield rule.when
    if candidate.send_at is not None:
        yield candidate.send_at


def _tier_roots(candidate: Candidate) -> Iterator[Expr]:
    for tier in candidate.tiers:
        if tier.when is not None:
            yield tier.when
