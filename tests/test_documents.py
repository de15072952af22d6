"""The documents are run: see documents.py. `--update-documents` writes what commands print into them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import documents
import pytest
from documents import ROOT, Block, Step, blocks, check_fragment, fits, steps

DATA = ("examples/02-grocery", "examples/03-insurance")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path] | None:
    """The folders with the data of the examples, or None when they cannot be fetched. Data that a reader has made
    already is used as it is."""
    found = {}
    for example in DATA:
        here = ROOT / example / "data"
        folder = here if here.is_dir() else tmp_path_factory.mktemp("data")
        script = ROOT / example / "get_data.py"
        done = subprocess.run([sys.executable, script, "--to", folder], capture_output=True, text=True)
        if done.returncode:
            warnings.warn(f"NOT TESTED: blocks that need data, since {done.stderr.strip()}", stacklevel=1)
            return None
        found[example] = folder
    return found


def copy(document: Path, data: dict[str, Path] | None, to: Path) -> Path:
    """A copy of a document's folder, with the data of the examples in it."""
    source = (ROOT / document).parent
    shutil.copytree(source, to, ignore=documents.LEFT_OUT)
    for example, folder in (data or {}).items():
        inside = ROOT / example
        if inside.is_relative_to(source):
            shutil.copytree(folder, to / inside.relative_to(source) / "data")
    return to


@pytest.mark.parametrize("document", [pytest.param(d, id=str(d)) for d in documents.documents()])
def test_a_document_is_true(
    document: Path, data: dict[str, Path] | None, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    wrong, printed = documents.problems(document, copy(document, data, tmp_path / "copy"), data is None)
    if request.config.getoption("--update-documents") and printed:
        documents.update(document, printed)
        pytest.fail(f"{document} was rewritten in {len(printed)} places: read it, and run the tests again")
    assert not wrong, "\n\n".join(wrong)
    needing = [b for b in blocks((ROOT / document).read_text(encoding="utf-8")) if b.note == "needs data"]
    if needing and data is None:
        pytest.skip(f"NOT TESTED: {len(needing)} blocks of {document} need data that could not be fetched")


# The harness itself


def test_blocks_have_the_comment_above_them_and_edits_are_blocks():
    text = "<!-- needs data -->\n```console\n$ ls\na\n```\n<!-- edit a.nba: 1 => 2 -->\n\n<!-- lost -->\ntext\n```nba\nx\n```\n"
    assert list(blocks(text)) == [
        Block("console", "$ ls\na\n", "needs data", 2),
        Block("edit", "a.nba: 1 => 2", "", 6),
        Block("nba", "x\n", "", 10),
    ]


def test_steps_are_commands_with_what_they_print():
    assert steps(Block("console", "$ a\n1\n2\n$ b\n", "", 1)) == [
        Step("a", "1\n2\n", 2),
        Step("b", "", 5),
    ]


@pytest.mark.parametrize(
    ("expected", "printed", "fit"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("", "", True),
        ("", "a\n", False),
        ("a … c\n", "a b b c\n", True),
        ("a … c\n", "a b\nc\n", False),
        ("a\n…\nc\n", "a\nx\ny\nc\n", True),
        ("a\n…\nc\n", "a\nc\n", True),
        ("a\n…\n", "a\nb\n", True),
        ("a.c\n", "abc\n", False),
    ],
)
def test_an_ellipsis_stands_for_anything(expected: str, printed: str, fit: bool):
    assert fits(expected, printed) is fit


def test_a_fragment_is_completed_before_it_is_checked():
    assert check_fragment("eligible when age >= 18\n") == []
    assert check_fragment("define rich = income > 800 EUR\n") == []
    assert "unknown-name" in check_fragment("eligible when agee >= 18\n")[0]
