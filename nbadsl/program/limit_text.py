"""Limits in words, wherever they are told: windows, lengths, money."""

from __future__ import annotations

from nbadsl.program.givens import shown
from nbadsl.program.limits import MICROS, Window
from nbadsl.types import DAY, HOUR, MINUTE, SECOND, Money

UNITS = (("days", DAY), ("hours", HOUR), ("minutes", MINUTE), ("seconds", SECOND))
_CENT = MICROS // 100
_PERIODS = {"day": "today"}  # of others it is `this week`


def window_text(window: Window) -> str:
    """`in the last 7 days`, `this month`, `since joined`, `ever`."""
    if window.length is not None:
        return f"in the last {length_text(window.length)}"
    if window.unit is not None:
        return _PERIODS.get(window.unit, f"this {window.unit}")
    return "ever" if window.since is None else f"since {window.since}"


def length_text(microseconds: int) -> str:
    """`7 days`, `36 hours`; of one, only `day`."""
    units = (u for u in UNITS if microseconds % u[1] == 0)
    name, unit = next(units, UNITS[-1])
    count = microseconds / unit
    return name.removesuffix("s") if count == 1 else f"{count:.15g} {name}"


def money_text(millionths: int, currency: str) -> str:
    """`60 EUR`, `61.20 EUR`, `0.002 EUR`."""
    if millionths % MICROS and millionths % _CENT == 0:
        return f"{millionths / MICROS:.2f} {currency}"
    return shown(millionths / MICROS, Money(currency))
