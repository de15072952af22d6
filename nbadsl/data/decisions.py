"""The table of decisions: one row for each person and place on the person's ranked list.

Takes what an engine found, as plain arrays over people (see `Outcome`), and gives an Arrow batch with the columns

    KEY            the person, under the name of the key field, as it came in the data
    rank           1 is the best; 0 when nothing was decided, and then it is the person's only row
    action, channel, content, slot, send_at     what to do, and the moment (UTC); null where there is none
    score, tier    of the chosen candidate; tier 1 is the best
    probability    that this candidate is decided on this place, exact; null, as score and tier, for what was decided
                   before
    reason         `chosen`, `nobody passed`, `holdout: NAME`, `bad data: COLUMN`, …
    arm_EXPERIMENT    one column per experiment; null where the row could not be read
    holdout        the name of the person's holdout
    would_action, would_channel, would_content, would_slot    what a holdout kept from being decided;
                   its score, tier and probability then stand in the columns of these names
    policy         the hash of the policy that decided

Names are dictionary-encoded, with the same dictionaries in every batch of a table. A column whose name is
taken by the key gets a _ at its end. Everything is computed column by column, never person by person.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.data.schema import column_of, takable
from nbadsl.program import decision
from nbadsl.program.decision import Choice, Decision
from nbadsl.program.facts import Facts

# The codes of `Outcome.reason`, which the engine has from 0 to 6. Holdouts and bad data are told by arrays of their own.
REASONS = (
    decision.CHOSEN,
    decision.EXPLORED,
    decision.FALLBACK,
    decision.NOBODY_PASSED,
    decision.BELOW_THRESHOLD,
    decision.HOLDOUT,
    decision.BAD_DATA,
    decision.DECIDED_BEFORE,
    decision.RELEASED,
)

Floats = NDArray[np.float64]
Codes = NDArray[np.signedinteger]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What was found for n people, with up to `pick` places each and E experiments.

    `chosen`: [n, pick], candidate indices from the best place on, -1 for none; of people in a holdout, what
    would have been chosen. `tier`: [n, pick], from 0, -1 for none. `score`, `probability`, `send_at` (µs
    since 1970): [n, pick], NaN for none. What stands on places where nobody is chosen does not matter, so what is the same for everybody may be one value, spread. `reason`:
    [n], index in REASONS, read where neither of the next two applies. `holdout`: [n], index in `Facts.holdouts`, -1 for none. `bad`: [n],
    index in `Facts.inputs` of the field that is bad data, -1 for none; such a person is decided nothing. `arms`:
    [n, E], index of the arm.
    """

    chosen: Codes
    tier: Codes
    score: Floats
    probability: Floats
    send_at: Floats
    reason: Codes
    holdout: Codes
    bad: Codes
    arms: Codes

    def decision(self, facts: Facts, number: int, key: str) -> Decision:
        """What somebody is decided whose row was no bad data. `key`: theirs, as text."""
        choices = []
        for place, candidate in enumerate(self.chosen[number].tolist()):
            if candidate < 0:
                continue
            tier, score, send_at, probability = (
                each[number, place].item() for each in (self.tier, self.score, self.send_at, self.probability)
            )
            choices.append(
                Choice(
                    candidate,
                    place + 1,
                    None if tier < 0 else tier,
                    None if math.isnan(score) else score,
                    probability,
                    None if math.isnan(send_at) else send_at,
                )
            )
        chosen, holdout = tuple(choices), int(self.holdout[number])
        arms = zip(facts.experiments, self.arms[number].tolist(), strict=True)
        names = tuple(experiment.arms[arm][0] for experiment, arm in arms)
        if holdout >= 0:
            name = facts.holdouts[holdout]
            return Decision(key, (), f"{decision.HOLDOUT}: {name}", name, chosen, names)
        return Decision(key, chosen, REASONS[int(self.reason[number])], None, (), names)


class DecisionTable:
    """Makes the decision batches of one run. `schema` is that of all of them."""

    def __init__(self, facts: Facts, key: pa.DataType, policy: str) -> None:
        """`key`: the type of the key column in the data. `policy`: the hash of the policy."""
        self._facts = facts
        self._key = takable(key.value_type if pa.types.is_dictionary(key) else key)
        candidates = facts.candidates
        self._names = {
            part: _Names([getattr(c, part) for c in candidates])
            for part in ("action", "channel", "content", "slot")
        }
        self._reasons = pa.array(reason_texts(facts), pa.string())
        self._holdouts = pa.array(facts.holdouts, pa.string())
        self._arms = [pa.array([name for name, _ in e.arms], pa.string()) for e in facts.experiments]
        self._policy = pa.array([policy], pa.string())
        self.schema = self._schema()

    def _schema(self) -> pa.Schema:
        word = pa.dictionary(pa.int32(), pa.string())
        columns = [
            ("rank", pa.int32()),
            *((part, word) for part in self._names),
            ("send_at", pa.timestamp("us", "UTC")),
            ("score", pa.float64()),
            ("tier", pa.int32()),
            ("probability", pa.float64()),
            ("reason", word),
            *((f"arm_{e.name}", word) for e in self._facts.experiments),
            ("holdout", word),
            *((f"would_{part}", word) for part in self._names),
            ("policy", word),
        ]
        key = self._facts.key
        return pa.schema([(key, self._key), *((n + "_" if n == key else n, t) for n, t in columns)])

    def batch(self, keys: pa.Array, found: Outcome) -> pa.RecordBatch:
        """The decisions of n people. `keys`: [n], the key column of the data."""
        person, place = self._places(found)
        bad, held = found.bad[person], found.holdout[person]
        candidate = np.where(bad < 0, found.chosen[person, place], -1)
        nobody = candidate < 0
        is_held = (held >= 0) & (bad < 0)
        done = np.where(is_held, -1, candidate) if self._facts.holdouts else candidate
        score, tier = found.score[person, place], found.tier[person, place]
        probability = found.probability[person, place]
        whole = len(candidate) == len(keys)
        keys = keys if keys.type.equals(self._key) else keys.cast(self._key)
        columns = [
            keys if whole else keys.take(pa.array(person)),
            pa.array(np.where(nobody, 0, place + 1).astype(np.int32)),
            *(names.column(done) for names in self._names.values()),
            _moments(found.send_at[person, place], nobody | is_held),
            pa.array(score, mask=nobody | np.isnan(score)),
            pa.array((tier + 1).astype(np.int32), mask=nobody | (tier < 0)),
            pa.array(probability, mask=nobody | np.isnan(probability)),
            _words(self._reason_codes(found)[person], self._reasons),
            *(
                _words(np.where(bad < 0, found.arms[person, i], -1), names)
                for i, names in enumerate(self._arms)
            ),
            *self._held_back(np.where(bad < 0, held, -1), np.where(is_held, candidate, -1)),
            _words(np.zeros(len(candidate), np.int32), self._policy),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def keys(self, decisions: pa.RecordBatch) -> pa.Array:
        """The key of each person whom a batch of decisions is about: [n]."""
        keys, ranks = decisions.columns[:2]
        return keys if self._facts.pick == 1 else keys.filter(pc.less_equal(ranks, 1))

    def _places(self, found: Outcome) -> tuple[Any, Any]:
        """Person and place (from 0) of each row of the table, as indices."""
        if self._facts.pick == 1:
            return slice(None), 0
        taken = (found.chosen >= 0) & (found.bad < 0)[:, None]
        taken[:, 0] = True  # somebody who gets nothing has a row, too
        person, place = np.nonzero(taken)
        return person, place

    def _reason_codes(self, found: Outcome) -> Codes:
        """Indices in `reason_texts`."""
        bad = found.bad + len(REASONS) + len(self._facts.holdouts)
        held = found.holdout + len(REASONS)
        return np.where(found.bad >= 0, bad, np.where(found.holdout >= 0, held, found.reason))

    def _held_back(self, holdout: Codes, would: Codes) -> list[pa.Array]:
        """The columns about holdouts; where there are none, nulls that are made without looking."""
        if self._facts.holdouts:
            return [_words(holdout, self._holdouts), *(n.column(would) for n in self._names.values())]
        nulls = pa.nulls(len(would), pa.int32())
        dictionaries = [self._holdouts, *(names.distinct for names in self._names.values())]
        return [pa.DictionaryArray.from_arrays(nulls, each, safe=False) for each in dictionaries]


def reason_texts(facts: Facts) -> list[str]:
    """All reasons that a policy's decisions can have: REASONS, its holdouts, its fields."""
    held = [f"{decision.HOLDOUT}: {name}" for name in facts.holdouts]
    return [*REASONS, *held, *(f"{decision.BAD_DATA}: {column_of(f)}" for f in facts.inputs)]


# --- columns -----------------------------------------------------------------------------------------


class _Names:
    """The names that candidates have in one part, and which of them each candidate has."""

    def __init__(self, of_candidates: list[str | None]) -> None:
        distinct = list(dict.fromkeys(name for name in of_candidates if name is not None))
        self.distinct = pa.array(distinct, pa.string())
        codes = [-1 if name is None else distinct.index(name) for name in of_candidates]
        # The last one is for "no candidate", whose index is -1.
        self._codes = np.array([*codes, -1], dtype=np.int32)

    def column(self, candidates: Codes) -> pa.Array:
        return _words(np.take(self._codes, candidates, mode="wrap"), self.distinct)


def _words(codes: Codes, names: pa.Array) -> pa.Array:
    """Names by their codes, null where the code is negative."""
    missing = codes < 0
    indices = pa.array(codes.astype(np.int32, copy=False), mask=missing if missing.any() else None)
    return pa.DictionaryArray.from_arrays(indices, names, safe=False)


def _moments(microseconds: Floats, missing: NDArray[np.bool_]) -> pa.Array:
    missing = missing | np.isnan(microseconds)
    if missing.all():
        return pa.nulls(len(missing), pa.timestamp("us", "UTC"))
    whole = np.where(missing, 0.0, microseconds).astype(np.int64)
    return pa.array(whole, mask=missing).view(pa.timestamp("us", "UTC"))
