"""Whether a table has the columns that a policy declares, in types that can be read.

Takes an Arrow schema and the profile's fields; gives one `Problem` for each column that is missing, there
twice, or of a type that the field does not take. Nothing is read yet: a run that could not end well does
not start.

    type                 columns
    flag                 bool
    integer              int8 to int64, uint8 to uint64
    number, money        the same, float16 to float64, decimal
    duration             duration; where the field names a unit, also any number
    date                 date32, date64
    time                 timestamp of any unit; without a time zone it is in the policy's
    clock                time32, time64
    text, one of         string, large_string, string_view, or a dictionary of one of these
    any of               list or large_list of those

A column of Arrow's type null, which other tools write when they saw no value, is taken for any field: all
its values are null. A column may be missing if its field is optional and nothing in the policy reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import types as kinds

from nbadsl.data.rules import noun
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.program.nodes import Input
from nbadsl.types import (
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


@dataclass(frozen=True, slots=True)
class Problem:
    """A column that stops a run. `found` is "" when there is none."""

    column: str
    expected: str
    found: str
    hint: str = ""

    def __str__(self) -> str:
        end = f"; {self.hint}" if self.hint else ""
        if not self.found:
            return f"column `{self.column}` is missing, expected {self.expected}{end}"
        return f"column `{self.column}` is {self.found}, expected {self.expected}{end}"


def check_schema(
    schema: pa.Schema, inputs: Iterable[Input], used: AbstractSet[str] | None = None
) -> list[Problem]:
    """What is wrong with a table for these fields, in their order.

    `used`: the names of the fields that the policy reads; None: all of them.
    """
    count = Counter(schema.names)
    problems = []
    for field in inputs:
        name = column_of(field)
        if count[name] == 0:
            if not (field.optional or field.never) or used is None or field.name in used:
                hint = _missing_hint(field, schema)
                problems.append(Problem(name, expected_column(field), "", hint))
        elif count[name] > 1:
            problems.append(Problem(name, "one column of that name", f"there {count[name]} times"))
        elif not accepts(field, schema.field(name).type):
            type = schema.field(name).type
            problems.append(Problem(name, expected_column(field), describe(type), _type_hint(field, type)))
    return problems


def column_of(field: Input) -> str:
    """The name of a field's column in the data."""
    return field.column or field.name


def accepts(field: Input, type: pa.DataType) -> bool:
    """Whether a field takes a column of this Arrow type."""
    if kinds.is_null(type):
        return True
    match field.type:
        case Flag():
            return bool(kinds.is_boolean(type))
        case Integer():
            return bool(kinds.is_integer(type))
        case Number() | Money():
            return _is_number(type)
        case Duration():
            return bool(kinds.is_duration(type)) or (field.unit is not None and _is_number(type))
        case Date():
            return bool(kinds.is_date(type))
        case Time():
            return bool(kinds.is_timestamp(type))
        case Clock():
            return bool(kinds.is_time(type))
        case Text() | Words():
            return is_text(type)
        case Set():
            return bool(kinds.is_list(type) or kinds.is_large_list(type)) and is_text(type.value_type)
    return False


def _is_number(type: pa.DataType) -> bool:
    return bool(kinds.is_integer(type) or kinds.is_floating(type) or kinds.is_decimal(type))


def is_text(type: pa.DataType) -> bool:
    """Whether an Arrow type holds texts, plain or as a dictionary."""
    if kinds.is_dictionary(type):
        type = type.value_type
    return bool(kinds.is_string(type) or kinds.is_large_string(type) or kinds.is_string_view(type))


def arrow_type(field: Input) -> pa.DataType:
    """The Arrow type that this package itself writes and reads text into, for a field."""
    match field.type:
        case Flag():
            return pa.bool_()
        case Integer():
            return pa.int64()
        case Number() | Money():
            return pa.float64()
        case Duration():
            return pa.duration("us") if field.unit is None else pa.float64()
        case Date():
            return pa.date32()
        case Time():
            return pa.timestamp("us", "UTC")
        case Clock():
            return pa.time64("us")
        case Text():
            return pa.string()
        case Words():
            return pa.dictionary(pa.int32(), pa.string())
        case Set():
            return pa.list_(pa.string())
    raise TypeError(f"a field of type {field.type} has no column")


# --- words for people ----------------------------------------------------------------------------

_INTEGERS = "int8 to int64, uint8 to uint64"
_NUMBERS = "an integer, float or decimal column"
_COLUMNS: dict[type, str] = {
    Flag: "bool",
    Integer: _INTEGERS,
    Number: _NUMBERS,
    Money: _NUMBERS,
    Duration: "duration",
    Date: "date32 or date64",
    Time: "timestamp",
    Clock: "time32 or time64",
    Text: "string or a dictionary of strings",
    Words: "string or a dictionary of strings",
    Set: "a list of strings",
}


def expected_column(field: Input) -> str:
    """What a field's column must be: `a whole number (int8 to int64, uint8 to uint64)`."""
    columns = _COLUMNS[type(field.type)]
    if isinstance(field.type, Duration) and field.unit is not None:
        columns = f"{_NUMBERS}, or duration"
    words = getattr(field.type, "words", ())
    what = noun(field) if len(words) <= 8 else noun(field).replace(", ".join(words[8:]), "…")
    return f"{what} ({columns})"


def describe(type: pa.DataType) -> str:
    """An Arrow type with a word for those who do not know Arrow: `text (string)`."""
    if is_text(type):
        word = "text"
    elif kinds.is_integer(type):
        word = "whole numbers"
    elif _is_number(type):
        word = "numbers"
    elif kinds.is_boolean(type):
        word = "yes or no"
    elif kinds.is_timestamp(type):
        word = "moments in time"
    elif kinds.is_date(type):
        word = "days"
    elif kinds.is_nested(type):
        word = "nested"
    else:
        return str(type)
    return f"{word} ({type})"


def _missing_hint(field: Input, schema: pa.Schema) -> str:
    advice = did_you_mean(column_of(field), schema.names)
    if (field.optional or field.never) and not advice.startswith("did"):
        # It is optional, yet the policy reads it: an empty column says that on purpose.
        return "if there are no values at all, give a column of nulls"
    return advice


def _type_hint(field: Input, type: pa.DataType) -> str:
    """What to do about a column of the wrong type, where the usual causes are known."""
    match field.type:
        case Integer() if kinds.is_floating(type):
            return "tools write whole numbers with gaps as floats: cast it to int64, or declare a number"
        case Text() if kinds.is_integer(type):
            return f"cast it to string, or declare `{field.name}: integer`"
        case Date() if kinds.is_timestamp(type):
            return f"cast it to date32, or declare `{field.name}: time`"
        case Time() if kinds.is_date(type):
            return f"cast it to timestamp, or declare `{field.name}: date`"
        case Duration() if kinds.is_interval(type):
            return "an interval may hold months, which are no length: give a number and declare its unit"
        case Time() | Clock() | Duration() if kinds.is_integer(type) or is_text(type):
            return "cast it: a bare number or text does not say what it counts"
        case Flag() if kinds.is_integer(type):
            return "cast it to bool"
        case Text() | Words() if kinds.is_binary(type) or kinds.is_large_binary(type):
            return "cast it to string: its writer did not say that it is text"
        case Set() if is_text(type):
            return "split it into a list"
    return ""


def takable(type: pa.DataType) -> pa.DataType:
    """The type in which rows of an array can be taken: Arrow cannot yet do that to views, as Polars has them."""
    if pa.types.is_string_view(type):
        return pa.large_string()
    if pa.types.is_list(type):
        return pa.list_(takable(type.value_type))
    if pa.types.is_large_list(type):
        return pa.large_list(takable(type.value_type))
    return type
