"""Going to places: definitions, types, references, highlights."""

from __future__ import annotations

from lsprotocol import types

from nbadsl.ide import definition as ide
from nbadsl.ide import references as places
from nbadsl.lsp.translate import View


def definition(view: View, params: types.DefinitionParams) -> list[types.Location]:
    return [view.location(p) for p in ide.definition(view.snapshot, *view.at(params))]


def type_definition(view: View, params: types.TypeDefinitionParams) -> list[types.Location]:
    return [view.location(p) for p in ide.type_definition(view.snapshot, *view.at(params))]


def references(view: View, params: types.ReferenceParams) -> list[types.Location]:
    with_declarations = params.context.include_declaration
    found = places.references(view.snapshot, *view.at(params), with_declarations)
    return [view.location(p) for p in found]


def highlights(view: View, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    kinds = (types.DocumentHighlightKind.Read, types.DocumentHighlightKind.Write)
    return [
        types.DocumentHighlight(view.range(n.place), kinds[n.declares])
        for n in places.highlights(view.snapshot, *view.at(params))
    ]


def linked(view: View, params: types.LinkedEditingRangeParams) -> types.LinkedEditingRanges | None:
    found = places.linked(view.snapshot, *view.at(params))
    return types.LinkedEditingRanges([view.range(p) for p in found]) if found else None
