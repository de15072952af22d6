"""One person from a plain dict.

Takes a dictionary as Python or JSON holds a person and gives a `Row`, in which every declared field
has a value of the language. Refuses exactly the values that a column of a file would be refused
for, see `rules`; the first field at fault in the order of the policy is the one that is named.

A field is found under its own name, or under the name of its column in the data where that is no
other field's name. What Python writes for each type:

    flag                  bool
    integer               int; float or Decimal that is whole
    number, money         int, float, Decimal
    duration              timedelta; a number where the field names a unit
    date, time, clock     date; datetime (without a zone: in the field's); time without a zone
    one of, text          str
    any of                list, tuple, set or array of str

None, and pandas' NA and NaT, are null; NaN is not: it is refused. NumPy's scalars count as Python's.
Date, time, clock and duration may be text as JSON has it: `2026-11-21`, `14 days`, see `text`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from nbadsl.data import rules, text
from nbadsl.data.rules import BadValue
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.mistake import Mistake
from nbadsl.program.decision import Row
from nbadsl.program.nodes import Input, Value
from nbadsl.types import (
    DAY,
    EXACT,
    Anything,
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
from nbadsl.zone import EPOCH_ORDINAL, microseconds, zone

if TYPE_CHECKING:
    from pydantic import BaseModel

_DAY = int(DAY)
# Whole microseconds in NumPy's units of time; for finer units, how many make a microsecond.
_NUMPY_UNITS = {"D": _DAY, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
_OWN = {float, int, str, bool, type(None)}  # Python's own, which most values are
_NUMBERS = (int, float, Decimal)
_FINER_UNITS = {"ns": 1_000, "ps": 1_000_000}


class BadRecord(Mistake, ValueError):
    """A person who cannot be decided. `field`: the name at fault; `value`: what was given for it."""

    def __init__(self, field: str, value: object, problem: str) -> None:
        self.field = field
        self.value = value
        super().__init__(f"{field}: {problem}")


def read_record(inputs: Iterable[Input], record: Mapping[str, Any] | BaseModel, strict: bool = False) -> Row:
    """One person as the engines take it.

    `inputs`: the profile's fields. `record`: by field or column name, or a model of it. `strict`: keys that are no
    field's are errors. A field that is left out is null. Raises BadRecord for the first field at fault, in the order of
    `inputs`.
    """
    if type(record) is not dict and not isinstance(record, Mapping):
        if not hasattr(record, "model_dump"):
            raise TypeError(f"a person is a dict or a Policy.Profile, not {type(record).__name__}")
        record = record.model_dump()
    fields = tuple(inputs)
    keys: dict[str, str] | None = None  # most records have names alone
    row: Row = {}
    for field in fields:
        name = field.name
        if name in record:
            given = record[name]
        else:
            keys = record_keys(fields) if keys is None else keys
            given = record.get(keys.get(name, name))
        try:
            row[name] = read_value(field, given)
        except BadValue as error:
            raise BadRecord(name, given, str(error)) from None
    if strict:
        _refuse_unknown(fields, record_keys(fields), record)
    return row


def record_keys(inputs: tuple[Input, ...]) -> dict[str, str]:
    """The second key of the fields that have one: the column's name, unless it is a field's name."""
    names = {field.name for field in inputs}
    return {f.name: f.column for f in inputs if f.column and f.column not in names}


def _refuse_unknown(fields: tuple[Input, ...], keys: dict[str, str], record: Mapping[str, Any]) -> None:
    known = [f.name for f in fields] + list(keys.values())
    for key, value in record.items():
        if key not in known:
            advice = did_you_mean(str(key), known)
            raise BadRecord(
                str(key), value, "is not a field of the profile" + (f"; {advice}" if advice else "")
            )
    for name, column in keys.items():
        if name in record and column in record:
            raise BadRecord(name, record[name], f"is given twice, as `{name}` and as `{column}`")


def read_value(field: Input, given: Any) -> Value:
    """One value as the engines take it. Raises BadValue."""
    plain = given if type(given) in _OWN else _plain(given)
    if plain is None:
        value = field.default
    else:
        try:
            value = _READERS[type(field.type)](field, plain)
        except (ValueError, ArithmeticError) as error:
            raise rules.refusal(field, _show(given), _hint(field, plain)) from error
    rules.check(field, value)
    return value


def _plain(given: Any) -> Any:
    """Python's own scalar for one of NumPy's, and None for pandas' nulls."""
    kind = type(given)
    if kind.__module__.startswith("pandas") and kind.__name__ in ("NAType", "NaTType"):
        return None
    dtype = getattr(given, "dtype", None)
    if dtype is None or bool(getattr(given, "ndim", 0)):
        return given
    if getattr(dtype, "kind", "") in "mM":
        return None if str(given) == "NaT" else given
    return given.item()


# --- one reader per type: a value of the language, or ValueError ----------------------------------


def _flag(field: Input, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    raise ValueError


def _whole(field: Input, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, _NUMBERS):
        raise ValueError
    # The size first: a float or Decimal may be far too large to write out. NaN is within no bounds.
    size: Any = abs(given)
    if not size <= EXACT or int(given) != given:
        raise ValueError
    return float(int(given))


def _number(field: Input, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, _NUMBERS):
        raise ValueError
    return float(given)


def _duration(field: Input, given: Any) -> float:
    match given:
        case timedelta():
            return text.exact(given.days * _DAY + given.seconds * 1_000_000 + given.microseconds)
        case str() if field.unit is None:
            return text.duration(given.strip())
        case _ if _numpy_kind(given) == "m":
            return text.exact(_numpy_microseconds(given))
        case _ if field.unit is not None:
            return _number(field, given) * field.unit
    raise ValueError


def _date(field: Input, given: Any) -> float:
    match given:
        case str():
            return text.day(given.strip())
        case date() if not isinstance(given, datetime):
            return float(given.toordinal() - EPOCH_ORDINAL)
        case _ if str(getattr(given, "dtype", "")) == "datetime64[D]":
            return float(_numpy_microseconds(given) // _DAY)
    raise ValueError


def _time(field: Input, given: Any) -> float:
    match given:
        case str():
            return text.exact(text.moment(given.strip(), field.zone))
        case datetime():
            return text.exact(microseconds(given, field.zone))
        case _ if _numpy_kind(given) == "M":
            wall = _numpy_microseconds(given)
            return text.exact(wall - int(zone(field.zone).shift(wall)))
    raise ValueError


def _clock(field: Input, given: Any) -> float:
    match given:
        case str():
            return text.clock(given.strip())
        case time() if given.tzinfo is None:
            return float(_of_day(given))
    raise ValueError


def _text(field: Input, given: Any) -> str:
    if isinstance(given, str):
        return str(given)
    raise ValueError


def _set(field: Input, given: Any) -> frozenset[str]:
    if hasattr(given, "tolist"):
        given = given.tolist()
    if isinstance(given, list | tuple | set | frozenset) and all(isinstance(word, str) for word in given):
        return frozenset(str(word) for word in given)
    raise ValueError


def _anything(field: Input, given: Any) -> Value:
    raise ValueError


_READERS: dict[type, Callable[[Input, Any], Value]] = {
    Flag: _flag,
    Integer: _whole,
    Number: _number,
    Money: _number,
    Duration: _duration,
    Date: _date,
    Time: _time,
    Clock: _clock,
    Text: _text,
    Words: _text,
    Set: _set,
    Anything: _anything,
}


def _of_day(given: datetime | time) -> int:
    return ((given.hour * 60 + given.minute) * 60 + given.second) * 1_000_000 + given.microsecond


def _numpy_kind(given: Any) -> str:
    return str(getattr(getattr(given, "dtype", None), "kind", ""))


def _numpy_microseconds(given: Any) -> int:
    """Microseconds of a datetime64 or timedelta64, exactly, rounded down from finer units."""
    unit = str(given.dtype).partition("[")[2].rstrip("]")
    count = int(given.astype("int64"))
    if unit in _FINER_UNITS:
        return count // _FINER_UNITS[unit]
    if unit in _NUMPY_UNITS:
        return count * _NUMPY_UNITS[unit]
    raise ValueError(unit)


# --- words for messages ----------------------------------------------------------------------------


def _show(given: Any) -> str:
    """What was given, as messages show it."""
    match given:
        case bool():
            return "yes" if given else "no"
        case str():
            return rules.quoted(given)
        case list() | tuple():
            return rules.quoted(", ".join(str(item) for item in given))
        case set() | frozenset():
            return rules.quoted(", ".join(sorted(str(item) for item in given)))
        case int() if abs(given) > 10**80:
            return "a very large number"  # which Python may refuse to write out
        case _:
            return str(given)[:80]


def _hint(field: Input, given: Any) -> str:
    """What to do about a Python value of the wrong kind."""
    match field.type, given:
        case Date(), datetime():
            return "leave out the time of day"
        case Time(), date():
            return "add the time of day"
        case Set(), str():
            return "give a list of words"
        case Duration(), int() | float() if field.unit is None:
            return "give a timedelta, or text with a unit like 14 days"
        case _, str():
            return text.advice(field, given)
    return ""
