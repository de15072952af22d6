"""How many people lack a value, by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from nbadsl.data.batches import first_rows
from nbadsl.data.profiles import open_profiles
from nbadsl.data.schema import column_of
from nbadsl.program.facts import Facts
from nbadsl.program.nodes import Input

MOST_PEOPLE = 100_000  # of a sample, the first ones


def lacking(inputs: Sequence[Input], people: pa.RecordBatch) -> Counter[str]:
    """By field of which there is a column, how many people of a batch have no value."""
    there = set(people.schema.names)
    columns = {field.name: column_of(field) for field in inputs}
    return Counter({n: people.column(c).null_count for n, c in columns.items() if c in there})


def shares(inputs: Sequence[Input], found: Mapping[str, int], people: int) -> dict[str, float]:
    """By optional field, the share (0..1) of so many people who lack it. `found`: by field, how many do."""
    named = [field.name for field in inputs if field.optional and field.name in found]
    return {name: found[name] / people for name in named} if people else {}


def missing_shares(facts: Facts, sample: object) -> dict[str, float]:
    """The shares of a sample. Raises BadData for one that does not fit."""
    found, people = Counter[str](), 0
    for batch in first_rows(open_profiles(sample, facts.inputs, key=facts.key), MOST_PEOPLE):
        found.update(lacking(facts.inputs, batch.people))
        people += batch.people.num_rows
    return shares(facts.inputs, found, people)
