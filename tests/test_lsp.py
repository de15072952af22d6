"""The language server, asked over its pipe by a client with the capabilities of real editors."""

import asyncio
import random
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from editors import PULLS, PUSHED, Editor, editor
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import client_capabilities

from nbadsl.syntax.declarations import pieces
from nbadsl.workspace import MOST_FILES

ROOT = Path(__file__).parent.parent
CANCELLED, MODIFIED = -32800, -32801
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
        part.write_text("define old = age > 20\n")
        policy.write_text('import "part.nba"\n' + POLICY.replace("young }", "young and old }"))
        async with editor(policy.parent) as e:
            document, other = e.open(policy), e.open(part, "define aged = age > 20\n")
            assert messages(await e.findings(document)) == ["there is no value called `old`"]
            e.client.text_document_did_close(types.DidCloseTextDocumentParams(other))
            assert await e.findings(document) == []
            part.write_text("define elder = age > 20\n")
            change = types.FileEvent(part.as_uri(), types.FileChangeType.Changed)
            e.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
            assert messages(await e.findings(document)) == ["there is no value called `old`"]

    run(test())


def test_a_client_that_pulls_is_told_when_the_disk_has_changed(policy):
    async def test():
        part = policy.parent / "part.nba"
        part.write_text("define old = age > 20\n")
        capabilities = client_capabilities(PULLS)
        capabilities.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
        async with editor(policy.parent, capabilities=capabilities) as e:
            document = e.open(policy, 'import "part.nba"\n' + POLICY.replace("young }", "young and old }"))
            assert await e.findings(document) == []
            part.write_text("")
            change = types.FileEvent(part.as_uri(), types.FileChangeType.Changed)
            assert e.client.diagnostic_refresh_count == 0
            e.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
            while e.client.diagnostic_refresh_count == 0:
                await asyncio.sleep(0.01)
            assert messages(await e.findings(document)) == ["there is no value called `old`"]

    run(test())


def test_a_file_without_a_folder_finds_what_it_imports(policy):
    async def test():
        (policy.parent / "part.nba").write_text("define old = age > 20\n")
        async with editor() as e:
            document = e.open(policy, 'import "part.nba"\n' + POLICY.replace("young }", "young and old }"))
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


def test_a_folder_that_is_too_large_is_told_once_and_names_are_not_renamed_across_its_files(policy, tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(MOST_FILES):
        (tmp_path / "many" / f"{number}.nba").touch()
    part = tmp_path / "part.nba"
    part.write_text("define old = age > 60\n")
    policy.write_text('import "part.nba"\n' + POLICY.replace("young }", "young and old }"))

    def at(path: Path, line: int) -> types.RenameParams:
        return types.RenameParams(
            types.TextDocumentIdentifier(path.as_uri()), types.Position(line, 8), "aged"
        )

    async def test():
        async with editor(tmp_path) as e:
            e.open(policy)
            assert await e.client.text_document_rename_async(at(policy, 3)) is not None
            with pytest.raises(JsonRpcException, match="too large to be read whole"):
                await e.client.text_document_rename_async(at(part, 0))
            assert [m.message.partition(":")[0] for m in e.client.messages] == [
                f"{tmp_path} is too large to be read whole"
            ]

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


# --- every request ---

SHOP = """import "part.nba"
policy p { currency EUR }
profile customer key id { id: text  age: integer in 0..120 }
# Young people.
define young = half(age, 2) < 30
action a {
  eligible when young and yong
}
channel email {
  title "E-mail"
}
arbitrate { score 1 }
"""


def test_every_request_is_offered_and_answered(policy):
    async def test():
        part = policy.parent / "part.nba"
        part.write_text("function half(x: number, by: number): number = x / by\n")
        async with editor(policy.parent, client_name=PUSHED) as e:
            client, document = e.client, e.open(policy, SHOP)
            wrong = [d for d in await e.findings(document) if d.severity == types.DiagnosticSeverity.Error]
            assert messages(wrong) == ["there is no value called `yong`"]
            at, whole = e.place(document, "young"), types.Range(types.Position(0, 0), types.Position(12, 0))

            links = await client.text_document_document_link_async(types.DocumentLinkParams(document))
            assert [Path(link.target).name for link in links] == ["part.nba"]
            folds = await client.text_document_folding_range_async(types.FoldingRangeParams(document))
            assert [(f.start_line, f.end_line) for f in folds] == [(5, 6), (8, 9)]
            [selection] = await client.text_document_selection_range_async(
                types.SelectionRangeParams(document, [at])
            )
            assert selection.range.start == at and selection.parent is not None
            tokens = await client.text_document_semantic_tokens_full_async(
                types.SemanticTokensParams(document)
            )
            some = await client.text_document_semantic_tokens_range_async(
                types.SemanticTokensRangeParams(
                    document, types.Range(types.Position(4, 0), types.Position(5, 0))
                )
            )
            assert 0 < len(some.data) < len(tokens.data) and len(tokens.data) % 5 == 0
            hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document, whole))
            assert [h.label for h in hints] == [": flag", "x:", "by:"]
            call = e.place(document, "age, 2")
            signature = await client.text_document_signature_help_async(
                types.SignatureHelpParams(document, call)
            )
            assert signature.signatures[0].label == "half(x: number, by: number): number"
            [item] = await client.text_document_prepare_call_hierarchy_async(
                types.CallHierarchyPrepareParams(document, at)
            )
            callers = await client.call_hierarchy_incoming_calls_async(
                types.CallHierarchyIncomingCallsParams(item)
            )
            callees = await client.call_hierarchy_outgoing_calls_async(
                types.CallHierarchyOutgoingCallsParams(item)
            )
            assert [c.from_.name for c in callers] == ["a"]
            assert sorted(c.to.name for c in callees) == ["age", "half"]
            symbols = await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
            assert [s.name for s in symbols] == [
                "part.nba",
                "p",
                "customer",
                "young",
                "a",
                "email",
                "arbitrate",
            ]
            marks = await client.text_document_document_highlight_async(
                types.DocumentHighlightParams(document, at)
            )
            assert len(marks) == 2

    run(test())


def test_code_actions_change_the_text_as_they_say(policy):
    async def test():
        async with editor(policy.parent, client_name=PUSHED) as e:
            document = e.open(policy, POLICY.replace("young }", "yong }"))
            [finding] = await e.findings(document)
            asked = types.CodeActionContext([finding], only=[types.CodeActionKind.QuickFix])
            [action] = await e.client.text_document_code_action_async(
                types.CodeActionParams(document, finding.range, asked)
            )
            assert (action.title, action.is_preferred) == ("Write `young`", True)
            assert list(action.edit.changes[document.uri]) == [types.TextEdit(finding.range, "young")]
            everything = types.CodeActionContext([], only=[types.CodeActionKind.Source])
            [fix_all] = await e.client.text_document_code_action_async(
                types.CodeActionParams(document, finding.range, everything)
            )
            assert fix_all.kind == types.CodeActionKind.SourceFixAll

    run(test())


def test_imports_follow_a_file_that_is_renamed(policy):
    async def test():
        part = policy.parent / "part.nba"
        part.write_text("define old = age > 60\n")
        async with editor(policy.parent) as e:
            document = e.open(policy, 'import "part.nba"\n' + POLICY)
            moved = types.FileRename(part.as_uri(), (policy.parent / "parts" / "old.nba").as_uri())
            edit = await e.client.workspace_will_rename_files_async(types.RenameFilesParams([moved]))
            [change] = edit.changes[document.uri]
            assert change.new_text == '"parts/old.nba"'

    run(test())


def test_reading_a_folder_is_told_as_progress(policy):
    async def test():
        async with editor(policy.parent, client_name=PULLS) as e:
            await e.findings(e.open(policy))
            [reports] = e.client.progress_reports.values()
            assert [type(r).__name__ for r in reports] == ["WorkDoneProgressBegin", "WorkDoneProgressEnd"]

    run(test())


# --- the sample ---


def test_match_rates_of_the_sample_are_shown_when_they_are_known_and_follow_the_text(shop):
    async def until(e: Editor, document: types.TextDocumentIdentifier, wanted: str) -> list[str]:
        while True:
            lenses = await e.client.text_document_code_lens_async(types.CodeLensParams(document))
            said = [lens.command.title for lens in lenses or () if "sample" in lens.command.title]
            if wanted in said:
                return said
            await asyncio.sleep(0.2)

    async def test():
        path = shop / "policy.nba"
        text = path.read_text()
        (shop / "nba.toml").write_text('policy = "policy.nba"\nsample = "customers.csv"\n')
        # The sample is decided for this moment: one complaint is from today, the other one old.
        people = (shop / "customers.csv").read_text().replace("2026-11-05", "2026-01-05")
        (shop / "customers.csv").write_text(people.replace("2026-11-08 18:45", str(date.today())))
        async with editor(shop, client_name=PUSHED) as e:
            document = e.open(path)
            assert await e.findings(document) == []
            said = await until(e, document, "50.0 % of the sample eligible")
            assert said[1:] == [
                "8.3 % of the sample eligible",
                "of the sample eligible: 8.3 % via call_center, 0.0 % via email",
            ]
            whole = types.Range(types.Position(0, 0), types.Position(99, 0))
            hints = await e.client.text_document_inlay_hint_async(types.InlayHintParams(document, whole))
            assert "stops 8.3 % of the sample" in [h.label for h in hints]
            rule = e.place(document, "eligible when churn_risk")
            hover = await e.client.text_document_hover_async(types.HoverParams(document, rule))
            assert hover.contents.value.endswith("Stops 16.7 % of the sample.")
            # A text that was never saved is what is measured.
            e.change(document, text.replace("churn_risk > 50%", "churn_risk > 100%"))
            await until(e, document, "0.0 % of the sample eligible")

    asyncio.run(asyncio.wait_for(test(), 180))


def test_the_linter_says_whom_of_the_sample_a_field_blocks(tmp_path):
    async def test():
        path = tmp_path / "policy.nba"
        path.write_text(
            POLICY.replace("age: integer in 0..120", "age: integer in 0..120 optional").replace(
                "eligible when young", "require young"
            )
        )
        (tmp_path / "nba.toml").write_text('sample = "people.csv"\n')
        (tmp_path / "people.csv").write_text("id,age\na,20\nb,\nc,50\nd,\n")
        async with editor(tmp_path, client_name=PUSHED) as e:
            document = e.open(path)
            assert await e.findings(document) == []
            wanted = "whoever has no `age` does not pass this `require`, which is 50% of the sample"
            while messages(e.client.diagnostics.get(document.uri, [])) != [wanted]:
                await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(test(), 120))


def test_lenses_offer_what_the_client_can_do(policy):
    text = POLICY + 'test "the young" { customer { age: 20 }  expect a }\n'

    async def lenses(commands):
        async with editor(policy.parent, client_name=PULLS, options={"commands": commands}) as e:
            document = e.open(policy, text)
            await e.findings(document)
            found = await e.client.text_document_code_lens_async(types.CodeLensParams(document))
            return [
                (lens.range.start.line, lens.command.title, lens.command.command, lens.command.arguments)
                for lens in found
            ]

    async def test():
        path = str(policy)
        run = (5, "run", "nba.test", (path, f"{path}:6"))
        explain = (3, "explain for…", "nba.explain", (path, "a"))
        passed = (5, "passed", "", None)
        assert await lenses(["nba.explain", "nba.test", "other"]) == [explain, run, passed]
        assert await lenses(["nba.test"]) == [run, passed]
        assert await lenses([]) == [passed]

    run(test())


# --- storms ---


def test_a_place_in_a_text_that_has_changed_meanwhile_is_not_answered(policy):
    async def test():
        async with editor(policy.parent) as e:
            document = e.open(policy)
            await e.findings(document)
            e.change(document, POLICY + "\n")
            place = types.RenameParams(document, e.place(document, "young"), "youth")
            asked = asyncio.ensure_future(e.client.text_document_rename_async(place))
            await asyncio.sleep(0)
            e.change(document, "\n" + POLICY)
            with pytest.raises(JsonRpcException, match="has changed"):
                await asked

    run(test())


def with_encoding(encoding: str) -> types.ClientCapabilities:
    capabilities = client_capabilities(PULLS)
    assert capabilities.general is not None
    capabilities.general.position_encodings = [encoding]
    return capabilities


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_columns_are_the_clients(policy, encoding):
    async def test():
        text = POLICY.replace(
            "action a { eligible when young }",
            'action a { title "👩‍🚀 é e\u0301 ﷽"  eligible when young and yong }  # 🎈 young',
        )
        async with editor(policy.parent, capabilities=with_encoding(encoding)) as e:
            assert e.encoding == encoding
            document = e.open(policy, text)
            [finding] = await e.findings(document)
            at = e.place(document, "yong")
            assert finding.range == types.Range(at, types.Position(at.line, at.character + 4))
            use = e.place(document, "young", 1)
            [declared] = await e.client.text_document_definition_async(types.DefinitionParams(document, use))
            assert declared.range.start == e.place(document, "young")
            edit = await e.client.text_document_rename_async(types.RenameParams(document, use, "jung"))
            assert [c.range.start for c in edit.changes[document.uri]] == [e.place(document, "young"), use]
            tokens = await e.client.text_document_semantic_tokens_full_async(
                types.SemanticTokensParams(document)
            )
            line = column = 0
            places = set()
            for down, right, size, _, _ in zip(*[iter(tokens.data)] * 5, strict=True):
                line, column = line + down, right if down else column + right
                places.add((line, column, size))
            assert (use.line, use.character, 5) in places and (at.line, at.character, 4) in places

    run(test())


def test_a_storm_of_changes_and_cancelled_questions_ends_in_right_findings():
    """Typed character by character, with questions that are cancelled or not: every answer is about the text that
    was there when it was asked, or a later one; nothing fails; the findings at the end are those of a check."""
    path = ROOT / "examples" / "04-contact-fatigue" / "limits.nba"
    text = path.read_text(encoding="utf-8")

    async def test():
        chance = random.Random(20261113)
        async with editor(path.parent, client_name=PULLS) as e:
            document = e.open(path, "")
            asked: list[tuple[str, asyncio.Future]] = []
            for end in range(0, len(text), 3):
                e.change(document, text[:end])
                line = text.count("\n", 0, end)
                at = types.Position(line, end - text.rfind("\n", 0, end) - 1)
                question, params = chance.choice(
                    [
                        (types.TEXT_DOCUMENT_HOVER, types.HoverParams(document, at)),
                        (types.TEXT_DOCUMENT_COMPLETION, types.CompletionParams(document, at)),
                        (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(document)),
                        (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensParams(document)),
                        (types.TEXT_DOCUMENT_DIAGNOSTIC, types.DocumentDiagnosticParams(document)),
                        (
                            types.TEXT_DOCUMENT_REFERENCES,
                            types.ReferenceParams(types.ReferenceContext(True), document, at),
                        ),
                    ]
                )
                number = f"q{end}"
                future = e.client.protocol.send_request(question, params, msg_id=number)
                asked.append((text[:end], asyncio.wrap_future(future)))
                if chance.random() < 0.7:
                    e.client.cancel_request(types.CancelParams(number))
                if chance.random() < 0.05:
                    await asyncio.sleep(chance.random() * 0.08)
            e.change(document, text)
            found = await e.findings(document)
            answers = await asyncio.gather(*(f for _, f in asked), return_exceptions=True)
            refused = [a for a in answers if isinstance(a, BaseException)]
            assert {getattr(a, "code", None) for a in refused} <= {CANCELLED, MODIFIED}
            answered = [(t, a) for (t, _), a in zip(asked, answers, strict=True) if isinstance(a, list)]
            assert refused and len(refused) + 20 < len(answers) and answered
            lines = text.split("\n")
            for then, answer in answered:
                symbols = [s for s in answer if isinstance(s, types.DocumentSymbol)]
                assert not symbols or len(symbols) >= len(pieces(then)[0])
                for symbol in symbols:
                    start = symbol.selection_range.start
                    shown = lines[start.line][start.character :]
                    assert shown.startswith((symbol.name, '"')), (symbol, shown)
            assert messages(found) == []
            e.change(document, text + "define broken_one = no_such_name\n")
            assert messages(await e.findings(document)) == ["there is no value called `no_such_name`"]

    run(test())


# --- layout -----------------------------------------------------------------------------------------------


def test_a_file_a_range_and_a_closed_block_are_laid_out(policy):
    text = "define  a=1\ndefine  b=2\naction x {\nvalue   3\n}\n"
    policy.write_text(text, encoding="utf-8")
    (policy.parent / "nba.toml").write_text("[format]\nwidth = 40\n", encoding="utf-8")
    how = types.FormattingOptions(tab_size=2, insert_spaces=True)

    async def test():
        async with editor(policy.parent) as e:
            document = e.open(policy)
            found = await e.client.text_document_formatting_async(
                types.DocumentFormattingParams(document, how)
            )
            assert [edit.new_text for edit in found] == [
                "define a = 1\n",
                "define b = 2\n",
                "action x {\n  value 3\n}\n",
            ]
            second = types.Range(types.Position(1, 3), types.Position(1, 4))
            asked = types.DocumentRangeFormattingParams(document, second, how)
            [edit] = await e.client.text_document_range_formatting_async(asked)
            assert (edit.new_text, edit.range.start.line) == ("define b = 2\n", 1)
            brace = types.DocumentOnTypeFormattingParams(document, types.Position(4, 1), "}", how)
            [edit] = await e.client.text_document_on_type_formatting_async(brace)
            assert edit.new_text == "action x {\n  value 3\n}\n"
            wide = "define a = 1111111111 + 2222222222 + 3333333333\n"
            e.change(document, wide)
            [edit] = await e.client.text_document_formatting_async(
                types.DocumentFormattingParams(document, how)
            )
            assert edit.new_text.count("\n") > 1

    run(test())


def test_what_is_found_is_pushed_for_every_version(policy):
    """A client that is one keystroke ahead drops the findings of the text before."""

    async def test():
        async with editor(policy.parent, client_name=PUSHED) as e:
            document = e.open(policy, POLICY.replace("young }", "yong }"))
            assert len(await e.findings(document)) == 1
            for text in (POLICY, POLICY + "\n"):
                told = asyncio.ensure_future(
                    e.client.wait_for_notification("textDocument/publishDiagnostics")
                )
                await asyncio.sleep(0)
                version = e.change(document, text)
                found = await asyncio.wait_for(told, 10)
                assert (found.version, list(found.diagnostics)) == (version, [])

    run(test())


# --- the linter -------------------------------------------------------------------------------------------


def test_hints_of_the_linter_come_unless_the_settings_or_a_comment_ignore_them(policy):
    text = POLICY.replace("action a", "define old = age > 60\naction a").replace("age < 30", "age > 200")

    async def test():
        async with editor(policy.parent) as e:
            document = e.open(policy, text)
            found = {d.code: d for d in await e.findings(document)}
            assert {"unused-definition", "never-holds"} <= found.keys()
            unused, never = found["unused-definition"], found["never-holds"]
            assert (unused.range.start.line, list(unused.tags)) == (3, [types.DiagnosticTag.Unnecessary])
            assert (never.range.start.line, never.severity) == (2, types.DiagnosticSeverity.Information)
            # The comment is about the line below it, wherever the declaration stands in the file.
            e.change(
                document, text.replace("define old", "# nba: ignore[unused-definition] for later\ndefine old")
            )
            codes = [d.code for d in await e.findings(document)]
            assert (
                "unused-definition" not in codes and "unused-ignore" not in codes and "never-holds" in codes
            )
            (policy.parent / "nba.toml").write_text('[lint]\nignore = ["never-holds"]\n', encoding="utf-8")
            e.change(document, text)
            codes = [d.code for d in await e.findings(document)]
            assert "never-holds" not in codes and "unused-definition" in codes

    run(test())


# --- tests of the policy ----------------------------------------------------------------------------------


def test_what_becomes_of_a_test_stands_above_it(policy):
    tests = """
# A comment above it.
test "the young" {
  customer { age: 20 }
  expect a
}
test "by age" {
  cases {
    age | expect
    20  | a
    40  | a
    41  | nothing
  }
}
"""

    async def test():
        async with editor(policy.parent, client_name=PULLS) as e:
            document = e.open(policy, POLICY + tests)
            for changed, said in (
                (
                    "",
                    [
                        "passed",
                        "1 of 3 cases failed (40 | a): expected a, got nothing because of nobody passed",
                    ],
                ),
                ("# Another line.\n", None),
                ("oops\n", []),
            ):
                e.change(document, changed + POLICY + tests)
                await e.findings(document)  # which waits for the linter
                found = await e.client.text_document_code_lens_async(types.CodeLensParams(document))
                lines = [lens.range.start.line for lens in found]
                if said is None:
                    assert lines == [8, 12]
                else:
                    assert [lens.command.title for lens in found] == said

    run(test())
