"""A score that depends on a sensitive field: who is offered what then depends on what nobody should be judged by.

Which fields are sensitive is told by words in their names, see `names`.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbadsl.diagnostics import Findings
from nbadsl.lint.conditions import items_within
from nbadsl.lint.names import words_of
from nbadsl.lint.policy import Policy
from nbadsl.lint.uses import reads
from nbadsl.syntax import nodes


def find(policy: Policy, found: Findings) -> None:
    sensitive = frozenset(word.casefold() for word in policy.options.sensitive)
    for what, expr in _scores(policy):
        for field, place in reads(policy, expr):
            if words_of(field.name) & sensitive or field.name.casefold() in sensitive:
                help = f"through `{place.text}`" if place.text != field.name else ""
                found.report("sensitive-score", place, what=what, field=field.name, help=help)


def _scores(policy: Policy) -> Iterator[tuple[str, nodes.Expr]]:
    for scope in policy.model.scopes.values():
        for item in items_within(scope.items) if policy.is_own(scope.span) else ():
            match item:
                case nodes.Factor():
                    yield f"`{scope.name.text}`", item.value
                case nodes.Boost():
                    yield from ((f"`{scope.name.text}`", e) for e in (item.value, item.when) if e is not None)
    for choice in policy.model.arbitrate.choices if policy.model.arbitrate else ():
        if isinstance(choice, nodes.Score):
            yield "every action", choice.value
