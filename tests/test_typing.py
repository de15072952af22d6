"""Texts as they are while somebody types: every place of every text has an answer, and findings are those of a check."""

from __future__ import annotations

import os
import random
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from expectations import completed, files_of, programs
from hypothesis import given, settings
from hypothesis import strategies as st
from ide_cases import snapshot_of

from nbadsl import pipeline
from nbadsl.ide import actions, calls, definition, hover, inlay, references, rename, shape, symbols
from nbadsl.ide.completion import completion
from nbadsl.ide.signature import signature_help
from nbadsl.ide.snapshot import Snapshot
from nbadsl.ide.tokens import tokens
from nbadsl.resources import folder
from nbadsl.source import Source, read
from nbadsl.workspace import Workspace

ROOT = Path(__file__).parent.parent
POLICIES = [*sorted((ROOT / "examples").rglob("*.nba")), *sorted(folder("stdlib").glob("*.nba"))]
CASES = sorted((ROOT / "tests" / "cases" / "diagnostics").glob("*.nba"))
MOST_KEYSTROKES = 1500  # in the default run, over all policies together
DAY = date(2026, 11, 10)

QUESTIONS = (
    hover.hover,
    completion,
    signature_help,
    definition.definition,
    definition.type_definition,
    references.references,
    references.highlights,
    references.linked,
    shape.selections,
    calls.called_at,
    calls.incoming,
    calls.outgoing,
)


def ask(snapshot: Snapshot, path: str, offset: int) -> None:
    """Every question of an editor; places that come out lie in their texts."""
    document = snapshot.document(path)
    assert document is not None
    size = len(document.source.text)
    for question in QUESTIONS:
        question(snapshot, path, offset)
    try:
        rename.prepare_rename(snapshot, path, offset)
    except rename.CannotRename:
        pass
    for action in actions.actions(snapshot, path, offset, min(size, offset + 7)):
        assert all(
            0 <= c.place.start <= c.place.end <= len(c.place.document.source.text) for c in action.changes
        )
    found = tokens(snapshot, path)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all("\n" not in document.source.text[t.start : t.end] for t in found)
    inlay.inlay_hints(snapshot, path, 0, size, DAY)
    shape.folds(snapshot, path)
    shape.links(snapshot, path)
    for outline in symbols.document_symbols(snapshot, path):
        assert outline.place.start <= outline.name_place.start <= outline.name_place.end <= outline.place.end


def alike(workspace: Workspace, path: str, found: tuple[object, ...]) -> None:
    """The findings of the workspace are those of a check of the same texts that knows nothing of before."""

    def reader(file: Path) -> tuple[Source, int | None]:
        document = workspace.open.get(os.path.abspath(file))
        return (document.source, None) if document is not None else read(file)

    expected = pipeline.check(Path(path), reader).diagnostics
    key = lambda d: (str(d.span), d.span.end, d.message, d.help, [f.title for f in d.fixes])  # noqa: E731
    assert sorted(map(key, found)) == sorted(map(key, expected))


@pytest.mark.parametrize("path", [pytest.param(p, id=p.relative_to(ROOT).as_posix()) for p in POLICIES])
def test_a_policy_is_typed_character_by_character(path, request):
    text = path.read_text(encoding="utf-8")
    step, every = 1, 50
    if not request.config.getoption("--all-prefixes"):
        step, every = max(1, len(text) * len(POLICIES) // MOST_KEYSTROKES), 10
    name = str(path)
    workspace = Workspace().with_text(name, "")
    checked = workspace.check(name)
    assert checked is not None
    for number, end in enumerate([*range(len(text) % step, len(text), step), len(text)]):
        workspace = workspace.with_text(name, text[:end])
        # What was understood is some keystrokes old, as it is for somebody who types.
        snapshot = Snapshot(workspace, {name: checked})
        completion(snapshot, name, end)
        hover.hover(snapshot, name, end)
        signature_help(snapshot, name, end)
        if number % every == 0 or end == len(text):
            ask(snapshot, name, end)
            checked = workspace.check(name, checked)
            assert checked is not None
            if workspace.documents[name].is_policy:
                alike(workspace, name, checked.diagnostics)
            ask(Snapshot(workspace, {name: checked}), name, end // 2)


def test_every_place_of_a_wrong_policy_has_an_answer():
    chance = random.Random(20261112)
    texts = [p for path in CASES for _, p in programs(path.read_text(encoding="utf-8"))]
    for program in chance.sample(texts, 60):
        if "times:" in program:
            continue
        snapshot = snapshot_of(completed(files_of(program)))
        for path, document in snapshot.workspace.documents.items():
            for _ in range(3):
                ask(snapshot, path, chance.randrange(len(document.source.text) + 1))


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters() | st.sampled_from('{}()"#|\n\r ,.:=😀é'), max_size=80), st.data())
def test_any_text_and_any_place_has_an_answer(text, data):
    snapshot = snapshot_of({"policy.nba": text})
    [path] = snapshot.workspace.open
    ask(snapshot, path, data.draw(st.integers(0, len(text))))


@pytest.mark.parametrize(
    "text",
    [
        "define a = " + "(" * 3000 + "age",
        "define a = " + "age + " * 3000 + "1",
        "define a = " + "abs(" * 2000 + "age",
        "action a " + "{ via email " * 2000,
        "define " + "x" * 100_000 + " = 1",
    ],
    ids=["brackets", "sum", "calls", "blocks", "name"],
)
def test_no_text_is_too_deep_or_too_long_to_be_asked_about(text):
    snapshot = snapshot_of(completed({"policy.nba": text + "\n"}))
    [path] = snapshot.workspace.open
    ask(snapshot, path, len(text))
    ask(snapshot, path, len(text) // 2)
    ask(snapshot, path, 7)


# --- columns ---


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from("ab\n\r😀é"), max_size=60), st.data())
def test_lines_and_columns_are_those_of_the_text_encoded(text, data):
    source = Source("x", text)
    offset = data.draw(st.integers(0, len(text)))
    for encoding, size in (("utf-8", 1), ("utf-16", 2), ("utf-32", 4)):
        line, column = source.place(offset, encoding)
        before = text[:offset].replace("\r\n", "\n")
        if text[offset - 1 : offset + 1] != "\r\n":
            before = before.replace("\r", "\n")
            last = before.rpartition("\n")[2]
            assert line == before.count("\n")
            assert column == len(last.encode(f"{encoding}-le" if size > 1 else encoding)) // size
            assert source.offset(line, column, encoding) == offset
        assert source.offset(line, column + 1000, encoding) <= len(text)
    assert source.offset(10_000, 0, "utf-16") == len(text)
