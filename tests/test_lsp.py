"""The language server, asked over its pipe by a client with the capabilities of real editors."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from editors import PULLS, PUSHED, Editor, editor
from lsprotocol import types
from pygls.exceptions import JsonRpcException

ROOT = Path(__file__).parent.parent
GROCERY = ROOT / "examples" / "02-grocery"
POLICY = """policy p { currency EUR }
profile customer key id { id: text  age: integer in 0..120 }
define young = age < 30
action a { eligible when young }
arbitrate { score 1 }
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.nba"
    path.write_text(POLICY, encoding="utf-8")
    return path


def run(test):
    asyncio.run(asyncio.wait_for(test, 60))


def messages(found: list[types.Diagnostic]) -> list[str]:
    return [d.message.split("\n")[0] for d in found]


@pytest.mark.parametrize("client", [PULLS, PUSHED, "emacs@v29.1"])
def test_findings_come_with_the_keystroke_and_go_with_it(policy, client):
    async def test():
        async with editor(policy.parent, client_name=client) as e:
            document = e.open(policy)
            assert await e.findings(document) == []
            e.change(document, POLICY.replace("young }", "yong }"))
            [found] = await e.findings(document)
            assert found.message == "there is no value called `yong`\ndid you mean `young`?"
            assert (found.code, found.source) == ("unknown-name", "nba")
            assert found.range == types.Range(types.Position(3, 25), types.Position(3, 29))
            e.change(document, POLICY)
            assert await e.findings(document) == []

    run(test())


@pytest.mark.parametrize(("client", "pulls"), [(PULLS, True), (PUSHED, False)])
def test_findings_are_pulled_or_pushed_but_never_both(policy, client, pulls):
    async def test():
        async with editor(policy.parent, client_name=client) as e:
            assert (e.initialized.capabilities.diagnostic_provider is not None) == pulls
            document = e.open(policy, POLICY.replace("young }", "yong }"))
            assert messages(await e.findings(document)) == ["there is no value called `yong`"]
            assert bool(e.client.diagnostics) != pulls

    run(test())


def test_a_text_that_is_open_counts_before_the_disk_and_the_disk_when_it_is_closed(policy):
    async def test():
        part = policy.parent / "part.nba"
        part.write_text("define old = age > 60\n")
        policy.write_text('import "part.nba"\n' + POLICY.replace("young }", "old }"))
        async with editor(policy.parent) as e:
            document, other = e.open(policy), e.open(part, "define aged = age > 60\n")
            assert messages(await e.findings(document)) == ["there is no value called `old`"]
            e.client.text_document_did_close(types.DidCloseTextDocumentParams(other))
            assert await e.findings(document) == []
            part.write_text("define elder = age > 60\n")
            change = types.FileEvent(part.as_uri(), types.FileChangeType.Changed)
            e.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
            assert messages(await e.findings(document)) == ["there is no value called `old`"]

    run(test())


def test_a_file_without_a_folder_finds_what_it_imports(policy):
    async def test():
        (policy.parent / "part.nba").write_text("define old = age > 60\n")
        async with editor() as e:
            document = e.open(policy, 'import "part.nba"\n' + POLICY.replace("young }", "old }"))
            assert await e.findings(document) == []

    run(test())


def test_a_text_that_was_never_saved_is_checked():
    async def test():
        async with editor() as e:
            uri = "untitled:Untitled-1"
            item = types.TextDocumentItem(uri, "nba", 1, POLICY.replace("young }", "yong }"))
            e.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
            found = await e.findings(types.TextDocumentIdentifier(uri))
            assert messages(found) == ["there is no value called `yong`"]

    run(test())


def test_hover_and_completion_while_a_file_of_a_policy_is_written():
    async def test():
        async with editor(GROCERY) as e:
            document = e.open(GROCERY / "offers.nba")
            at = e.place(document, "distinct_subclasses")
            said = await e.client.text_document_hover_async(types.HoverParams(document, at))
            assert said is not None and isinstance(said.contents, types.MarkupContent)
            assert "distinct_subclasses" in said.contents.value
            offered = await e.client.text_document_completion_async(types.CompletionParams(document, at))
            assert isinstance(offered, types.CompletionList)
            item = next(i for i in offered.items if i.label == "distinct_subclasses")
            assert isinstance(item.text_edit, types.TextEdit) and item.text_edit.range.start == at
            resolved = await e.client.completion_item_resolve_async(item)
            assert isinstance(resolved.documentation, types.MarkupContent)
            [place] = await e.client.text_document_definition_async(types.DefinitionParams(document, at))
            assert place.uri.endswith("customer.nba")

    run(test())


def test_a_name_is_renamed_in_every_file(policy):
    async def test():
        part = policy.parent / "part.nba"
        part.write_text("define younger = young and age > 3\n")
        async with editor(policy.parent) as e:
            document = e.open(policy, 'import "part.nba"\n' + POLICY)
            at = e.place(document, "young")
            prepared = await e.client.text_document_prepare_rename_async(
                types.PrepareRenameParams(document, at)
            )
            assert prepared == types.Range(at, types.Position(at.line, at.character + 5))
            edit = await e.client.text_document_rename_async(types.RenameParams(document, at, "youth"))
            assert edit.changes is not None
            counts = {Path(uri).name: len(edits) for uri, edits in edit.changes.items()}
            assert counts == {"policy.nba": 2, "part.nba": 1}
            with pytest.raises(JsonRpcException, match="already taken"):
                await e.client.text_document_rename_async(types.RenameParams(document, at, "age"))

    run(test())


def test_folders_come_and_go(policy, tmp_path):
    async def symbols(e: Editor, query: str) -> list[str]:
        await e.client.text_document_definition_async(
            types.DefinitionParams(types.TextDocumentIdentifier(policy.as_uri()), types.Position(0, 0))
        )
        found = await e.client.workspace_symbol_async(types.WorkspaceSymbolParams(query))
        return [s.name for s in found or ()]

    async def test():
        other = tmp_path / "other"
        other.mkdir()
        (other / "policy.nba").write_text(POLICY.replace("young", "youthful"))
        async with editor(folders=(policy.parent / "none", other)) as e:
            assert await symbols(e, "ythfl") == ["youthful"]
            event = types.WorkspaceFoldersChangeEvent([], [types.WorkspaceFolder(other.as_uri(), "other")])
            e.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
            assert await symbols(e, "yth") == []

    run(test())


def test_the_server_starts_without_what_it_does_not_need():
    heavy = "numba numpy pyarrow pydantic rich".split()
    code = f"import sys, nbadsl.lsp.server; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_server_ends_with_its_client():
    done = subprocess.run(
        [sys.executable, "-m", "nbadsl.cli", "lsp"], input=b"", capture_output=True, cwd=ROOT, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, b"")
