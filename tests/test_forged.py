"""Forged plans are refused, or run safely in every way: they are run in processes of their own, which must not end early."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PIECE = 250
CHECKED = next(Path("/lib").glob("*/libc_malloc_debug.so.0"), None)  # of glibc: what is freed must be whole


def test_a_forged_plan_is_refused_or_runs_safely(request: pytest.FixtureRequest):
    wanted, accepted = request.config.getoption("--forged"), 0
    command = [sys.executable, str(Path(__file__).parent / "forging.py")]
    settings = dict(os.environ)
    if CHECKED is not None:
        settings |= {
            "LD_PRELOAD": str(CHECKED),
            "MALLOC_CHECK_": "3",
            "ARROW_DEFAULT_MEMORY_POOL": "system",
        }
    for first in range(0, wanted, PIECE):
        numbers = [str(first), str(min(PIECE, wanted - first))]
        done = subprocess.run([*command, *numbers], capture_output=True, text=True, env=settings)
        lines = done.stdout.splitlines()
        last = next(line for line in reversed(lines) if line.startswith("mutant"))
        assert done.returncode == 0, f"{last}: {done.returncode}\n{done.stderr[-2000:]}"
        accepted += sum(int(line.split()[0]) for line in lines if line.endswith(" decided"))
    assert accepted > 2 * wanted  # of nine ways to run each
