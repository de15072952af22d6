"""Who changes from one policy to another, and what is responsible, against the interpreter's stories; all adds up."""

from __future__ import annotations

from collections import Counter
from unittest import mock

import pyarrow as pa
import pytest
from compared import MOMENT, OLD_TEXT, PEOPLE, compared, load
from hypothesis import HealthCheck, Phase, given, settings
from small_simulations import Pair, pairs

from nbadsl.data.profiles import open_profiles
from nbadsl.engine.fates import INACTIVE, NO_SCORE, QUIET, THRESHOLD
from nbadsl.program.decision import BELOW_THRESHOLD, EXPLORED, Decision, Fate
from nbadsl.program.nodes import Program
from nbadsl.simulate import changes, deciding
from nbadsl.simulate.attribution import NEW, OLD, What
from nbadsl.simulate.deciding import Side
from nbadsl.simulate.figures import NOTHING, Cause
from nbadsl.simulate.simulate import Asked, simulate

CODES = {Fate.INACTIVE: INACTIVE, Fate.QUIET: QUIET, Fate.NO_SCORE: NO_SCORE, Fate.THRESHOLD: THRESHOLD}
Answer = tuple[int, ...]
"""What, side, candidate and detail, then of each experiment whether the person has another arm of it."""


def first(decision: Decision) -> int:
    return decision.chosen[0].candidate if decision.chosen else -1


def action(program: Program, decision: Decision) -> str:
    return program.candidates[first(decision)].action if decision.chosen else NOTHING


def name(program: Program, decision: Decision) -> str:
    return program.candidates[first(decision)].name if decision.chosen else NOTHING


def summed(causes: tuple[Cause, ...]) -> Counter[tuple[str, str]]:
    """The moves of all causes, each of which adds up to its people."""
    found = Counter[tuple[str, str]]()
    for cause in causes:
        assert cause.people == sum(move.people for move in cause.moves)
        found.update({(move.old, move.new): move.people for move in cause.moves})
    return found


def stopped(program: Program, decision: Decision, candidate: int) -> tuple[What, int] | None:
    """What kept a candidate from being decided, if it is not that another one ranks higher."""
    story = decision.stories[candidate]
    if story.rule is not None:
        return What.FATE, story.rule
    if story.fate in CODES:
        return What.FATE, CODES[story.fate]
    if decision.reason == BELOW_THRESHOLD:
        return What.FATE, THRESHOLD
    if not decision.chosen or rank(program, decision, candidate) < rank(program, decision, first(decision)):
        assert decision.reason == EXPLORED
        return What.EXPLORATION, -1
    return None


def rank(program: Program, decision: Decision, candidate: int) -> tuple[float, ...]:
    story = decision.stories[candidate]
    if program.candidates[candidate].score is None:
        return (float("inf"), 0.0, candidate)
    assert story.tier is not None and story.score is not None
    return story.tier, -story.score, candidate


def answer(pair: Pair, new: Decision, old: Decision) -> Answer:
    """What `attribution` says that it finds, and the experiments."""
    return *why(pair, new, old), *(
        int(mine != before) for mine, before in zip(new.arms, old.arms, strict=True)
    )


def why(pair: Pair, new: Decision, old: Decision) -> tuple[What, int, int, int]:
    """Asked one after the other."""
    sides = {NEW: (pair.new, new), OLD: (pair.case.program, old)}
    places = {s: {c.name: n for n, c in enumerate(p.candidates)} for s, (p, _) in sides.items()}
    for side, (program, decision) in sides.items():
        if decision.holdout is not None:
            number = [h.name for h in program.holdouts].index(decision.holdout)
            return What.HOLDOUT, side, _other(sides, places, side), number
    for side, (program, decision) in sides.items():
        opposite = sides[1 - side][1]
        if opposite.chosen:
            other = _other(sides, places, side)
            if other < 0:
                return What.GONE, side, first(opposite), -1
            stop = stopped(program, decision, other)
            if stop is not None:
                return stop[0], side, first(decision) if stop[0] == What.EXPLORATION else other, stop[1]
    ranks = [
        [rank(program, decision, c)[:2] for c in (first(decision), _other(sides, places, side))]
        for side, (program, decision) in sides.items()
    ]
    behind = _other(sides, places, NEW)
    if any(mine[0] != other[0] for mine, other in ranks):
        return What.PRIORITY, NEW, first(new), behind
    if any(mine != other for mine, other in ranks):
        return What.SCORE, NEW, first(new), behind
    return What.ORDER, NEW, first(new), behind


def _other(sides, places, side: int) -> int:
    """What is decided by the other side, as a candidate of this one."""
    program, decision = sides[1 - side]
    return places[side].get(program.candidates[first(decision)].name, -1) if decision.chosen else -1


@pytest.mark.filterwarnings("ignore:overflow encountered")  # some scores are 1e300
@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize("size", [1, 1 << 21])
def test_every_change_has_one_cause_and_it_is_what_the_stories_say(shares: bool, size: int):
    told: list[Counter[tuple[int, ...]]] = []
    count = changes.Comparing.changes

    def noted(self, *rest):
        told.append(self.counts)
        return count(self, *rest)

    @settings(
        max_examples=60, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck)
    )
    @given(pairs(shares=shares))
    def check(pair: Pair) -> None:
        simulated, decided = pair.simulated(threads=2), pair.decided()
        found = simulated.changes
        assert found is not None
        assert simulated.new.decided == sum(bool(new.chosen) for new, _ in decided)
        assert simulated.new.contacts == sum(len(new.chosen) for new, _ in decided)
        actions = [(action(pair.case.program, old), action(pair.new, new)) for new, old in decided]
        assert {(m.old, m.new): m.people for m in found.moves} == Counter(actions)
        names = [(name(pair.case.program, old), name(pair.new, new)) for new, old in decided]
        kept = [old == new for old, new in actions]
        moved = Counter(ends for ends in actions if ends[0] != ends[1])
        varied = Counter(
            ends for ends, stays in zip(names, kept, strict=True) if stays and ends[0] != ends[1]
        )
        assert (found.changed, found.varied) == (moved.total(), varied.total())
        assert summed(found.causes) == moved
        assert summed(found.varied_causes) == varied
        assert {(m.old, m.new): m.people for m in found.varied_moves} == varied
        answers = Counter(
            answer(pair, *both) for both, ends in zip(decided, names, strict=True) if ends[0] != ends[1]
        )
        counted = Counter[tuple[int, ...]]()
        for (*found_out, _, _), people in told[-1].items():
            counted[tuple(found_out)] += people
        assert counted == answers

    with mock.patch.object(changes.Comparing, "changes", noted), mock.patch.object(deciding, "_MOST", size):
        check()


def test_gains_and_totals_add_up():
    old = OLD_TEXT
    found = compared(old, old.replace("a >= 10", "a >= 20"))
    gains = {gain.action: (gain.old, gain.new, gain.came, gain.went) for gain in found.changes.gains}
    assert gains == {"offer": (27, 17, 0, 10), "news": (13, 23, 10, 0)}
    assert (found.old.score, found.new.score) == (27 * 5 + 13 * 2, 17 * 5 + 23 * 2)


def test_groups_that_change_most_come_first():
    old = load(OLD_TEXT)
    new = load(OLD_TEXT.replace("a >= 10", "a >= 20"))
    many = {name: values * 20 for name, values in PEOPLE.items()}
    found = simulate(Side(new), Asked(many, MOMENT, by=("a", "b")), Side(old))
    groups = found.changes.groups
    assert [(g.field, g.value, g.people, g.changed) for g in groups][:2] == [
        ("b", "9 to <17", 120, 100),
        ("a", "8 to <16", 160, 120),
    ]
    assert (groups[1].decided, groups[1].contacts, groups[1].score) == (
        (160, 160),
        (160, 160),
        (680.0, 320.0),
    )


def test_portions_of_other_sizes_are_paired():
    old, new = load(OLD_TEXT), load(OLD_TEXT.replace("a >= 10", "a >= 20"))
    table = pa.table(PEOPLE)
    sides = [
        deciding.Deciding(
            Side(policy),
            open_profiles(table, policy.facts.inputs, key="id", batch_rows=rows),
            MOMENT,
        )
        for policy, rows in ((new, 7), (old, 16))
    ]
    found = list(deciding.paired(*(side.portions() for side in sides)))
    assert sum(one.rows for one, _ in found) == 40
    for one, other in found:
        assert one.people.column("id").equals(other.people.column("id"))
        assert len(one.outcome.chosen) == one.rows == len(other.outcome.chosen)
