"""What is always true, by the variables that it is about: a question is told only what concerns it."""

from __future__ import annotations

from collections.abc import Iterable

from nbadsl.prove.values import Term


class Facts:
    """Facts, which only grow. `always`: those that every question is told."""

    def __init__(self) -> None:
        self.always: list[Term] = []
        self._about: dict[int, list[Term]] = {}
        self._kept: list[Term] = []  # so that no id is used again

    def add(self, variables: Iterable[Term], facts: Iterable[Term]) -> None:
        """Facts, to be told where one of some variables occurs."""
        found = list(facts)
        for variable in variables:
            self._kept.append(variable)
            self._about.setdefault(variable.get_id(), []).extend(found)

    def about(self, variable: Term) -> list[Term]:
        return self._about.get(variable.get_id(), [])
