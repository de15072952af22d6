"""A rule and an `exclude` that contradict each other: whoever passes the one is stopped by the other."""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.lint.impossible import impossible
from nbadsl.lint.policy import Policy
from nbadsl.program.nodes import EXCLUDE


def find(policy: Policy, found: Findings) -> None:
    for one in impossible(policy):
        passed, stopped = one.stopped.earlier, one.stopped.rule
        if passed is None or stopped.stage != EXCLUDE or passed.origin is None or stopped.origin is None:
            continue
        places = (stopped.origin, passed.origin)
        at = next((place for place in places if one.holds(place)), one.span)
        found.report(
            "contradiction",
            at,
            passed=passed.origin.words,
            stopped=stopped.origin.words,
            what=one.what,
            related=tuple((place, "") for place in places if place != at),
        )
