"""Values for reading, not for typing in: six digits are enough, and times are the policy's."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from nbadsl.interpreter import Reading
from nbadsl.program.givens import shown
from nbadsl.program.limit_text import UNITS
from nbadsl.program.nodes import Column, Program, Rule, Value
from nbadsl.source import Span
from nbadsl.types import Duration, Number, Time, Type
from nbadsl.zone import EPOCH


def value_text(value: Value, type: Type, timezone: str) -> str:
    match type:
        case Number() if isinstance(value, float):
            return f"{value:.6g}"
        case Duration() if isinstance(value, float) and math.isfinite(value):
            name, unit = next((u for u in UNITS if abs(value) >= u[1]), UNITS[-1])
            count = f"{value / unit:.4g}"
            return f"{count} {name.removesuffix('s') if count in ('1', '-1') else name}"
        case Time() if isinstance(value, float):
            moment = moment_of(value, timezone)
            return shown(value, type) if moment is None else f"{moment:%Y-%m-%d %H:%M}"
    return shown(value, type)


def moment_of(time: float, timezone: str) -> datetime | None:
    """A moment on the clocks of a zone; None for one that calendars do not have."""
    try:
        return (EPOCH + timedelta(microseconds=time)).astimezone(ZoneInfo(timezone))
    except OverflowError:
        return None


def not_before(moment: datetime) -> str:
    """A moment from which on something holds: rounded up, to minutes or seconds."""
    up = moment if moment.microsecond == 0 else moment.replace(microsecond=0) + timedelta(seconds=1)
    return f"{up:%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def place(span: Span | None) -> str:
    return f"{span.source.path}:{span.line}" if span is not None else ""


def rule_text(rule: Rule) -> str:
    """A rule's reason, behind the block where it stands."""
    # The reason of a condition of a content is the content itself.
    return rule.reason if rule.reason.startswith(rule.scope) else f"{rule.scope}: {rule.reason}"


def is_room(program: Program, reading: Reading) -> bool:
    """Whether what was read is no field but the room of a limit."""
    leaf = reading.leaf
    return isinstance(leaf, Column) and any(leaf.name == limit.room for limit in program.limits)


def reading_text(program: Program, reading: Reading) -> tuple[str, str]:
    """What was read, and what stood there."""
    leaf, value = reading.leaf, reading.value
    name = leaf.experiment if hasattr(leaf, "experiment") else leaf.name
    if value is None and isinstance(leaf, Column):
        never = any(i.name == leaf.name and i.never for i in program.inputs)
        return name, "never" if never else "unknown"
    return name, value_text(value, leaf.type, program.timezone)
