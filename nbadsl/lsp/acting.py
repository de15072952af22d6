"""Code actions."""

from __future__ import annotations

from lsprotocol import types

from nbadsl.ide import actions as ide
from nbadsl.lsp.diagnostics import diagnostic
from nbadsl.lsp.translate import View, path_of

KINDS = [
    types.CodeActionKind.QuickFix,
    types.CodeActionKind.RefactorExtract,
    types.CodeActionKind.RefactorRewrite,
    types.CodeActionKind.SourceOrganizeImports,
    types.CodeActionKind.SourceFixAll,
]


def actions(view: View, params: types.CodeActionParams) -> list[types.CodeAction]:
    """`textDocument/codeAction`"""
    path = path_of(params.text_document.uri)
    found = ide.actions(view.snapshot, path, *view.offsets(path, params.range))
    only = params.context.only
    return [_action(view, a) for a in found if only is None or any(_is_a(a.kind, str(k)) for k in only)]


def _is_a(kind: str, wanted: str) -> bool:
    wanted = getattr(wanted, "value", wanted)
    return kind == wanted or kind.startswith(f"{wanted}.")


def _action(view: View, action: ide.Action) -> types.CodeAction:
    return types.CodeAction(
        title=action.title,
        kind=action.kind,
        diagnostics=[diagnostic(view, action.finding)] if action.finding is not None else None,
        is_preferred=action.preferred or None,
        edit=view.edit(action.changes),
    )
