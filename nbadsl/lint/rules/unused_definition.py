"""A definition, function or table that nothing uses.

Only of the file that was asked about: others may import the rest. Taking it away may leave another one unused.
"""

from __future__ import annotations

from nbadsl.diagnostics import Edit, Findings, Fix
from nbadsl.lint.policy import Policy
from nbadsl.lint.uses import used
from nbadsl.source import Span
from nbadsl.syntax import nodes


def find(policy: Policy, found: Findings) -> None:
    for node in policy.main.declarations:
        if isinstance(node, nodes.Define | nodes.Function | nodes.Table) and node.name.text not in used(
            policy
        ):
            what = {nodes.Define: "the definition", nodes.Function: "the function", nodes.Table: "the table"}
            fix = Fix("remove it", (Edit(_with_comment(node.span), ""),), safe=True)
            found.report(
                "unused-definition", node.name.span, what=what[type(node)], name=node.name.text, fixes=(fix,)
            )


def _with_comment(span: Span) -> Span:
    """A declaration, the comment right above it, and the blank lines that part it from what follows."""
    source, first = span.source, span.line
    while first > 1 and source.line(first - 1).startswith("#"):
        first -= 1
    end = source.position(span.end)[0] + 1
    while end <= len(source.line_starts) and not source.line(end).strip():
        end += 1
    starts = source.line_starts
    return Span(source, starts[first - 1], starts[end - 1] if end <= len(starts) else len(source.text))
