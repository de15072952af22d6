"""A policy and 300 invented customers, the same every time, for tests of the interfaces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
POLICY = """
policy shop {
  timezone "Europe/Berlin"
  currency EUR
}

profile customer key customer_id {
  customer_id: text
  age: integer in 0..120
  plan: one of basic, plus
  fee: money in 0..500 EUR
  income: money optional
  last_complaint: time or never
  interests: any of sport, film
  consent: flag
}

context { page: one of home, cart optional }

parameter lever: number = 1 in 0..10 { from 2027-01-01 = 2 }

channel email { require consent because "no e-mail without consent" }
channel push { }

action upgrade {
  eligible when plan is basic and age >= 18
  exclude when income < 800 EUR, unknown keeps because "affordability"
  via email { content "long" when interests has film  content "short" }
  via push
  value fee * lever
}

action cinema {
  eligible when interests has film
  eligible when page is home, unknown passes
  via push
  value 30 EUR
}

action apology {
  eligible when last_complaint within 14 days
  value 100 EUR
}

arbitrate {
  score value * boost
  nothing below 5 EUR
  pick 2, at most 1 per action
}

holdout universal 10% by customer_id
experiment look by customer_id { old 50%, new 50% }
"""

PEOPLE = 300


def people() -> list[dict[str, Any]]:
    """Invented customers, the same every time."""
    chance = np.random.default_rng(1)
    found = []
    for number in range(PEOPLE):
        interests = [w for w in ("sport", "film") if chance.random() < 0.4]
        found.append(
            {
                "customer_id": f"c{number}",
                "age": int(chance.integers(10, 90)),
                "plan": str(chance.choice(["basic", "plus"])),
                "fee": float(np.round(chance.uniform(0, 60), 2)),
                "income": None if chance.random() < 0.3 else float(chance.integers(300, 4000)),
                "last_complaint": None
                if chance.random() < 0.5
                else NOW - timedelta(days=int(chance.integers(0, 60))),
                "interests": interests,
                "consent": bool(chance.random() < 0.7),
            }
        )
    return found


ROWS = people()


def arrow() -> pa.Table:
    types = {
        "age": pa.int32(),
        "last_complaint": pa.timestamp("us", "UTC"),
        "interests": pa.list_(pa.string()),
    }
    table = pa.Table.from_pylist(ROWS)
    return table.cast(pa.schema([(n, types.get(n, table.schema.field(n).type)) for n in table.column_names]))
