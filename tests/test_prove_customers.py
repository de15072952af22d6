"""No guarantee that is proved is ever broken by random customers, whom the engine decides: the scenarios, whose
guarantees `test_prove` proves. `--random-customers N` draws so many altogether."""

from __future__ import annotations

import random
from pathlib import Path

import meaning
import numpy as np
import pytest
from differential import decide_alone
from numpy.typing import NDArray
from random_customers import Customers
from test_prove import SCENARIOS
from test_prove_planted import story

from nbadsl.engine.batch import Engine
from nbadsl.engine.fates import PASSED
from nbadsl.plan.lower import lower
from nbadsl.program.nodes import Guarantee
from nbadsl.prove.customer import Customer, Replay
from nbadsl.prove.frequency import count, exceeds
from nbadsl.simulate.promises import asking
from nbadsl.source import overlaid
from nbadsl.testing.trials import Subject

REQUESTS = 25  # different moments and contexts at least
MOST = 50_000  # people of one


def outcomes(policy: Subject, count: int, seed: int = 1) -> dict[str, tuple[int, int]]:
    """Of each guarantee, to how many of so many people it applies, and how many break it. Some have fields of the people
    of the policy's tests."""
    program = policy.program
    plan, questions = lower(program), Engine(lower(asking(program)))
    customers = Customers(program, seed, [(trial.row, trial.given) for trial in policy.trials()])
    found, requests = np.zeros((len(program.guarantees), 2), np.int64), max(REQUESTS, -(-count // MOST))
    for number in range(requests):
        request = customers.request()
        people = customers.people(request, -(-count // requests))
        decided = decide_alone(plan, people, request.given, number).outcome
        assert (decided.bad < 0).all(), "they are valid"
        fates = questions.decide(people, request.given, fates=True).fates
        assert fates is not None
        for place, guarantee in enumerate(program.guarantees):
            applies = (decided.holdout < 0) & (fates[:, place] == PASSED)
            broken = applies & (gets(guarantee, decided.chosen) == guarantee.never)
            found[place] += applies.sum(), broken.sum()
    return {g.name: (int(a), int(b)) for g, (a, b) in zip(program.guarantees, found, strict=True)}


def gets(guarantee: Guarantee, chosen: NDArray[np.int32]) -> NDArray[np.bool_]:
    """[n]: who is decided anything of a guarantee's scope."""
    found: NDArray[np.bool_] = np.isin(chosen, guarantee.among).any(1)
    return found


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_no_random_customer_breaks_a_proved_guarantee(path: Path, random_customers: int):
    found = outcomes(meaning.load(path), random_customers // len(SCENARIOS))
    assert {name for name, (applies, _) in found.items() if not applies} == set(), "nobody whom it is about"
    assert {name: broken for name, (_, broken) in found.items() if broken} == {}


@pytest.mark.parametrize(
    ("scenario", "kept", "old", "new"),
    [
        ("01-cart-recovery", "never cart_voucher when coupon_share > 60%", "60%", "59.9%"),
        ("10-churn-save", "never renewal_discount when last_discount within 365 days", "365", "366"),
        ("30-upgrade-offer", "never upgrades when seats_left < 3", "3", "4"),
    ],
)
def test_a_guarantee_that_is_nearly_kept_is_broken_by_somebody(scenario: str, kept: str, old: str, new: str):
    path = next(each for each in SCENARIOS if each.stem == scenario)
    text = path.read_text()
    assert text.count(kept) == 1
    changed = text.replace(kept, kept.replace(old, new))
    found = outcomes(meaning.load(path, overlaid({str(path): changed})), 20_000)
    assert [name for name, (_, broken) in found.items() if broken], found


def test_nobody_is_contacted_more_often_than_is_proved():
    """Decided again and again with one context, of whose session or transaction the promises speak."""
    chance, seen = random.Random(1), 0
    for policy in map(meaning.load, SCENARIOS):
        replay = Replay(policy.program)
        for promise in policy.program.at_most:
            counts = [0]
            for trial in policy.trials():
                context = {field.name: trial.given[field.name] for field in policy.program.context}
                first = Customer(trial.row, trial.given["now"], context)  # type: ignore[arg-type]
                for customer in story(replay, first, chance, 10):
                    assert not exceeds(replay, promise, customer)
                    counts.append(count(replay, promise, customer))
            assert max(counts) == promise.count, "as many as are allowed"
            seen += 1
    assert seen
