"""Since when a window counts: at the edges of days, weeks, months, quarters and years, and where clocks change."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from nbadsl.history.demands import Demand, rests_until
from nbadsl.history.events import PERSON, Event, decided
from nbadsl.history.memory import MemoryStore
from nbadsl.history.windows import closes, opened
from nbadsl.program.limits import Contacts, Pause, Window
from nbadsl.zone import microseconds, zone

BERLIN, NEW_YORK, LONDON, BEIRUT = "Europe/Berlin", "America/New_York", "Europe/London", "Asia/Beirut"
HOUR = 3_600_000_000
DAY = 24 * HOUR
MONDAY, SUNDAY = 1, 7


def moment(text: str, name: str) -> int:
    """`2026-03-29 00:00` on the clocks of a zone; a fold is its second hour with a `*` behind."""
    fold = text.endswith("*")
    return microseconds(
        datetime.fromisoformat(text.rstrip("*")).replace(tzinfo=ZoneInfo(name), fold=fold), name
    )


# zone, first day of the week, now, unit, first moment, end
CALENDAR = [
    (BERLIN, MONDAY, "2026-11-10 10:00", "day", "2026-11-10 00:00", "2026-11-11 00:00"),
    (BERLIN, MONDAY, "2026-11-10 00:00", "day", "2026-11-10 00:00", "2026-11-11 00:00"),
    (BERLIN, MONDAY, "2026-11-09 23:59:59.999999", "day", "2026-11-09 00:00", "2026-11-10 00:00"),
    (BERLIN, MONDAY, "2026-03-29 12:00", "day", "2026-03-29 00:00", "2026-03-30 00:00"),  # 23 hours
    (BERLIN, MONDAY, "2026-10-25 02:30", "day", "2026-10-25 00:00", "2026-10-26 00:00"),  # 25 hours
    (BERLIN, MONDAY, "2026-10-25 02:30*", "day", "2026-10-25 00:00", "2026-10-26 00:00"),
    (NEW_YORK, SUNDAY, "2026-03-08 12:00", "day", "2026-03-08 00:00", "2026-03-09 00:00"),
    (NEW_YORK, SUNDAY, "2026-11-01 12:00", "day", "2026-11-01 00:00", "2026-11-02 00:00"),
    (
        BEIRUT,
        MONDAY,
        "2026-03-29 12:00",
        "day",
        "2026-03-29 01:00",
        "2026-03-30 00:00",
    ),  # there is no midnight
    (BERLIN, MONDAY, "2026-11-09 00:00", "week", "2026-11-09 00:00", "2026-11-16 00:00"),  # a Monday
    (BERLIN, MONDAY, "2026-11-08 23:59", "week", "2026-11-02 00:00", "2026-11-09 00:00"),
    (BERLIN, SUNDAY, "2026-11-08 00:00", "week", "2026-11-08 00:00", "2026-11-15 00:00"),
    (BERLIN, 3, "2026-11-10 10:00", "week", "2026-11-04 00:00", "2026-11-11 00:00"),
    (BERLIN, MONDAY, "2026-10-25 12:00", "week", "2026-10-19 00:00", "2026-10-26 00:00"),
    (NEW_YORK, SUNDAY, "2026-11-04 12:00", "week", "2026-11-01 00:00", "2026-11-08 00:00"),
    (BERLIN, MONDAY, "2028-02-29 10:00", "month", "2028-02-01 00:00", "2028-03-01 00:00"),
    (BERLIN, MONDAY, "2027-02-28 10:00", "month", "2027-02-01 00:00", "2027-03-01 00:00"),
    (BERLIN, MONDAY, "2026-01-31 23:59", "month", "2026-01-01 00:00", "2026-02-01 00:00"),
    (BERLIN, MONDAY, "2026-12-31 23:59", "month", "2026-12-01 00:00", "2027-01-01 00:00"),
    (BERLIN, MONDAY, "2026-03-31 10:00", "quarter", "2026-01-01 00:00", "2026-04-01 00:00"),
    (BERLIN, MONDAY, "2026-11-10 10:00", "quarter", "2026-10-01 00:00", "2027-01-01 00:00"),
    (BERLIN, MONDAY, "2028-12-31 10:00", "year", "2028-01-01 00:00", "2029-01-01 00:00"),
    (LONDON, MONDAY, "2026-01-01 00:00", "year", "2026-01-01 00:00", "2027-01-01 00:00"),
]


@pytest.mark.parametrize("name, week, now, unit, first, end", CALENDAR)
def test_a_calendar_window_begins_and_ends_with_its_period(name, week, now, unit, first, end):
    window, at = Window(unit=unit), moment(now, name)
    assert opened(window, at, zone(name), week) == moment(first, name) - 1
    assert closes(window, at, zone(name), week) == moment(end, name)


def test_days_when_clocks_change_are_as_long_as_they_are():
    lengths = [moment(f"{b} 00:00", BERLIN) - moment(f"{a} 00:00", BERLIN) for a, b in
               (("2026-03-29", "2026-03-30"), ("2026-10-25", "2026-10-26"))]  # fmt: skip
    assert lengths == [23 * HOUR, 25 * HOUR]


def test_windows_without_a_calendar():
    now = moment("2026-11-10 10:00", BERLIN)
    assert opened(Window(length=7 * DAY), now, zone(BERLIN)) == now - 7 * DAY
    assert opened(Window(since="cancelled"), now, zone(BERLIN), since=now - DAY) == now - DAY - 1
    assert (
        opened(Window(since="cancelled"), now, zone(BERLIN)) is None
    )  # it has not happened: everything counts
    assert opened(Window(), now, zone(BERLIN)) is None


@pytest.mark.parametrize(
    "ago, counted", [(0, True), (7 * DAY - 1, True), (7 * DAY, False), (7 * DAY + 1, False), (-1, False)]
)
def test_a_rolling_window_is_open_at_its_start_and_closed_at_its_end(ago, counted):
    now = moment("2026-11-10 10:00", BERLIN)
    store = MemoryStore([Event("d", decided(1), "decided", now - ago, "ann", "tip")])
    start = opened(Window(length=7 * DAY), now, zone(BERLIN))
    assert store.rooms([Demand(Contacts("decided"), now, start, 1, PERSON, "ann")]) == [1 - counted]


@pytest.mark.parametrize(
    "pause, ago, rests",
    [
        (Pause(30 * DAY), [], None),
        (Pause(30 * DAY), [29], 1),
        (Pause(30 * DAY), [30], None),
        (Pause(30 * DAY), [40, 12], 18),
        (Pause(30 * DAY, 3), [10, 9], None),
        (Pause(30 * DAY, 3), [400, 300, 10], 20),  # however long ago the first two were
        (Pause(30 * DAY, 3, 60 * DAY), [400, 300, 10], None),
        (Pause(30 * DAY, 3, 60 * DAY), [70, 20, 10], None),  # exactly sixty days apart is too far
        (Pause(30 * DAY, 3, 60 * DAY), [69, 20, 10], 20),
        (
            Pause(30 * DAY, 3, 60 * DAY),
            [100, 90, 80, 10],
            None,
        ),  # that rest was over, and a new one needs three
        (Pause(30 * DAY, 2, 5 * DAY), [12, 11, 3], 19),  # the latest with which two came together
    ],
)
def test_a_rest_lasts_from_the_contact_that_made_it_begin(pause, ago, rests):
    """`ago`: days before now, oldest first; `rests`: days from now."""
    assert rests_until(pause, [-days * DAY for days in ago], 0) == (None if rests is None else rests * DAY)


@pytest.mark.parametrize("unit", ["day", "week", "month", "quarter", "year"])
def test_the_calendar_has_a_first_and_a_last_window(unit: str):
    utc, window = zone("UTC"), Window(unit=unit)
    first, last = (moment(text, "UTC") for text in ("0001-01-01 12:00", "9999-12-31 12:00"))
    assert closes(window, last, utc) is None
    assert opened(window, first, utc, SUNDAY) == moment("0001-01-01 00:00", "UTC") - 1
