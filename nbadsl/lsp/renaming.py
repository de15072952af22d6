"""Renaming names and files."""

from __future__ import annotations

import os

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from nbadsl.ide import rename as ide
from nbadsl.lsp.translate import View, path_of

_REFUSED = -32803  # `RequestFailed`: the request is sound, the answer is no


def prepare(view: View, params: types.PrepareRenameParams) -> types.Range:
    try:
        return view.range(ide.prepare_rename(view.snapshot, *view.at(params)))
    except ide.CannotRename as error:
        raise JsonRpcException(str(error), _REFUSED) from error


def rename(view: View, params: types.RenameParams) -> types.WorkspaceEdit:
    path, offset = view.at(params)
    try:
        return view.edit(ide.rename(view.snapshot, path, offset, params.new_name))
    except ide.CannotRename as error:
        raise JsonRpcException(str(error), _REFUSED) from error


def rename_files(view: View, params: types.RenameFilesParams) -> types.WorkspaceEdit | None:
    """`workspace/willRenameFiles`: imports follow, also of the files of a folder that moves."""
    moved = {}
    for file in params.files:
        old, new = path_of(file.old_uri), path_of(file.new_uri)
        for path in view.snapshot.workspace.documents:
            if path == old or path.startswith(old + os.sep):
                moved[path] = new + path[len(old) :]
    changes = ide.rename_files(view.snapshot, moved)
    return view.edit(changes) if changes else None
