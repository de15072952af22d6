"""Folding, selection, links, colours and hints."""

from __future__ import annotations

from datetime import date
from functools import reduce

from lsprotocol import types

from nbadsl.ide import shape as ide
from nbadsl.ide.inlay import Hint, inlay_hints
from nbadsl.ide.lens import lenses as ide_lenses
from nbadsl.ide.tokens import KINDS, MODIFIERS, Token, tokens
from nbadsl.lsp.translate import View, path_of
from nbadsl.workspace import Document, Place

LEGEND = types.SemanticTokensLegend(list(KINDS), list(MODIFIERS))
_KIND_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
_FOLDS = {
    "block": types.FoldingRangeKind.Region,
    "comment": types.FoldingRangeKind.Comment,
    "imports": types.FoldingRangeKind.Imports,
}
_HINTS = {
    "type": types.InlayHintKind.Type,
    "value": types.InlayHintKind.Type,
    "rate": None,
    "argument": types.InlayHintKind.Parameter,
}


def folds(view: View, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    found = []
    for fold in ide.folds(view.snapshot, path_of(params.text_document.uri)):
        range = view.range(fold.place)
        # The line with the closing brace stays visible.
        end = range.end.line - 1 if fold.kind == "block" else range.end.line
        if end > range.start.line:
            kind = _FOLDS[fold.kind] if fold.kind != "block" else None
            found.append(types.FoldingRange(range.start.line, end, kind=kind))
    return found


def selections(view: View, params: types.SelectionRangeParams) -> list[types.SelectionRange]:
    path = path_of(params.text_document.uri)
    document = view.snapshot.document(path)
    if document is None:
        return []
    return [_selection(view, document, path, position) for position in params.positions]


def _selection(view: View, document: Document, path: str, position: types.Position) -> types.SelectionRange:
    places = ide.selections(view.snapshot, path, view.offset(document, position))
    start: types.SelectionRange | None = None
    found = reduce(
        lambda outer, place: types.SelectionRange(view.range(place), outer), reversed(places), start
    )
    assert found is not None, "the file surrounds every place"
    return found


def links(view: View, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    found = ide.links(view.snapshot, path_of(params.text_document.uri))
    return [types.DocumentLink(view.range(place), target=view.uri(target)) for place, target in found]


def tokens_full(view: View, params: types.SemanticTokensParams) -> types.SemanticTokens:
    path = path_of(params.text_document.uri)
    return _tokens(view, path, tokens(view.snapshot, path))


def tokens_range(view: View, params: types.SemanticTokensRangeParams) -> types.SemanticTokens:
    path = path_of(params.text_document.uri)
    return _tokens(view, path, tokens(view.snapshot, path, *view.offsets(path, params.range)))


def _tokens(view: View, path: str, found: list[Token]) -> types.SemanticTokens:
    """Five numbers a token: lines and columns from the token before, length, kind, modifiers."""
    document, data = view.snapshot.document(path), []
    before, column = 0, 0
    for token in found:
        assert document is not None
        line, start = document.source.place(token.start, view.encoding)
        _, end = document.source.place(token.end, view.encoding)
        modifiers = sum(1 << MODIFIERS.index(m) for m in token.modifiers)
        kind = _KIND_NUMBERS[token.kind]
        data += [line - before, start - column if line == before else start, end - start, kind, modifiers]
        before, column = line, start
    return types.SemanticTokens(data)


def lenses(view: View, params: types.CodeLensParams) -> list[types.CodeLens]:
    """What is only said, and the commands that the client has."""
    return [
        types.CodeLens(
            view.range(lens.place),
            types.Command(lens.said, lens.command, arguments=lens.arguments or None),
        )
        for lens in ide_lenses(view.snapshot, path_of(params.text_document.uri))
        if not lens.command or lens.command in view.commands
    ]


def hints(view: View, params: types.InlayHintParams) -> list[types.InlayHint]:
    path = path_of(params.text_document.uri)
    document = view.snapshot.document(path)
    if document is None:
        return []
    found = inlay_hints(view.snapshot, path, *view.offsets(path, params.range), date.today())
    return [_hint(view, document, h) for h in found]


def _hint(view: View, document: Document, hint: Hint) -> types.InlayHint:
    position = view.range(Place(document, hint.offset, hint.offset)).start
    return types.InlayHint(
        position,
        hint.text.strip(),
        _HINTS[hint.kind],
        padding_left=hint.kind in ("value", "rate"),
        padding_right=hint.kind == "argument",
    )
