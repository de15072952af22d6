"""Faults that were planted in a policy of many actions are found, all of them and no others; what is proved is not
violated by many random customers through the engine."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nbadsl.program.nodes import Program
from nbadsl.prove.answers import PROVED
from nbadsl.prove.customer import Contact, Customer, Replay
from nbadsl.prove.frequency import exceeds
from nbadsl.prove.idle import NEVER_WINS
from nbadsl.prove.questions import ACTIONS, AT_MOST, Options, Prover, Question
from nbadsl.prove.subject import Subject, load
from nbadsl.types import DAY, HOUR

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
from policy import Action, More, Policy, make_policy, source

PLANTED = 4  # of each fault


def planted(actions: int, seed: int) -> tuple[str, set[str]]:
    """A policy, and the actions in it that never win: by their own rules, or since another one has fewer conditions and
    a higher score."""
    made = make_policy(actions, seed)
    chosen = random.Random(seed).sample(range(actions // 2, actions), 2 * PLANTED)
    lines: dict[str, tuple[str, ...]] = {}
    worse: list[Action] = []
    for place, number in enumerate(chosen):
        action = made.actions[number]
        if place % 2:
            test = action.tests[0]
            lines[action.name] = (f"exclude when {test.field} > {test.than / 2}",)
        else:
            better = made.actions[place]
            twin = replace(better, name=action.name, bias=round(better.bias - 1, 3))
            worse.append(twin)
            lines[action.name] = ("eligible when n3 + n4 > 100",)
    names = {twin.name: twin for twin in worse}
    text = source(Policy(tuple(names.get(a.name, a) for a in made.actions)), More(lines=lines))
    return text, {made.actions[number].name for number in chosen}


@pytest.mark.parametrize("actions", [60])
def test_planted_actions_are_found_and_no_others(tmp_path: Path, actions: int):
    path = tmp_path / "many.nba"
    text, expected = planted(actions, 1)
    path.write_text(text)
    subject = load(path)
    assert subject is not None
    prover = Prover((subject,), Options())
    found = list(prover.answers(Question(ACTIONS)))
    assert all(answer.status == PROVED for answer in found), found
    assert {answer.name for answer in found} >= expected
    # Of others that are said never to win, the reason is that another one always passes and is better.
    others = [answer for answer in found if answer.name not in expected]
    assert all(answer.kind == NEVER_WINS and answer.why for answer in others)
    seen = {subject.program.candidates[n].action for n in prover.idle.won}
    assert seen.isdisjoint(a.name for a in found)
    assert seen | {a.name for a in found} == {c.action for c in subject.program.candidates}


LIMITED = """policy p {{ timezone "{zone}" }}
profile customer key id {{ id: text  joined: date }}
channel email {{ limit {email} per customer per {day} }}
channel push {{ }}
group promo {{ limit {promo} per customer per {week} }}
action one in promo {{ via email, push  value 2 }}
action two in promo {{ via push  value 1  {rest} }}
action three {{ via email  value 3  {free} }}
arbitrate {{ score value  pick {pick} }}
guarantee "promised": at most {count} {scope} per customer per {window}
"""


def limited(chance: random.Random) -> str:
    windows = ("day", "week", "month", "2 days", "7 days", "10 days", "30 days")
    return LIMITED.format(
        zone=chance.choice(("UTC", "Europe/Berlin")),
        email=chance.randint(1, 3),
        promo=chance.randint(1, 3),
        day=chance.choice(windows),
        week=chance.choice(windows),
        rest=chance.choice(("", "rest 5 days after decided")),
        free=chance.choice(("", "exempt from limits")),
        pick=chance.randint(1, 2),
        count=chance.randint(1, 6),
        scope=chance.choice(("promo", "email", "one", "two")),
        window=chance.choice(windows),
    )


def story(replay: Replay, customer: Customer, chance: random.Random, times: int) -> Iterator[Customer]:
    """A customer whom the policy decides again and again."""
    for _ in range(times):
        yield customer
        contacts = [Contact(n, "decided", int(customer.now)) for n in replay.chosen(customer)]
        later = customer.now + chance.choice((HOUR, 5 * HOUR, 12 * HOUR, DAY, 3 * DAY))
        customer = replace(customer, now=later, contacts=(*customer.contacts, *contacts))


def test_what_is_proved_of_limits_never_happens(tmp_path: Path, proofs: int):
    statuses = set()
    for seed in range(max(10, proofs // 10)):
        chance = random.Random(seed)
        path = tmp_path / f"{seed}.nba"
        path.write_text(limited(chance))
        subject = load(path)
        assert subject is not None
        [answer] = Prover((subject,), Options()).answers(Question(AT_MOST))
        statuses.add(answer.status)
        if answer.status == PROVED:
            replay = Replay(subject.program)
            plain = replay.plain()  # some weeks around a change of clocks
            people = story(replay, replace(plain, now=plain.now - 30 * DAY), chance, 30)
            assert not any(breaks(subject, customer) for customer in people), path.read_text()
    assert {"proved", "refuted"} <= statuses


def breaks(subject: Subject, customer: Customer) -> bool:
    program: Program = subject.program
    return exceeds(Replay(program), program.at_most[0], customer)
