"""What a decision hangs on: how far the winner leads, and who would win if a factor of the scores did not count.

A factor that is taken out becomes 1 where it is multiplied, and 0 where it is added (`program.neutral`): without
`value`, every action is worth 1 of the currency. It is taken out of the scores of all candidates at once, boosts one by
one. The threshold does not count then: the scores are on another scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from nbadsl.interpreter import decide
from nbadsl.program.decision import Decision, Fate, Row
from nbadsl.program.nodes import Candidate, Program
from nbadsl.story.lines import paragraph


@dataclass(frozen=True, slots=True)
class Without:
    """What would be decided first without a factor; None: nothing. `same`: whether it is the same action on the same
    channel, with the same content and slot. `lead`: see `Factors`."""

    factor: str
    decision: str | None
    same: bool
    lead: float | None


@dataclass(frozen=True, slots=True)
class Factors:
    """What the first place hangs on. `lead`: by how much the score of the winner is above that of the best other action
    of its line of priority; None where there is none. `second`: that one."""

    winner: str
    lead: float | None
    second: str | None
    without: tuple[Without, ...]

    def lines(self) -> list[str]:
        """As the text of a story says it."""
        if self.lead is None:
            lead = "no other action is on the same line of priority"
        else:
            lead = f"{self.lead:.6g} more than {self.second}"
        lines = ["  what it hangs on:", *paragraph("lead", [lead])]
        for each in self.without:
            text = f"{each.factor}: {'the same' if each.same else each.decision or 'nothing'}"
            lines += paragraph("without", [text if each.lead is None else f"{text}, by {each.lead:.6g}"])
        return lines


def factors(program: Program, row: Row, given: Row, seed: int, decision: Decision) -> Factors | None:
    """What a decision hangs on; None where nothing was chosen by a score. `decision`: by this program."""
    first = (decision.chosen or decision.held)[:1]
    if not first or first[0].score is None:
        return None
    lead, second = _lead(program, decision)
    without = []
    for name in _names(program, decision):
        changed = replace(
            program,
            candidates=tuple(_without(candidate, name) for candidate in program.candidates),
            arbitration=replace(program.arbitration, threshold=None),
        )
        other = decide(changed, row, given, seed)
        chosen = (other.chosen or other.held)[:1]
        same = bool(chosen) and chosen[0].candidate == first[0].candidate
        what = program.candidates[chosen[0].candidate].name if chosen else None
        without.append(Without(name, what, same, _lead(changed, other)[0]))
    return Factors(program.candidates[first[0].candidate].name, lead, second, tuple(without))


def _without(candidate: Candidate, name: str) -> Candidate:
    score = next((factor.score for factor in candidate.factors if factor.name == name), candidate.score)
    return replace(candidate, score=score)


def _names(program: Program, decision: Decision) -> Iterator[str]:
    """The factors of all candidates that were compared."""
    found: dict[str, None] = {}
    for candidate, story in zip(program.candidates, decision.stories, strict=True):
        if story.fate > Fate.BUDGET:
            found |= {factor.name: None for factor in candidate.factors}
    yield from found


def _lead(program: Program, decision: Decision) -> tuple[float | None, str | None]:
    """How far the first one is ahead of the best other action on its line of priority, and that one."""
    first = (decision.chosen or decision.held)[:1]
    if not first or first[0].score is None:
        return None, None
    action = program.candidates[first[0].candidate].action
    others = [
        (story.score, -number)
        for number, story in enumerate(decision.stories)
        if story.fate in (Fate.OUTRANKED, Fate.CHOSEN) and story.score is not None
        if story.tier == first[0].tier and program.candidates[number].action != action
    ]
    if not others:
        return None, None
    score, number = max(others)
    return first[0].score - score, program.candidates[-number].name
