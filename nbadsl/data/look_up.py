"""One customer out of a source of profiles, by key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nbadsl.data.arrow import from_arrow
from nbadsl.data.batches import Batch
from nbadsl.data.rejects import problem
from nbadsl.data.rules import BadData
from nbadsl.data.schema import column_of
from nbadsl.program.facts import Facts


def look_up(facts: Facts, profiles: Iterable[Batch], customer: str) -> dict[str, Any] | None:
    """The profile with a key, as a record; None where nobody has it. Raises BadData for one that is bad data."""
    key = next(i.column for i in facts.inputs if i.name == facts.key)
    for batch in profiles:
        keys = batch.people.column(key).cast(pa.string())
        found = pc.index(keys, pa.scalar(customer, pa.string())).as_py()
        if found >= 0:
            if batch.unreadable is not None and batch.unreadable[found] >= 0:
                field = facts.inputs[batch.unreadable[found]]
                raise BadData(f"{customer} is bad data: {column_of(field)}: {problem(batch, found, field)}")
            return from_arrow(batch.people, facts.inputs, found)
    return None
