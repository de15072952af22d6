"""The smallest change that makes an action win: it does in the engine, and nothing smaller does, by trying everybody."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest
from arrays import to_arrow
from differential import decide_alone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_programs import NOW

import nbadsl
from nbadsl.change import Found, changeable, pieces, search, smallest
from nbadsl.program.decision import Row
from nbadsl.program.nodes import Value

HEAD = """
policy small { }
profile customer key id {
  id: text
  vip: flag
  plan: one of basic, plus, free
  visits: integer in 0..5
  stars: integer in -2..3 optional
  wants: any of sport, film
}
context { basket: integer in 0..3 = 1 }
"""
WHOLE = {"visits": (0, 5), "stars": (-2, 3), "basket": (0, 3)}
FIELDS: dict[str, list[Value]] = {
    "vip": [False, True],
    "plan": ["basic", "plus", "free"],
    "visits": [float(n) for n in range(6)],
    "stars": [*(float(n) for n in range(-2, 4)), None],
    "wants": [frozenset(), frozenset({"sport"}), frozenset({"film"}), frozenset({"sport", "film"})],
    "basket": [float(n) for n in range(4)],
}
ATOMS = (
    "vip",
    "not vip",
    "plan is basic",
    "plan is one of plus, free",
    "visits >= {n}",
    "visits < {n}",
    "visits is {n}",
    "visits is not {n}",
    "visits * visits - 4 * visits + 3 <= {n}",
    "abs(visits - 2) > {n}",
    "stars > {n}",
    "stars is known",
    "(stars or else {n}) < visits",
    "visits + basket > {n}",
    "basket is {n}",
    "wants has sport",
    "wants has any of sport, film",
)
VALUES = (
    "{n}",
    "visits",
    "2 * visits - {n}",
    "visits * (5 - visits)",
    "if vip then {n} else visits",
    "if stars > 1 then 2 * visits else {n}",
    "stars or else {n}",
    "stars",
    "10 - visits - basket",
    "max(visits, 3) * 0.1 * 3",
    "visits * 0.3",
    "0.5 ^ visits * 8",
    "4 / visits",
)
number = st.integers(0, 4)


@st.composite
def filled(draw: st.DrawFn, texts: tuple[str, ...]) -> str:
    return draw(st.sampled_from(texts)).replace("{n}", str(draw(number)))


# Thresholds, words and flags alone: for these what is found is always exact.
PLAIN = tuple(atom for atom in ATOMS if not any(sign in atom for sign in ("*", "+", "(", "abs")))


@st.composite
def conditions(draw: st.DrawFn, atoms: tuple[str, ...] = ATOMS) -> str:
    atoms = draw(st.lists(filled(atoms), min_size=1, max_size=3))
    return draw(st.sampled_from((" and ", " or "))).join(atoms)


@st.composite
def policies(draw: st.DrawFn, atoms: tuple[str, ...] = ATOMS, values: tuple[str, ...] = VALUES) -> str:
    """A small policy: two to four actions `a0`, `a1` …"""
    names = [f"a{n}" for n in range(draw(st.integers(2, 4)))]
    blocks = []
    for name in names:
        rules = "".join(f"  eligible when {c}\n" for c in draw(st.lists(conditions(atoms), max_size=2)))
        boost = f"  boost 2 when {draw(conditions(atoms))}\n" if draw(st.booleans()) else ""
        blocks.append(f"action {name} {{\n{rules}  value {draw(filled(values))}\n{boost}}}\n")
    line = f"  {draw(st.sampled_from(names))} when {draw(conditions(atoms))}\n" if draw(st.booleans()) else ""
    below = f"nothing below {draw(number)}" if draw(st.booleans()) else ""
    back = f"fallback {draw(st.sampled_from(names))}" if draw(st.booleans()) else ""
    pick = f"pick {draw(st.sampled_from((1, 1, 2)))}"
    priority = f"priority {{\n{line}  everything else\n}}\n" if line else ""
    return (
        HEAD + "".join(blocks) + priority + f"arbitrate {{ score value * boost  {below}  {pick}  {back} }}\n"
    )


def loaded(text: str) -> nbadsl.Policy:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.nba"
        path.write_text(text)
        return nbadsl.load(path)


people = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in FIELDS.items()})


@dataclass
class World:
    """A policy and everybody there can be. `decided`: the actions that the engine decides for each of them."""

    policy: nbadsl.Policy

    def __post_init__(self) -> None:
        self.everybody = [dict(zip(FIELDS, values, strict=True)) for values in product(*FIELDS.values())]
        self.decided: list[set[str]] = [set() for _ in self.everybody]
        facts = self.policy.facts
        for basket in FIELDS["basket"]:
            some = [i for i, person in enumerate(self.everybody) if person["basket"] == basket]
            rows = [self.row(self.everybody[i]) for i in some]
            found = decide_alone(
                self.policy.plan,
                to_arrow(rows, facts.inputs).combine_chunks().to_batches()[0],
                self.given(basket),
            )
            for i, chosen in zip(some, found.outcome.chosen.tolist(), strict=True):
                self.decided[i] = {facts.candidates[c].action for c in chosen if c >= 0}

    def row(self, person: dict[str, Value]) -> Row:
        return {"id": "c1", **{name: value for name, value in person.items() if name != "basket"}}

    def given(self, basket: Value) -> Row:
        return {"now": NOW, "today": 20767.0, "basket": basket}

    def best(self, person: dict[str, Value], action: str) -> dict[str, Value] | None:
        """The smallest change, by looking at everybody."""
        found = [
            (self.size(person, other), other)
            for other, decided in zip(self.everybody, self.decided, strict=True)
            if action in decided
        ]
        if not found:
            return None
        _, other = min(found, key=lambda each: each[0])
        return {name: value for name, value in other.items() if value != person[name]}

    def size(self, person: dict[str, Value], other: dict[str, Value]) -> tuple[Any, ...]:
        changed = [name for name in FIELDS if person[name] != other[name]]
        distance = sum(self.distance(name, person[name], other[name]) for name in changed)
        ranks = tuple(FIELDS[name].index(other[name]) for name in changed)
        return len(changed), distance, tuple(list(FIELDS).index(name) for name in changed), ranks

    def distance(self, name: str, old: Any, new: Any) -> float:
        if new is None:
            return 1.0
        if name in WHOLE:
            low, high = WHOLE[name]
            return (1.0 + abs(new) / (high - low)) if old is None else abs(new - old) / (high - low)
        return len(old ^ new) / 2 if name == "wants" else 1.0


def found(world: World, person: dict[str, Value], action: str, **how: Any) -> Found:
    wanted = frozenset(n for n, c in enumerate(world.policy.facts.candidates) if c.action == action)
    return smallest(world.policy.program, world.row(person), world.given(person["basket"]), wanted, 0, **how)


def agrees(text: str, person: dict[str, Value], exact: bool = False) -> None:
    world = World(loaded(text))
    for action in dict.fromkeys(c.action for c in world.policy.facts.candidates):
        best, mine = world.best(person, action), found(world, person, action)
        assert mine.exact or not exact
        if mine.changes is None:
            assert best is None or (len(best) > mine.tried and not mine.all_tried), (action, best, mine)
            continue
        changed = {c.field: c.new for c in mine.changes}
        assert action in world.decided[world.everybody.index({**person, **changed})], (action, mine)
        assert best is not None
        if mine.exact:
            assert changed == best, (action, mine)
        assert len(changed) >= len(best)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(policies(), people)
def test_the_smallest_change_is_that_of_all_people_there_can_be(text, person):
    agrees(text, person)


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(policies(PLAIN, ("{n}", "if vip then {n} else 2", "visits")), people)
def test_for_thresholds_words_and_flags_it_is_exact(text, person):
    agrees(text, person, exact=True)


PERSON: dict[str, Value] = {
    "vip": False,
    "plan": "free",
    "visits": 0.0,
    "stars": None,
    "wants": frozenset(),
    "basket": 0.0,
}


def smallest_of(rules: str, **how: Any) -> Found:
    actions = f"action a0 {{ {rules}  value 1 }}\naction a1 {{ value 2 }}\n"
    world = World(loaded(f"{HEAD}{actions}priority {{ a0  everything else }}\narbitrate {{ score value }}\n"))
    return found(world, PERSON, "a0", **how)


def test_where_nothing_can_it_is_told_so_and_of_which_fields():
    none = smallest_of("eligible when visits > 3 and visits < 2")
    assert (none.changes, none.exact, none.all_tried, none.fields) == (None, True, True, ("visits",))
    only = smallest_of("eligible when visits > 3 and vip", fields=("vip", "plan"))
    assert (only.changes, only.all_tried, only.fields) == (None, True, ("vip",))


@pytest.mark.parametrize(
    ("rules", "fields", "work"),
    [
        (
            "eligible when visits * visits - stars * stars is 15 and plan is basic",
            ["plan", "visits", "stars"],
            30,
        ),
        ("eligible when plan is basic and vip and wants has sport", ["vip", "plan", "wants"], 9),
    ],
)
def test_work_has_a_bound_that_is_told(monkeypatch, rules, fields, work):
    assert [c.field for c in smallest_of(rules).changes or ()] == fields
    monkeypatch.setattr(search, "MOST_WORK", work)
    bound = smallest_of(rules)
    assert bound.changes is None and bound.tried < 3 and not bound.all_tried


NUMBERS = """
policy p { }
profile customer key id {
  id: text
  x: number in 0..1
  y: number in 0..1
  name: text
  other: text
}
action a0 { RULES  value 1 }
action a1 { value 2 }
priority { a0  everything else }
arbitrate { score value }
"""


@pytest.mark.parametrize(
    ("rules", "changes", "exact"),
    [
        ("eligible when x >= 0.3", {"x": 0.3}, True),
        (
            "eligible when x > 0.3 and 1 - y > 0.95",
            {"x": 0.30000000000000004, "y": 0.04999999999999998},
            True,
        ),
        ("eligible when x / 3 >= 0.1", {"x": 0.30000000000000004}, True),
        ("eligible when (x - 0.5) ^ 2 < 0.01", {"x": 0.4}, False),
        ("eligible when x * y > 0.5", {"x": 0.75, "y": 0.6666666666666667}, False),
        ("eligible when x * y > 1", None, False),
        ('eligible when name is other and name is "z"', {"name": "z", "other": "z"}, True),
        ("eligible when name is other", {"name": "n"}, True),
    ],
)
def test_numbers_are_found_to_the_bit_and_trying_is_told(rules, changes, exact):
    policy = loaded(NUMBERS.replace("RULES", rules))
    row: Row = {"id": "c1", "x": 0.1, "y": 0.1, "name": "m", "other": "n"}
    run = {"now": NOW, "today": 20767.0}
    mine = smallest(policy.program, row, run, frozenset({0}))
    assert mine.exact == exact
    told = None if mine.changes is None else {c.field: c.new for c in mine.changes}
    if changes is None or exact:
        assert told == changes
    else:
        assert told is not None and told.keys() == changes.keys()
        assert all(told[name] == pytest.approx(value) for name, value in changes.items())
    if told is not None:
        decision = policy.decide_one({**row, **told}, now=datetime(2026, 11, 10, tzinfo=UTC))
        assert decision.action == "a0"
    for name, value in (told or {}).items() if exact else ():
        if isinstance(value, float):
            nearer = {**row, **told, name: math.nextafter(value, row[name])}
            assert policy.decide_one(nearer, now=datetime(2026, 11, 10, tzinfo=UTC)).action == "a1"


def test_what_must_stay_stays():
    text = (
        "policy p { }\nprofile customer key id { id: text  home: text  street: text  door: text  ended: time or never  vip: flag }\n"
        "context { seats: integer in 0..9 }\nexperiment e by street { x 50%, y 50% }\nholdout h 5% by door\n"
        "action a { eligible when vip  limit seats per home per day  limit 1 per customer since ended  value 1 }\n"
        "arbitrate { score value }\n"
    )
    stay, free = changeable(loaded(text).program)
    assert (set(stay), free) == ({"id", "home", "street", "door", "ended", "seats"}, ("vip",))


# --- two wide fields that meet in one test ---

LINEAR = (
    "visits + basket > {n}",
    "visits + stars > {n}",
    "visits - basket >= {n}",
    "basket - visits > {n}",
    "stars - basket is {n}",
    "visits + basket is not {n}",
    "(if vip then visits else 2) + stars >= {n}",
    "(stars or else {n}) + visits > 3",
    "visits >= {n}",
    "stars is known",
)
RISING = ("{n}", "visits + stars", "4 - basket", "visits - basket", "stars", "2 * visits")


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(policies((*LINEAR, "2 * visits + 3 * basket > {n}"), (*RISING, "visits * 3 - stars")), people)
def test_fields_that_meet_are_changed_as_little_as_can_be(text, person):
    with mock.patch.object(search, "FEW", 1), mock.patch.object(pieces, "FEW", 1):
        world = World(loaded(text))
        for action in dict.fromkeys(c.action for c in world.policy.facts.candidates):
            best, mine = world.best(person, action), found(world, person, action)
            if mine.changes is None:
                more = best is not None and len(best) > mine.tried and not mine.all_tried
                assert best is None or not mine.exact or more, (action, best, mine)
                continue
            other = {**person, **{c.field: c.new for c in mine.changes}}
            assert action in world.decided[world.everybody.index(other)]
            assert best is not None
            if mine.exact:
                mine_size, least = world.size(person, other), world.size(person, {**person, **best})
                assert mine_size[0] == least[0] and mine_size[1] <= least[1] + 1e-9, (action, best, mine)


ROW: Row = {"id": "c1", "x": 0.1, "y": 0.1, "name": "m", "other": "n"}


@pytest.mark.parametrize(
    ("rules", "changes"),
    [
        ("eligible when x + 2 * y > 2.2", {"x": 0.2, "y": 1.0}),
        ("eligible when x + 2 * y > 1.5 and 2 * x + y > 1.5", {"x": 0.5, "y": 0.5}),
        ("eligible when 3 * y - x >= 2.5 and x / 2 - y >= -0.8", {"x": 0.2, "y": 0.9}),
        ("eligible when x is not 0.1 and x + y > 1.6", {"x": 1.0, "y": 0.6}),
        ("eligible when min(x, y) > 0.7 and max(x, y) >= 0.8", {"x": 0.7, "y": 0.8}),
        ("eligible when (if x > 0.5 then x + y else 2 * y) > 1.9", {"y": 0.95}),
        ("eligible when (if x > 0.5 then x + y else 2 * y) > 1.9 and y < 0.9999", {"y": 0.95}),
        ("eligible when x > 0.2 and x < 0.9 and (if x + y > 1.2 then 1 else x) >= 1", {"x": 0.2, "y": 1.0}),
    ],
)
def test_where_fields_meet_in_linear_tests_the_nearest_corner_is_found(rules, changes):
    policy = loaded(NUMBERS.replace("RULES", rules))
    mine = smallest(policy.program, ROW, {"now": NOW, "today": 20767.0}, frozenset({0}))
    assert mine.exact and mine.changes is not None
    told = {c.field: c.new for c in mine.changes}
    assert policy.decide_one({**ROW, **told}, now=datetime(2026, 11, 10, tzinfo=UTC)).action == "a0"
    assert set(told) == set(changes)
    distance = sum(abs(value - 0.1) for value in changes.values())
    assert sum(c.distance for c in mine.changes) == pytest.approx(distance, abs=1e-9)


halves = st.integers(-6, 6).map(lambda n: n / 2)
lines = st.tuples(halves, halves, st.integers(-20, 40).map(lambda n: n / 10), st.sampled_from("<>"))


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.lists(lines, min_size=1, max_size=3), st.sampled_from([" and ", " or "]))
def test_nobody_on_a_grid_is_nearer_than_what_is_found(some, joined):
    rules = joined.join(f"{a} * x + {b} * y {sign} {c}" for a, b, c, sign in some).replace("+ -", "- ")
    policy = loaded(NUMBERS.replace("RULES", f"eligible when {rules}"))
    mine = smallest(policy.program, ROW, {"now": NOW, "today": 20767.0}, frozenset({0}))
    assert mine.exact
    grid = [n / 20 for n in range(21)]
    join = all if joined == " and " else any

    def passes(x: float, y: float) -> bool:
        return join(a * x + b * y < c if sign == "<" else a * x + b * y > c for a, b, c, sign in some)

    nearest = min(
        (((x != 0.1) + (y != 0.1), abs(x - 0.1) + abs(y - 0.1)) for x in grid for y in grid if passes(x, y)),
        default=None,
    )
    if mine.changes is None:
        assert nearest is None
        return
    told = {c.field: c.new for c in mine.changes}
    decided = policy.decide_one({**ROW, **told}, now=datetime(2026, 11, 10, tzinfo=UTC))
    assert decided.action == "a0"
    size = len(mine.changes), sum(c.distance for c in mine.changes)
    assert nearest is None or size <= (nearest[0], nearest[1] + 1e-9)
