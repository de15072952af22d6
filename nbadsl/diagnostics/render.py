"""Findings as text: for people, for programs, for SARIF viewers and for GitHub.

The formats live in `terminal` and `machine`; this module chooses between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbadsl.diagnostics.diagnostic import Diagnostic
from nbadsl.diagnostics.machine import render_github, render_json, render_sarif
from nbadsl.diagnostics.terminal import render_text

FORMATS = ("text", "json", "sarif", "github")


def render(
    diagnostics: Sequence[Diagnostic],
    format: str = "text",
    color: bool = False,
    width: int = 100,
    root: Path | None = None,
) -> str:
    """Findings in one of `FORMATS`, with a line end at its end; text and github are "" when there are none.

    `color` and `width` (columns of the terminal) matter to text alone; whether there is colour is for the
    caller to find out (a terminal, `NO_COLOR`, `FORCE_COLOR`). Paths inside the folder `root` are shown
    relative to it. Raises ValueError for another format.
    """
    match format:
        case "text":
            return render_text(diagnostics, color, width, root)
        case "json":
            return render_json(diagnostics, root)
        case "sarif":
            return render_sarif(diagnostics, root)
        case "github":
            return render_github(diagnostics, root)
        case _:
            raise ValueError(f"there is no format {format!r}; there is {', '.join(FORMATS)}")
