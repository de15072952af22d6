"""Fixes that more than one check offers."""

from __future__ import annotations

from nbadsl.diagnostics import Edit, Fix
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.source import Span


def replacement(span: Span, name: str, known: list[str] | tuple[str, ...]) -> tuple[Fix, ...]:
    """The fix that writes the nearest known name."""
    from_help = did_you_mean(name, known)
    if not from_help.startswith("did you mean"):
        return ()
    right = from_help.split("`")[1]
    return (Fix(f"write `{right}`", (Edit(span, right),)),)
