"""What is read while writing: hover, completion, signatures."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from nbadsl.ide import completion as ide
from nbadsl.ide.describe import describe
from nbadsl.ide.hover import hover as ide_hover
from nbadsl.ide.names import Thing
from nbadsl.ide.signature import signature_help
from nbadsl.lsp.translate import View

_KINDS = {
    "field": types.CompletionItemKind.Field,
    "context": types.CompletionItemKind.Field,
    "parameter": types.CompletionItemKind.Constant,
    "define": types.CompletionItemKind.Variable,
    "fact": types.CompletionItemKind.Variable,
    "function": types.CompletionItemKind.Function,
    "table": types.CompletionItemKind.Function,
    "experiment": types.CompletionItemKind.Enum,
    "word": types.CompletionItemKind.EnumMember,
    "keyword": types.CompletionItemKind.Keyword,
    "unit": types.CompletionItemKind.Unit,
    "type": types.CompletionItemKind.Class,
    "file": types.CompletionItemKind.File,
    "module": types.CompletionItemKind.Module,
    "action": types.CompletionItemKind.Event,
    "group": types.CompletionItemKind.Module,
    "channel": types.CompletionItemKind.Interface,
    "content": types.CompletionItemKind.Value,
    "purpose": types.CompletionItemKind.EnumMember,
    "profile": types.CompletionItemKind.Struct,
}


def markdown(text: str) -> types.MarkupContent:
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def hover(view: View, params: types.HoverParams) -> types.Hover | None:
    found = ide_hover(view.snapshot, *view.at(params))
    return types.Hover(markdown(found.text), view.range(found.place)) if found is not None else None


def completion(view: View, params: types.CompletionParams) -> types.CompletionList | None:
    path, offset = view.at(params)
    found, document = ide.completion(view.snapshot, path, offset), view.snapshot.document(path)
    if found is None or document is None:
        return None
    start, at, end = (view.position(document, o) for o in (found.start, offset, found.end))
    own = view.capabilities.text_document and view.capabilities.text_document.completion
    snippets = bool(own and own.completion_item and own.completion_item.snippet_support)
    range = types.Range(start, end) if start.line == end.line else types.Range(start, at)
    return types.CompletionList(False, [_item(i, range, snippets, path) for i in found.items])


def _item(item: ide.Item, range: types.Range, snippets: bool, path: str) -> types.CompletionItem:
    snippet = item.snippet and snippets
    thing = item.thing
    return types.CompletionItem(
        label=item.label,
        kind=_KINDS.get(item.kind),
        detail=item.detail or None,
        sort_text=f"{item.rank}{item.label}",
        text_edit=types.TextEdit(range, item.insert if snippet else item.label),
        insert_text_format=types.InsertTextFormat.Snippet if snippet else types.InsertTextFormat.PlainText,
        data=[path, thing.kind, thing.name, thing.owner] if thing is not None else None,
    )


def resolve(view: View, item: types.CompletionItem) -> types.CompletionItem:
    """`completionItem/resolve`: adds what hovering over the name would say."""
    data: Any = item.data
    if isinstance(data, list) and len(data) == 4:
        path, kind, name, owner = data
        thing = Thing(kind, name, tuple(owner) if isinstance(owner, list) else owner)
        said = describe(view.snapshot, path, thing)
        item.documentation = markdown(said) if said else None
    return item


def signature(view: View, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    found = signature_help(view.snapshot, *view.at(params))
    if found is None:
        return None
    parameters = [types.ParameterInformation(found.label[a:b]) for a, b in found.parameters]
    said = markdown(found.documentation) if found.documentation else None
    information = types.SignatureInformation(found.label, said, parameters)
    return types.SignatureHelp([information], 0, found.active)
