"""The place of a person among all, by which experiments and holdouts divide them, in z3's words.

A place is a whole number of ten thousandths, by a seed and a field: experiments and holdouts that share both divide alike,
in other policies, too. All others are independent of each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import z3

from nbadsl.program.nodes import Experiment, Holdout
from nbadsl.prove.facts import Facts
from nbadsl.prove.values import Term

_PLACES = 10_000  # see `chance.place`


def arms(facts: Facts, experiment: Experiment) -> Iterator[tuple[str, Term]]:
    """The arms that people are in, each with the condition that somebody is."""
    place, end, first = _place(facts, experiment.by, experiment.seed), 0.0, 0
    for number, (arm, share) in enumerate(experiment.arms, 1):
        end += share
        last = _below(end) if number < len(experiment.arms) else _PLACES
        if first < last:
            yield arm, z3.And(place >= first, place < last)
        first = max(first, last)


def held(facts: Facts, holdout: Holdout) -> Term:
    """Whether somebody belongs to a holdout, were it active."""
    return _place(facts, holdout.by, holdout.seed) < _below(holdout.share)


def _place(facts: Facts, by: str, seed: str) -> Term:
    place = z3.Int(f"place of {by} by {seed!r}")  # names of z3 end at a NUL
    facts.add([place], [place >= 0, place < _PLACES])
    return place


@cache
def _below(share: float) -> int:
    """How many places lie below a share."""
    return sum(place / _PLACES < share for place in range(_PLACES))
