"""Finds the files that come with the package: the grammar, the standard library, the pages of `nba doc`.

In a checkout (and an editable install) `grammar/` and `stdlib/` lie beside the package; a wheel carries
them inside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder `grammar`, `stdlib` or `examples`."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
