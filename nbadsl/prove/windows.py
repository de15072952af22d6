"""How many windows of a limit a window of a promise needs.

What a limit allows in one of its windows is allowed once for each of them that the promise's window touches: a week
touches at most seven days of the calendar, and seven rolling days touch two weeks, or three where the clocks are put
forward and a week has an hour less. A rolling window of a limit ends with a contact, so it is cut to measure.
"""

from __future__ import annotations

import math

from nbadsl.program.limits import Window
from nbadsl.types import DAY, LONGEST_DAYS
from nbadsl.zone import Zone

_SHORTEST_DAYS = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}
# Periods of the calendar that are made of whole ones of another, and how many at most.
_MADE_OF = {
    ("week", "day"): 7,
    ("month", "day"): 31,
    ("quarter", "day"): 92,
    ("quarter", "month"): 3,
    ("year", "day"): 366,
    ("year", "month"): 12,
    ("year", "quarter"): 4,
}


def touched(promised: Window, limited: Window, zone: Zone) -> int | None:
    """How many windows of a limit hold all contacts of any window of a promise; None where no number does."""
    if limited == Window():
        return 1
    if promised == Window():
        return None
    if promised.since is not None or limited.since is not None:
        return 1 if promised.since == limited.since else None
    if limited.length is not None:
        return math.ceil(_longest(promised, zone) / limited.length)
    assert limited.unit is not None
    if promised.unit is None:
        assert promised.length is not None
        # One that it begins in, and as many as begin within it, of which the last may be as short as can be.
        return 1 + math.ceil(promised.length / _shortest(limited.unit, zone))
    return _units(promised.unit, limited.unit)


def _units(promised: str, limited: str) -> int:
    if promised == limited or (limited, promised) in _MADE_OF:
        return 1
    if (promised, limited) in _MADE_OF:
        return _MADE_OF[promised, limited]
    if limited == "week":
        # The first and the last day may each begin another week.
        return (LONGEST_DAYS[promised] - 2) // 7 + 2
    return 2  # a week in months, quarters or years


def _longest(window: Window, zone: Zone) -> float:
    """In microseconds."""
    if window.length is not None:
        return window.length
    assert window.unit is not None
    return LONGEST_DAYS[window.unit] * DAY + _jump(zone)


def _shortest(unit: str, zone: Zone) -> float:
    return max(1.0, _SHORTEST_DAYS[unit] * DAY - _jump(zone))


def _jump(zone: Zone) -> float:
    """How much clocks are put forward or back at most."""
    return max((abs(b - a) for a, b in zip(zone.offsets, zone.offsets[1:], strict=False)), default=0.0)
