"""An `exclude` that stops nobody."""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.lint.conditions import decided
from nbadsl.lint.explain import reason
from nbadsl.lint.policy import Policy
from nbadsl.lint.values import UNKNOWN


def find(policy: Policy, found: Findings) -> None:
    for one in decided(policy):
        if one.never and one.rule is not None and one.rule.stage == "exclude":
            keeps = one.rule.unknown is None or one.rule.unknown.text == "keeps"
            if keeps or not one.answers & UNKNOWN:
                found.report("never-excludes", one.rule.span, help=reason(policy, one.meaning))
