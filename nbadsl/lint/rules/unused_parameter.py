"""A parameter that nothing reads: whoever sets it changes nothing."""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.lint.policy import Policy
from nbadsl.lint.uses import used
from nbadsl.syntax import nodes


def find(policy: Policy, found: Findings) -> None:
    for node in policy.main.declarations:
        if isinstance(node, nodes.Parameter) and node.name.text not in used(policy):
            found.report("unused-parameter", node.name.span, name=node.name.text)
