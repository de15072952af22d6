"""Fixes that more than one check offers."""

from __future__ import annotations

from nbadsl.diagnostics import Edit, Fix
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import Duration, Money, Type, Words


def replacement(span: Span, name: str, known: list[str] | tuple[str, ...]) -> tuple[Fix, ...]:
    """The fix that writes the nearest known name."""
    from_help = did_you_mean(name, known)
    if not from_help.startswith("did you mean"):
        return ()
    right = from_help.split("`")[1]
    return (Fix(f"write `{right}`", (Edit(span, right),)),)


def unit_advice(expr: nodes.Expr, expected: Type) -> tuple[str, tuple[Fix, ...]]:
    """Advice for a plain number or text where an amount, a length or a word is meant."""
    at = Span(expr.span.source, expr.span.end, expr.span.end)
    match expr, expected:
        case nodes.Number(), Money(currency):
            fix = Fix(f"write the currency: `{expr.span.text} {currency}`", (Edit(at, f" {currency}"),))
            return f"an amount needs its currency: `{expr.span.text} {currency}`", (fix,)
        case nodes.Number(), Duration():
            fix = Fix(f"write the unit: `{expr.span.text} days`", (Edit(at, " days"),))
            return f"a length needs its unit: `{expr.span.text} days`", (fix,)
        case nodes.TextValue(value), Words(words) if value in words:
            fix = Fix(f"write `{value}`", (Edit(expr.span, value),))
            return f"words stand without quotation marks: `{value}`", (fix,)
        case _:
            return "", ()
