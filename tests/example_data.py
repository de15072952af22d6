"""The data of the examples, fetched when it is first needed and kept in their `data/` folders, as for any reader."""

from __future__ import annotations

import subprocess
import sys
import warnings
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = tuple(
    f"examples/{name}" for name in ("02-grocery", "03-insurance", "04-contact-fatigue", "05-launch-review")
)


@cache
def missing() -> str:
    """Why there is no data, or "" when there is."""
    for example in EXAMPLES:
        script = [sys.executable, str(ROOT / example / "get_data.py")]
        done = subprocess.run(script, capture_output=True, text=True)
        if done.returncode:
            reason = f"NOT TESTED: {done.stderr.strip()}"
            warnings.warn(reason, stacklevel=1)
            return reason
    return ""


def need() -> None:
    """Skip the test that asks, loudly, when the data cannot be fetched."""
    if missing():
        pytest.skip(missing())
