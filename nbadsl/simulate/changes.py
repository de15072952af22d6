"""From an old policy to a new one: who changes, from what to what, and what is responsible.

Portions of the same people by both sides are compared; causes are counted by numbers (see `attribution`), and told in
words when all are counted. What is called otherwise in the new policy goes by its new name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nbadsl.engine.hashing import orders
from nbadsl.program.givens import BadInput
from nbadsl.simulate.attribution import Answer, What, causes, counterparts
from nbadsl.simulate.chances import Chances
from nbadsl.simulate.deciding import OTHER_PEOPLE, Deciding, Portion
from nbadsl.simulate.figures import NOTHING, ChangedGroup, Changes, Figures, Gain
from nbadsl.simulate.limit_changes import limit_changes
from nbadsl.simulate.people import actions_of
from nbadsl.simulate.renames import Renames
from nbadsl.simulate.rules import Rules
from nbadsl.simulate.same import Meanings
from nbadsl.simulate.told import Ends, Telling, moves


class Comparing:
    """Compares portions of two sides; `names`: all actions, those of the new policy first."""

    def __init__(self, new: Deciding, old: Deciding) -> None:
        self.new, self.old = new, old
        plain = new.policy.program, old.policy.program
        self.renames = Renames.of(old=plain[1], new=plain[0])
        self.programs = self.renames.program(plain[0]), self.renames.program(plain[1])
        self.partners = counterparts(*self.programs), counterparts(*self.programs[::-1])
        rules = Rules(self.programs, self.partners, Meanings(*self.programs))
        self.chances = Chances(self.programs, rules)
        self.telling = Telling(self.programs, rules, self.chances)
        self.names = list(dict.fromkeys(name for each in self.programs for name in actions_of(each)))
        places = {name: number for number, name in enumerate(self.names)}
        # Behind the last candidate, -1, is nothing.
        self.actions = [
            np.array([*(places[c.action] for c in each.candidates), len(self.names)], np.int64)
            for each in self.programs
        ]
        self.matrix = np.zeros((len(self.names) + 1,) * 2, np.int64)
        self.counts = Counter[tuple[int, ...]]()

    def compare(self, now: Portion, before: Portion) -> NDArray[np.bool_]:
        """[n]: whose action changes. Who gets the same by another channel, content or slot is counted as well. Raises
        BadInput where the people are not the same."""
        here, there = orders(now.people.column(self.new.key)), orders(before.people.column(self.old.key))
        if not np.array_equal(here, there):
            raise BadInput(OTHER_PEOPLE)
        firsts = now.first, before.first
        new, old = (of[first] for of, first in zip(self.actions, firsts, strict=True))
        changed: NDArray[np.bool_] = new != old
        self.matrix += np.bincount(old * len(self.matrix) + new, minlength=self.matrix.size).reshape(
            self.matrix.shape
        )
        rows = np.flatnonzero(changed | (self.partners[0][firsts[0]] != firsts[1]))
        if len(rows):
            self._count((now, before), rows)
        return changed

    def _count(self, portions: tuple[Portion, Portion], rows: NDArray[np.int64]) -> None:
        """Some people of a portion, who change: by the answer, what they got, what they get, and experiments."""
        found = causes(self.new, self.old, self.partners, portions, rows)
        new, old = (portion.first[rows] for portion in portions)
        moved = self.chances.moved(*portions, rows)
        lines, people = np.unique(np.vstack([found, moved, old, new]), axis=1, return_counts=True)
        for line, many in zip(lines.T.tolist(), people.tolist(), strict=True):
            self.counts[tuple(line)] += many

    def changes(self, new: Figures, old: Figures, groups: tuple[ChangedGroup, ...]) -> Changes:
        """All that was counted."""
        names = [*self.names, NOTHING]
        pairs = np.argwhere(self.matrix).tolist()
        actions = Counter({(names[o], names[n]): int(self.matrix[o, n]) for o, n in pairs})
        varied, ways = list(self._told(True)), Counter[Ends]()
        for _, ends, people in varied:
            ways[ends] += people
        return Changes(
            changed=int(self.matrix.sum() - np.trace(self.matrix)),
            varied=ways.total(),
            moves=moves(actions),
            causes=self.telling.causes(self._told(False)),
            varied_moves=moves(ways),
            varied_causes=self.telling.causes(varied),
            gains=tuple(self._gain(number) for number in range(len(self.names))),
            limits=limit_changes(new.limits, old.limits, self.renames),
            groups=groups,
        )

    def _told(self, varied: bool) -> Iterator[tuple[Answer, Ends, int]]:
        """What was counted of those whose action changes, by actions; or of those whose action stays, by candidates."""
        parts = [[*(c.name if varied else c.action for c in p.candidates), NOTHING] for p in self.programs]
        for (what, side, candidate, detail, *moved, old, new), people in self.counts.items():
            if (self.actions[0][new] == self.actions[1][old]) != varied:
                continue
            pairs = zip(self.chances.experiments, moved, strict=True)
            names = tuple(name for name, other in pairs if other)
            answer = Answer(What(what), side, candidate, detail, names)
            yield answer, (parts[1][old], parts[0][new]), people

    def _gain(self, number: int) -> Gain:
        old, new = int(self.matrix[number].sum()), int(self.matrix[:, number].sum())
        stay = int(self.matrix[number, number])
        return Gain(self.names[number], old, new, new - stay, old - stay)
