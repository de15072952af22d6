"""What of an old policy is called otherwise in a new one, which says so by `was`.

Of several former names, the first that the old policy has is meant; a name that the old policy has itself is no new name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from nbadsl.program.nodes import Candidate, Former, Limit, Program

_KINDS = ("action", "group", "channel")


@dataclass(frozen=True, slots=True)
class Renames:
    """`found`: the blocks that have another name, each with the one that it had. `today`: names by former names."""

    found: tuple[Former, ...]
    today: Mapping[str, str]

    @staticmethod
    def of(old: Program, new: Program) -> Renames:
        before = {kind: set(_blocks(old, kind)) for kind in _KINDS}
        found = tuple(
            Former(each.kind, each.name, (was,))
            for each in new.former
            if each.name not in before[each.kind]
            for was in [name for name in each.names if name in before[each.kind]][:1]
        )
        return Renames(found, {each.names[0]: each.name for each in found})

    def name(self, name: str) -> str:
        """What a block of the old policy is called today."""
        return self.today.get(name, name)

    def scope(self, scope: str) -> str:
        """The same of a block as reports name it: `action winback via email`."""
        kind, *words = scope.split(" ")
        return " ".join([kind, *map(self.name, words)]) if kind in _KINDS else scope

    def program(self, program: Program) -> Program:
        """One of the policies with today's names alone: to be compared, not to be run, for a history has former ones."""
        if not self.today:
            return program
        return replace(
            program,
            candidates=tuple(map(self._candidate, program.candidates)),
            limits=tuple(map(self._limit, program.limits)),
        )

    def _limit(self, limit: Limit) -> Limit:
        counted = limit.contacts
        contacts = replace(
            counted,
            actions=self._names(counted.actions),
            groups=self._names(counted.groups),
            channels=self._names(counted.channels),
            exempt=self._names(counted.exempt),
        )
        return replace(limit, scope=self.scope(limit.scope), contacts=contacts)

    def _names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(self.name, names)))

    def _candidate(self, candidate: Candidate) -> Candidate:
        return replace(
            candidate,
            action=self.name(candidate.action),
            channel=None if candidate.channel is None else self.name(candidate.channel),
            groups=self._names(candidate.groups),
            rules=tuple(replace(rule, scope=self.scope(rule.scope)) for rule in candidate.rules),
        )

    def told(self) -> Iterator[str]:
        """In words."""
        for each in self.found:
            yield f"{each.kind} {each.name} was called {each.names[0]}; both are taken for one"


def _blocks(program: Program, kind: str) -> Iterator[str | None]:
    for candidate in program.candidates:
        match kind:
            case "action":
                yield candidate.action
            case "channel":
                yield candidate.channel
            case _:
                yield from candidate.groups
