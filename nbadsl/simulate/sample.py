"""A sample of the people in profiles: by the hash of the key with a seed, so that it is the same people every time.

Those with the smallest hashes are taken, whatever their order in the file; so a larger sample has all of a smaller one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.batches import Batch, Profiles
from nbadsl.engine.hashing import bases
from nbadsl.simulate.figures import Sample

_NORMAL_95 = 1.96  # standard deviations


@dataclass(frozen=True, slots=True)
class Sampling:
    """Takes people whose hash is at most `largest`. `key`: the column of the key."""

    key: str
    seed: int
    largest: int

    def takes(self, people: pa.RecordBatch) -> NDArray[np.bool_]:
        """[n]: who is in the sample."""
        found: NDArray[np.bool_] = _hashes(people, self.key, self.seed) <= np.uint64(self.largest)
        return found

    def of(self, profiles: Profiles) -> Profiles:
        """The sample of some profiles."""

        def batches() -> Iterator[Batch]:
            for batch in profiles.batches():
                yield _taken(batch, np.flatnonzero(self.takes(batch.people)))

        return replace(profiles, batches=batches)


def sampling(profiles: Profiles, key: str, wanted: int, seed: int) -> tuple[Sampling, Sample]:
    """How to take so many people, or all if there are fewer; people with equal keys are taken together. Reads the
    profiles once."""
    hashes = [_hashes(batch.people, key, seed) for batch in profiles]
    whole = np.concatenate(hashes) if hashes else np.zeros(0, np.uint64)
    people = min(wanted, len(whole))
    largest = int(np.partition(whole, people - 1)[people - 1]) if people else 0
    taken = int((whole <= largest).sum())
    return Sampling(key, seed, largest), Sample(taken, len(whole), seed, margin(taken, len(whole)))


def margin(people: int, of: int) -> float:
    """How far a share in a sample is from that of all at most, with 95% certainty: for a share of one half, by the normal
    approximation with the correction for a finite population (Cochran, Sampling Techniques, 3rd edition, 1977, sections 2.6
    and 3.2). 1 of nobody in a sample, 0 where everybody is in it."""
    if people in (0, of):
        return 0.0 if people == of else 1.0
    return _NORMAL_95 * 0.5 / math.sqrt(people) * math.sqrt((of - people) / (of - 1))


def _hashes(people: pa.RecordBatch, key: str, seed: int) -> NDArray[np.uint64]:
    return bases(people.column(key), 0.0, seed, "sample").view(np.uint64)


def _taken(batch: Batch, rows: NDArray[np.int64]) -> Batch:
    where = pa.array(rows)
    people = batch.people.take(where)
    places = {old: new for new, old in enumerate(rows.tolist())} if batch.notes else {}
    return replace(
        batch,
        people=people,
        unreadable=None if batch.unreadable is None else batch.unreadable[rows],
        given=people if batch.given is batch.people else batch.given.take(where),
        notes={places[row]: note for row, note in batch.notes.items() if row in places},
    )
