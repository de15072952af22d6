"""A customer as the text of a `test`, and as a few lines to read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from nbadsl.program.givens import shown
from nbadsl.program.limit_text import UNITS
from nbadsl.program.nodes import Input, Program, Value
from nbadsl.prove.customer import Contact, Customer, Replay
from nbadsl.testing.trials import left_out
from nbadsl.types import DAY, HOUR, MINUTE, Clock, Date, Duration, Money, Number, Set, Time, quoted, spelled
from nbadsl.zone import Zone

_WIDTH = 100


def as_test(replay: Replay, customer: Customer, title: str, expects: list[str], read: set[str]) -> str:
    """The text of a test. `read`: fields that the policy asks about, which a test must give where they cannot be
    left out."""
    program = replay.program
    row = list(entries(replay, customer, program.inputs, customer.row, read - {program.key}))
    asked = {field.name for field in program.context}  # a decision needs all of it
    context = list(entries(replay, customer, program.context, customer.context, asked))
    lines = [f"test {quoted(title)} {{", *_block(program.profile, row)]
    lines += _block("context", context) if context else []
    lines.append(f"  now {moment(customer.now, replay.zone)}")
    lines += (
        _block("history", [history(program, customer, c) for c in customer.contacts], "")
        if customer.contacts
        else []
    )
    lines += [f"  {expect}" for expect in expects]
    return "\n".join([*lines, "}"]) + "\n"


def entries(
    replay: Replay, customer: Customer, fields: tuple[Input, ...], values: dict[str, Value], read: set[str]
) -> Iterator[str]:
    """`age: 17`: what is not plain, and what a test must give."""
    for field in fields:
        value, plain = values[field.name], left_out(field)
        must = field.name in read and not field.optional and not field.never and field.default is None
        if must or value != plain:
            yield f"{field.name}: {written(value, field, customer.now, replay.zone)}"


def readable(replay: Replay, customer: Customer) -> list[str]:
    """The customer: only what is not plain."""
    program = replay.program
    of_key = {program.key} if customer.row[program.key] == left_out(_field(program, program.key)) else set()
    found = [
        each
        for fields, values in ((program.inputs, customer.row), (program.context, customer.context))
        for each in entries(replay, customer, tuple(f for f in fields if f.name not in of_key), values, set())
    ]
    found += [
        f"{name} = {shown(value, _parameter(program, name))}" for name, value in customer.parameters.items()
    ]
    return found


def _field(program: Program, name: str) -> Input:
    return next(f for f in program.inputs if f.name == name)


def _parameter(program: Program, name: str):  # type: ignore[no-untyped-def]
    return next(p.input.type for p in program.parameters if p.input.name == name)


def _block(name: str, parts: list[str], comma: str = ",") -> list[str]:
    """`name { a, b }` in as many lines as it needs."""
    whole = f"  {name} {{ {f'{comma} '.join(parts)} }}" if comma else f"  {name} {{ {' '.join(parts)} }}"
    if len(whole) <= _WIDTH:
        return [whole if parts else f"  {name} {{ }}"]
    lines, line = [f"  {name} {{"], ""
    for number, part in enumerate(parts):
        ends = comma if number + 1 < len(parts) else ""
        if line and len(line) + len(part) + 6 > _WIDTH:
            lines.append(f"    {line}")
            line = ""
        line = f"{line} {part}{ends}" if line else f"{part}{ends}"
    return [*lines, f"    {line}", "  }"]


# --- values as an author writes them --------------------------------------------------------------------


def written(value: Value, field: Input, now: float, zone: Zone) -> str:
    """A value as the text of an entry."""
    match value:
        case None:
            return "never" if field.never else "unknown"
        case frozenset():
            words = field.type.words if isinstance(field.type, Set) else ()
            return f"[{', '.join(spelled(word) for word in words if word in value)}]"
        case str() if shown(value, field.type).startswith('"'):
            return quoted(value)
        case bool() | str():
            return shown(value, field.type)
    return _number(float(value), field, now, zone)


def _number(value: float, field: Input, now: float, zone: Zone) -> str:
    match field.type:
        case Number() if (field.low, field.high) == (0.0, 1.0) and _hundredths(value):
            return f"{decimal(round(value * 100, 6))}%"
        case Money(currency):
            return f"{decimal(value)} {currency}"
        case Duration():
            name, unit = next((u for u in UNITS if value % u[1] == 0), UNITS[-1])
            return f"{decimal(value / unit)} {name}"
        case Date():
            return shown(value, field.type)
        case Time():
            days = (now - value) / DAY
            if days == math.floor(days) and 0 < days <= 1000:
                return f"{int(days)} days ago" if days > 1 else "24 hours ago"
            return moment(value, zone)
        case Clock():
            return f"{int(value // HOUR):02}:{int(value % HOUR // MINUTE):02}"
    return decimal(value)


def _hundredths(value: float) -> bool:
    return round(value * 100, 6) / 100 == value


def decimal(value: float) -> str:
    """All digits, and no exponent."""
    if value == math.floor(value) and abs(value) < 1e15:
        return str(int(value))
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def moment(time: float, zone: Zone) -> str:
    """`2026-11-10 10:00`, on the clocks of the zone."""
    local = datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + timedelta(
        microseconds=time + zone.offset(time)
    )
    text = f"{local:%H:%M:%S.%f}".rstrip("0").rstrip(".") if local.microsecond else f"{local:%H:%M:%S}"
    return f"{local.date().isoformat()} {text.removesuffix(':00') if text.count(':') == 2 else text}"


def history(program: Program, customer: Customer, contact: Contact) -> str:
    """`winback decided 3 days ago via email`."""
    of = program.candidates[contact.candidate]
    ago = customer.now - contact.at
    name, unit = next((u for u in UNITS if ago % u[1] == 0), UNITS[-1])
    via = f" via {of.channel}" if of.channel else ""
    count = ago / unit
    to = f" to {quoted(dict(contact.who)[program.key])}" if contact.who else ""
    return f"{of.action} {contact.outcome} {decimal(count)} {name if count != 1 else name[:-1]} ago{via}{to}"
