"""The functions of the language itself: how many arguments, of which types, and what comes out.

Everything that can be written in the language is in the standard library instead.
"""

from __future__ import annotations

from nbadsl.semantics.operators import join
from nbadsl.types import (
    INTEGER,
    NUMBER,
    Anything,
    Clock,
    Date,
    Duration,
    Integer,
    Money,
    Number,
    Time,
    Type,
)

# name: (fewest, most) arguments
COUNTS: dict[str, tuple[int, int]] = {
    "min": (2, 20),
    "max": (2, 20),
    "clamp": (3, 3),
    "abs": (1, 1),
    "floor": (1, 1),
    "ceil": (1, 1),
    "round": (1, 1),
    "exp": (1, 1),
    "log": (1, 1),
    "sqrt": (1, 1),
    "hour": (1, 1),
    "weekday": (1, 1),
    "day": (1, 1),
    "month": (1, 1),
    "year": (1, 1),
    "age_in_years": (1, 1),
    "months_between": (2, 2),
}

SIGNATURES: dict[str, str] = {
    "min": "min(a, b, …): the smallest of values of one type",
    "max": "max(a, b, …): the largest of values of one type",
    "clamp": "clamp(x, low, high): x, but not below low nor above high",
    "abs": "abs(x): x without its sign",
    "floor": "floor(x): the largest whole number not above x",
    "ceil": "ceil(x): the smallest whole number not below x",
    "round": "round(x): the nearest whole number, halves away from zero",
    "exp": "exp(x): e to the power x",
    "log": "log(x): the natural logarithm, unknown unless x is above 0",
    "sqrt": "sqrt(x): the square root, unknown below 0",
    "hour": "hour(t): 0 to 23, of a clock or of a time in the policy's time zone",
    "weekday": "weekday(d): 1 (Monday) to 7 (Sunday), of a date or time",
    "day": "day(d): the day of the month, of a date or time",
    "month": "month(d): 1 to 12, of a date or time",
    "year": "year(d): the year, of a date or time",
    "age_in_years": "age_in_years(birthday): completed years today",
    "months_between": "months_between(a, b): completed months from date a to date b",
}

_PLAIN = (Integer, Number)


def result(name: str, arguments: list[Type]) -> Type | None:
    """The type of a call with the right number of arguments, or None when their types do not fit."""
    first = arguments[0]
    if any(isinstance(a, Anything) for a in arguments):
        return NUMBER if name not in ("min", "max", "clamp", "abs") else first
    match name:
        case "min" | "max" | "clamp":
            joined: Type | None = first
            for argument in arguments[1:]:
                joined = join(joined, argument) if joined is not None else None
            ordered = (*_PLAIN, Money, Duration, Date, Time, Clock)
            return joined if isinstance(joined, ordered) else None
        case "abs":
            return first if isinstance(first, (*_PLAIN, Money, Duration)) else None
        case "floor" | "ceil" | "round":
            if isinstance(first, Money):
                return first
            return INTEGER if isinstance(first, _PLAIN) else None
        case "exp" | "log" | "sqrt":
            return NUMBER if isinstance(first, _PLAIN) else None
        case "hour":
            return INTEGER if isinstance(first, Time | Clock) else None
        case "weekday" | "day" | "month" | "year":
            return INTEGER if isinstance(first, Time | Date) else None
        case "age_in_years":
            return INTEGER if isinstance(first, Date) else None
        case "months_between":
            return INTEGER if all(isinstance(a, Date) for a in arguments) else None
        case _:
            return None


EXPECTED: dict[str, str] = {
    "min": "values of one type that has an order",
    "max": "values of one type that has an order",
    "clamp": "three values of one type that has an order",
    "abs": "a number, money or duration",
    "floor": "a number or money",
    "ceil": "a number or money",
    "round": "a number or money",
    "exp": "a number",
    "log": "a number",
    "sqrt": "a number",
    "hour": "a time or clock",
    "weekday": "a date or time",
    "day": "a date or time",
    "month": "a date or time",
    "year": "a date or time",
    "age_in_years": "a date",
    "months_between": "two dates",
}
