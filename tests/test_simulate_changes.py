"""Who changes from one policy to another, and what is responsible: by hand, and against the interpreter's stories."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from small_simulations import Pair, pairs

import nbadsl
from nbadsl.data.profiles import open_profiles
from nbadsl.engine.fates import INACTIVE, NO_SCORE, QUIET, THRESHOLD
from nbadsl.program.decision import BELOW_THRESHOLD, EXPLORED, Decision, Fate
from nbadsl.program.nodes import Program
from nbadsl.simulate import changes, deciding
from nbadsl.simulate.attribution import NEW, OLD, What
from nbadsl.simulate.deciding import Side
from nbadsl.simulate.figures import NOTHING, Simulation
from nbadsl.simulate.simulate import Asked, simulate

CODES = {Fate.INACTIVE: INACTIVE, Fate.QUIET: QUIET, Fate.NO_SCORE: NO_SCORE, Fate.THRESHOLD: THRESHOLD}
Answer = tuple[What, int, int, int]


def first(decision: Decision) -> int:
    return decision.chosen[0].candidate if decision.chosen else -1


def action(program: Program, decision: Decision) -> str:
    return program.candidates[first(decision)].action if decision.chosen else NOTHING


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
    """What `attribution` says that it finds, asked one after the other."""
    sides = {NEW: (pair.new, new), OLD: (pair.case.program, old)}
    places = {s: {c.name: n for n, c in enumerate(p.candidates)} for s, (p, _) in sides.items()}
    found: list[Answer] = []
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
            why = stopped(program, decision, other)
            if why is not None:
                return why[0], side, first(decision) if why[0] == What.EXPLORATION else other, why[1]
    ranks = [
        [rank(program, decision, c)[:2] for c in (first(decision), _other(sides, places, side))]
        for side, (program, decision) in sides.items()
    ]
    assert not found
    if any(mine[0] != other[0] for mine, other in ranks):
        return What.PRIORITY, NEW, first(new), -1
    if any(mine != other for mine, other in ranks):
        return What.SCORE, NEW, first(new), -1
    return What.ORDER, NEW, first(new), -1


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
        found = pair.simulated(threads=2).changes
        assert found is not None
        decided = pair.decided()
        actions = [(action(pair.case.program, old), action(pair.new, new)) for new, old in decided]
        assert {(m.old, m.new): m.people for m in found.moves} == Counter(actions)
        moved = Counter(ends for ends in actions if ends[0] != ends[1])
        assert found.changed == moved.total() == sum(cause.people for cause in found.causes)
        by_cause = Counter[tuple[str, str]]()
        for cause in found.causes:
            assert cause.people == sum(move.people for move in cause.moves)
            by_cause.update({(move.old, move.new): move.people for move in cause.moves})
        assert by_cause == moved
        answers = Counter(
            answer(pair, new, old)
            for (new, old), ends in zip(decided, actions, strict=True)
            if ends[0] != ends[1]
        )
        counted = Counter[tuple[int, ...]]()
        for key, people in told[-1].items():
            counted[key[:4]] += people
        assert counted == answers

    with mock.patch.object(changes.Comparing, "changes", noted), mock.patch.object(deciding, "_MOST", size):
        check()


# --- by hand ---

HEAD = """
policy pairs { timezone "UTC"  currency EUR }
profile customer key id { id: text  a: integer  b: number optional }
channel email { }
channel push { }
"""
PEOPLE = {
    "id": [f"p{n}" for n in range(40)],
    "a": list(range(40)),
    "b": [None if n % 4 == 0 else float(n) for n in range(40)],
}
OLD_TEXT = """
parameter lever: number = 1
action offer { eligible when a >= 10  exclude when b > 35, unknown keeps because "rich"  via email  value 5 }
action news { via push  value 2 * lever }
priority { offer when a < 15  everything else }
arbitrate { score value  pick 1 }
"""
MOMENT = datetime(2026, 11, 10, 9, tzinfo=UTC)
Told = tuple[str, str, str, int]


def load(text: str) -> nbadsl.Policy:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.nba"
        path.write_text(HEAD + text)
        return nbadsl.load(path)


def compared(old: str, new: str, parameters: tuple[Any, Any] = ({}, {})) -> Simulation:
    """`parameters`: of the new policy, and of the old."""
    one, other = (
        Side(load(text), parameters=given) for text, given in zip((new, old), parameters, strict=True)
    )
    found = simulate(one, Asked(PEOPLE, MOMENT), other)
    assert found.changes is not None
    assert found.changes.changed == sum(cause.people for cause in found.changes.causes)
    assert sum(move.people for move in found.changes.moves) == found.new.people == 40
    return found


def told(found: Simulation) -> list[Told]:
    assert found.changes is not None
    return [(c.kind, c.side, c.reason or c.candidate, c.people) for c in found.changes.causes]


@pytest.mark.parametrize(
    ("before", "after", "causes"),
    [
        # 10 … 19 no longer get the offer.
        ("a >= 10", "a >= 20", [("rule tightened", "new", "a >= 20", 10)]),
        ("a >= 10", "a >= 5", [("rule loosened", "old", "a >= 10", 5)]),
        ("b > 35", "b > 30", [("rule tightened", "new", "rich", 4)]),  # 32 is unknown
        ('exclude when b > 35, unknown keeps because "rich"', "", [("rule removed", "old", "rich", 3)]),
        ("via email", 'exclude when a is 12 because "no"  via email', [("rule added", "new", "no", 1)]),
        ("value 2 * lever", "value 6", [("score", "new", "news via push", 22)]),
        ("  everything else", "  news  everything else", [("priority", "new", "news via push", 22)]),
        (
            "action offer {",
            "action offer { active from 2030-01-01",
            [("dates", "new", "offer via email", 27)],
        ),
        ("pick 1 }", "nothing below 3 pick 1 }", [("threshold", "new", "news via push", 13)]),
        ("action news", "action other", [("action removed", "new", "news via push", 13)]),
        ("via push  ", "", [("content removed", "new", "news via push", 0)]),
        ("unknown keeps", "unknown excludes", [("rule tightened", "new", "rich", 7)]),
        (
            "via email ",
            "via email  limit 4 per month",
            [("rule added", "new", "4 per month", 23)],
        ),
    ],
)
def test_one_change_is_responsible_for_exactly_these_people(before: str, after: str, causes: list[Told]):
    assert before in OLD_TEXT
    found = compared(OLD_TEXT, OLD_TEXT.replace(before, after, 1))
    assert told(found) == [cause for cause in causes if cause[3]]


def test_what_is_there_already_stops_now():
    text = OLD_TEXT.replace("b > 35", "b > lever * 20")
    found = compared(text, text, ({"lever": 1.0}, {"lever": 1.5}))
    # 21 … 30, but those for whom b is unknown (24, 28), and news are worth less.
    assert told(found) == [("rule stops now", "new", "rich", 8)]
    assert told(compared(text, text, ({"lever": 1.5}, {"lever": 1.0}))) == [
        ("rule lets pass now", "old", "rich", 8)
    ]


def test_limits_that_people_share_are_responsible():
    old = OLD_TEXT.replace("via email ", "via email  limit 9 per month")
    found = compared(old, old.replace("limit 9", "limit 4"))
    assert told(found) == [("rule tightened", "new", "4 per month", 5)]
    (limit,) = found.changes.limits  # which has another name now
    assert (limit.name, limit.old.used, limit.new.used) == ("action offer: limit 4 per month", 9, 4)
    gone = compared(old, OLD_TEXT).changes.limits
    assert [(limit.old.name, limit.new) for limit in gone] == [("9 per month", None)]
    wider = compared(old.replace("limit 9", "limit 4"), old)
    assert told(wider) == [("rule loosened", "old", "4 per month", 5)]


def test_of_equal_scores_the_order_in_the_file_is_responsible():
    actions = ["action one { value 1 }\n", "action two { value 1 }\n"]
    end = "arbitrate { score value  pick 1 }"
    found = compared("".join([*actions, end]), "".join([*actions[::-1], end]))
    assert told(found) == [("order", "new", "two", 40)]
    # What a limit takes is the limit's doing, also where the next one is worth as much.
    limited = "".join([actions[0].replace("}", "limit 5 per month }"), actions[1], end])
    assert told(compared("".join([*actions, end]), limited)) == [("rule added", "new", "5 per month", 35)]


def test_holdouts_are_responsible():
    old = OLD_TEXT
    found = compared(old, old + "\nholdout control 50% by id\n")
    ((kind, side, reason, people),) = told(found)
    assert (kind, side, reason) == ("holdout", "new", "control") and 8 < people < 32
    assert all(move.new == NOTHING for cause in found.changes.causes for move in cause.moves)


def test_another_channel_of_the_same_action_varies_and_does_not_change():
    old = OLD_TEXT.replace("via push", "via push, email")
    found = compared(old, old.replace("via push, email", "via email, push"))
    assert (found.changes.changed, found.changes.varied) == (0, 13)
    assert {(m.old, m.new) for m in found.changes.moves} == {("offer", "offer"), ("news", "news")}


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
