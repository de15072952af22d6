"""nbadsl: a small language for next best action.

    import nbadsl

    policy = nbadsl.load("retention.nba")
    decisions = policy.decide("customers.parquet")

The names below are imported on first use, so that an editor that only needs the checker does not pay for
the engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbadsl.api import (
        BadData,
        BadInput,
        BadRecord,
        Choice,
        Decision,
        Decisions,
        HistoryError,
        NeedsHistory,
        Policy,
        PolicyError,
        Recorder,
        check,
        load,
        moment,
        open_history,
        outcome,
    )

__version__ = "0.1.0"
__all__ = [
    "BadData",
    "BadInput",
    "BadRecord",
    "Choice",
    "Decision",
    "Decisions",
    "HistoryError",
    "NeedsHistory",
    "Policy",
    "PolicyError",
    "Recorder",
    "check",
    "load",
    "moment",
    "open_history",
    "outcome",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nbadsl import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
