"""A run over batches: several at once change nothing, in whatever form the columns come."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

import nbadsl
from nbadsl.data.profiles import BATCH_ROWS

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
POLICY = """
policy many { title "Many" timezone "Europe/Berlin" currency EUR }
profile person key id {
  id: integer
  seen: time or never
  usual: duration optional
  spent: money optional
  plan: one of basic, plus, gold optional
  city: text optional
}
holdout control 10% by id
action visit {
  eligible when seen within (usual or else 3 days)
  exclude when plan is basic, unknown keeps
  exclude when city starts with "B", unknown keeps
  propensity 1 / (1 + exp(-(spent or else 1 EUR) / 100 EUR))
}
action stay { eligible when plan is known  propensity if plan is gold then 60% else 55% }
arbitrate { score propensity  pick 1 }
"""


def people(rows: int) -> pa.Table:
    """Columns that the engine reads only after converting them, with nulls."""
    chance = np.random.default_rng(7)

    def column(values: np.ndarray, type: pa.DataType) -> pa.Array:
        return pa.array(values, mask=chance.random(rows) < 0.3).cast(type)

    now = int(NOW.timestamp())
    plans = pa.array(["gold", None, "basic", "plus"])
    return pa.table(
        {
            "id": np.arange(rows),
            "seen": column(now - chance.integers(0, 10 * 86_400, rows), pa.timestamp("s", "UTC")),
            "usual": column(chance.integers(0, 10**9, rows), pa.duration("ms")),
            "spent": column(chance.integers(0, 50_000, rows), pa.decimal128(21, 2)),
            "plan": pa.DictionaryArray.from_arrays(column(chance.integers(0, 4, rows), pa.int8()), plans),
            "city": pa.array(["Berlin", "Bonn", "Ulm", None])
            .take(pa.array(chance.integers(0, 4, rows)))
            .cast(pa.large_string()),
        }
    )


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> nbadsl.Policy:
    file = tmp_path_factory.mktemp("policy") / "policy.nba"
    file.write_text(POLICY)
    return nbadsl.load(file)


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_decide_batch_after_batch_as_one_does(policy: nbadsl.Policy, threads: int):
    table = people(4 * BATCH_ROWS + 17)
    alone = policy.decide(table, now=NOW)
    assert {s.name for s in alone.report.decisions} == {"visit", "stay"}
    for _ in range(3):
        together = policy.decide(table, now=NOW, threads=threads)
        assert together.table.equals(alone.table)
        assert together.report.funnels == alone.report.funnels


def test_batches_are_decided_as_each_person_is(policy: nbadsl.Policy):
    table = people(2 * BATCH_ROWS)
    rows = policy.decide(table, now=NOW, threads=2).table
    for number in (0, 1, 2, BATCH_ROWS - 1, BATCH_ROWS, 2 * BATCH_ROWS - 1):
        (person,) = table.slice(number, 1).to_pylist()
        (row,) = rows.slice(number, 1).to_pylist()
        one = policy.decide_one(person, now=NOW)
        assert row["reason"] == one.reason
        assert row["action"] == one.action and row["would_action"] == (
            one.would[0].action if one.would else None
        )
        assert (
            row["score"] == (one.best or one.would[0]).score
            if one.best or one.would
            else row["score"] is None
        )
