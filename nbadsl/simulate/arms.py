"""A policy and its control policies on the same people: what each of its parts is worth.

Takes a policy, the model that it was made of, and profiles; gives an `Arm` for each, with what it decides measured by the
score of the policy itself, whatever the arm goes by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from nbadsl.api import Policy
from nbadsl.data.batches import Batch, Profiles
from nbadsl.data.decisions import Codes
from nbadsl.data.schema import column_of
from nbadsl.limited.used import LimitUse
from nbadsl.program.facts import Facts, facts_of
from nbadsl.program.nodes import Program, Value
from nbadsl.report import Share
from nbadsl.semantics.model import Model
from nbadsl.simulate.control import LOT, RANDOM, controls, propensities_of
from nbadsl.simulate.deciding import Deciding, Side
from nbadsl.simulate.draws import LOTTERY, Draws
from nbadsl.simulate.figures import Sample
from nbadsl.simulate.measured import Measure, contacts
from nbadsl.simulate.opened import Tick, counted, opened
from nbadsl.simulate.people import actions_of
from nbadsl.simulate.simulate import Asked, notes
from nbadsl.simulate.sums import plain, total

FULL = "full"


@dataclass(frozen=True, slots=True)
class Arm:
    """`name`: FULL, or one of `control`. `people`: all; `decided`: those who get something; `contacts`: all choices, on
    every place. `actions`: of the policy in its order, with the people whose first choice each is. `score`: the sum, over
    all contacts, of what the policy itself scores them; `unscored`: contacts for which that is unknown. `accepted`: the
    sum of propensities over all contacts, None where the policy has none. `changed`: people whose first choice is
    another action than by the policy, or none, or one where there was none; `varied`: others who get something else, by
    another channel, content or slot, or on a later place. `limits`: in the order of the policy."""

    name: str
    people: int
    decided: int
    contacts: int
    actions: tuple[Share, ...]
    score: float
    unscored: int
    accepted: float | None
    changed: int
    varied: int
    limits: tuple[LimitUse, ...]


@dataclass(frozen=True, slots=True)
class Arms:
    """`notes`: what a reader must know. `arms`: the policy first. `left_out`: control policies that make no sense here, and
    why not."""

    policy: str
    currency: str
    profiles: str
    now: str
    seed: int
    sample: Sample | None
    notes: tuple[str, ...]
    arms: tuple[Arm, ...]
    left_out: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"schema_version": 1, **plain(asdict(self))}


def compare(side: Side, model: Model, asked: Asked, tick: Tick | None = None) -> Arms:
    """Decide everybody by each arm. `model`: of the policy; groups of people are not asked for. Raises what `simulate`
    does."""
    policy, now = side.policy, asked.now or datetime.now(UTC)
    made, left_out = controls(policy.program, model)
    measures = _Measures(
        policy.program, model, policy.given(now, side.context, side.parameters), asked.threads
    )
    profiles, sample = opened(side, asked, measures.fields)
    profiles = counted(profiles, 1 + len(made), tick)
    arms, full = [], None
    for name, program in {FULL: policy.program, **made}.items():
        people = profiles if name != RANDOM else _with_lots(profiles, policy.facts, measures.now, asked.seed)
        arm = replace(side, policy=Policy(None, program))
        deciding = Deciding(arm, people, now, asked.seed, asked.threads)
        counts = _Counts(measures, full)
        for portion in deciding.portions():
            counts.add(portion.people, contacts(portion.outcome))
        full = full or counts.chosen
        arms.append(counts.arm(name, deciding.report(0.0).limits))
    return Arms(
        policy=policy.facts.name,
        currency=policy.facts.currency,
        profiles=profiles.name,
        now=policy.moment_text(measures.given),
        seed=asked.seed,
        sample=sample,
        notes=tuple(notes(sample, [side])),
        arms=tuple(arms),
        left_out=left_out,
    )


class _Measures:
    """What the choices of all arms are measured by: the policy's score and, where it has some, propensities. `fields`: of
    the profile, that this needs."""

    def __init__(self, program: Program, model: Model, given: Mapping[str, Value], threads: int) -> None:
        propensities = propensities_of(model)
        self.score = Measure(program, [candidate.score for candidate in program.candidates])
        self.propensity = Measure(program, propensities) if any(propensities) else None
        self.fields = self.score.fields | (self.propensity.fields if self.propensity else frozenset())
        self.given, self.threads = given, threads
        now = given["now"]
        assert isinstance(now, float)
        self.now = now
        self.names = actions_of(facts_of(program))
        # The last one is for no candidate, whose number is -1.
        self.actions = np.array([*(self.names.index(c.action) for c in program.candidates), -1])


class _Counts:
    """Counts one arm, portion by portion. `full`: what people get by the policy itself; None: this is it."""

    def __init__(self, measures: _Measures, full: list[Codes] | None) -> None:
        self.measures, self.full = measures, full
        self.chosen: list[Codes] = []
        self.score, self.accepted, self.unscored, self.changed, self.varied = 0.0, 0.0, 0, 0, 0

    def add(self, people: pa.RecordBatch, chosen: Codes) -> None:
        """`chosen`: what these people get, [n, pick]."""
        by = self.measures
        scores = by.score.of(people, chosen, by.given, by.threads)
        self.score += total(scores)
        self.unscored += int((np.isnan(scores) & (chosen >= 0)).sum())
        if by.propensity is not None:
            self.accepted += total(by.propensity.of(people, chosen, by.given, by.threads))
        if self.full is not None:
            full = self.full[len(self.chosen)]
            other = by.actions[full[:, 0]] != by.actions[chosen[:, 0]]
            self.changed += int(other.sum())
            self.varied += int((~other & (full != chosen).any(1)).sum())
        self.chosen.append(chosen.astype(np.int32))

    def arm(self, name: str, limits: tuple[LimitUse, ...]) -> Arm:
        names, actions = self.measures.names, self.measures.actions
        firsts = np.concatenate([np.zeros(0, np.int32), *(chosen[:, 0] for chosen in self.chosen)])
        people = np.bincount(actions[firsts] + 1, minlength=len(names) + 1)[1:].tolist()
        return Arm(
            name=name,
            people=len(firsts),
            decided=int((firsts >= 0).sum()),
            contacts=sum(int((chosen >= 0).sum()) for chosen in self.chosen),
            actions=tuple(Share(*each) for each in zip(names, people, strict=True)),
            score=self.score,
            unscored=self.unscored,
            accepted=None if self.measures.propensity is None else self.accepted,
            changed=self.changed,
            varied=self.varied,
            limits=limits,
        )


def _with_lots(profiles: Profiles, facts: Facts, now: float, seed: int) -> Profiles:
    """Profiles with a lot for each candidate."""
    key = next(column_of(each) for each in facts.inputs if each.name == facts.key)

    def drawn(batch: Batch) -> Batch:
        people = batch.people
        draws = Draws(people.column(key), now, seed, facts.name)
        for number in range(len(facts.candidates)):
            lots = draws.units(LOTTERY + number).astype(np.float32)
            people = people.append_column(LOT.format(number), pa.array(lots))
        return replace(batch, people=people)

    return replace(profiles, batches=lambda: map(drawn, profiles.batches()))
