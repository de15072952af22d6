"""The policy that is measured, made by chance from a seed, and written in the language.

Takes a number of actions; gives a `Policy`: actions as plain data, from which every way of deciding (see
`ways.py`) makes its own form: this module writes the language, the others C, Polars, SQL, JSON. No way sees another's
form, so that equal results mean something.

Every action has four conditions and a score,

    eligible when NUMBER > a and INTEGER <= b
    exclude when WORD is one of four of its eight
    exclude when NUMBER < c
    propensity 1 / (1 + exp(-(bias + w1 * NUMBER + w2 * NUMBER + w3 * NUMBER)))

and the action with the highest score is decided. Conditions share thresholds as rules of a marketing team do: each field
has nine thresholds (twelve sets of words), the popular ones taken far more often (by Zipf's law), so that 50
actions ask about 100 different questions instead of 200, and 1,000 actions about 300 instead of 4,000. A condition lets
four to eight in ten people pass, all four one in eight.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NUMBERS = tuple(f"n{i}" for i in range(20))
INTEGERS = tuple(f"k{i}" for i in range(10))
WORD_FIELDS = tuple(f"w{i}" for i in range(6))
WORDS = ("north", "east", "south", "west", "center", "coast", "island", "abroad")
NUMBER_RANGE, INTEGER_RANGE = 1000, 100
KEY = "customer_id"


@dataclass(frozen=True, slots=True)
class Test:
    """A condition that people must keep.

    `op`: `>`, `>=`, `<=` with the number `than`, or `not in` the places `among` of WORDS.
    """

    field: str
    op: str
    than: float = 0.0
    among: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """An action: whom it is for, and the terms (weight, field) of its score."""

    name: str
    tests: tuple[Test, Test, Test, Test]
    bias: float
    terms: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Actions in the order of the file: of two with equal scores the first is decided."""

    actions: tuple[Action, ...]

    @property
    def distinct_tests(self) -> int:
        return len({test for action in self.actions for test in action.tests})


def make_policy(actions: int, seed: int = 1) -> Policy:
    """A policy of so many actions; the same one for the same seed, everywhere."""
    chance = random.Random(seed)
    pool = _Pool(chance)
    return Policy(tuple(_action(number, chance, pool) for number in range(actions)))


class _Pool:
    """The thresholds and sets of words that rules share, popular ones first."""

    def __init__(self, chance: random.Random) -> None:
        passing = [k / 20 for k in range(8, 17)]  # shares of people that a condition lets pass
        self.over = _shuffled(chance, [Test(f, ">", _threshold(1 - p)) for f in NUMBERS for p in passing])
        self.from_ = _shuffled(chance, [Test(f, ">=", _threshold(1 - p)) for f in NUMBERS for p in passing])
        self.up_to = _shuffled(
            chance, [Test(f, "<=", round(p * INTEGER_RANGE)) for f in INTEGERS for p in passing]
        )
        sets = [(f, tuple(sorted(chance.sample(range(8), 4)))) for f in WORD_FIELDS for _ in range(12)]
        self.outside = [Test(f, "not in", among=among) for f, among in dict.fromkeys(sets)]


def _threshold(share: float) -> float:
    return round(share * NUMBER_RANGE, 1)


def _shuffled(chance: random.Random, tests: list[Test]) -> list[Test]:
    chance.shuffle(tests)
    return tests


def _popular(chance: random.Random, tests: list[Test]) -> Test:
    return chance.choices(tests, [1 / (rank + 1) for rank in range(len(tests))])[0]


def _action(number: int, chance: random.Random, pool: _Pool) -> Action:
    tests = tuple(_popular(chance, some) for some in (pool.over, pool.up_to, pool.outside, pool.from_))
    terms = tuple((round(chance.uniform(-0.003, 0.003), 5), f) for f in chance.sample(NUMBERS, 3))
    assert len(tests) == 4
    return Action(f"action_{number}", tests, round(chance.uniform(-2, 2), 3), terms)


# --- in the language -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class More:
    """What a text says beside the actions: `fields` of the profile, `blocks`, and by the name of an action the `groups`
    that it is in and further `lines`."""

    fields: Sequence[str] = ()
    blocks: Sequence[str] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)


def source(policy: Policy, more: More | None = None) -> str:
    """The policy as a text in the language."""
    more = more or More()
    fields = [
        f"  {KEY}: integer",
        *(f"  {f}: number in 0..{NUMBER_RANGE}" for f in NUMBERS),
        *(f"  {f}: integer in 0..{INTEGER_RANGE}" for f in INTEGERS),
        *(f"  {f}: one of {', '.join(WORDS)}" for f in WORD_FIELDS),
        *(f"  {line}" for line in more.fields),
    ]
    head = f'policy benchmark {{ title "Made by chance" timezone "UTC" currency EUR }}\n\nprofile customer key {KEY} {{'
    actions = "\n".join(_action_text(action, more) for action in policy.actions)
    return (
        "\n".join([head, *fields, "}\n", *more.blocks, actions, "arbitrate { score propensity  pick 1 }"])
        + "\n"
    )


def _action_text(action: Action, more: More) -> str:
    over, up_to, outside, from_ = action.tests
    words = ", ".join(WORDS[place] for place in outside.among)
    linear = " + ".join([f"{action.bias}", *(f"{weight:.5f} * {f}" for weight, f in action.terms)])
    groups = f" in {more.groups[action.name]}" if action.name in more.groups else ""
    lines = "".join(f"  {line}\n" for line in more.lines.get(action.name, ()))
    return (
        f"action {action.name}{groups} {{\n"
        f'  title "Number {action.name.removeprefix("action_")}"\n'
        f"  eligible when {over.field} > {over.than} and {up_to.field} <= {up_to.than}\n"
        f"  exclude when {outside.field} is one of {words}\n"
        f'  exclude when {from_.field} < {from_.than} because "too low"\n'
        f"  propensity 1 / (1 + exp(-({linear})))\n"
        f"{lines}}}\n"
    )
