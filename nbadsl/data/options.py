"""Values of parameters and of the context as people type them on a command line, `sales_lever=1.2`, `20%`, `25 EUR`, and
as Python has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation

from nbadsl.data.records import read_value
from nbadsl.data.rules import BadValue
from nbadsl.data.text import read_text
from nbadsl.program.givens import BadInput
from nbadsl.program.nodes import Input
from nbadsl.types import Money, Number


def typed(values: Mapping[str, str], inputs: tuple[Input, ...]) -> dict[str, object]:
    """Values read as their declarations say. Raises BadInput."""
    declared = {i.name: i for i in inputs}
    found: dict[str, object] = {}
    for name, text in values.items():
        try:
            found[name] = (
                read_text(declared[name], _plain(declared[name], text)) if name in declared else text
            )
        except BadValue as error:
            raise BadInput(f"`{name}`: {error}") from error
    return found


def _plain(field: Input, text: str) -> str:
    """A value as data would have it: policies write `25 EUR` and `20%`, and so may the command line."""
    match field.type:
        case Money(currency):
            return text.removesuffix(currency).rstrip()
        case Number() if text.endswith("%"):
            try:
                return str(Decimal(text[:-1]) / 100)
            except InvalidOperation:
                return text
    return text


def native(inputs: tuple[Input, ...], values: Mapping[str, object]) -> dict[str, object]:
    """The same values, in which Python's dates, times and lengths are what programs hold for them. Raises BadInput."""
    declared, found = {i.name: i for i in inputs}, dict(values)
    for name, value in values.items():
        if name in declared and isinstance(value, date | time | timedelta):
            try:
                found[name] = read_value(declared[name], value)
            except BadValue as error:
                raise BadInput(f"`{name}`: {error}") from error
    return found
