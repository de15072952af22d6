"""Zone tables against `zoneinfo`, also on days that clocks change."""

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbadsl.types import DAY, HOUR, MINUTE
from nbadsl.zone import Zone, zone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",  # its standard time is the one in summer
    "America/New_York",
    "America/Sao_Paulo",  # clocks jumped over midnight, and back over it
    "America/Havana",  # 00:00 comes twice
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # skipped 2011-12-30
    "Pacific/Kwajalein",  # skipped 1993-08-21
)
MOMENTS = st.integers(-2_208_988_800_000_000, 7_258_118_400_000_000 - 1)  # 1900 up to 2200


def offset_by_zoneinfo(name: str, time: int) -> float:
    moment = (EPOCH + timedelta(microseconds=time)).astimezone(ZoneInfo(name))
    return moment.utcoffset().total_seconds() * 1e6


def days(text: str) -> float:
    return float((date.fromisoformat(text) - EPOCH.date()).days)


def utc(text: str) -> float:
    return float((datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1))


@given(st.sampled_from(ZONES), MOMENTS)
def test_offsets_are_those_of_zoneinfo(name, time):
    assert zone(name).offset(float(time)) == offset_by_zoneinfo(name, time)


@pytest.mark.parametrize("name", ZONES)
def test_offsets_are_right_at_and_just_before_every_change(name):
    for start in zone(name).starts[1:]:
        for time in (int(start) - 1, int(start)):
            assert zone(name).offset(float(time)) == offset_by_zoneinfo(name, time)


def test_before_1900_and_after_2200_the_first_and_last_offset_hold():
    berlin = zone("Europe/Berlin")
    assert berlin.offset(-1e18) == berlin.offsets[0] == 1 * HOUR
    assert berlin.offset(1e18) == berlin.offsets[-1] == 1 * HOUR


def test_a_local_date_changes_at_local_midnight():
    berlin, midnight = zone("Europe/Berlin"), utc("2026-11-09T23:00")
    assert berlin.local_date(midnight) == days("2026-11-10")
    assert berlin.local_date(midnight - 1) == days("2026-11-09")


@given(st.sampled_from(ZONES), st.integers(int(days("1900-01-02")), int(days("2199-12-30"))))
def test_midnight_is_the_first_instant_of_its_day(name, day):
    where, first = zone(name), zone(name).midnight(float(day))
    assert where.local_date(first) >= day
    assert where.local_date(first - 1) < day


@pytest.mark.parametrize("name", ZONES)
def test_no_instant_of_a_day_is_before_its_midnight_around_changes(name):
    where = zone(name)
    # Since 1970 the changes of these zones fall on full quarters of an hour, so looking at each is enough.
    for start in where.starts[1:]:
        if not days("1970-01-02") * DAY < start < days("2030-01-01") * DAY:
            continue
        for day in range(int(where.local_date(start)) - 1, int(where.local_date(start)) + 2):
            quarters = [day * DAY + quarter * 15 * MINUTE for quarter in range(-16 * 4, 20 * 4)]
            first = next(time for time in quarters if where.local_date(time) >= day)
            assert where.midnight(float(day)) == first, (name, day)


@pytest.mark.parametrize(
    ("name", "day", "first"),
    [
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00"),  # 02:00 -> 03:00 later that day
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00"),  # 03:00 -> 02:00 later that day
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),  # 00:00 -> 01:00: the day begins at 01:00
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00"),  # 00:00 -> 23:00 of the day before
        ("America/Havana", "2018-11-04", "2018-11-04T04:00"),  # 01:00 -> 00:00: the first of two
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
    ],
)
def test_midnight_where_clocks_change(name, day, first):
    assert zone(name).midnight(days(day)) == utc(first)


def test_a_skipped_day_begins_and_ends_where_the_next_one_begins():
    apia = zone("Pacific/Apia")
    assert apia.midnight(days("2011-12-30")) == apia.midnight(days("2011-12-31")) == utc("2011-12-30T10:00")
    assert days("2011-12-30") not in {apia.local_date(utc("2011-12-29T00:00") + h * HOUR) for h in range(72)}


def test_far_from_today_midnights_are_exact():
    for day in (-719162.0, 2932896.0):
        berlin = zone("Europe/Berlin")
        assert berlin.local_date(berlin.midnight(day)) == day
        assert berlin.local_date(berlin.midnight(day) - 64) == day - 1  # doubles are 32 µs apart there


def test_a_table_is_sorted_begins_everywhere_and_changes_at_every_entry():
    for name in ZONES:
        table: Zone = zone(name)
        assert table.starts[0] == -math.inf
        assert list(table.starts) == sorted(set(table.starts))
        assert len(table.starts) == len(table.offsets)
        assert all(a != b for a, b in zip(table.offsets, table.offsets[1:], strict=False))


def test_a_name_that_is_no_zone_is_an_error():
    with pytest.raises(ZoneInfoNotFoundError):
        zone("Europe/Berln")
