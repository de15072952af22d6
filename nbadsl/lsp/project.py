"""What the nearest settings of a policy say to an editor. What cannot be read there says nothing: commands complain."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nbadsl.format import WIDTH
from nbadsl.lint import Options
from nbadsl.settings import BadSettings, find


def sample_of(path: str) -> Path | None:
    """The file of profiles for match rates, if it is there."""
    folder, settings = settings_of(path)
    name = settings.get("sample")
    sample = folder / name if isinstance(name, str) else None
    return sample if sample is not None and sample.exists() else None


def width_of(path: str) -> int:
    """Columns of a line."""
    width = _table(path, "format").get("width")
    return width if isinstance(width, int) and width >= 20 else WIDTH


def lint_options_of(path: str) -> Options:
    """What the linter should know."""
    settings, default = _table(path, "lint"), Options()
    return Options(
        ignore=frozenset(_words(settings, "ignore", ())),
        sensitive=_words(settings, "sensitive", default.sensitive),
        consent=_words(settings, "consent", default.consent),
    )


def _words(settings: dict[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    found = settings.get(name, default)
    return tuple(str(word) for word in found) if isinstance(found, list) else default


def _table(path: str, name: str) -> dict[str, Any]:
    found = settings_of(path)[1].get(name)
    return found if isinstance(found, dict) else {}


def settings_of(path: str) -> tuple[Path, dict[str, Any]]:
    """The settings' folder, and what they say."""
    try:
        found = find(Path(path).parent) if os.path.isabs(path) else None
    except (BadSettings, OSError):
        found = None
    return (found[0].parent, found[1]) if found is not None else (Path(path).parent, {})
