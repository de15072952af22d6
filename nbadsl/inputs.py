"""What a policy reads: fields of the profile and of the context, parameters, and what needs no declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nbadsl.types import DATE, TIME, Type

Value: TypeAlias = bool | float | str | frozenset[str] | None
"""A value while a program runs; see `types`. Unknown is None."""

MOMENTS: dict[str, Type] = {"now": TIME, "today": DATE}
OF_CANDIDATE = ("channel", "content", "slot")
FACTORS = ("propensity", "value", "boost", "cost")  # of the candidate, in its score alone
FACTS = (*MOMENTS, *OF_CANDIDATE, *FACTORS)
"""Names that mean something without being declared, so that no declaration can have them."""


@dataclass(frozen=True, slots=True)
class Input:
    """A field of the profile or of the context, or a parameter.

    `low` and `high` are inclusive bounds that data must keep, in the type's own unit. `never`: null
    means "has not happened". `column`: the name in the data. `unit`: how many of the type's own units
    one of the data's plain numbers counts (for a duration read from numbers), else None. `zone`: the time
    zone that a time without one is in.
    """

    name: str
    type: Type
    optional: bool = False
    never: bool = False
    low: float | None = None
    high: float | None = None
    column: str = ""
    unit: float | None = None
    default: Value = None
    doc: str = ""
    zone: str = "UTC"
