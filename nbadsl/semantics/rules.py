"""Rules: their conditions, what they say of unknown, and who may read restricted fields."""

from __future__ import annotations

from nbadsl.semantics.infer import Inference
from nbadsl.semantics.model import Info
from nbadsl.semantics.unknown import judge_unknown
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import ANYTHING, FLAG


def judge_rule(inference: Inference, rule: nodes.Rule, purpose: str | None, reader: str) -> None:
    """`purpose`: of the action or group around; `reader`: how messages call the place."""
    info = inference.require(rule.when, FLAG, f"the condition of `{rule.stage}`")
    judge_purpose(inference, info, rule.when.span, purpose, reader)
    what = info.why if info.unknown else ""
    judge_unknown(inference.found, rule.stage, rule, rule.when.span, what)


def judge_purpose(
    inference: Inference, info: Info, span: Span, purpose: str | None, reader: str, in_group: bool = True
) -> None:
    """Fields that are only for one purpose may be read by rules and scores of that purpose alone.

    `in_group`: whether the reader could stand in a group, and so have a purpose.
    """
    for field, allowed, by in sorted(info.only_for):
        if purpose != allowed:
            inference.model.misread.add(field)
            found = f"`{purpose}`" if purpose else "no purpose"
            help = f"`{by}` reads it" if by else ""
            if in_group:
                instead = f"read it in a group with `purpose {allowed}`"
                help = f"{help}; {instead}" if help else instead
            inference.found.report(
                "wrong-purpose",
                span,
                field=field,
                purpose=f"`{allowed}`",
                reader=reader,
                found=found,
                help=help,
            )


def judge_reader(
    inference: Inference, name: nodes.Name, purpose: str | None, reader: str, in_group: bool = True
) -> None:
    """A field that is named outside an expression is read as well."""
    symbol = inference.model.symbols.get(name.text)
    if symbol is None:
        return
    inference.model.named.add(name.text)
    if symbol.purpose:
        info = Info(ANYTHING, only_for=frozenset({(symbol.name, symbol.purpose, "")}))
        judge_purpose(inference, info, name.span, purpose, reader, in_group)


def judge_person(inference: Inference, expr: nodes.Expr, info: Info, what: str) -> None:
    """An expression that is about a person cannot ask about a candidate."""
    if info.of_candidate:
        inference.found.report("no-candidate-here", expr.span, name=expr.span.words, what=what)


def judge_uniform(inference: Inference, expr: nodes.Expr, info: Info, what: str) -> None:
    """An expression that must be the same for everybody cannot read the profile."""
    judge_person(inference, expr, info, what)
    if info.varies:
        inference.found.report("not-constant", expr.span, what=what, name=info.varies)
