"""The table of operators: which types go together and what comes out.

Units are kept: money times a number is money, a time minus a time is a duration. An integer widens to a
number; nothing else converts by itself. What is not in the table is a mistake.
"""

from __future__ import annotations

from nbadsl.types import (
    ANYTHING,
    DATE,
    DURATION,
    FLAG,
    INTEGER,
    NUMBER,
    TIME,
    Anything,
    Clock,
    Date,
    Duration,
    Flag,
    Integer,
    Money,
    Number,
    Text,
    Time,
    Type,
    Words,
)

SYMBOLS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow"}
COMPARISONS = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}


def join(left: Type, right: Type) -> Type | None:
    """The type of a value that is one of two: the branches of `if`, the sides of `or else`."""
    if isinstance(left, Anything):
        return right
    if isinstance(right, Anything) or left == right:
        return left
    if _is_plain(left) and _is_plain(right):
        return NUMBER
    return None


def result(operator: str, left: Type, right: Type) -> Type | None:
    """The type of `left operator right`, or None when they do not go together."""
    if isinstance(left, Anything) or isinstance(right, Anything):
        return FLAG if operator in (*COMPARISONS, "is", "is not") else ANYTHING
    if operator in COMPARISONS:
        return FLAG if _ordered(left) and join(left, right) is not None else None
    if operator in ("is", "is not"):
        same = join(left, right) is not None and (_ordered(left) or isinstance(left, Flag | Text | Words))
        return FLAG if same else None
    return _arithmetic(operator, left, right)


def _is_plain(type: Type) -> bool:
    return isinstance(type, Integer | Number)


def _ordered(type: Type) -> bool:
    return isinstance(type, Integer | Number | Money | Duration | Date | Time | Clock)


def _arithmetic(operator: str, left: Type, right: Type) -> Type | None:
    match operator, left, right:
        case "+" | "-" | "*", Integer(), Integer():
            return INTEGER
        case "+" | "-" | "*" | "/" | "^", Integer() | Number(), Integer() | Number():
            return NUMBER
        case "+" | "-", Money() | Duration(), _ if left == right:
            return left
        case "+" | "-", Date(), Duration():
            return DATE
        case "+" | "-", Time(), Duration():
            return TIME
        case "+", Duration(), Date() | Time():
            return right
        case "-", Date() | Time(), _ if left == right:
            return DURATION
        case "*", Money() | Duration(), Integer() | Number():
            return left
        case "*", Integer() | Number(), Money() | Duration():
            return right
        case "/", Money() | Duration(), Integer() | Number():
            return left
        case "/", Money() | Duration(), _ if left == right:
            return NUMBER
        case _:
            return None
