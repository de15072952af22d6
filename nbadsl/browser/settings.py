"""What `nba edit` was asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """`policy`: an absolute path without links. The others are those of `nba run`, as they are typed; `now` as ISO 8601, None for the
    moment at which the page asks."""

    policy: Path
    now: str | None = None
    seed: int = 0
    context: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
