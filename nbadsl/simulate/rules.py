"""Whether a rule of one policy is there in the other as well, and means the same.

Rules of one candidate are compared by stage and scope: first those that are the same in meaning and words, then those
with the same reason, then those that are left over, in their order. The two that are found are one rule that was
changed.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import cache

from nbadsl.data.decisions import Codes
from nbadsl.program.facts import Facts, facts_of
from nbadsl.program.nodes import Program, Rule
from nbadsl.simulate.attribution import NEW
from nbadsl.simulate.same import Meanings

THERE, LIMITED, CHANGED, MISSING = "there", "limit", "changed", ""
"""Of a rule on the other side: it is the same; the same limit, which had other room; another one instead; none."""

KINDS = {
    THERE: ("rule stops now", "rule lets pass now"),
    LIMITED: ("limit", "limit gone"),
    CHANGED: ("rule tightened", "rule loosened"),
    MISSING: ("rule added", "rule removed"),
}
"""What happened to a rule that stops somebody on the new side alone, or on the old one."""


class Rules:
    """Rules of two policies, the new one first. `partners`: of each, the counterparts of its candidates on the other one."""

    def __init__(
        self, programs: tuple[Program, Program], partners: Sequence[Codes], meanings: Meanings
    ) -> None:
        self.programs, self.partners, self.meanings = programs, partners, meanings
        facts: list[Facts] = list(map(facts_of, programs))
        self.limits = [{limit.room: limit for limit in each.limits} for each in facts]
        self.found = cache(self._found)

    def kind(self, side: int, candidate: int, rule: int) -> str:
        """What happened to a rule of `side` that stops somebody there, and did not, or does not, on the other side."""
        return KINDS[self.found(side, candidate, rule)][side != NEW]

    def _found(self, side: int, candidate: int, rule: int) -> str:
        partner = int(self.partners[side][candidate])
        if partner < 0:
            return MISSING
        mine, theirs = self._told(side, candidate), self._told(1 - side, partner)
        wanted = mine[rule]
        for alike in (_same, _same_reason, _same_place):
            for one in list(mine):
                other = next((each for each in theirs if alike(one, each)), None)
                if other is None:
                    continue
                mine.remove(one)
                theirs.remove(other)
                if one is wanted:
                    return CHANGED if one[1] != other[1] else LIMITED if one[0].room else THERE
        return MISSING

    def _told(self, side: int, candidate: int) -> list[_Told]:
        rules = self.programs[side].candidates[candidate].rules
        return [(each, self._meaning(side, each)) for each in rules]

    def _meaning(self, side: int, rule: Rule) -> Hashable:
        """Equal where two rules stop the same people, whatever they are called."""
        if rule.room:
            limit = self.limits[side][rule.room]
            return replace(limit, name="", scope="", room="", path="", line=0, binds=(), takes=())
        return rule.stage, rule.unknown_passes, id(self.meanings.of(side, rule.when))


_Told = tuple[Rule, Hashable]


def _same(one: _Told, other: _Told) -> bool:
    return one[1] == other[1] and _same_place(one, other)


def _same_reason(one: _Told, other: _Told) -> bool:
    return one[0].reason == other[0].reason and _same_place(one, other)


def _same_place(one: _Told, other: _Told) -> bool:
    return (one[0].stage, one[0].scope) == (other[0].stage, other[0].scope)
