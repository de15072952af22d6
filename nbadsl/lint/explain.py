"""Why a condition is decided: the declared ranges and words of the fields that it reads, in a sentence."""

from __future__ import annotations

from nbadsl.lint.policy import Policy
from nbadsl.program.nodes import Column, Expr, Given, Input
from nbadsl.program.walk import leaves
from nbadsl.types import DAY, HOUR, Duration, Integer, Money, Number, Words


def reason(policy: Policy, meaning: Expr) -> str:
    """`` `age` is from 0 to 120 ``, or "" where nothing is declared."""
    names = dict.fromkeys(leaf.name for leaf in leaves([meaning]) if isinstance(leaf, Column | Given))
    parts = [text for name in names if (text := _declared(policy, name))]
    return " and ".join(parts[:3])


def _declared(policy: Policy, name: str) -> str:
    symbol = policy.model.symbols.get(name)
    declared = symbol.input if symbol else None
    if declared is None:
        return ""
    if isinstance(declared.type, Words):
        return f"`{name}` is {declared.type}"
    low, high = _amount(declared, declared.low), _amount(declared, declared.high)
    if low and high:
        return f"`{name}` is from {low} to {high}"
    return f"`{name}` is always known" if not (declared.optional or declared.never) else ""


def _amount(declared: Input, bound: float | None) -> str:
    if bound is None:
        return ""
    match declared.type:
        case Integer() | Number():
            return f"{bound:g}"
        case Money(currency):
            return f"{bound:g} {currency}"
        case Duration():
            return f"{bound / DAY:g} days" if bound % DAY == 0 else f"{bound / HOUR:g} hours"
    return ""
