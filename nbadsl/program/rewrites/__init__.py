"""Passes over the program that keep its meaning: the engine runs the program after all of them.

Each pass is a rule for one expression whose operands have been rewritten already; it gives the expression
itself where it has nothing to say. `Rewriter` applies the passes from the leaves up, sharing results as
the pool does, and remembers what became of every expression: the counting of undefined operations follows
the program as it was written.

A pass may drop an operation only if it can never be undefined, else its undefined uses went uncounted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nbadsl.program.nodes import Candidate, Expr, Program, children
from nbadsl.program.pool import Pool
from nbadsl.program.rewrites.fold import fold
from nbadsl.program.rewrites.push_texts import push_texts
from nbadsl.program.rewrites.rebuild import rebuild
from nbadsl.program.rewrites.simplify import simplify
from nbadsl.program.walk import postorder

Pass = Callable[[Pool, Expr], Expr]
PASSES: tuple[Pass, ...] = (fold, push_texts, simplify)


class Rewriter:
    """Rewrites expressions, each once. `pool`: where they are made anew, one of its own if not given."""

    def __init__(self, pool: Pool | None = None) -> None:
        self.pool = Pool() if pool is None else pool
        self._done: dict[Expr, Expr] = {}

    def __call__(self, expr: Expr) -> Expr:
        """What an expression becomes."""
        for node in postorder([expr], self._done):
            self._done[node] = self._passed(rebuild(self.pool, node, [self._done[c] for c in children(node)]))
        return self._done[expr]

    def _passed(self, expr: Expr) -> Expr:
        for each in PASSES:
            expr = each(self.pool, expr)
        return expr

    def optional(self, expr: Expr | None) -> Expr | None:
        return None if expr is None else self(expr)

    def program(self, program: Program) -> Program:
        """A program after all passes."""
        arbitration = replace(program.arbitration, threshold=self.optional(program.arbitration.threshold))
        return replace(
            program,
            candidates=tuple(self._candidate(c) for c in program.candidates),
            arbitration=arbitration,
            holdouts=tuple(replace(h, active=self.optional(h.active)) for h in program.holdouts),
            guarantees=tuple(replace(g, when=self(g.when)) for g in program.guarantees),
        )

    def _candidate(self, candidate: Candidate) -> Candidate:
        return replace(
            candidate,
            active=self.optional(candidate.active),
            rules=tuple(replace(r, when=self(r.when)) for r in candidate.rules),
            send_at=self.optional(candidate.send_at),
            tiers=tuple(replace(t, when=self.optional(t.when)) for t in candidate.tiers),
            score=self.optional(candidate.score),
        )
