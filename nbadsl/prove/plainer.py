"""Makes a customer plain: what does not matter gets its plainest value, and what matters a short one.

Tries one thing after the other and keeps what leaves the customer an example, which the interpreter says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from nbadsl.program.givens import BadInput
from nbadsl.program.intervals import declared
from nbadsl.program.nodes import Input, Value
from nbadsl.prove.customer import Customer, Replay
from nbadsl.testing.trials import left_out
from nbadsl.types import DAY, HOUR, MINUTE, SECOND, Clock, Date, Duration, Integer, Set, Time, is_numeric
from nbadsl.zone import Zone

IsExample = Callable[[Customer], bool]

_DAYS = (
    1,
    2,
    3,
    5,
    7,
    8,
    10,
    14,
    15,
    20,
    21,
    28,
    30,
    31,
    45,
    60,
    61,
    75,
    90,
    91,
    100,
    120,
    150,
    180,
    200,
    300,
    365,
    366,
    400,
)


def plainer(replay: Replay, customer: Customer, is_example: IsExample) -> Customer:
    """A plainer customer who is still an example."""

    def try_it(other: Customer) -> bool:
        try:
            return is_example(other)
        except (BadInput, OverflowError, ValueError):
            return False

    plain = replay.plain()
    for changed in _wholesale(customer, plain):
        if try_it(changed):
            customer = changed
    for number in reversed(range(len(customer.contacts))):
        fewer = replace(customer, contacts=customer.contacts[:number] + customer.contacts[number + 1 :])
        if try_it(fewer):
            customer = fewer
    for field in (*replay.program.inputs, *replay.program.context):
        for value in _values(replay, field, customer):
            if value == _held(customer, field):
                break
            other = _with(customer, field, value)
            if try_it(other):
                customer = other
                break
    return customer


def _held(customer: Customer, field: Input) -> Value:
    return (customer.row | customer.context)[field.name]


def _with(customer: Customer, field: Input, value: Value) -> Customer:
    if field.name in customer.row:
        return replace(customer, row={**customer.row, field.name: value})
    return replace(customer, context={**customer.context, field.name: value})


def _values(replay: Replay, field: Input, customer: Customer) -> Iterator[Value]:
    """What is plainer for a field than what it is, the plainest first."""
    yield left_out(field)
    yield from _plainer_values(field, _held(customer, field), customer.now, replay.zone)


def _wholesale(customer: Customer, plain: Customer) -> Iterator[Customer]:
    """Without what happened, and at plainer moments: each with all that is told in days before the moment."""
    if customer.contacts:
        yield replace(customer, contacts=())
    if customer.parameters:
        yield replace(customer, parameters={})
    if customer.now != plain.now:
        moved = plain.now - customer.now
        yield replace(
            customer,
            now=plain.now,
            contacts=tuple(replace(c, at=int(c.at + moved)) for c in customer.contacts),
        )
        for unit in (DAY, HOUR, MINUTE, SECOND):
            yield replace(customer, now=math.floor(customer.now / unit) * unit)


def _plainer_values(field: Input, value: Value, now: float, zone: Zone) -> Iterator[Value]:
    match value:
        case frozenset():
            assert isinstance(field.type, Set)
            yield from (frozenset({word}) for word in field.type.words if word in value)
        case bool() | str() | None:
            return
        case float() if is_numeric(field.type):
            low, high = declared(field)
            yield from (v for v in _numbers(field, value, now, zone) if low <= v <= high)


def _numbers(field: Input, value: float, now: float, zone: Zone) -> Iterator[float]:
    match field.type:
        case Time():
            yield from (now - days * DAY for days in (*_DAYS, 1000))
            yield from (now + days * DAY for days in (0, *_DAYS))
            yield from (math.floor(value / unit) * unit for unit in (DAY, HOUR, MINUTE, SECOND))
        case Date():
            today = zone.local_date(now)
            yield from (today - days for days in (0, *_DAYS, 1000))
            yield from (today + days for days in _DAYS)
            yield from (today - round(years * 365.25) for years in (18, 20, 30, 40, 65))
        case Clock():
            yield from (hour * HOUR for hour in (0, 8, 9, 10, 12, 18, 20, 21, 22))
            yield math.floor(value / MINUTE) * MINUTE
        case Duration():
            for unit in (DAY, HOUR, MINUTE, SECOND):
                yield from (math.floor(value / unit) * unit, math.ceil(value / unit) * unit)
        case _:
            yield from _round_numbers(value, isinstance(field.type, Integer))


def _round_numbers(value: float, whole: bool) -> Iterator[float]:
    """Short numbers first: zero and one, then with more and more digits."""
    yield from (0.0, 1.0)
    if not whole:
        yield from (0.5, 0.1, 0.9)
    yield from (10.0, 100.0, 1000.0)
    for digits in range(1, 16):
        rounded = float(f"{value:.{digits - 1}e}")
        if whole and not rounded.is_integer():
            continue
        yield from (rounded, *_neighbours(rounded, digits))


def _neighbours(rounded: float, digits: int) -> tuple[float, ...]:
    """One step of the last digit up and down."""
    if rounded == 0 or digits > 6:
        return ()
    step = float(10.0 ** (math.floor(math.log10(abs(rounded))) - digits + 1))
    return float(f"{rounded + step:.12g}"), float(f"{rounded - step:.12g}")
