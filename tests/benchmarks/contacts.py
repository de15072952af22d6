"""What `limits` measures with: the policy with limits, people in households, and the contacts that they have had.

The limits are ten that a marketing team would have, four of them shared by people (see `limits_of`). Numbers of those grow
with the number of people, so that they bind as much in a small run as in a large one.

The history is two years of contacts, made by chance from a seed. Some people are contacted far more often than others,
and all more often lately. It ends with yesterday: the run is that of the morning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from people import PIECE, make_people
from policy import More, Policy, source

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)  # a Tuesday
LAST = datetime(2026, 11, 10, tzinfo=UTC)  # no contact is later
DAYS = 730  # that the history is long
KINDS, KIND_SHARES = ("decided", "seen", "clicked", "accepted"), (0.6, 0.25, 0.1, 0.05)
HOUSEHOLD, SIZE_SHARES = "household", (0.4, 0.34, 0.15, 0.11)  # of households of 1, 2, 3, 4 people
CALLS, EMAIL = "call_center", "email"
PROMOTIONAL, VOUCHERS = "promotional", "vouchers"
VOUCHER_COST = 12  # EUR


@dataclass(frozen=True, slots=True)
class Limit:
    """`place`: the head of the block that it stands in; an action by its name, "" outside of any block. `shared`: by
    people."""

    place: str
    text: str
    shared: bool = False


def limits_of(policy: Policy, people: int) -> tuple[Limit, ...]:
    """The ten limits. Those of single actions are on mails that win often: those with the highest bias."""
    mails = [a for n, a in enumerate(policy.actions) if _channel(n) == EMAIL and _group(n) != VOUCHERS]
    first, second, third, fourth = (a.name for a in sorted(mails, key=lambda a: -a.bias)[:4])
    return (
        Limit("", "limit 2 per customer per 7 days"),
        Limit("", "limit 8 per customer per 90 days"),
        Limit(f"group {PROMOTIONAL}", "limit 4 per customer per 30 days"),
        Limit(first, "limit 1 per customer per month"),
        Limit(second, "rest 30 days after accepted"),
        Limit(third, "limit 1 per customer ever"),
        Limit(f"group {PROMOTIONAL}", f"limit 1 per {HOUSEHOLD} per 7 days", shared=True),
        Limit(f"channel {CALLS}", f"limit {calls_a_day(people)} per day", shared=True),
        Limit(f"group {VOUCHERS}", f"budget {people} EUR per month, {VOUCHER_COST} EUR each", shared=True),
        Limit(fourth, f"limit {max(1, people // 50)} per week", shared=True),
    )


def calls_a_day(people: int) -> int:
    """What the call center can do."""
    return max(1, people // 200)


def limited_source(policy: Policy, people: int, limits: Sequence[Limit]) -> str:
    """The policy with some of the limits, as a text in the language. Groups, channels and fields are the same with
    any. One action in two is promotional, one in ten a voucher, one in ten a call."""
    by_place: dict[str, list[str]] = defaultdict(list)
    for limit in limits:
        by_place[limit.place].append(limit.text)
    heads = (f"group {PROMOTIONAL}", f"group {VOUCHERS}", f"channel {CALLS}", f"channel {EMAIL}")
    blocks = [*by_place[""], *("\n  ".join([f"{head} {{", *by_place[head]]) + "\n}" for head in heads)]
    names = [action.name for action in policy.actions]
    groups = {name: group for number, name in enumerate(names) if (group := _group(number))}
    lines = {name: (f"via {_channel(number)}", *by_place[name]) for number, name in enumerate(names)}
    return source(policy, More((f"{HOUSEHOLD}: text",), blocks, groups, lines))


def _group(number: int) -> str | None:
    return PROMOTIONAL if number % 2 == 0 else VOUCHERS if number % 10 == 5 else None


def _channel(number: int) -> str:
    return CALLS if number % 10 == 3 else EMAIL


# --- people and events -----------------------------------------------------------------------------------


def make_members(rows: int) -> pa.Table:
    """So many people with their households, whose members stand anywhere in the table."""
    return make_people(rows).append_column(HOUSEHOLD, _households(rows))


def _households(rows: int, seed: int = 3) -> pa.Array:
    chance = np.random.default_rng([seed, rows])
    sizes = chance.choice(np.arange(1, 5), rows, p=SIZE_SHARES)
    numbers = np.repeat(np.arange(rows), sizes)[:rows]
    chance.shuffle(numbers)
    return pa.array([f"h{number:07}" for number in numbers.tolist()])


def make_history(folder: Path, policy: Policy, people: int, events: int, seed: int = 4) -> Path:
    """A Parquet file of so many events of so many people, in the order of time; one that is there already is not made
    again."""
    path = folder / f"contacts_{len(policy.actions)}_{people}_{events}.parquet"
    if path.exists():
        return path
    chance = np.random.default_rng([seed, people, events])
    often = chance.gamma(0.7, size=people)
    who = np.repeat(np.arange(people), chance.multinomial(events, often / often.sum()))
    chance.shuffle(who)
    ages = np.sort(chance.random(events))[::-1] ** 1.5 * (DAYS * 86_400_000_000)
    at = int(LAST.timestamp()) * 1_000_000 - 1 - ages.astype(np.int64)
    what = chance.integers(0, len(policy.actions), events, np.int32)
    kinds = chance.choice(len(KINDS), events, p=KIND_SHARES).astype(np.int32)
    names, households = [action.name for action in policy.actions], _households(people)
    channels = pa.array([_channel(number) for number in range(len(names))])
    vouchers = np.array([_group(number) == VOUCHERS for number in range(len(names))])
    aside, writer = path.with_suffix(".part"), None
    for first in range(0, events, 4 * PIECE):
        part = slice(first, first + 4 * PIECE)
        table = pa.table(
            {
                "key": who[part],
                "action": pa.DictionaryArray.from_arrays(what[part], names),
                "kind": pa.DictionaryArray.from_arrays(kinds[part], list(KINDS)),
                "channel": channels.take(pa.array(what[part])).dictionary_encode(),
                "at": pa.array(at[part], pa.timestamp("us", "UTC")),
                "cost": pa.array(np.full(len(what[part]), float(VOUCHER_COST)), mask=~vouchers[what[part]]),
                HOUSEHOLD: households.take(pa.array(who[part])),
            }
        )
        writer = writer or pq.ParquetWriter(aside, table.schema, compression="zstd")
        writer.write_table(table)
    assert writer is not None
    writer.close()
    aside.rename(path)
    return path
