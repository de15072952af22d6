"""Sums of scores, which may be beyond every number: then they are infinite, or not a number where both ends are passed.

Text and pages show that as ∞ and a dash; JSON, which has neither, as null.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

from nbadsl.data.decisions import Floats


def total(values: Floats) -> float:
    """The sum; NaN counts as nothing."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.nansum(values))


def mean(values: Floats) -> float | None:
    """The mean of numbers, which does not pass the largest of them; None of none."""
    return float((values / len(values)).sum()) if len(values) else None


def plain(value: Any) -> Any:
    """Data for JSON, with None for numbers that it cannot write."""
    match value:
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case float() if not isfinite(value):
            return None
    return value
