"""The linter: what a policy says that is right, and yet hardly what its author wants.

Takes a checked policy; gives findings (hints). Each rule is a module of `rules` with one function `find`, named as the
kind that it reports, with a page in `diagnostics/pages`. Rules about names and comments look at any policy; those
about meaning at one without errors, for an error would look like many other things as well.

`facts` is the heart: it says what holds for everybody, or for nobody, before anybody is seen.
"""

from __future__ import annotations

from nbadsl.diagnostics import Diagnostic, Findings
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
from nbadsl.pipeline import Checked
from nbadsl.room import room
from nbadsl.semantics.ignores import ignores

OF_TEXT = (missing_because, look_alike, shadows_library, thousands_point, missing_consent, duplicate_row)
OF_MEANING = (
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
KINDS_OF_RULES = frozenset(
    rule.__name__.rpartition(".")[2].replace("_", "-") for rule in (*OF_TEXT, *OF_MEANING)
)


def lint(checked: Checked, options: Options = Options()) -> tuple[Diagnostic, ...]:  # noqa: B008
    """What the linter finds in a policy, without what checking found already. Never raises."""
    with room():
        policy = Policy(checked.model, options, checked.diagnostics)
        rules = [
            r for r in (*OF_TEXT, *(OF_MEANING if checked.ok else ())) if options.wants(_kind(r.__name__))
        ]
        found = Findings()
        for rule in rules:
            rule.find(policy, found)
        own = tuple(d for d in found.all if policy.is_own(d.span))
        written = [ignore for source in policy.sources for ignore in ignores(source)]
        about = Findings()
        everything = (*own, *checked.diagnostics, *checked.ignored)
        looked = {_kind(rule.__name__) for rule in rules}
        comments.judge(
            written,
            everything,
            lambda kind: checked.ok and (kind in looked or kind not in KINDS_OF_RULES),
            about,
        )
    kept = Findings()
    kept.extend(comments.left(own, written))
    kept.extend(tuple(d for d in about.all if options.wants(d.kind.name)))
    return kept.all


def _kind(module: str) -> str:
    return module.rpartition(".")[2].replace("_", "-")
