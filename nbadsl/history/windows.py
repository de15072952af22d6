"""Since when a window counts, at a moment. The calendar is the policy's: its time zone and the day its weeks start."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from nbadsl.program.limits import Window
from nbadsl.types import LONGEST_DAYS
from nbadsl.zone import Zone, zone

_EPOCH = date(1970, 1, 1)
_EVER = -(2**62)


def opened(
    window: Window, now: int, zone: Zone, week_start: int = 1, since: float | None = None
) -> int | None:
    """The moment after which contacts are counted, up to now; None for all there ever were.

    `now` and the result: microseconds since 1970 (UTC). `week_start`: 1 is Monday. `since`: the value of the field
    that the window names, a moment; None where it has none, and then everything counts, which is the safe side.
    """
    if window.length is not None:
        return now - window.length
    if window.unit is not None:
        return _began(window.unit, zone.local_date(now), zone.name, week_start) - 1
    return None if window.since is None or since is None else int(since) - 1


@lru_cache(maxsize=64)
def _began(unit: str, day: float, name: str, week_start: int) -> int:
    """When the calendar window of a day began in the time zone of this name."""
    first = _first_day(unit, _EPOCH + timedelta(days=day), week_start)
    return int(zone(name).midnight((first - _EPOCH).days))


def after(start: int | None) -> int:
    """The moment after which contacts are counted; before all moments, where they are counted ever, or for longer than
    databases have numbers."""
    return _EVER if start is None else max(start, _EVER)


def closes(window: Window, now: int, zone: Zone, week_start: int = 1) -> int | None:
    """When a calendar window ends and another one begins; None for other windows, and for the last one of the calendar."""
    if window.unit is None:
        return None
    today = _EPOCH + timedelta(days=zone.local_date(now))
    longest = timedelta(days=LONGEST_DAYS[window.unit])
    begun = _first_day(window.unit, today, week_start)
    if date.max - begun < longest:
        return None
    following = _first_day(window.unit, begun + longest, week_start)
    return int(zone.midnight((following - _EPOCH).days))


def _first_day(unit: str, day: date, week_start: int) -> date:
    match unit:
        case "day":
            return day
        case "week":
            gone = (day.isoweekday() - week_start) % 7
            return day - min(timedelta(days=gone), day - date.min)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    raise AssertionError(unit)
