"""Texts and folders that come, change and go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from nbadsl.lsp.translate import path_of

if TYPE_CHECKING:
    from nbadsl.lsp.server import Server

_WATCHED = "**/*.nba"


def offer(server: Server) -> None:
    """Follow the client's texts and folders."""
    handlers = {
        types.INITIALIZED: _initialized,
        types.TEXT_DOCUMENT_DID_OPEN: _opened,
        types.TEXT_DOCUMENT_DID_CHANGE: _changed,
        types.TEXT_DOCUMENT_DID_SAVE: _saved,
        types.TEXT_DOCUMENT_DID_CLOSE: _closed,
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES: _on_disk,
        types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: _folders,
    }
    for method, handler in handlers.items():
        server.feature(method)(_bound(server, handler))


def _bound(server: Server, handler: Any) -> Any:
    def handle(params: Any) -> None:
        server.guarded(handler.__name__, lambda: handler(server, params))

    return handle


def version_of(server: Server, path: str) -> int | None:
    """The client's number of the text that is open."""
    uri = server.uris.get(path, "")
    document = server.workspace.text_documents.get(uri)
    return document.version if document is not None else None


def _initialized(server: Server, params: types.InitializedParams) -> None:
    folders = [path_of(uri) for uri in server.workspace.folders]
    if not folders and server.workspace.root_path:
        folders = [os.path.normpath(server.workspace.root_path)]
    server.read_folders(folders)
    workspace = server.client_capabilities.workspace
    watched = workspace.did_change_watched_files if workspace else None
    if watched is not None and watched.dynamic_registration:
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(_WATCHED)])
        registration = types.Registration("watch", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        server.client_register_capability(types.RegistrationParams([registration]))


def _opened(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    path = path_of(params.text_document.uri)
    server.uris[path] = params.text_document.uri
    server.session.change(server.session.workspace.with_text(path, params.text_document.text))


def _changed(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    path = path_of(params.text_document.uri)
    text = server.workspace.get_text_document(params.text_document.uri).source
    server.session.change(server.session.workspace.with_text(path, text))


def _saved(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    path = path_of(params.text_document.uri)
    server.session.workspace = server.session.workspace.with_disk([path])


def _closed(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    path = path_of(params.text_document.uri)
    server.session.change(server.session.workspace.without_text(path))
    server.uris.pop(path, None)


def _on_disk(server: Server, params: types.DidChangeWatchedFilesParams) -> None:
    paths = [path_of(change.uri) for change in params.changes]
    own = [p for p in paths if p.endswith(".nba")]
    if own:
        server.others_changed = True
        server.session.change(server.session.workspace.with_disk(own))


def _folders(server: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    workspace = server.session.workspace
    server.others_changed = True
    for folder in params.event.removed:
        workspace = workspace.without_folder(path_of(folder.uri))
    server.session.change(workspace)
    server.read_folders([path_of(f.uri) for f in params.event.added])
