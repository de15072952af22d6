"""Whether a rule of one policy is there in the other as well, and means the same.

Rules of one candidate are compared by stage and scope: first those that are the same in meaning and words, then those
with the same reason, then those that are left over, in their order. The two that are found are one rule that was
changed. Expressions of both policies are made in one pool, where what means the same is the same object.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import cache

from nbadsl.api import Policy
from nbadsl.program.nodes import Candidate, Rule
from nbadsl.program.rewrites import Rewriter
from nbadsl.simulate.attribution import NEW

_KINDS = {
    "there": ("rule stops now", "rule lets pass now"),
    "limit": ("limit", "limit gone"),
    "changed": ("rule tightened", "rule loosened"),
    "": ("rule added", "rule removed"),
}


class Same:
    """Rules of two policies."""

    def __init__(self, new: Policy, old: Policy) -> None:
        self.rewriter = Rewriter()
        self.candidates = [{c.name: c for c in side.program.candidates} for side in (new, old)]
        self.names = [[c.name for c in side.program.candidates] for side in (new, old)]
        self.limits = [{limit.room: limit for limit in side.facts.limits} for side in (new, old)]
        self.kind = cache(self._kind)

    def _kind(self, side: int, candidate: int, rule: int) -> str:
        """What happened to a rule of `side` that stops somebody there, and did not, or does not, on the other side."""
        name = self.names[side][candidate]
        here, there = self.candidates[side][name], self.candidates[1 - side].get(name)
        found = "" if there is None else self._found(side, here, there, rule)
        return _KINDS[found][side != NEW]

    def _found(self, side: int, here: Candidate, there: Candidate, rule: int) -> str:
        """`there`, the same; `limit`: the same, which had other room; `changed`; or "", there is none."""
        mine = [(each, self._meaning(side, each)) for each in here.rules]
        theirs = [(each, self._meaning(1 - side, each)) for each in there.rules]
        wanted = mine[rule]
        for alike in (_same, _same_reason, _same_place):
            for one in list(mine):
                other = next((each for each in theirs if alike(one, each)), None)
                if other is None:
                    continue
                mine.remove(one)
                theirs.remove(other)
                if one is wanted:
                    return "changed" if one[1] != other[1] else "limit" if one[0].room else "there"
        return ""

    def _meaning(self, side: int, rule: Rule) -> Hashable:
        """Equal where two rules stop the same people, whatever they are called."""
        if rule.room:
            limit = self.limits[side][rule.room]
            return replace(limit, name="", scope="", room="", path="", line=0, binds=(), takes=())
        return rule.stage, rule.unknown_passes, id(self.rewriter(rule.when))


_Told = tuple[Rule, Hashable]


def _same(one: _Told, other: _Told) -> bool:
    return one[1] == other[1] and _same_place(one, other)


def _same_reason(one: _Told, other: _Told) -> bool:
    return one[0].reason == other[0].reason and _same_place(one, other)


def _same_place(one: _Told, other: _Told) -> bool:
    return (one[0].stage, one[0].scope) == (other[0].stage, other[0].scope)
