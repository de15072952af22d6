"""An `eligible when` or `require` that everybody passes."""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.lint.conditions import decided
from nbadsl.lint.explain import reason
from nbadsl.lint.policy import Policy


def find(policy: Policy, found: Findings) -> None:
    for one in decided(policy):
        if one.always and one.rule is not None and one.rule.stage != "exclude":
            help = reason(policy, one.meaning)
            found.report("always-eligible", one.rule.span, stage=one.rule.stage, help=help)
