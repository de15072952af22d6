"""A field of the profile or context that nothing reads: data must bring it, and nothing comes of it.

A field that is only for one purpose is left alone: it may be declared to be kept from the others.
"""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.lint.policy import Policy
from nbadsl.lint.uses import used
from nbadsl.syntax import nodes


def find(policy: Policy, found: Findings) -> None:
    for node in policy.main.declarations:
        for field in node.fields if isinstance(node, nodes.Profile | nodes.Context) else ():
            restricted = any(m.kind == "only_for" for m in field.modifiers)
            if not restricted and field.name.text not in used(policy):
                what = "the field" if isinstance(node, nodes.Profile) else "the context field"
                found.report("unused-field", field.name.span, what=what, name=field.name.text)
