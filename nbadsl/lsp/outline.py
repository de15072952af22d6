"""The shape of files: symbols."""

from __future__ import annotations

from lsprotocol import types

from nbadsl.ide import symbols as ide
from nbadsl.lsp.translate import View, path_of

_KINDS = {
    "policy": types.SymbolKind.Package,
    "import": types.SymbolKind.Module,
    "profile": types.SymbolKind.Struct,
    "context": types.SymbolKind.Struct,
    "field": types.SymbolKind.Field,
    "parameter": types.SymbolKind.Constant,
    "define": types.SymbolKind.Variable,
    "function": types.SymbolKind.Function,
    "table": types.SymbolKind.Array,
    "channel": types.SymbolKind.Interface,
    "group": types.SymbolKind.Namespace,
    "action": types.SymbolKind.Class,
    "content": types.SymbolKind.String,
    "experiment": types.SymbolKind.Enum,
    "arm": types.SymbolKind.EnumMember,
    "test": types.SymbolKind.Method,
    "guarantee": types.SymbolKind.Boolean,
}
_MOST_SYMBOLS = 1_000


def symbol_kind(outline: ide.Outline) -> types.SymbolKind:
    return _KINDS.get(outline.kind, types.SymbolKind.Object)


def document_symbols(view: View, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    path = path_of(params.text_document.uri)
    return [_symbol(view, o) for o in ide.document_symbols(view.snapshot, path)]


def _symbol(view: View, outline: ide.Outline) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=outline.name,
        kind=symbol_kind(outline),
        range=view.range(outline.place),
        selection_range=view.range(outline.name_place),
        detail=outline.detail or outline.kind,
        children=[_symbol(view, o) for o in outline.inside],
    )


def workspace_symbols(view: View, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    found = ide.workspace_symbols(view.snapshot, params.query)[:_MOST_SYMBOLS]
    return [
        types.WorkspaceSymbol(
            location=view.location(o.name_place),
            name=o.name,
            kind=symbol_kind(o),
            container_name=o.detail or None,
        )
        for o in found
    ]
