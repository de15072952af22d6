"""Lowering of the part that counts undefined operations.

Takes the program as it was written, gives code that counts, for each place in the source, the people for
whom an operation there was undefined *where evaluation needed it*: left to right, `and` stops at no, rules
stop at the first that does not let pass, and so on, exactly as one evaluates by hand.

The idea: every expression has a mask of the rows that demand its value. Roots are demanded where the
candidate gets that far; from there demand flows from an expression to its operands, joined over all uses,
and shrinks where evaluation stops or chooses. An operation is undefined for the rows that demand it and
know its operands but not its result. Only a block in which something was undefined for somebody
executes this part, so it computes everything anew, shares nothing with the other part, and skips nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbadsl.plan.emit import NONE, VALID, Block, Instruction, Mask, Tables
from nbadsl.plan.plan import FLAG, Column, Source
from nbadsl.plan.ranges import Ranges
from nbadsl.plan.scope import Scope
from nbadsl.program import nodes
from nbadsl.program.nodes import Candidate, Expr, Program, Rule
from nbadsl.program.rewrites import Rewriter
from nbadsl.program.walk import postorder


def block(program: Program, rewritten: Rewriter, tables: Tables, ranges: Ranges) -> Block:
    """The code; empty if nothing can be undefined. Its counters are numbered by `tables.origins`."""
    return _Audit(program, rewritten, tables, ranges).block()


class _Audit:
    def __init__(self, program: Program, rewritten: Rewriter, tables: Tables, ranges: Ranges) -> None:
        self.program, self.rewritten, self.tables, self.ranges = program, rewritten, tables, ranges
        self.scope = Scope(tables, ranges)
        self._demand: dict[Expr, Mask] = {}

    def block(self) -> Block:
        for candidate in self.program.candidates:
            self._candidate(candidate)
        self._holdouts()
        found: dict[int, Mask] = {}
        for expr in reversed([*postorder(self._demand)]):
            self._spread(expr, self._demand.get(expr, NONE), found)
        if not found:
            return []
        counts: Block = [Instruction("count", [mask, origin]) for origin, mask in found.items()]
        return [*self.scope.shared, *counts]

    # --- what is asked of an expression, after rewriting ---

    def _yes(self, expr: Expr) -> Mask:
        return self.scope.flag(self.rewritten(expr), True)

    def _no(self, expr: Expr) -> Mask:
        return self.scope.flag(self.rewritten(expr), False)

    def _known(self, expr: Expr) -> Mask:
        return self.scope.known(self.rewritten(expr))

    # --- where evaluation begins ---

    def _need(self, expr: Expr, rows: Mask) -> None:
        if self.ranges.can_be_undefined(expr):
            self._demand[expr] = self.scope.either(self._demand.get(expr, NONE), rows)

    def _candidate(self, candidate: Candidate) -> None:
        if not any(map(self.ranges.can_be_undefined, self._parts(candidate))):
            return
        both, rows = self.scope.both, VALID
        if candidate.active is not None:
            self._need(candidate.active, rows)
            rows = both(rows, self._yes(candidate.active))
        rows = self._rules(candidate, candidate.rules[: candidate.limited], rows)
        if candidate.send_at is not None:
            self._need(candidate.send_at, rows)
            rows = both(rows, self._known(candidate.send_at))
        rows = self._rules(candidate, candidate.rules[candidate.limited :], rows)
        if candidate.score is None:
            return
        undecided = rows
        for tier in candidate.tiers:
            if tier.when is None:
                break
            self._need(tier.when, undecided)
            undecided = both(undecided, self._yes(tier.when) ^ 1)
        self._need(candidate.score, rows)
        if self.program.arbitration.threshold is not None:
            self._need(self.program.arbitration.threshold, both(rows, self._known(candidate.score)))

    def _parts(self, candidate: Candidate) -> Iterator[Expr]:
        parts = [candidate.active, candidate.send_at, candidate.score, self.program.arbitration.threshold]
        yield from (part for part in parts if part is not None)
        yield from (rule.when for rule in candidate.rules)
        yield from (tier.when for tier in candidate.tiers if tier.when is not None)

    def _rules(self, candidate: Candidate, rules: tuple[Rule, ...], rows: Mask) -> Mask:
        """The rows that some of a candidate's rules let pass."""
        for rule in rules:
            if candidate.score is not None or rule.binds_fallback:
                self._need(rule.when, rows)
                rows = self.scope.both(rows, self._passes(rule))
        return rows

    def _passes(self, rule: Rule) -> Mask:
        wanted = rule.lets_pass
        if rule.unknown_passes:
            return (self._no(rule.when) if wanted else self._yes(rule.when)) ^ 1
        return self._yes(rule.when) if wanted else self._no(rule.when)

    def _holdouts(self) -> None:
        """A person is asked for holdouts up to the first that is active and has the person."""
        holdouts, rows = self.program.holdouts, VALID
        for number, holdout in enumerate(holdouts):
            if not any(
                h.active is not None and self.ranges.can_be_undefined(h.active) for h in holdouts[number:]
            ):
                return
            if holdout.active is not None:
                self._need(holdout.active, rows)
            column = self.tables.column(Column(FLAG, Source(holdout.name, "holdout")))
            inside = self.scope.emit_mask(None, "bits", column, 1)
            if holdout.active is not None:
                inside = self.scope.both(inside, self._yes(holdout.active))
            rows = self.scope.both(rows, inside ^ 1)

    # --- how demand flows ---

    def _spread(self, expr: Expr, rows: Mask, found: dict[int, Mask]) -> None:
        """Pass a demand on to the operands; note where the operation itself is undefined."""
        both = self.scope.both
        match expr:
            case nodes.And():
                self._need(expr.left, rows)
                self._need(expr.right, both(rows, self._no(expr.left) ^ 1))
            case nodes.Or():
                self._need(expr.left, rows)
                self._need(expr.right, both(rows, self._yes(expr.left) ^ 1))
            case nodes.If():
                self._need(expr.condition, rows)
                self._need(expr.then, both(rows, self._yes(expr.condition)))
                self._need(expr.otherwise, both(rows, self._no(expr.condition)))
            case nodes.OrElse():
                self._need(expr.left, rows)
                self._need(expr.right, both(rows, self._known(expr.left) ^ 1))
            case _:
                for operand in nodes.children(expr):
                    self._need(operand, rows)
        if isinstance(expr, nodes.Arithmetic | nodes.Calendar) and not self.ranges.defined(expr):
            for operand in expr.operands:
                rows = both(rows, self._known(operand))
            rows = both(rows, self._known(expr) ^ 1)
            if rows != NONE:
                origin = self.tables.origin(expr.origin)
                found[origin] = self.scope.either(found.get(origin, NONE), rows)
