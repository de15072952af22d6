"""Finds the settings of a project: `nba.toml`, or `[tool.nbadsl]` in pyproject.toml.

The nearest file at or above a folder counts. What the settings are and mean is for who reads them.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from nbadsl.mistake import Mistake


class BadSettings(Mistake, ValueError):
    """A file that is no TOML. The message names it."""


def find(start: Path) -> tuple[Path, dict[str, Any]] | None:
    """The nearest settings file and what it says for nba. Raises BadSettings."""
    for folder in (start, *start.parents):
        own, shared = folder / "nba.toml", folder / "pyproject.toml"
        if own.is_file():
            return own, _read(own)
        if shared.is_file():
            tool = _read(shared).get("tool", {})
            if isinstance(tool, dict) and "nbadsl" in tool:
                return shared, tool["nbadsl"]
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: {error}") from error
