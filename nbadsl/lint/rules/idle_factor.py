"""Something that is written for the score and can make no difference to it.

A factor that the score does not read; a boost that is always 1; an end of `clamp`, `min` or `max` that the other
side never goes beyond; and, where nothing has to reach a threshold, a factor that is the same for every
candidate and person.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbadsl.diagnostics import Findings
from nbadsl.lint.conditions import items_within
from nbadsl.lint.policy import Policy
from nbadsl.lint.values import Numbers
from nbadsl.semantics.choosing import references
from nbadsl.semantics.model import Builtin
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import is_numeric

Idle = tuple[Span, str, str]


def find(policy: Policy, found: Findings) -> None:
    idle = [*_ones(policy), *_ends(policy)]
    for choice in policy.model.arbitrate.choices if policy.model.arbitrate else ():
        if isinstance(choice, nodes.Score):
            idle += [*_unread(policy, choice), *_uniform(policy, choice)]
    for span, what, why in idle:
        if policy.is_own(span):
            found.report("idle-factor", span, what=what, why=why)


def _factors(policy: Policy) -> Iterator[nodes.Factor | nodes.Boost]:
    for scope in policy.model.scopes.values():
        yield from (i for i in items_within(scope.items) if isinstance(i, nodes.Factor | nodes.Boost))


def _unread(policy: Policy, score: nodes.Score) -> Iterator[Idle]:
    read = {r.name for r in references(score.value)}
    for item in _factors(policy):
        kind = item.kind if isinstance(item, nodes.Factor) else "boost"
        if kind not in read:
            yield item.span, f"this `{kind}`", "the score does not read it"


def _ones(policy: Policy) -> Iterator[Idle]:
    for item in _factors(policy):
        if isinstance(item, nodes.Boost) and isinstance(item.value, nodes.Number) and item.value.value == 1:
            yield item.span, "this `boost`", "it is 1"


def _ends(policy: Policy) -> Iterator[Idle]:
    for item in _factors(policy):
        for call in _calls(item.value):
            if not isinstance(policy.model.uses.get(call.function), Builtin):
                continue
            values = [_range(policy, argument) for argument in call.arguments]
            yield from _idle_ends(call, values)


def _calls(expr: nodes.Expr) -> Iterator[nodes.Call]:
    match expr:
        case nodes.Brackets(inner=inner):
            yield from _calls(inner)
        case nodes.Binary(left=left, right=right):
            yield from (*_calls(left), *_calls(right))
        case nodes.Call(function=nodes.Name(text="min" | "max" | "clamp")):
            yield expr


def _range(policy: Policy, expr: nodes.Expr) -> Numbers | None:
    info = policy.model.infos.get(expr)
    if info is None or info.of_candidate or not is_numeric(info.type):
        return None
    return policy.facts.renewed().number(policy.translate(expr))


def _idle_ends(call: nodes.Call, values: list[Numbers | None]) -> Iterator[Idle]:
    """The ends that the first argument is always within."""
    name, (value, *ends) = call.function.text, values
    kinds = ("max", "min") if name == "clamp" else (name,) * len(ends)
    for kind, end, argument in zip(kinds, ends, call.arguments[1:], strict=True):
        if value is None or end is None or end.unknown:
            continue
        subject = f"`{call.arguments[0].span.words}`"
        if kind == "max" and end.high <= value.low:
            yield argument.span, f"`{argument.span.words}`", f"{subject} is never below it"
        if kind == "min" and end.low >= value.high:
            yield argument.span, f"`{argument.span.words}`", f"{subject} is never above it"


def _uniform(policy: Policy, score: nodes.Score) -> Iterator[Idle]:
    choices = policy.model.arbitrate.choices if policy.model.arbitrate else ()
    if any(isinstance(c, nodes.Threshold) for c in choices):
        return
    for operand in _product(score.value) if isinstance(score.value, nodes.Binary) else ():
        info = policy.model.infos.get(operand)
        if info is None or info.of_candidate or info.varies or info.unknown:
            continue
        value = policy.facts.renewed().number(policy.translate(operand))
        if value.low > 0:
            yield (
                operand.span,
                f"`{operand.span.words}`",
                "it is the same for every candidate, and there is no threshold",
            )


def _product(expr: nodes.Expr) -> Iterator[nodes.Expr]:
    """The operands of a product."""
    match expr:
        case nodes.Binary(operator="*", left=left, right=right):
            yield from (*_product(left), *_product(right))
        case nodes.Binary():
            return
        case _:
            yield expr
