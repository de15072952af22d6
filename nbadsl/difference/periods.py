"""Dates from which and until which something holds."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from nbadsl.difference.change import LOOSENED, TIGHTENED, Change, change
from nbadsl.difference.shape import shape
from nbadsl.difference.sides import Sides, effect_of, either
from nbadsl.semantics.constants import end_of, instant
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes


def period_change(
    sides: Sides, subject: str, label: str, old: nodes.Period | None, new: nodes.Period | None
) -> Iterator[Change]:
    """The change of a period, None being always."""
    if shape(old) == shape(new):
        return
    if old is None or new is None:
        one = either(old, new)
        effect = TIGHTENED if old is None else LOOSENED
        yield change(subject, "dates", f"{label} {one.span.words}", old, new, effect)
        return
    text = f"{label} {_said(new)} instead of {_said(old)}"
    (a, b), (c, d) = _ends(old, sides.old), _ends(new, sides.new)
    effect = effect_of(c > a or d < b, c < a or d > b)
    yield change(subject, "dates", text, old, new, effect)


def _said(period: nodes.Period) -> str:
    return period.span.words.removeprefix("active ")


def _ends(period: nodes.Period, model: Model) -> tuple[float, float]:
    zone = model.settings.zone
    return (
        instant(period.start, zone) if period.start else -inf,
        end_of(period.end, zone) if period.end else inf,
    )
