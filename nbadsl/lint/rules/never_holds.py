"""A condition that holds for nobody: `age > 130` where `age` is at most 120, `churn_risk > 70` of a probability.

What is left out: an `exclude` whose whole condition never holds is told by `never-excludes`.
"""

from __future__ import annotations

from nbadsl.diagnostics import Edit, Findings, Fix
from nbadsl.lint.conditions import decided
from nbadsl.lint.explain import reason
from nbadsl.lint.policy import Policy
from nbadsl.syntax import nodes
from nbadsl.types import Number


def find(policy: Policy, found: Findings) -> None:
    for one in decided(policy):
        if one.never and not (one.rule is not None and one.rule.stage == "exclude"):
            percent = _percent(policy, one.expr)
            help = "a share is written with a percent sign" if percent else reason(policy, one.meaning)
            found.report(
                "never-holds", one.expr.span, condition=one.expr.span.words, help=help, fixes=percent
            )


def _percent(policy: Policy, expr: nodes.Expr) -> tuple[Fix, ...]:
    """`70` compared with a share can only mean `70%`."""
    match expr:
        case nodes.Binary(operator=">" | ">=" | "is", left=share, right=nodes.Number() as number):
            info = policy.model.infos[share]
            if (
                info.high <= 1
                and isinstance(info.type, Number)
                and not number.percent
                and number.value <= 100
            ):
                return (Fix(f"write `{number.span.text}%`", (Edit(number.span, f"{number.span.text}%"),)),)
    return ()
