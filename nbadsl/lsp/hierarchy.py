"""The call hierarchy: who uses a definition, and what it uses."""

from __future__ import annotations

from lsprotocol import types

from nbadsl.ide import calls as ide
from nbadsl.ide.symbols import Outline
from nbadsl.lsp.outline import symbol_kind
from nbadsl.lsp.translate import View, path_of


def prepare(view: View, params: types.CallHierarchyPrepareParams) -> list[types.CallHierarchyItem] | None:
    found = ide.called_at(view.snapshot, *view.at(params))
    return [_item(view, found)] if found is not None else None


def incoming(
    view: View, params: types.CallHierarchyIncomingCallsParams
) -> list[types.CallHierarchyIncomingCall]:
    return [
        types.CallHierarchyIncomingCall(_item(view, c.outline), [view.range(p) for p in c.places])
        for c in ide.incoming(view.snapshot, *_at(view, params.item))
    ]


def outgoing(
    view: View, params: types.CallHierarchyOutgoingCallsParams
) -> list[types.CallHierarchyOutgoingCall]:
    return [
        types.CallHierarchyOutgoingCall(_item(view, c.outline), [view.range(p) for p in c.places])
        for c in ide.outgoing(view.snapshot, *_at(view, params.item))
    ]


def _at(view: View, item: types.CallHierarchyItem) -> tuple[str, int]:
    path = path_of(item.uri)
    document = view.snapshot.document(path)
    return path, view.offset(document, item.selection_range.start) if document is not None else 0


def _item(view: View, outline: Outline) -> types.CallHierarchyItem:
    return types.CallHierarchyItem(
        name=outline.name,
        kind=symbol_kind(outline),
        uri=view.uri(outline.place.path),
        range=view.range(outline.place),
        selection_range=view.range(outline.name_place),
        detail=outline.kind,
    )
