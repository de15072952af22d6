"""An action that nobody can pass all rules of, or one of its contents or channels.

What is left out: a single rule that nobody passes is told by `never-holds` or `always-holds`, and an `exclude` that
stops all who pass another rule by `contradiction`.
"""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.lint.impossible import impossible, shown
from nbadsl.lint.policy import Policy
from nbadsl.program.nodes import EXCLUDE


def find(policy: Policy, found: Findings) -> None:
    for one in impossible(policy):
        if one.stopped.earlier is not None and one.stopped.rule.stage == EXCLUDE:
            continue
        rules = [r for r in (one.stopped.earlier, one.stopped.rule) if r is not None]
        related = tuple(
            (r.origin, "nobody passes this" if one.stopped.alone else "") for r in rules if r.origin
        )
        help = f"nobody passes {' and '.join(shown(r) for r in rules)}"
        if one.stopped.earlier is None and not one.stopped.alone:
            help += " who passes the rules before it"
        found.report("never-eligible", one.span, what=one.what, help=help, related=related)
