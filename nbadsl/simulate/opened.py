"""The profiles of several trials of one policy: opened once, gone over as often as there is something to try."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from nbadsl.data.batches import Batch, Profiles
from nbadsl.data.profiles import open_profiles
from nbadsl.simulate.deciding import Side
from nbadsl.simulate.figures import Sample
from nbadsl.simulate.simulate import Asked, sampled

Tick = Callable[[int, int | None], None]
"""Is told how many people have been decided, all trials together, and of how many if that is known."""


def opened(side: Side, asked: Asked, more: AbstractSet[str]) -> tuple[Profiles, Sample | None]:
    """`more`: fields that are read beside those that the policy reads. Raises `data.rules.BadData`."""
    facts = side.policy.facts
    profiles = open_profiles(asked.profiles, facts.inputs, key=facts.key, used=side.policy.used | more)
    taken, sample = sampled(side, asked)
    if taken is None or sample is None:
        return profiles, None
    return replace(taken.of(profiles), rows=sample.people), sample


def counted(profiles: Profiles, trials: int, tick: Tick | None) -> Profiles:
    """Profiles that tell, as they are gone over, how far so many trials are."""
    total = None if profiles.rows is None else profiles.rows * trials
    done = 0

    def batches() -> Iterator[Batch]:
        nonlocal done
        for batch in profiles.batches():
            yield batch
            done += batch.people.num_rows
            if tick is not None:
                tick(done, total)

    return replace(profiles, batches=batches)
