"""Events as a table: what `nba history export` writes.

One row for each event: decision, id, kind, at (UTC), key, action, groups (joined by `/`), channel, content, cost (in
the currency), and a column for every field that contacts are counted by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import pyarrow as pa

from nbadsl.history.events import Event
from nbadsl.history.store import pages
from nbadsl.program.limits import MICROS

_PAGE = 50_000
_OWN = pa.schema(
    [
        ("decision", pa.string()),
        ("id", pa.string()),
        ("kind", pa.string()),
        ("at", pa.timestamp("us", "UTC")),
        ("key", pa.string()),
        ("action", pa.string()),
        ("groups", pa.string()),
        ("channel", pa.string()),
        ("content", pa.string()),
        ("cost", pa.float64()),
    ]
)


def schema_of(fields: Iterable[str]) -> pa.Schema:
    """The columns. `fields`: what contacts are counted by, beside people."""
    schema = _OWN
    for field in fields:
        schema = schema.append(pa.field(field, pa.string()))
    return schema


def batches_of(events: Iterable[Event], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Events in batches, in their order."""
    for some in pages(events, _PAGE):
        yield pa.RecordBatch.from_pylist([_row(event) for event in some], schema)


def fields_of(events: Iterable[Event]) -> list[str]:
    """The fields that contacts are counted by."""
    return sorted(set(chain.from_iterable((name for name, _ in event.subjects) for event in events)))


def _row(event: Event) -> dict[str, object]:
    return {
        "decision": event.decision,
        "id": event.id,
        "kind": event.kind,
        "at": event.at,
        "key": event.key,
        "action": event.action,
        "groups": "/".join(event.groups),
        "channel": event.channel,
        "content": event.content,
        "cost": None if event.cost is None else event.cost / MICROS,
        **dict(event.subjects),
    }
