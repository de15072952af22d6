"""How many people of a sample lack a value, for the linter to say whom a field blocks."""

from __future__ import annotations

from collections import Counter

from nbadsl.data.batches import Profiles, first_rows
from nbadsl.data.profiles import open_profiles
from nbadsl.program.facts import Facts

MOST_PEOPLE = 100_000  # of a sample, the first ones


def missing_shares(facts: Facts, sample: object) -> dict[str, float]:
    """By optional field, the share (0..1) of the sample's people who lack it. Raises BadData for a sample that does not
    fit."""
    profiles = first_rows(open_profiles(sample, facts.inputs, key=facts.key), MOST_PEOPLE)
    optional = {i.name: i.column for i in facts.inputs if i.optional}
    return _shares(optional, profiles)


def _shares(optional: dict[str, str], profiles: Profiles) -> dict[str, float]:
    lacking: Counter[str] = Counter()
    people = 0
    for batch in profiles:
        people += batch.people.num_rows
        there = set(batch.people.schema.names)
        for name, column in optional.items():
            rows = batch.people.num_rows
            lacking[name] += batch.people.column(column).null_count if column in there else rows
    return {name: lacking[name] / people for name in optional} if people else {}
