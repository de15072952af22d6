"""Conditions that are decided before anybody is seen.

Walks every condition of the policy's own files and everything that is a flag inside it; gives the innermost ones
whose answer is the same for everybody whose data is valid. `age > 50 and age < 40` is decided although neither of
its parts is. What asks about a candidate is left alone: it is written for several.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nbadsl.lint.policy import Policy
from nbadsl.lint.values import NO, UNKNOWN, YES, Answers
from nbadsl.program.nodes import Expr as Meaning
from nbadsl.program.walk import leaves
from nbadsl.syntax import nodes
from nbadsl.types import Flag


@dataclass(frozen=True, slots=True)
class Decided:
    """A condition and the answers that are left for it. `rule`: the rule whose whole condition it is."""

    expr: nodes.Expr
    meaning: Meaning
    answers: Answers
    rule: nodes.Rule | None

    @property
    def never(self) -> bool:
        return not self.answers & YES

    @property
    def always(self) -> bool:
        return self.answers == YES


def decided(policy: Policy) -> tuple[Decided, ...]:
    """All of them, in the order of the files; worked out once."""
    if policy.decided is None:
        policy.decided = tuple(_decided(policy))
    return policy.decided


def _decided(policy: Policy) -> Iterator[Decided]:
    for expr, rule in _roots(policy):
        if policy.is_own(expr.span):
            found = list(_inside(policy, expr))
            whole = _bare(expr)
            yield from (
                Decided(d.expr, d.meaning, d.answers, rule if d.expr is whole else None) for d in found
            )


def _bare(expr: nodes.Expr) -> nodes.Expr:
    while isinstance(expr, nodes.Brackets):
        expr = expr.inner
    return expr


# --- where conditions stand ---


def _roots(policy: Policy) -> Iterator[tuple[nodes.Expr, nodes.Rule | None]]:
    """Expressions, and the rule whose condition one is."""
    model = policy.model
    for symbol in model.of_kind("define"):
        yield symbol.node.value, None
    for scope in model.scopes.values():
        for item in items_within(scope.items):
            match item:
                case nodes.Rule():
                    yield item.when, item
                case nodes.Content(when=when) if when is not None:
                    yield when, None
                case nodes.Boost():
                    yield from ((e, None) for e in (item.value, item.when) if e is not None)
                case nodes.Factor():
                    yield item.value, None
    for line in model.priority.lines if model.priority else ():
        if line.when is not None:
            yield line.when, None
    for guarantee in model.guarantees:
        yield guarantee.when, None


def rules(policy: Policy) -> Iterator[nodes.Rule]:
    """All rules of the policy's own files, in the order of the scopes."""
    for scope in policy.model.scopes.values():
        if policy.is_own(scope.span):
            yield from (i for i in items_within(scope.items) if isinstance(i, nodes.Rule))


def items_within(items: tuple[nodes.Item, ...]) -> Iterator[nodes.Item]:
    """Items of a block and of the blocks in it."""
    for item in items:
        yield item
        if isinstance(item, nodes.Via | nodes.Content):
            yield from items_within(item.items)


# --- what is decided in an expression ---


def _inside(policy: Policy, expr: nodes.Expr) -> Iterator[Decided]:
    match expr:
        case nodes.Brackets(inner=inner):
            yield from _inside(policy, inner)
            return
        case nodes.FlagValue() | nodes.Reference() | nodes.Call():
            return
    parts = list(_below(policy, expr))
    yield from parts
    info = policy.model.infos.get(expr)
    if parts or info is None or info.of_candidate or not isinstance(info.type, Flag):
        return
    meaning = policy.translate(expr)
    answers = policy.facts.renewed().answers(meaning)
    if (not answers & YES or not answers & (NO | UNKNOWN)) and answers and any(leaves([meaning])):
        yield Decided(expr, meaning, answers, None)


def _below(policy: Policy, expr: nodes.Expr) -> Iterator[Decided]:
    """What is decided in the parts of an expression."""
    for part in (getattr(expr, name) for name in expr.__slots__):
        for one in part if isinstance(part, tuple) else (part,):
            if isinstance(one, nodes.Expr):
                yield from _inside(policy, one)
