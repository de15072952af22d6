"""Decide for the 32,266 customers of a supermarket:  python examples/02-grocery/run.py [OPTIONS OF nba run]

Fetches the data when it is not there yet, then does what this command would:

    nba run policy.nba --profiles data/profiles-2001-02.parquet --now "2001-03-01 09:00" --out out/decisions.parquet
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# From a checkout, nbadsl need not be installed, only what it depends on.
sys.path[:0] = [str(HERE), *([str(HERE.parents[1])] if (HERE.parents[1] / "nbadsl").is_dir() else [])]

import get_data  # noqa: E402 - both are found through the path set above

from nbadsl.cli import main as nba  # noqa: E402


def main(options: list[str]) -> int:
    if not get_data.is_current(HERE / "data" / "profiles-2001-02.parquet"):
        status = get_data.main([])
        if status:
            return status
    (HERE / "out").mkdir(exist_ok=True)
    run = ["run", HERE / "policy.nba", "--profiles", HERE / "data" / "profiles-2001-02.parquet",
           "--now", "2001-03-01 09:00", "--out", HERE / "out" / "decisions.parquet"]
    result = nba([*map(str, run), *options], prog_name="nba", standalone_mode=True)
    return result or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
