"""Laying out a text in the one style."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from nbadsl.format import WIDTH, formatted
from nbadsl.lsp.translate import View, path_of
from nbadsl.settings import BadSettings, find


def document(view: View, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    """`textDocument/formatting`: what `nba fmt` would change."""
    path = path_of(params.text_document.uri)
    found = view.snapshot.document(path)
    if found is None:
        return None
    result = formatted(found.source, _width(path))
    return [types.TextEdit(view.span_range(edit.span), edit.text) for edit in result.edits]


def _width(path: str) -> int:
    """Columns of a line, as the nearest settings say."""
    try:
        settings = find(Path(path).parent)
    except (BadSettings, OSError):
        return WIDTH
    layout = settings[1].get("format") if settings is not None else None
    width = layout.get("width") if isinstance(layout, dict) else None
    return width if isinstance(width, int) and width >= 20 else WIDTH
