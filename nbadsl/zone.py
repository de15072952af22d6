"""Time zones as tables, so that both engines turn instants into local time alike.

`zoneinfo` knows the offset at an instant but does not list the changes. A `Zone` finds them by probing
once a week and bisecting, for the years 1900 to 2200; before and after, the first and the last
offset hold. The table is small (two numbers for each change) and fast to search from compiled code.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from nbadsl.types import DAY, SECOND

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.date()
EPOCH_ORDINAL = EPOCH_DAY.toordinal()
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_LAST = datetime(2200, 1, 1, tzinfo=UTC)
_WEEK = 7 * 86400


@dataclass(frozen=True, slots=True)
class Zone:
    """`offsets[i]` (µs east of UTC) holds from `starts[i]` (µs since 1970, UTC) on; `starts[0]` is -infinity."""

    name: str
    starts: tuple[float, ...]
    offsets: tuple[float, ...]

    def offset(self, time: float) -> float:
        """Microseconds to add to an instant to get local time."""
        return self.offsets[bisect_right(self.starts, time) - 1]

    def local_date(self, time: float) -> float:
        """The local calendar day of an instant, in days since 1970."""
        return float((time + self.offset(time)) // DAY)

    def shift(self, wall: float) -> float:
        """Microseconds to take from a local time (µs since 1970 as clocks show it) to get the instant.

        A time that the clocks skip or show twice is read with the offset that held before the change, as Python
        reads it (`fold=0`).
        """
        before, after = self.offset(wall - DAY), self.offset(wall + DAY)
        is_later = self.offset(wall - before) != before and self.offset(wall - after) == after
        return after if is_later else before

    def midnight(self, date: float) -> float:
        """The first instant of a local calendar day.

        Where clocks jump over 00:00 this is the moment after the jump; where 00:00 comes twice, the first.
        """
        wall = date * DAY
        for offset in sorted({self.offset(wall - DAY), self.offset(wall + DAY)}, reverse=True):
            if self.local_date(wall - offset) >= date:
                return wall - offset
        # The day begins inside a jump: the change itself is its first instant.
        return self.starts[bisect_right(self.starts, wall + DAY - min(self.offsets)) - 1]


def microseconds(moment: datetime, name: str) -> int:
    """Microseconds since 1970 UTC of Python's datetime; one without a time zone is in the one of a name."""
    if moment.tzinfo is not None:
        return (moment - EPOCH) // timedelta(microseconds=1)
    wall = (moment - EPOCH.replace(tzinfo=None)) // timedelta(microseconds=1)
    return wall - int(zone(name).shift(wall))


@lru_cache(maxsize=32)
def zone(name: str) -> Zone:
    """The table of an IANA time zone. Raises `zoneinfo.ZoneInfoNotFoundError` for a name that is none."""
    info = ZoneInfo(name)

    def offset(second: int) -> int:
        moment = (EPOCH + timedelta(seconds=second)).astimezone(info).utcoffset()
        return int(moment.total_seconds()) if moment is not None else 0

    first, last = int((_FIRST - EPOCH).total_seconds()), int((_LAST - EPOCH).total_seconds())
    starts, offsets = [float("-inf")], [offset(first)]
    for low in range(first, last, _WEEK):
        high = min(low + _WEEK, last)
        if offset(high) != offsets[-1]:
            _bisect(offset, low, high, starts, offsets)
    return Zone(name, tuple(starts), tuple(o * SECOND for o in offsets))


def _bisect(offset, low: int, high: int, starts: list[float], offsets: list[int]) -> None:  # type: ignore[no-untyped-def]
    """Append the change between two seconds; the offset at `low` is the last one known."""
    while high - low > 1:
        middle = (low + high) // 2
        if offset(middle) == offsets[-1]:
            low = middle
        else:
            high = middle
    starts.append(high * SECOND)
    offsets.append(offset(high))
