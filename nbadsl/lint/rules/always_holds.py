"""A condition that holds for everybody: `age >= 0`, or `churn_risk < 70` of a probability.

What is left out: a whole `eligible when` or `require` that holds for everybody is told by `always-eligible`.
"""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.lint.conditions import decided
from nbadsl.lint.explain import reason
from nbadsl.lint.policy import Policy


def find(policy: Policy, found: Findings) -> None:
    for one in decided(policy):
        if one.always and not (one.rule is not None and one.rule.stage != "exclude"):
            help = reason(policy, one.meaning)
            found.report("always-holds", one.expr.span, condition=one.expr.span.words, help=help)
