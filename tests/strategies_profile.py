"""Hypothesis strategies for the data of a profile: valid rows, texts near the edge, and column types.

`FIELDS` has a field of every type, required and optional; `rows()` gives rows that fit them, `arrow_types(field)`
the Arrow types that may hold the field, `texts(field)` cells of a CSV file, right, wrong and doubtful.
"""

from __future__ import annotations

import pyarrow as pa
from hypothesis import strategies as st

from nbadsl.program.decision import Row
from nbadsl.program.givens import FIRST_TIME, LAST_TIME
from nbadsl.program.nodes import Input, Value
from nbadsl.types import (
    CLOCK,
    DATE,
    DAY,
    DURATION,
    FLAG,
    HOUR,
    INTEGER,
    NUMBER,
    SECOND,
    TEXT,
    TIME,
    Clock,
    Date,
    Duration,
    Flag,
    Integer,
    Money,
    Number,
    Set,
    Text,
    Time,
    Words,
)

PLANS = Words(("basic", "plus", "unlimited"))
INTERESTS = Set(("sport", "film", "travel"))

FIELDS = (
    Input("customer_id", TEXT, column="customer_id"),
    Input("age", INTEGER, low=0.0, high=120.0),
    Input("visits", INTEGER, optional=True),
    Input("plan", PLANS),
    Input("old_plan", PLANS, optional=True),
    Input("interests", INTERESTS),
    Input("wishes", INTERESTS, optional=True),
    Input("fee", Money("EUR"), column="MONTHLY FEE"),
    Input("income", Money("EUR"), optional=True, low=0.0),
    Input("churn", NUMBER, low=0.0, high=1.0),
    Input("heat", NUMBER, optional=True),
    Input("consent", FLAG),
    Input("opened", FLAG, optional=True),
    Input("complaint", TIME, never=True),
    Input("since", TIME),
    Input("birthday", DATE, optional=True),
    Input("offset", DURATION, optional=True, unit=HOUR),
    Input("wait", DURATION, optional=True, low=0.0),
    Input("wakes", CLOCK, optional=True),
    Input("note", TEXT, optional=True),
)


def field(name: str) -> Input:
    """A field of FIELDS by its name."""
    return next(f for f in FIELDS if f.name == name)


def person(**values: object) -> dict[str, object]:
    """A valid record of FIELDS, with other values for some fields."""
    return {
        "customer_id": "c1",
        "age": 30,
        "plan": "plus",
        "interests": ["sport"],
        "fee": 20.0,
        "churn": 0.25,
        "consent": True,
        "since": "2020-01-01",
        **values,
    }


# --- rows --------------------------------------------------------------------------------------------

WHOLE = st.integers(-(2**53), 2**53).map(float)
# What every Arrow unit of time holds: whole seconds, within the years that nanoseconds reach.
SECONDS = st.integers(-9_000_000_000, 9_000_000_000).map(lambda n: n * SECOND)


def values(field: Input) -> st.SearchStrategy[Value]:
    """Values of the language that a field takes; of times and lengths, those that every column type holds."""
    low, high = field.low, field.high
    match field.type:
        case Flag():
            known: st.SearchStrategy[Value] = st.booleans()
        case Integer():
            known = WHOLE if low is None else st.integers(int(low), int(high or low)).map(float)
        case Number() | Money():
            known = st.floats(low, high, allow_nan=False, allow_infinity=False)
        case Duration() if field.unit is not None:
            known = st.integers(-100, 100).map(lambda n: n * HOUR / 4)
        case Duration():
            known = st.integers(0, 10**8).map(lambda n: n * SECOND)
        case Date():
            known = st.integers(int(FIRST_TIME / DAY), int(LAST_TIME / DAY) - 1).map(float)
        case Time():
            known = SECONDS
        case Clock():
            known = st.integers(0, 86_399).map(lambda n: n * SECOND)
        case Text():
            known = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
        case Words(words):
            known = st.sampled_from(words)
        case Set(words):
            known = st.frozensets(st.sampled_from(words))
        case _:
            raise AssertionError(field)
    return st.none() | known if field.optional or field.never else known


def rows() -> st.SearchStrategy[list[Row]]:
    """A few people."""
    return st.lists(st.fixed_dictionaries({f.name: values(f) for f in FIELDS}), max_size=5)


# --- columns -----------------------------------------------------------------------------------------

STRINGS = (pa.string(), pa.large_string(), pa.string_view())
SMALL = (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
UNITS = ("s", "ms", "us", "ns")


def arrow_types(field: Input) -> tuple[pa.DataType, ...]:
    """Arrow types that hold every value that `values` gives for a field, exactly."""
    coded = tuple(pa.dictionary(index, text) for index in (pa.int8(), pa.int32()) for text in STRINGS[:2])
    match field.type:
        case Flag():
            return (pa.bool_(),)
        case Integer():
            return SMALL if field.high is not None else (pa.int64(),)
        case Number() | Money():
            return (pa.float64(),)
        case Duration() if field.unit is not None:
            return (pa.float64(), pa.float32(), pa.duration("s"), pa.duration("us"))
        case Duration():
            return tuple(pa.duration(unit) for unit in UNITS)
        case Date():
            return (pa.date32(), pa.date64())
        case Time():
            return tuple(pa.timestamp(u, zone) for u in UNITS for zone in (None, "UTC", "Asia/Tokyo"))
        case Clock():
            return (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"))
        case Text() | Words():
            return (*STRINGS, *coded)
        case Set():
            lists = [make(text) for make in (pa.list_, pa.large_list) for text in (*STRINGS, coded[0])]
            return tuple(lists)
    raise AssertionError(field)


# --- cells -------------------------------------------------------------------------------------------

NUMBERS = ("0", "-0", "30", "007", "+5", "30.0", ".5", "5.", "1e2", "1E400", "1e-400", "-1.5", "0x1F", "0X1f")
NO_NUMBERS = (
    "nan",
    "inf",
    "-Infinity",
    "1_000",
    "1,5",
    "20%",
    "12.50 EUR",
    "1d",
    "--1",
    ".",
    "e5",
    "٣",
    "1e999999",
)
HUGE = ("9007199254740992", "9007199254740993", "-9007199254740993.0", "99999999999999999999", "1e16")
DAYS = ("2026-11-21", "1969-02-28", "0001-01-01", "9999-12-31", "2024-02-29", "2023-02-29", "0000-01-01")
NO_DAYS = ("2026-1-1", "20261121", "21.11.2026", "2026-11-21x", "12026-01-01", "2026-13-01", "2026-W45-1")
CLOCKS = (
    "21:00",
    "21:00:30",
    "00:00:00.000001",
    "23:59:59.1234567",
    "24:00",
    "9:00",
    "21",
    "21:60",
    "21:00:60",
)
ZONES = ("", "Z", "+02:00", "-0230", "+02", "+24:00", "+2", "z", " UTC", "+02:60")
LENGTHS = (
    "14 days",
    "1.5 hours",
    "0.000001 seconds",
    "P14D",
    "PT1H30M",
    "P",
    "1 month",
    "days",
    "3 d",
    "14days",
)
FLAGS = ("yes", "NO", "True", "false", "1", "0", "y", "t", "on", "2", "")
WORDS = ("basic", "Basic", "plus", "premium", "sport|film", "sport|", "|", "sport | film", "sport|sport")
BLANK = ("", " ", "\t", "NULL", "NA", "-", "\xa0")

moments = st.builds(
    lambda day, between, clock, zone: day + between + clock + zone,
    st.sampled_from(DAYS),
    st.sampled_from(("T", " ", "t", "  ")),
    st.sampled_from(CLOCKS),
    st.sampled_from(ZONES),
)


def texts(field: Input) -> st.SearchStrategy[str | None]:
    """Cells: what is right for some type, what nearly is, and anything; None is an empty cell."""
    known = (*NUMBERS, *NO_NUMBERS, *HUGE, *DAYS, *NO_DAYS, *CLOCKS, *LENGTHS, *FLAGS, *WORDS, *BLANK)
    anything = (
        st.sampled_from(known) | moments | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
    )
    padded = st.builds(
        lambda a, text, b: a + text + b, st.sampled_from(("", " ")), anything, st.sampled_from(("", " "))
    )
    return st.none() | anything | padded | st.floats().map(repr) | st.integers().map(str)


def exactly(row: Row) -> str:
    """A row as text, so that comparing tells 0.0 from -0.0 and True from 1.0."""
    return repr({k: sorted(v) if isinstance(v, frozenset) else v for k, v in sorted(row.items())})
