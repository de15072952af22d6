"""Compare decisions as of 1 February 2001 with what people did in February:  python check_february.py

Nobody was sent anything: the shop of 2001 did not know this policy. So this cannot say what an offer changes. It says
whether the policy sees who comes back, whether those it calls lapsed do stay away, and whether the table
`came_back`, measured from December to January, still holds a month later.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), *([str(HERE.parents[1])] if (HERE.parents[1] / "nbadsl").is_dir() else [])]

import get_data  # noqa: E402 - both are found through the path set above

import nbadsl  # noqa: E402

NOW = datetime(2001, 2, 1, 9, 0)


def main() -> int:
    if not get_data.is_current(HERE / "data" / "profiles-2001-02.parquet"):
        status = get_data.main([])
        if status:
            return status
    january, february = (pq.read_table(HERE / "data" / f"profiles-2001-{month}.parquet") for month in ("01", "02"))
    decisions, expected = (
        nbadsl.load(HERE / name).decide(january, now=NOW).table
        for name in ("policy.nba", "measure.nba"))
    action = [action or f"nothing: {reason}" for action, reason in zip(
        decisions["action"].to_pylist(), decisions["reason"].to_pylist(), strict=True)]
    decided = pa.table({"customer_id": decisions["customer_id"], "action": action, "expected": expected["score"]})
    after = february.select(["customer_id", "active_this_month", "spend_month"])
    both = decided.join(after, "customer_id")
    table = both.group_by("action").aggregate([([], "count_all"), ("expected", "mean"), ("active_this_month", "mean"),
                                               ("spend_month", "mean")])

    print(f"decided for {both.num_rows:,} customers as of {NOW.day} {NOW:%B %Y}; what they did in February:\n")
    print(f"{'':<30} {'people':>7} {'expected':>9} {'came back':>10} {'TWD a person':>13}")
    rows = sorted(table.to_pylist(), key=lambda row: -row["count_all"])
    rows.append({"action": "everybody", "count_all": both.num_rows,
                 **{f"{name}_mean": pc.mean(both[name].cast(pa.float64())).as_py()
                    for name in ("expected", "active_this_month", "spend_month")}})
    for row in rows:
        print(f"{row['action']:<30} {row['count_all']:>7,} {row['expected_mean']:>9.0%}"
              f" {row['active_this_month_mean']:>10.0%} {row['spend_month_mean']:>13,.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
