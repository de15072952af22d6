"""Limits, rests and budgets by an old and a new policy, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nbadsl.limited.used import LimitUse
from nbadsl.simulate.figures import LimitChange
from nbadsl.simulate.renames import Renames


def limit_changes(
    new: Sequence[LimitUse], old: Sequence[LimitUse], renames: Renames
) -> tuple[LimitChange, ...]:
    """The limits of both, in the order of the new policy; behind them those that are gone. A limit whose number was
    changed has another name: of those that are left over, the ones of a block and stage belong together in their order."""
    left = [replace(use, scope=renames.scope(use.scope)) for use in old]
    pairs: dict[int, LimitUse] = {}
    for words in (_name, _block):
        for number, use in enumerate(new):
            found = next((each for each in left if words(each) == words(use)), None)
            if found is not None and number not in pairs:
                left.remove(found)
                pairs[number] = found
    kept = [LimitChange(_name(use), pairs.get(number), use) for number, use in enumerate(new)]
    return (*kept, *(LimitChange(_name(use), use, None) for use in left))


def _name(use: LimitUse) -> str:
    return f"{use.scope}: {use.stage} {use.name}"


def _block(use: LimitUse) -> tuple[str, str, str | None]:
    return use.scope, use.stage, use.subject
