"""The memory of `nba run` over Parquet files of different sizes: it should not depend on the size.

The peak of the process's resident memory, as the system counts it; decisions are written to a Parquet file, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from people import write_parquet
from policy import make_policy, source
from starts import probe


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
    seconds, peak = nba_run(policy, people, out)
    size = people.stat().st_size
    people.unlink()
    out.unlink()
    return Run(actions, rows, size, seconds, peak)


def nba_run(policy: Path, people: Path, out: Path, *more: object) -> tuple[float, int]:
    """Seconds of `nba run` in a process of its own, and the peak of its memory in bytes. `more`: of its arguments."""
    command = ("-m", "nbadsl.cli", "run", policy, "--profiles", people, "--out", out, *more)
    found = probe("run", *command, "--report", "none")
    return found["seconds"], int(found["peak"])
