"""The memory of `nba run` over Parquet files of different sizes: it should not depend on the size.

The peak of the process's resident memory, as the system counts it; decisions are written to a Parquet file, too.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from people import write_parquet
from policy import make_policy, source


@dataclass(frozen=True, slots=True)
class Run:
    """`peak`: bytes of memory, `size`: bytes of the file."""

    actions: int
    rows: int
    size: int
    seconds: float
    peak: int


def measure_run(actions: int, size: int, folder: Path) -> Run:
    """`nba run` over a file of about so many bytes, which is made for it and removed."""
    policy, people, out = folder / f"policy_{actions}.nba", folder / "people.parquet", folder / "out.parquet"
    policy.write_text(source(make_policy(actions)), encoding="utf-8")
    rows = write_parquet(people, size)
    start = time.perf_counter()
    command = [sys.executable, "-m", "nbadsl.cli", "run", policy, "--profiles", people, "--out", out]
    child = os.posix_spawn(sys.executable, [*map(str, command), "--report", "none"], dict(os.environ))
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError(f"`nba run` ended with {os.waitstatus_to_exitcode(status)}")
    size = people.stat().st_size
    people.unlink()
    out.unlink()
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(actions, rows, size, seconds, usage.ru_maxrss * unit)
