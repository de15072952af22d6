"""Formatting: a file, a range, and the declaration that a brace closes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from nbadsl.format import WIDTH
from nbadsl.ide import layout as ide
from nbadsl.ide.rename import Change
from nbadsl.lsp.translate import View, path_of
from nbadsl.settings import BadSettings, find


def formatting(view: View, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    """`textDocument/formatting`"""
    path = path_of(params.text_document.uri)
    return _edits(view, ide.layout(view.snapshot, path, _width(path)))


def range_formatting(view: View, params: types.DocumentRangeFormattingParams) -> list[types.TextEdit]:
    """`textDocument/rangeFormatting`: of the declarations that the range touches."""
    path = path_of(params.text_document.uri)
    offsets = view.offsets(path, params.range)
    return _edits(view, ide.layout_range(view.snapshot, path, *offsets, _width(path)))


def on_type(view: View, params: types.DocumentOnTypeFormattingParams) -> list[types.TextEdit]:
    """`textDocument/onTypeFormatting`: of the declaration that was closed. One that is still open cannot be read, and
    stays as it is."""
    path, offset = view.at(params)
    before = max(offset - 1, 0)  # behind the brace another declaration may begin
    return _edits(view, ide.layout_range(view.snapshot, path, before, before, _width(path)))


def _edits(view: View, changes: Sequence[Change]) -> list[types.TextEdit]:
    return [types.TextEdit(view.range(change.place), change.text) for change in changes]


def _width(path: str) -> int:
    """The width that the nearest settings name."""
    try:
        found = find(Path(path).parent)
    except (BadSettings, OSError):
        return WIDTH
    layout = found[1].get("format") if found is not None else None
    width = layout.get("width") if isinstance(layout, dict) else None
    return width if isinstance(width, int) and width >= 20 else WIDTH
