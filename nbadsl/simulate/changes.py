"""From an old policy to a new one: who changes, from which action to which, and what is responsible.

Portions of the same people by both sides are compared; causes are counted by four numbers and two actions each (see
`attribution`), and told in words when all are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nbadsl.engine.fates import INACTIVE, NO_SCORE, QUIET, THRESHOLD
from nbadsl.engine.hashing import orders
from nbadsl.limited.used import LimitUse
from nbadsl.program.facts import RuleFacts
from nbadsl.program.nodes import LIMIT
from nbadsl.simulate.attribution import NEW, SHARED, What, causes
from nbadsl.simulate.deciding import Deciding, Portion
from nbadsl.simulate.figures import (
    NOTHING,
    Cause,
    ChangedGroup,
    Changes,
    Figures,
    Gain,
    LimitChange,
    Move,
)
from nbadsl.simulate.people import actions_of
from nbadsl.simulate.rules import Same

_SIDES = ("new", "old")
_FATES = {INACTIVE: "dates", QUIET: "no moment", NO_SCORE: "no score", THRESHOLD: "threshold"}


class Comparing:
    """Compares portions of two sides; `names`: all actions, those of the new policy first."""

    def __init__(self, new: Deciding, old: Deciding) -> None:
        self.new, self.old = new, old
        self.names = list(dict.fromkeys((*actions_of(new.facts), *actions_of(old.facts))))
        places = {name: number for number, name in enumerate(self.names)}
        # Behind the last candidate, -1, is nothing.
        self.actions = [
            np.array([*(places[c.action] for c in side.facts.candidates), len(self.names)], np.int64)
            for side in (new, old)
        ]
        names = [np.array([*(c.name for c in side.facts.candidates), ""], object) for side in (new, old)]
        self.candidates = names
        self.matrix = np.zeros((len(self.names) + 1,) * 2, np.int64)
        self.varied = 0
        self.counts = Counter[tuple[int, ...]]()

    def compare(self, now: Portion, before: Portion) -> NDArray[np.bool_]:
        """[n]: who changes."""
        here, there = orders(now.people.column(self.new.key)), orders(before.people.column(self.old.key))
        assert np.array_equal(here, there), "the policies read different people"
        firsts = now.first, before.first
        new, old = (of[first] for of, first in zip(self.actions, firsts, strict=True))
        changed: NDArray[np.bool_] = new != old
        self.matrix += np.bincount(old * len(self.matrix) + new, minlength=self.matrix.size).reshape(
            self.matrix.shape
        )
        same = np.flatnonzero(~changed)
        names = (each[first[same]] for each, first in zip(self.candidates, firsts, strict=True))
        self.varied += int(np.not_equal(*names).sum())
        rows = np.flatnonzero(changed)
        if len(rows):
            found = causes(self.new, self.old, (now, before), rows)
            lines, people = np.unique(np.vstack([found, old[rows], new[rows]]), axis=1, return_counts=True)
            for line, many in zip(lines.T.tolist(), people.tolist(), strict=True):
                self.counts[tuple(line)] += many
        return changed

    def changes(self, new: Figures, old: Figures, groups: tuple[ChangedGroup, ...]) -> Changes:
        """All that was counted."""
        moves = self._moves({(o, n): int(self.matrix[o, n]) for o, n in np.argwhere(self.matrix).tolist()})
        return Changes(
            changed=int(self.matrix.sum() - np.trace(self.matrix)),
            varied=self.varied,
            moves=moves,
            causes=self._causes(),
            gains=tuple(self._gain(number) for number in range(len(self.names))),
            limits=limit_changes(new.limits, old.limits),
            groups=groups,
        )

    def _moves(self, counts: dict[tuple[int, int], int]) -> tuple[Move, ...]:
        names = [*self.names, NOTHING]
        moves = [Move(names[o], names[n], people) for (o, n), people in counts.items()]
        return tuple(sorted(moves, key=lambda move: -move.people))

    def _gain(self, number: int) -> Gain:
        old, new = int(self.matrix[number].sum()), int(self.matrix[:, number].sum())
        stay = int(self.matrix[number, number])
        return Gain(self.names[number], old, new, new - stay, old - stay)

    def _causes(self) -> tuple[Cause, ...]:
        """Causes in words; those of the same words are one."""
        same = Same(self.new.policy, self.old.policy)
        found: dict[_Words, dict[tuple[int, int], int]] = {}
        for (what, side, candidate, detail, *ends), people in self.counts.items():
            words = self._words(What(what), side, candidate, detail, same)
            moves = found.setdefault(words, {})
            ends_of = (ends[0], ends[1])
            moves[ends_of] = moves.get(ends_of, 0) + people
        told = [
            Cause(
                w.kind,
                w.side,
                w.candidate,
                w.stage,
                w.reason,
                w.scope,
                w.path,
                w.line,
                sum(m.values()),
                self._moves(m),
            )
            for w, m in found.items()
        ]
        return tuple(sorted(told, key=lambda cause: -cause.people))

    def _words(self, what: What, side: int, candidate: int, detail: int, same: Same) -> _Words:
        """`side` and `candidate` as `attribution.Found` has them."""
        here, there = (self.new, self.old) if side == NEW else (self.old, self.new)
        facts = there.facts if what == What.GONE else here.facts
        name = facts.candidates[candidate].name if candidate >= 0 else NOTHING
        words = _Words("", _SIDES[side], name)
        match what:
            case What.FATE if detail >= 0:
                kind = same.kind(side, candidate, detail)
                return words.of_rule(kind, facts.candidates[candidate].rules[detail])
            case What.FATE if detail == SHARED:
                return replace(words, kind=LIMIT, stage=LIMIT)
            case What.FATE:
                return replace(words, kind=_FATES[detail])
            case What.GONE:
                whole = facts.candidates[candidate].action not in actions_of(here.facts)
                ended = "removed" if side == NEW else "added"
                return replace(words, kind=f"{'action' if whole else 'content'} {ended}")
            case What.HOLDOUT:
                return replace(words, kind="holdout", candidate="", reason=facts.holdouts[detail])
            case What.BAD_DATA:
                return replace(words, kind="bad data", candidate="", reason=facts.inputs[detail].name)
        return replace(words, kind=str(what.name).lower())


@dataclass(frozen=True, slots=True)
class _Words:
    """As `Cause`, without people."""

    kind: str
    side: str
    candidate: str
    stage: str = ""
    reason: str = ""
    scope: str = ""
    path: str = ""
    line: int = 0

    def of_rule(self, kind: str, rule: RuleFacts) -> _Words:
        """A rule is one cause for all candidates in its scope."""
        return _Words(kind, self.side, "", rule.stage, rule.reason, rule.scope, rule.path, rule.line)


def limit_changes(new: Sequence[LimitUse], old: Sequence[LimitUse]) -> tuple[LimitChange, ...]:
    """The limits of both, in the order of the new policy; behind them those that are gone. A limit whose number was
    changed has another name: of those that are left over, the ones of a block and stage belong together in their order."""
    left, pairs = list(old), dict[int, LimitUse]()
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
