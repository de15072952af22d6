"""What a run brings that is the same for everybody: now, today, parameters and context.

Takes a program (or the facts of one), the moment, and the values that the run sets; gives the dictionary
that `Given` nodes are looked up in. Everything in it fits its declaration: a value that does not is
refused here, in words for the person who gave it, before anybody is decided.

Values are taken as programs hold them (see `nodes`); whole numbers may be ints, and sets any collection.
Reading text or Python's dates into such values is the business of whoever asked for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never

from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.inputs import Input, Value
from nbadsl.mistake import Mistake
from nbadsl.program.nodes import Parameter, Program
from nbadsl.types import (
    DAY,
    EXACT,
    HOUR,
    MINUTE,
    SECOND,
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
    Type,
    Words,
    is_numeric,
    spelled,
)
from nbadsl.zone import EPOCH, EPOCH_DAY, Zone, zone

if TYPE_CHECKING:
    from nbadsl.program.facts import Facts

FIRST_TIME = -719162 * DAY  # 0001-01-01 00:00 UTC
LAST_TIME = 2932897 * DAY  # the end of 9999-12-31


class BadInput(Mistake, ValueError):
    """A value of the run does not fit its declaration. The message is for the person who gave it."""


def givens(
    program: Program | Facts,
    now: float,
    parameters: Mapping[str, object] | None = None,
    context: Mapping[str, object] | None = None,
) -> dict[str, Value]:
    """The values of all `Given` nodes of a program.

    `now`: microseconds since 1970 UTC. `parameters`: values that this run sets instead of the declared
    ones. `context`: the request's values; a field left out takes its default, or is unknown if it is
    optional. None says that an optional field is unknown; any other field it leaves out. Raises BadInput
    for a value that does not fit, an unknown name, or a missing one.
    """
    local = zone(program.timezone)
    moment = _moment(now, local)
    given: dict[str, Value] = {"now": moment, "today": local.local_date(moment)}
    given |= _parameters(program, local, moment, parameters or {})
    given |= _context(program, context or {})
    return given


def _moment(now: float, local: Zone) -> float:
    # A decision's id names its moment with four digits of the year, and `today` is a day of the calendar.
    if not (FIRST_TIME <= now < LAST_TIME and FIRST_TIME <= now + local.offset(now) < LAST_TIME):
        raise BadInput("`now` must be a moment in the years 1 to 9999")
    return float(math.floor(now))


def _parameters(
    program: Program | Facts, local: Zone, now: float, overrides: Mapping[str, object]
) -> dict[str, Value]:
    declared = {parameter.input.name: parameter for parameter in program.parameters}
    _refuse_unknown("parameter", overrides, declared)
    values = {name: parameter_value(parameter, local, now) for name, parameter in declared.items()}
    for name, value in overrides.items():
        if value is None:
            raise BadInput(f"parameter `{name}` has no value: a parameter cannot be unknown")
        values[name] = checked("parameter", declared[name].input, value)
    return values


def parameter_value(parameter: Parameter, local: Zone, now: float) -> Value:
    """The declared value of a parameter at a moment: that of the latest change whose day has begun.

    Of two changes on one day the one written later holds. A day begins at its first local instant, and
    has then begun for good, also where clocks go back over midnight.
    """
    begun = [change for change in parameter.changes if local.midnight(change.day) <= now]
    latest = max((change.day for change in begun), default=None)
    return next((c.value for c in reversed(begun) if c.day == latest), parameter.input.default)


def _context(program: Program | Facts, context: Mapping[str, object]) -> dict[str, Value]:
    declared = {field.name: field for field in program.context}
    _refuse_unknown("context field", context, declared)
    values: dict[str, Value] = {}
    for name, field in declared.items():
        may_be_unknown = field.optional or field.never
        if context.get(name) is not None:
            values[name] = checked("context field", field, context[name])
        elif field.default is not None:
            values[name] = field.default
        elif may_be_unknown:
            values[name] = None
        else:
            raise BadInput(f"context field `{name}` is missing: it is not optional and has no default")
    return values


def _refuse_unknown(what: str, given: Iterable[str], declared: Iterable[str]) -> None:
    known = list(declared)
    for name in given:
        if name not in known:
            advice = did_you_mean(name, known)
            raise BadInput(f"there is no {what} `{name}`" + (f": {advice}" if advice else ""))


# --- one value --------------------------------------------------------------------------------------


def checked(what: str, field: Input, value: object) -> Value:
    """A value that is not unknown, as programs hold it, after the checks of its declaration.

    `what` names the kind of field in the message. Raises BadInput for a wrong type, an undeclared word, a
    number that is not finite or not whole where it must be, and a value outside the declared range.
    """
    taken = _taken(field.type, value)
    if taken is None:
        raise BadInput(f"{what} `{field.name}` is {value!r}, and must be {_expected(field.type)}")
    _check_words(what, field, taken)
    if isinstance(taken, float):
        low, high = field.low, field.high
        if (low is not None and taken < low) or (high is not None and taken > high):
            found = shown(taken, field.type)
            raise BadInput(f"{what} `{field.name}` is {found}, and must be {_range(field)}")
    return taken


def _taken(type: Type, value: object) -> Value:
    """The value as programs hold it, or None where it is not of the type."""
    match type, value:
        case Flag(), bool():
            return value
        case Text() | Words(), str():
            return value
        case Set(), list() | tuple() | set() | frozenset() if all(isinstance(v, str) for v in value):
            return frozenset(str(v) for v in value)
        case _, int() | float() if is_numeric(type) and not isinstance(value, bool):
            return _number(type, value)
    return None


def _number(type: Type, value: int | float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    match type:
        case Integer():
            fits = number.is_integer() and abs(number) <= EXACT
        case Date():
            fits = number.is_integer() and FIRST_TIME <= number * DAY < LAST_TIME
        case Time():
            fits = FIRST_TIME <= number < LAST_TIME
        case Clock():
            fits = 0 <= number < DAY
        case _:
            fits = math.isfinite(number)
    return number if fits else None


def _check_words(what: str, field: Input, value: Value) -> None:
    match field.type, value:
        case Words(words), str():
            found: Iterable[str] = (value,)
        case Set(words), frozenset():
            found = sorted(value)
        case _:
            return
    for word in found:
        if word not in words:
            advice = did_you_mean(word, words)
            message = f"{what} `{field.name}` is `{word}`, and must be {_expected(field.type)}"
            raise BadInput(message + (f": {advice}" if advice.startswith("did") else ""))


# --- words for messages ------------------------------------------------------------------------------


def _expected(type: Type) -> str:
    match type:
        case Flag():
            return "yes or no (True or False)"
        case Integer():
            return "a whole number"
        case Number():
            return "a number"
        case Money(currency):
            return f"an amount in {currency}"
        case Duration():
            return "a length of time"
        case Date():
            return "a day"
        case Time():
            return "a moment"
        case Clock():
            return "a time of day"
        case Text():
            return "a text"
        case Words():
            return str(type)
        case Set():
            return f"a list of {type}"
        case Anything():
            return "a value"
        case _:
            assert_never(type)


def _range(field: Input) -> str:
    if field.high is None:
        return f"at least {shown(field.low, field.type)}"
    if field.low is None:
        return f"at most {shown(field.high, field.type)}"
    return f"between {shown(field.low, field.type)} and {shown(field.high, field.type)}"


def shown(value: Value, type: Type) -> str:
    """A value as a person writes it: `0.5`, `12.5 EUR`, `14 days`, `2026-11-10`, `yes`, `basic`, `unknown`."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case str():
            return spelled(value) if isinstance(type, Words) else f'"{value}"'
        case frozenset():
            return ", ".join(map(spelled, sorted(value))) or "none"
    return _shown_number(float(value), type)


def _shown_number(value: float, type: Type) -> str:
    match type:
        case Money(currency):
            return f"{_plain(value)} {currency}"
        case Duration():
            units = (("days", DAY), ("hours", HOUR), ("minutes", MINUTE), ("seconds", SECOND))
            name, unit = next((u for u in units if value % u[1] == 0), units[-1])
            return f"{_plain(value / unit)} {name}"
        case Date() if FIRST_TIME <= value * DAY < LAST_TIME:
            return (EPOCH_DAY + timedelta(days=math.floor(value))).isoformat()
        case Time() if FIRST_TIME <= value < LAST_TIME:
            moment = EPOCH.replace(tzinfo=None) + timedelta(microseconds=math.floor(value))
            return f"{moment} UTC"
        case Clock() if 0 <= value < DAY:
            return f"{(datetime.min + timedelta(microseconds=value)).time()}"
    return _plain(value)


def _plain(value: float) -> str:
    """The shortest decimal that reads back the same, without `.0`."""
    return str(int(value)) if value == math.floor(value) and abs(value) <= EXACT else repr(value)
