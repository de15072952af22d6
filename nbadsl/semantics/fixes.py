"""Fixes that more than one check offers."""

from __future__ import annotations

from nbadsl.diagnostics import Edit, Fix
from nbadsl.diagnostics.suggest import did_you_mean, nearest
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import Duration, Money, Type, spelled


def replacement(span: Span, name: str, known: list[str] | tuple[str, ...]) -> tuple[Fix, ...]:
    """The fix that writes the nearest known name."""
    from_help = did_you_mean(name, known)
    if not from_help.startswith("did you mean"):
        return ()
    right = from_help.split("`")[1]
    return (Fix(f"write `{right}`", (Edit(span, right),)),)


def word_advice(span: Span, word: str, known: tuple[str, ...]) -> tuple[str, tuple[Fix, ...]]:
    """What was meant instead of a word that is none of a list."""
    near = nearest(word, known)
    if near is None:
        return did_you_mean(word, map(spelled, known)), ()
    right = spelled(near)
    return f"did you mean `{right}`?", (Fix(f"write `{right}`", (Edit(span, right),)),)


def unit_advice(expr: nodes.Expr, expected: Type) -> tuple[str, tuple[Fix, ...]]:
    """Advice for a plain number where an amount or a length is meant."""
    at = Span(expr.span.source, expr.span.end, expr.span.end)
    match expr, expected:
        case nodes.Number(), Money(currency):
            fix = Fix(f"write the currency: `{expr.span.text} {currency}`", (Edit(at, f" {currency}"),))
            return f"an amount needs its currency: `{expr.span.text} {currency}`", (fix,)
        case nodes.Number(), Duration():
            fix = Fix(f"write the unit: `{expr.span.text} days`", (Edit(at, " days"),))
            return f"a length needs its unit: `{expr.span.text} days`", (fix,)
        case _:
            return "", ()
