"""What a text means as a value of each type."""

from __future__ import annotations

import pytest
from strategies_profile import field

from nbadsl.data.records import read_value
from nbadsl.data.rules import BadValue
from nbadsl.data.text import read_text
from nbadsl.program.nodes import Value
from nbadsl.types import DAY, HOUR, MINUTE, SECOND, WEEK

NOON = 12 * HOUR


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("consent", "yes", True),
        ("consent", " No ", False),
        ("consent", "TRUE", True),
        ("consent", "0", False),
        ("visits", "12", 12.0),
        ("visits", "+012", 12.0),
        ("visits", "-12.0", -12.0),
        ("visits", "1.2e1", 12.0),
        ("visits", "9007199254740992", 2.0**53),
        ("fee", ".5", 0.5),
        ("fee", "-1.", -1.0),
        ("fee", "0.1", 0.1),
        ("birthday", "1970-01-02", 1.0),
        ("birthday", "0001-01-01", -719162.0),
        ("birthday", "02.01.1970", 1.0),
        ("birthday", "2.1.1970", 1.0),
        ("since", "1970-01-02", DAY),
        ("since", "2.1.1970", DAY),
        ("since", "01.01.1970 12:30", NOON + 30 * MINUTE),
        ("since", "1970-01-01 12", NOON),
        ("since", "1970-01-01 12:30", NOON + 30 * MINUTE),
        ("since", "1970-01-01T12:00:01.5", NOON + 1.5 * SECOND),
        ("since", "1970-01-01T12:00:00.000001", NOON + 1),
        ("since", "1970-01-01T12:00:00.0000019", NOON + 1),
        ("since", "1970-01-01T12:00Z", NOON),
        ("since", "1970-01-01T12:00+02:00", NOON - 2 * HOUR),
        ("since", "1970-01-01T12:00-0230", NOON + 2.5 * HOUR),
        ("since", "1970-01-01T12:00+01", NOON - HOUR),
        ("wakes", "00:00", 0.0),
        ("wakes", "23:59:59.999999", DAY - 1),
        ("wait", "14 days", 14 * DAY),
        ("wait", "1 week", WEEK),
        ("wait", "1.5  hours", 1.5 * HOUR),
        ("wait", "0.000001 seconds", 1.0),
        ("wait", "0.0000019 seconds", 1.0),
        ("wait", "-0.0000001 seconds", -1.0),
        ("wait", "P1W", WEEK),
        ("wait", "P1DT2H3M4.5S", DAY + 2 * HOUR + 3 * MINUTE + 4.5 * SECOND),
        ("wait", "-PT1M", -MINUTE),
        ("offset", "1.5", 1.5 * HOUR),
        ("plan", " basic ", "basic"),
        ("plan", "gold", "gold"),  # whether it is declared is asked later
        ("wishes", "film| sport |film", frozenset({"film", "sport"})),
        ("wishes", "film|", frozenset({"film", ""})),
        ("wishes", "", frozenset()),
        ("wishes", None, None),
        ("interests", None, frozenset()),
        ("note", " a ", " a "),
        ("note", "", ""),
        ("note", None, None),
        ("fee", "  ", None),
        ("plan", "", None),
        ("since", None, None),
    ],
)
def test_a_text_means(name: str, text: str | None, value: Value) -> None:
    read = read_text(field(name), text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("consent", "y"),
        ("consent", "2"),
        ("visits", "12.5"),
        ("visits", "9007199254740993"),
        ("visits", "1e999999999"),
        ("visits", "0x1F"),
        ("visits", "1_000"),
        ("visits", "٣"),
        ("fee", "nan"),
        ("fee", "inf"),
        ("fee", "12,50"),
        ("fee", "12 EUR"),
        ("fee", "20%"),
        ("fee", "."),
        ("fee", "-"),
        ("fee", "NULL"),
        ("birthday", "2026-1-1"),
        ("birthday", "20260101"),
        ("birthday", "01/01/2026"),
        ("birthday", "01.01.26"),
        ("birthday", "1.13.2026"),
        ("birthday", "2023-02-29"),
        ("birthday", "29.02.2023"),
        ("birthday", "0000-01-01"),
        ("birthday", "2026-01-01 10:00"),
        ("since", "2026-11-21T24:00"),
        ("since", "2026-11-21T10:60"),
        ("since", "2026-11-21T10:00:60"),
        ("since", "2026-11-21T10:00+24:00"),
        ("since", "2026-11-21T10:00+02:60"),
        ("since", "2026-11-21Z"),
        ("since", "2026-11-21T10:00 CET"),
        ("since", "9999-12-31T23:59:59.999999"),
        ("since", "1794304800"),
        ("wakes", "9:00"),
        ("wakes", "21"),
        ("wakes", "24:00"),
        ("wakes", "21:00Z"),
        ("wait", "14"),
        ("wait", "1 month"),
        ("wait", "days"),
        ("wait", "nan days"),
        ("wait", "P"),
        ("wait", "P1DT"),
        ("wait", "P1Y"),
        ("wait", "PT1D"),
        ("wait", "1e300 days"),
        ("wait", "1e999999999 days"),
        ("wait", "-1e999999999 days"),
        ("offset", "1 hour"),
    ],
)
def test_a_text_that_is_no_value_is_refused_with_what_it_is(name: str, text: str) -> None:
    with pytest.raises(BadValue) as error:
        read_text(field(name), text)
    assert str(error.value).startswith(f'"{text}" is not ')


@pytest.mark.parametrize(
    ("name", "text", "advice"),
    [
        ("fee", "9,90", "decimals stand behind a point"),
        ("fee", "1.024,50", "decimals stand behind a point"),
        ("age", "1,000", "nothing between thousands"),
        ("birthday", "31/12/1999", "a day is year, month and day"),
        ("birthday", "31.12.99", "a day is year, month and day"),
        ("since", "12/31/1999 10:00", "a day is year, month and day"),
    ],
)
def test_a_value_as_spreadsheets_write_it_is_refused_with_how_it_is_written(
    name: str, text: str, advice: str
) -> None:
    for reader in (read_text, read_value):
        with pytest.raises(BadValue, match=advice):
            reader(field(name), text)
