"""A simulation: one policy, or an old and a new one, over all people of the profiles; gives the figures.

Profiles are read once for each policy, batch by batch. Of everybody some numbers are remembered, and all people are
held at once where they share limits, as in a run.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from nbadsl.data.missing import lacking
from nbadsl.data.profiles import open_profiles
from nbadsl.data.schema import column_of
from nbadsl.page.words import count
from nbadsl.program.givens import BadInput
from nbadsl.report import BadColumn
from nbadsl.simulate.changes import Comparing
from nbadsl.simulate.closest import Nearly
from nbadsl.simulate.deciding import Deciding, Portion, Side, paired
from nbadsl.simulate.figures import Figures, Sample, Simulation
from nbadsl.simulate.making import figures
from nbadsl.simulate.people import People
from nbadsl.simulate.promises import Promises
from nbadsl.simulate.sample import Sampling, sampling
from nbadsl.simulate.segments import Grouping, Values, changed_groups, field_of


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a simulation. `profiles`: as `open_profiles` takes them. `by`: fields to make groups by.
    `sample`: so many people, None: all. `seed`: of chance in the policies, and of the sample."""

    profiles: Any
    now: datetime | None = None
    seed: int = 0
    threads: int = 1
    by: tuple[str, ...] = ()
    sample: int | None = None


def simulate(
    new: Side, asked: Asked, old: Side | None = None, tick: Callable[[int, int | None], None] | None = None
) -> Simulation:
    """All figures. `tick`: is told how many people are done, of how many if that is known.

    Raises BadInput for a field or value that there is not, `data.rules.BadData` for profiles that do not fit a policy,
    HistoryError when a history cannot be read.
    """
    started, now = time.perf_counter(), asked.now or datetime.now(UTC)
    fields = [field_of(new.policy.facts.inputs, name) for name in dict.fromkeys(asked.by)]
    _check_keys([side for side in (new, old) if side is not None])
    taken, sample = sampled(new, asked)
    here = _Counting(new, asked, now, taken, {field.name for field in fields})
    before = None if old is None else _Counting(old, asked, now, taken)
    comparing = None if before is None else Comparing(here.side, before.side)
    values, changed = [Values(field) for field in fields], [np.zeros(0, np.bool_)]
    total, done = here.side.run.profiles.rows if sample is None else sample.people, 0
    for mine, theirs in _portions(here, before):
        here.count(mine)
        for each in values:
            each.add(mine.people)
        if before is not None and theirs is not None and comparing is not None:
            before.count(theirs)
            changed.append(comparing.compare(mine, theirs))
        done += mine.rows
        if tick is not None:
            tick(done, total)
    seconds = time.perf_counter() - started
    groupings = [each.grouping() for each in values] if here.parts else []
    found = here.figures(groupings, seconds)
    was = None if before is None else before.figures(groupings, seconds)
    changes = None
    if comparing is not None and before is not None and was is not None:
        groups = changed_groups(groupings, before.people(), here.people(), np.concatenate(changed))
        changes = comparing.changes(found, was, groups)
    return Simulation(
        profiles=here.side.run.profiles.name,
        now=new.policy.moment_text(here.side.given),
        seed=asked.seed,
        seconds=seconds,
        sample=sample,
        notes=(
            *notes(sample, [side for side in (new, old) if side is not None], found.rejected),
            *(comparing.renames.told() if comparing is not None else ()),
        ),
        new=found,
        old=was,
        changes=changes,
    )


class _Counting:
    """One side, and what is counted of it."""

    def __init__(
        self,
        side: Side,
        asked: Asked,
        now: datetime,
        taken: Sampling | None,
        more: AbstractSet[str] = frozenset(),
    ) -> None:
        """`more`: fields that are read beside those that the policy reads."""
        self.promises = Promises(side.policy.program)
        facts, used = side.policy.facts, side.policy.used | self.promises.fields | more
        profiles = open_profiles(asked.profiles, facts.inputs, key=facts.key, used=used)
        profiles = profiles if taken is None else taken.of(profiles)
        self.side = Deciding(side, profiles, now, asked.seed, asked.threads)
        self.parts: list[People] = []
        self.nearly = Nearly(self.side.facts)
        self.nulls = Counter[str]()
        self.whole: People | None = None

    def count(self, portion: Portion) -> None:
        self.parts.append(People.of(portion))
        self.nearly.count(self.side, portion)
        self.promises.check(self.side, portion)
        self.nulls.update(lacking(self.side.facts.inputs, portion.people))

    def people(self) -> People:
        """Everybody, when all are counted."""
        if self.whole is None:
            self.whole, self.parts = People.joined(self.parts), []
        return self.whole

    def figures(self, groupings: Sequence[Grouping], seconds: float) -> Figures:
        report = self.side.report(seconds)
        people = self.people()
        return figures(self.side, report, people, self.nulls, groupings, self.nearly, self.promises)


def _portions(new: _Counting, old: _Counting | None) -> Iterator[tuple[Portion, Portion | None]]:
    if old is None:
        return ((portion, None) for portion in new.side.portions())
    return ((mine, theirs) for mine, theirs in paired(new.side.portions(), old.side.portions()))


# --- profiles ---------------------------------------------------------------------------------------------


def _check_keys(sides: Sequence[Side]) -> None:
    """Raises BadInput where policies name people by different columns."""
    columns = dict.fromkeys(map(_key, sides))
    if len(columns) > 1:
        raise BadInput("the policies name people by different columns: `{}` and `{}`".format(*columns))


def _key(side: Side) -> str:
    facts = side.policy.facts
    return next(column_of(field) for field in facts.inputs if field.name == facts.key)


def sampled(new: Side, asked: Asked) -> tuple[Sampling | None, Sample | None]:
    """How the sample is taken that is asked for; None: everybody."""
    if asked.sample is None:
        return None, None
    facts = new.policy.facts
    key = tuple(field for field in facts.inputs if field.name == facts.key)
    alone = open_profiles(asked.profiles, key, key=facts.key)
    return sampling(alone, _key(new), asked.sample, asked.seed)


def notes(sample: Sample | None, sides: Sequence[Side], rejected: Sequence[BadColumn] = ()) -> Iterator[str]:
    """What a reader must know."""
    limits = any(side.policy.facts.limits for side in sides)
    if limits and all(side.history is None for side in sides):
        yield "without a history: limits count as if nobody had been contacted before"
    if any(side.policy.program.at_most for side in sides):
        yield "guarantees with `at most` are about what happened before: `nba prove` looks at them"
    if sample is not None:
        yield (
            f"a sample of {sample.people:,} of {sample.of:,} people: shares of all people are within"
            f" ±{100 * sample.margin:.1f} points of what is shown, with 95% certainty"
        )
        if limits:
            yield "limits that people share are not scaled to the sample: in it they stop fewer people"
    if rejected:
        first = rejected[0]
        example = f", such as {first.name}: {first.example}" if first.example else ""
        who = count(sum(each.people for each in rejected), "person", "people")
        yield f"nothing is decided for {who} with bad data{example}"
