"""The room that limits leave: a batch reads the same for everyone as one person alone, whatever the types of its columns."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from arrays import to_arrow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nbadsl
from nbadsl.history.asking import Asking
from nbadsl.history.events import Event, decided
from nbadsl.history.memory import MemoryStore
from nbadsl.limited.columns import PLENTY, RoomColumns
from nbadsl.program.givens import FIRST_TIME, givens
from nbadsl.types import DAY, SECOND

POLICY = """
policy p { timezone "America/Sao_Paulo" }
profile customer key customer_id {
  customer_id: integer
  home: text = "h1"
  street: text optional
  joined: date optional
  moved: date = 2026-11-02
  left: time or never
  seen: time = 2026-11-02 10:00
}
action tip {
  limit 3 per customer per 7 days
  limit 4 per home per month
  limit 5 per street ever, unknown passes
  limit 5 per street per year, unknown blocks
  limit 6 per customer since joined
  limit 7 per home since moved
  limit 8 per customer since left
  limit 9 accepted per home since seen
  rest 3 days after decided
  rest 5 days after 2 accepted within 4 days
  limit 20 per day
}
arbitrate { score 1  pick 1 }
"""
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC).timestamp() * SECOND
TODAY = NOW // DAY
KEYS, HOMES = [1.0, 2.0, 3.0], ["h1", "h2"]
days = st.integers(-12, 2)
# Clocks in São Paulo jumped over midnight on 2018-11-04.
dates = days.map(lambda n: TODAY + n) | st.sampled_from([17839.0, FIRST_TIME // DAY, 2932896.0])
seconds = days.flatmap(lambda n: st.integers(-2, 2).map(lambda s: NOW // SECOND + n * 86400 + s))
times = seconds.map(lambda s: s * SECOND) | st.sampled_from([FIRST_TIME, 2932896.0 * DAY])
people = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from([*KEYS, 9.0]),
            "home": st.none() | st.sampled_from([*HOMES, "h9"]),
            "street": st.none() | st.sampled_from(HOMES),
            "joined": st.none() | dates,
            "moved": st.none() | dates,
            "left": st.none() | times,
            "seen": st.none() | times,
        }
    ),
    min_size=1,
    max_size=6,
)


@st.composite
def pasts(draw: st.DrawFn) -> list[Event]:
    moments = draw(st.lists(seconds | st.just(1_541_300_399.0), max_size=15))
    return [
        Event(
            f"d{number}",
            decided(1),
            draw(st.sampled_from(["decided", "decided", "accepted"])),
            int(second * SECOND) - draw(st.integers(0, 1)),
            str(int(draw(st.sampled_from(KEYS)))),
            "tip",
            subjects=tuple((name, draw(st.sampled_from(HOMES))) for name in ("home", "street")),
        )
        for number, second in enumerate(moments)
    ]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people, pasts())
def test_a_batch_reads_the_room_that_one_person_has(tmp_path: Path, unit: str, found, past):
    (tmp_path / "policy.nba").write_text(POLICY)
    program = nbadsl.load(tmp_path / "policy.nba").program
    types = {
        "customer_id": pa.int16() if unit == "s" else pa.int64(),
        "home": pa.dictionary(pa.int8(), pa.string()) if unit == "ms" else pa.string(),
        "street": pa.large_string(),
        "joined": pa.date64() if unit == "ms" else pa.date32(),
        "left": pa.timestamp(unit, "UTC"),
        "seen": pa.timestamp(unit, "Asia/Tokyo"),
    }
    if unit == "ns":  # which hold the years 1677 to 2262
        found = [
            row | {n: NOW for n in ("left", "seen") if row[n] and abs(row[n]) > 5e15 and row[n] != NOW}
            for row in found
        ]
    (batch,) = to_arrow(found, program.inputs, types).combine_chunks().to_batches()
    asking, store = Asking(program, givens(program, NOW)), MemoryStore(past)
    table = RoomColumns(asking, store).of(batch).people
    for number, row in enumerate(found):
        full = {i.name: i.default if row[i.name] is None else row[i.name] for i in program.inputs}
        rooms = {limit.room: table.column(limit.room)[number].as_py() for limit in program.limits}
        exact = asking.rooms(store, asking.demands(full))
        assert rooms == {name: max(-PLENTY, min(PLENTY, room)) for name, room in exact.items()}
