"""An `exclude` without a `because`: reports and explanations then show the condition, and nobody knows its reason."""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.lint.conditions import rules
from nbadsl.lint.policy import Policy


def find(policy: Policy, found: Findings) -> None:
    for rule in rules(policy):
        if rule.stage == "exclude" and rule.because is None:
            found.report("missing-because", rule.span, help='add why: `because "…"`')
