"""Formatting: a file, a range, and the declaration that a brace closes."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from nbadsl.ide import layout as ide
from nbadsl.ide.rename import Change
from nbadsl.lsp.project import width_of
from nbadsl.lsp.translate import View, path_of


def formatting(view: View, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    """`textDocument/formatting`"""
    path = path_of(params.text_document.uri)
    return _edits(view, ide.layout(view.snapshot, path, width_of(path)))


def range_formatting(view: View, params: types.DocumentRangeFormattingParams) -> list[types.TextEdit]:
    """`textDocument/rangeFormatting`: of the declarations that the range touches."""
    path = path_of(params.text_document.uri)
    offsets = view.offsets(path, params.range)
    return _edits(view, ide.layout_range(view.snapshot, path, *offsets, width_of(path)))


def on_type(view: View, params: types.DocumentOnTypeFormattingParams) -> list[types.TextEdit]:
    """`textDocument/onTypeFormatting`: of the declaration that was closed. One that is still open cannot be read, and
    stays as it is."""
    path, offset = view.at(params)
    before = max(offset - 1, 0)  # behind the brace another declaration may begin
    return _edits(view, ide.layout_range(view.snapshot, path, before, before, width_of(path)))


def _edits(view: View, changes: Sequence[Change]) -> list[types.TextEdit]:
    return [types.TextEdit(view.range(change.place), change.text) for change in changes]
