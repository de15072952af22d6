"""What one run of several leaves behind: contacts, and what people do with them, as the history of the next is told.

Takes portions of people with what they are decided; gives one `Told` for the whole run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from nbadsl.data.decisions import Codes
from nbadsl.history.carried import CarriedHistory, Told
from nbadsl.history.counted import Numbers, texts_of
from nbadsl.history.events import PERSON
from nbadsl.program import chance
from nbadsl.program.limits import DECIDED
from nbadsl.simulate.deciding import Deciding, Portion
from nbadsl.simulate.measured import contacts


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """What a portion of people is decided, one contact after the other. `chosen`: [n, pick], see `contacts`. `rows`,
    `places`, `which`: [m], whose it is, on which place (from 0), and the candidate."""

    portion: Portion
    chosen: Codes
    rows: Numbers
    places: Numbers
    which: Numbers

    @staticmethod
    def of(portion: Portion) -> Contacts:
        chosen = contacts(portion.outcome)
        rows, places = np.nonzero(chosen >= 0)
        return Contacts(portion, chosen, rows, places, chosen[rows, places].astype(np.int64))


class Leaves:
    """What one run leaves in the history: as much of it as a limit counts."""

    def __init__(self, deciding: Deciding, kinds: Sequence[str]) -> None:
        self.limited, self.given, self.key = deciding.run.limited, deciding.given, deciding.key
        candidates = deciding.policy.program.candidates
        self.sorts = [(kind, c.action, c.groups, c.channel) for kind in kinds for c in candidates]
        limits = deciding.policy.program.limits
        self.counted = np.array([any(x.contacts.include(*sort) for x in limits) for sort in self.sorts])
        self.candidates = len(candidates)
        self.which: list[Numbers] = []
        self.whose: dict[str, list[pa.Array]] = {}

    def add(self, some: Contacts, kinds: Numbers, each: Numbers) -> None:
        """`kinds`: [events], numbers of kinds. `each`: [events], the contacts that they happen to."""
        which = kinds * self.candidates + some.which[each]
        kept = self.counted[which]
        if self.limited is None or not kept.any():
            return
        self.which.append(which[kept])
        people, rows = some.portion.people, pa.array(some.rows[each[kept]])
        self.whose.setdefault(PERSON, []).append(texts_of(people.column(self.key).take(rows)))
        for name in self.limited.asking.subjects:
            if name in self.limited.rooms.inputs:
                values = texts_of(self.limited.rooms.values(people, name).take(rows))
            else:
                value = self.given[name]
                values = pa.array([None if value is None else chance.text_of(value)] * len(rows), pa.string())
            self.whose.setdefault(name, []).append(values)

    def tell(self, history: CarriedHistory) -> None:
        """To the history, all at once."""
        if self.limited is None or not self.which:
            return
        asking = self.limited.asking
        costs = [
            asking.cost(number % self.candidates) if kind == DECIDED else None
            for number, (kind, *_) in enumerate(self.sorts)
        ]
        whose = {name: pa.concat_arrays(parts) for name, parts in self.whose.items()}
        keys = whose.pop(PERSON)
        history.tell(Told(asking.now, self.sorts, costs, np.concatenate(self.which), keys, whose))
