"""The answers of `attribution` as causes, in words.

Takes: how many people have which answer. Gives: causes; those of the same words are one, most people first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nbadsl.engine.fates import INACTIVE, NO_SCORE, QUIET, THRESHOLD
from nbadsl.program.nodes import LIMIT, Candidate, Program, Rule
from nbadsl.simulate.attribution import NEW, SHARED, Answer, What
from nbadsl.simulate.chances import Chances
from nbadsl.simulate.figures import NOTHING, Cause, Move
from nbadsl.simulate.rules import Rules

_SIDES = ("new", "old")
_FATES = {INACTIVE: "dates", QUIET: "no moment", NO_SCORE: "no score", THRESHOLD: "threshold"}

Ends = tuple[str, str]
"""What somebody got, and what they get now."""


class Telling:
    """Tells answers about two policies, the new one first."""

    def __init__(self, programs: tuple[Program, Program], rules: Rules, chances: Chances) -> None:
        self.programs, self.rules, self.chances = programs, rules, chances

    def causes(self, counts: Iterable[tuple[Answer, Ends, int]]) -> tuple[Cause, ...]:
        """`counts`: answers, and the people who have them."""
        found: dict[Cause, Counter[Ends]] = {}
        for answer, ends, people in counts:
            found.setdefault(self._cause(answer), Counter())[ends] += people
        told = [replace(cause, people=ends.total(), moves=moves(ends)) for cause, ends in found.items()]
        return tuple(sorted(told, key=lambda cause: -cause.people))

    def _cause(self, answer: Answer) -> Cause:
        """Without people."""
        what, side, candidate, detail = answer.what, answer.side, answer.candidate, answer.detail
        experiment = self.chances.experiment(answer)
        if experiment is not None:
            return Cause("experiment changed", _SIDES[NEW], reason=experiment)
        program = self.programs[1 - side if what == What.GONE else side]
        name = program.candidates[candidate].name if candidate >= 0 else NOTHING
        cause = Cause(str(what.name).lower(), _SIDES[side], name)
        match what:
            case What.FATE if detail >= 0:
                kind = self.rules.kind(side, candidate, detail)
                return _of_rule(kind, _SIDES[side], program.candidates[candidate].rules[detail])
            case What.FATE if detail == SHARED:
                return replace(cause, kind=LIMIT, stage=LIMIT)
            case What.FATE:
                return replace(cause, kind=_FATES[detail])
            case What.GONE:
                part = _gone(program.candidates[candidate], self.programs[side].candidates)
                return replace(cause, kind=f"{part} {'removed' if side == NEW else 'added'}")
            case What.HOLDOUT:
                kind = f"holdout {self.chances.holdout(side, detail)}"
                return Cause(kind, _SIDES[side], reason=program.holdouts[detail].name)
            case What.BAD_DATA:
                return Cause("bad data", _SIDES[side], reason=program.inputs[detail].name)
        return cause


def _gone(candidate: Candidate, others: Sequence[Candidate]) -> str:
    """The first part of a candidate that none of some others has, which have the parts before it."""
    for part in ("action", "channel", "content"):
        others = [each for each in others if getattr(each, part) == getattr(candidate, part)]
        if not others:
            return part
    return "slot"


def _of_rule(kind: str, side: str, rule: Rule) -> Cause:
    """A rule is one cause for all candidates in its scope."""
    path, line = (rule.origin.source.path, rule.origin.line) if rule.origin is not None else ("", 0)
    return Cause(kind, side, "", rule.stage, rule.reason, rule.scope, path, line)


def moves(counts: Counter[Ends]) -> tuple[Move, ...]:
    """Most people first."""
    return tuple(Move(*ends, people) for ends, people in counts.most_common())
