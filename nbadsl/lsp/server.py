"""The server: what it offers, and the way of every request through it.

QUICK requests are answered at once from what was understood last; EXACT ones when the text as it is has been checked.
A handler that fails leaves a line in the log and answers nothing: an editor is no place for our mistakes.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from nbadsl import __version__
from nbadsl.lsp import (
    acting,
    diagnostics,
    files,
    hierarchy,
    layout,
    navigation,
    outline,
    reading,
    renaming,
    shape,
)
from nbadsl.lsp.sampling import Sampling
from nbadsl.lsp.session import Session
from nbadsl.lsp.translate import View, path_of
from nbadsl.room import FRAMES

log = logging.getLogger("nbadsl.lsp")

Handler = Callable[[View, Any], Any]

QUICK: dict[str, Handler] = {
    types.TEXT_DOCUMENT_HOVER: reading.hover,
    types.TEXT_DOCUMENT_COMPLETION: reading.completion,
    types.COMPLETION_ITEM_RESOLVE: reading.resolve,
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: navigation.highlights,
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: outline.document_symbols,
    types.WORKSPACE_SYMBOL: outline.workspace_symbols,
    types.TEXT_DOCUMENT_LINKED_EDITING_RANGE: navigation.linked,
    types.TEXT_DOCUMENT_SIGNATURE_HELP: reading.signature,
    types.TEXT_DOCUMENT_FOLDING_RANGE: shape.folds,
    types.TEXT_DOCUMENT_SELECTION_RANGE: shape.selections,
    types.TEXT_DOCUMENT_DOCUMENT_LINK: shape.links,
    types.TEXT_DOCUMENT_FORMATTING: layout.formatting,
    types.TEXT_DOCUMENT_RANGE_FORMATTING: layout.range_formatting,
    types.TEXT_DOCUMENT_ON_TYPE_FORMATTING: layout.on_type,
}
EXACT: dict[str, Handler] = {
    types.TEXT_DOCUMENT_DEFINITION: navigation.definition,
    types.TEXT_DOCUMENT_TYPE_DEFINITION: navigation.type_definition,
    types.TEXT_DOCUMENT_REFERENCES: navigation.references,
    types.TEXT_DOCUMENT_PREPARE_RENAME: renaming.prepare,
    types.TEXT_DOCUMENT_RENAME: renaming.rename,
    types.WORKSPACE_WILL_RENAME_FILES: renaming.rename_files,
    types.TEXT_DOCUMENT_CODE_ACTION: acting.actions,
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: shape.tokens_full,
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE: shape.tokens_range,
    types.TEXT_DOCUMENT_INLAY_HINT: shape.hints,
    types.TEXT_DOCUMENT_CODE_LENS: shape.lenses,
    types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: hierarchy.prepare,
    types.CALL_HIERARCHY_INCOMING_CALLS: hierarchy.incoming,
    types.CALL_HIERARCHY_OUTGOING_CALLS: hierarchy.outgoing,
}
_CONTENT_MODIFIED = -32801
_NBA_FILES = types.FileOperationRegistrationOptions(
    [types.FileOperationFilter(types.FileOperationPattern("**/*"), "file")]
)
OPTIONS: dict[str, Any] = {
    types.TEXT_DOCUMENT_COMPLETION: types.CompletionOptions(
        trigger_characters=[" ", ":", '"', ".", "|", "("], resolve_provider=True
    ),
    types.WORKSPACE_WILL_RENAME_FILES: _NBA_FILES,
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionOptions(acting.KINDS),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: types.SignatureHelpOptions(trigger_characters=["(", ","]),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: shape.LEGEND,
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE: shape.LEGEND,
    types.TEXT_DOCUMENT_ON_TYPE_FORMATTING: types.DocumentOnTypeFormattingOptions("}"),
}


class Server(LanguageServer):
    """A language server for one client. `strict`: a handler's mistake is the answer's error, for tests."""

    def __init__(self, strict: bool = False) -> None:
        super().__init__("nba", __version__, types.TextDocumentSyncKind.Full)
        self.strict = strict
        self.session = Session(self._checked, self._hinted)
        self.sampling = Sampling(self._rated)
        self.uris: dict[str, str] = {}
        self.commands: frozenset[str] = frozenset()
        self._work: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, "answer")
        self.pushed: dict[str, tuple[list[types.Diagnostic], int | None]] = {}
        self.others_changed = False
        for method, handler in QUICK.items():
            self._offer(method, self._quick(handler))
        for method, handler in EXACT.items():
            self._offer(method, self._exact(handler))
        self.feature(types.INITIALIZE)(partial(self._initialize))  # pygls marks what it is given
        files.offer(self)

    def view(self) -> View:
        """What a client sees now."""
        encoding = str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))
        snapshot = replace(self.session.snapshot, rates=self.sampling.rates)
        return View(snapshot, encoding, self.uris, self.client_capabilities, self.commands)

    def close(self) -> None:
        """End without waiting for what nobody waits for."""
        self.session.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def guarded(self, what: str, call: Callable[[], Any]) -> Any:
        """The result of a call; None, and a line in the log, when it fails."""
        try:
            return call()
        except JsonRpcException:
            raise
        except Exception:
            if self.strict:
                raise
            log.exception("%s", what)
            return None

    def _offer(self, method: str, handler: Callable[[Any], Any]) -> None:
        self.feature(method, OPTIONS.get(method))(handler)

    def _quick(self, handler: Handler) -> Callable[[Any], Awaitable[Any]]:
        async def answer(params: Any) -> Any:
            if self.session.checked_generation == 0:
                await self.session.fresh()
            return self.guarded(handler.__name__, lambda: handler(self.view(), params))

        return answer

    async def _settled(self) -> None:
        """Wait for findings: for the linter's, too, where the client cannot be told that there are more."""
        if diagnostics.can_refresh(self.client_capabilities):
            await self.session.fresh()
        else:
            await self.session.linted()

    def _exact(
        self, handler: Handler, ready: Callable[[], Awaitable[Any]] | None = None
    ) -> Callable[[Any], Awaitable[Any]]:
        async def answer(params: Any) -> Any:
            asked_about = self._text_of(params)
            await (ready or self.session.fresh)()
            if self._text_of(params) is not asked_about:
                raise JsonRpcException("the text has changed since", _CONTENT_MODIFIED)
            view = self.view()
            # Beside the loop: an answer about a whole file takes long enough to keep a hover waiting.
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self.guarded, handler.__name__, partial(handler, view, params)
            )

        return answer

    def _text_of(self, params: Any) -> object:
        """The text in which a question names a place: another text has something else there."""
        named = getattr(params, "text_document", None)
        if named is None or not (hasattr(params, "position") or hasattr(params, "range")):
            return None
        return self.session.workspace.document(path_of(named.uri))

    def _initialize(self, params: types.InitializeParams) -> None:
        # A client that carries out commands of lenses says so: {"commands": ["nba.explain", …]}.
        options = params.initialization_options
        offered = options.get("commands") if isinstance(options, dict) else None
        self.commands = frozenset(map(str, offered)) if isinstance(offered, list) else frozenset()
        if diagnostics.can_pull(params.capabilities):
            options = types.DiagnosticOptions(
                inter_file_dependencies=True, workspace_diagnostics=False, identifier="nba"
            )
            self.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(
                self._exact(diagnostics.pull, self._settled)
            )

    # --- folders ---

    def read_folders(self, paths: list[str]) -> None:
        """Read what is in folders, and say so while it lasts."""
        if not paths:
            return
        task = asyncio.ensure_future(self._told(paths))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _told(self, paths: list[str]) -> None:
        reading = self.session.add_folders(paths)
        window = self.client_capabilities.window
        token = str(uuid4()) if window and window.work_done_progress else None
        if token is not None:
            await self.work_done_progress.create_async(token)
            self.work_done_progress.begin(token, types.WorkDoneProgressBegin("Reading policies"))
        await reading
        for path in paths:
            if path in self.session.workspace.cut:
                said = f"{path} is too large to be read whole: names are not known, or renamed, in all of its policies"
                self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, said))
        await self.session.fresh()
        if token is not None:
            self.work_done_progress.end(token, types.WorkDoneProgressEnd())

    # --- after a check ---

    def _rated(self) -> None:
        """Other match rates: the client shows hints and lenses anew, and the linter may have more to say."""
        for policy, rates in self.sampling.rates.items():
            self.session.sampled(policy, rates.missing)
        workspace = self.client_capabilities.workspace
        if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)
        if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    def _checked(self) -> None:
        self.sampling.start(self.session.workspace, self.session.checked)
        if diagnostics.can_pull(self.client_capabilities):
            self._ask_to_pull()
            return
        view = self.view()
        paths = dict.fromkeys([*view.snapshot.workspace.open, *self.pushed])
        for path in paths:
            is_open = path in view.snapshot.workspace.open
            found = self.guarded("findings", partial(diagnostics.translated, view, path)) if is_open else []
            # A client may drop what is about an older version than its own: then the same must be said again.
            told = (found or [], files.version_of(self, path))
            if self.pushed.get(path) == told:
                continue
            self.pushed[path] = told
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(view.uri(path), *told))
            if not is_open:
                del self.pushed[path]

    def _hinted(self) -> None:
        """The linter finds other things, or tests come to something else."""
        self.others_changed = True
        self._checked()
        self._rated()

    def _ask_to_pull(self) -> None:
        """After something else than the client's typing: tell it that findings may be others."""
        if self.others_changed and diagnostics.can_refresh(self.client_capabilities):
            self.workspace_diagnostic_refresh(None)
        self.others_changed = False


def _is_a_mistake(record: logging.LogRecord) -> bool:
    """Whether a line of the log is about a mistake of ours. A refusal, such as of a name that is taken, is an answer,
    and clients leave without waiting for theirs."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, JsonRpcException | BrokenPipeError):
        return False
    return not record.getMessage().startswith("Cancel notification")


def serve(log_file: str | None = None, strict: bool = False) -> None:
    """Answer the client on standard input and output until it leaves. What goes wrong is written to standard error,
    or to a file."""
    handler = (
        logging.FileHandler(log_file, encoding="utf-8") if log_file else logging.StreamHandler(sys.stderr)
    )
    handler.addFilter(_is_a_mistake)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, format="%(name)s: %(message)s")
    # Checks share the interpreter with answers: let go of it often, so that an answer waits for milliseconds at most.
    sys.setswitchinterval(0.0002)
    sys.setrecursionlimit(FRAMES)  # for good: answers read deep expressions, too
    gc.freeze()  # what is imported stays: the collector need not look at it
    gc.enable()
    server = Server(strict)
    try:
        server.start_io()
    finally:
        server.close()
