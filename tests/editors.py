"""An editor for tests: starts `nba lsp`, opens and changes texts, asks, and waits for findings.

The client is that of pytest-lsp, which also refuses answers that the capabilities it was given do not allow. The
server is strict: a handler's mistake fails the request. What it logs must be nothing.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

PULLS = "neovim@v0.11.0"
PUSHED = "visual-studio-code@v1.65.2"


class Editor:
    """One client and its server. Paths are given; the client's addresses are `file:` URIs."""

    def __init__(self, client: LanguageClient, capabilities: types.ClientCapabilities) -> None:
        self.client = client
        self.pulls = bool(capabilities.text_document and capabilities.text_document.diagnostic)
        self.versions: dict[str, int] = {}
        self.texts: dict[str, str] = {}

    @property
    def encoding(self) -> str:
        chosen = self.initialized.capabilities.position_encoding
        return str(getattr(chosen, "value", chosen))

    initialized: types.InitializeResult

    def open(self, path: Path, text: str | None = None) -> types.TextDocumentIdentifier:
        """Open a file, with the text that it has on the disk unless another is given."""
        uri, text = path.as_uri(), path.read_text(encoding="utf-8") if text is None else text
        self.versions[uri], self.texts[uri] = 1, text
        item = types.TextDocumentItem(uri, "nba", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return types.TextDocumentIdentifier(uri)

    def change(self, document: types.TextDocumentIdentifier, text: str) -> int:
        """Give a text another content; its version."""
        self.versions[document.uri] += 1
        self.texts[document.uri] = text
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[document.uri], document.uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )
        return self.versions[document.uri]

    async def findings(self, document: types.TextDocumentIdentifier) -> list[types.Diagnostic]:
        """The findings in a text as it is."""
        if self.pulls:
            report = await self.client.text_document_diagnostic_async(
                types.DocumentDiagnosticParams(document)
            )
            assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
            return list(report.items)
        # A question that is answered when everything has been checked, and so after findings were pushed.
        at = types.TextDocumentPositionParams(document, types.Position(0, 0))
        await self.client.text_document_definition_async(
            types.DefinitionParams(at.text_document, at.position)
        )
        return list(self.client.diagnostics.get(document.uri, []))

    def place(self, document: types.TextDocumentIdentifier, word: str, nth: int = 0) -> types.Position:
        """Where the n-th occurrence of a word begins, in the units agreed on."""
        text, offset = self.texts[document.uri], -1
        for _ in range(nth + 1):
            offset = text.index(word, offset + 1)
        line = text.count("\n", 0, offset)
        before = text[text.rfind("\n", 0, offset) + 1 : offset]
        size = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[self.encoding]
        name = self.encoding if size == 1 else f"{self.encoding}-le"
        return types.Position(line, len(before.encode(name)) // size)


@asynccontextmanager
async def editor(
    folder: Path | None = None,
    capabilities: types.ClientCapabilities | None = None,
    client_name: str = PULLS,
    folders: tuple[Path, ...] = (),
    options: dict[str, object] | None = None,
) -> AsyncIterator[Editor]:
    """An editor with some folders open, and its server, which gets `options` at its start."""
    client = make_test_lsp_client()
    with TemporaryDirectory() as scratch:
        log = Path(scratch, "log")
        await client.start_io(sys.executable, "-m", "nbadsl.cli", "lsp", "--strict", "--log", str(log))
        caps = capabilities or client_capabilities(client_name)
        opened = [f for f in (folder, *folders) if f is not None]
        found = Editor(client, caps)
        found.initialized = await client.initialize_session(
            types.InitializeParams(
                capabilities=caps,
                initialization_options=options,
                workspace_folders=[types.WorkspaceFolder(f.as_uri(), f.name) for f in opened],
            )
        )
        try:
            yield found
        finally:
            await client.shutdown_session()
            await client.stop()
        assert client._server is not None and client._server.returncode == 0
        assert log.read_text(encoding="utf-8") == ""
