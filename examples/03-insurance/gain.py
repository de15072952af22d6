"""What the policy's choice of customers is worth, on rows that the propensity has never seen:  python gain.py

Decides all customers, then looks at the 1,822 that were not used for fitting: how many of those contacted did
buy, in tenths of customers from the most likely buyer to the least. The data knows who bought, not what
a letter did, so this judges the order and the cut of the policy, not the letters.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), *([str(HERE.parents[1])] if (HERE.parents[1] / "nbadsl").is_dir() else [])]

import get_data  # noqa: E402 - both are found through the path set above

import nbadsl  # noqa: E402

EARNS, LETTER = 60, 4
NOW = datetime(2000, 5, 1, 9, 0)


def main() -> int:
    if not get_data.is_current(HERE / "data" / "caravan.parquet"):
        status = get_data.main([])
        if status:
            return status
    customers = pq.read_table(HERE / "data" / "caravan.parquet")
    decisions = nbadsl.load(HERE / "policy.nba").decide(customers, now=NOW).table
    assert decisions["customer_id"].equals(customers["customer_id"])

    new = ~customers["used_for_fitting"].to_numpy()
    bought = customers["bought_caravan"].to_numpy()[new]
    likely = customers["propensity_caravan"].to_numpy()[new]
    channel = np.array(decisions["channel"].to_pylist(), object)[new]
    order = np.argsort(-likely, kind="stable")

    print(f"{len(order):,} customers not used for fitting, {bought.sum()} of them bought\n")
    print(f"{'tenth':>5} {'people':>7} {'letters':>8} {'calls':>6} {'bought':>7} {'contacted':>10} {'share of all':>13}")
    print(f"{'':>5} {'':>7} {'':>8} {'':>6} {'':>7} {'and bought':>10} {'buyers so far':>13}")
    found = 0
    for number, tenth in enumerate(np.array_split(order, 10), 1):
        letters, calls = (channel[tenth] == "letter").sum(), (channel[tenth] == "phone").sum()
        reached = (bought[tenth] & (channel[tenth] != None)).sum()  # noqa: E711 - element by element
        found += bought[tenth].sum()
        print(f"{number:>5} {len(tenth):>7} {letters:>8} {calls:>6} {bought[tenth].sum():>7} {reached:>10}"
              f" {found / bought.sum():>13.0%}")

    contacted = channel != None  # noqa: E711
    print()
    for name, chosen in (("everybody", np.ones(len(bought), bool)), ("the policy's choice", contacted)):
        people, buyers = chosen.sum(), bought[chosen].sum()
        print(f"a letter to {name}: {people:,} letters, {buyers} buyers among them ({buyers / people:.1%}),"
              f" {EARNS} EUR each less {LETTER} EUR a letter: {EARNS * buyers - LETTER * people:+,} EUR")
    return 0


if __name__ == "__main__":
    sys.exit(main())
