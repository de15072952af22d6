"""The linter: what a policy says that is right, and yet hardly what its author wants.

Takes a checked policy; gives findings (hints). Each rule is a module of `rules` with one function `find`, named as the
kind that it reports, with a page in `diagnostics/pages`. Rules about names and comments look at any policy; those
about meaning at one without errors, for an error would look like many other things as well.

`facts` is the heart: it says what holds for everybody, or for nobody, before anybody is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from nbadsl.diagnostics import KINDS, Diagnostic, Findings
from nbadsl.lint import comments
from nbadsl.lint.policy import Options as Options
from nbadsl.lint.policy import Policy
from nbadsl.lint.rules import (
    always_eligible,
    always_holds,
    always_outranked,
    blocking_field,
    contradiction,
    duplicate_row,
    idle_factor,
    look_alike,
    missing_because,
    missing_consent,
    never_eligible,
    never_excludes,
    never_holds,
    sensitive_score,
    shadowed_line,
    shadows_library,
    thousands_point,
    unused_definition,
    unused_field,
    unused_parameter,
)
from nbadsl.pipeline import Checked, where_it_is
from nbadsl.room import room
from nbadsl.source import Span


def _by_kind(*rules: ModuleType) -> dict[str, ModuleType]:
    return {rule.__name__.rpartition(".")[2].replace("_", "-"): rule for rule in rules}


OF_TEXT = _by_kind(
    missing_because, look_alike, shadows_library, thousands_point, missing_consent, duplicate_row
)
OF_MEANING = _by_kind(
    never_holds,
    always_holds,
    always_eligible,
    never_excludes,
    never_eligible,
    contradiction,
    blocking_field,
    shadowed_line,
    always_outranked,
    idle_factor,
    sensitive_score,
    unused_definition,
    unused_parameter,
    unused_field,
)
OF_CHECK = frozenset(kind.name for kind in KINDS.values() if kind.severity == "warning")


def lint(
    checked: Checked, options: Options | None = None, place: Callable[[Span], Span] = where_it_is
) -> tuple[Diagnostic, ...]:
    """What the linter finds in a policy, without what checking found already. Never raises. `place`: see
    `pipeline.check`."""
    options = options or Options()
    rules = OF_TEXT | OF_MEANING if checked.ok else OF_TEXT
    with room():
        policy, found = Policy(checked.model, options, checked.diagnostics), Findings()
        asked = {kind: rule for kind, rule in rules.items() if options.wants(kind)}
        for rule in asked.values():
            rule.find(policy, found)
    own = tuple(d for d in found.all if policy.is_own(d.span))
    # With an error, what else would be found is not known.
    looked_for = OF_CHECK | asked.keys() if checked.ok else frozenset()
    return comments.settled(policy, own, (*checked.diagnostics, *checked.ignored), looked_for, place)
