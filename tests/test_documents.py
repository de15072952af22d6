"""The documents are run: see documents.py. `--update-documents` writes what commands print into them."""

from __future__ import annotations

import shutil
from pathlib import Path

import documents
import pytest
from documents import ROOT, Block, Step, blocks, check_fragment, fits, problems, steps
from example_data import missing


def copy(document: Path, to: Path) -> Path:
    """A copy of a document's folder, and the data of the examples that are in it."""
    source = (ROOT / document).parent
    shutil.copytree(source, to, ignore=documents.LEFT_OUT)
    return to


@pytest.mark.parametrize("document", [pytest.param(d, id=str(d)) for d in documents.documents()])
def test_a_document_is_true(document: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    needing = [b for b in blocks((ROOT / document).read_text(encoding="utf-8")) if b.note == "needs data"]
    offline = bool(needing and missing())
    wrong, printed = documents.problems(ROOT / document, copy(document, tmp_path / "copy"), offline)
    if request.config.getoption("--update-documents") and printed:
        documents.update(ROOT / document, printed)
        pytest.fail(f"{document} was rewritten in {len(printed)} places: read it, and run the tests again")
    assert not wrong, "\n\n".join(wrong)
    if offline:
        pytest.skip(f"{missing()}; {len(needing)} blocks of {document} were left out")


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


def test_a_document_that_is_not_true_is_found_out(tmp_path: Path):
    (tmp_path / "a.nba").write_text("define half = 50%\n")
    false = tmp_path / "README.md"
    false.write_text(
        "```console\n$ echo yes\nno\n```\n"
        "```python\nassert 1 == 2\n```\n"
        "```nba\neligible when agee >= 18\n```\n"
        "<!-- from a.nba -->\n```nba\ndefine half = 60%\n```\n"
    )
    wrong, printed = problems(false, tmp_path, offline=False)
    assert [w.split(": ")[0].rpartition(":")[2] for w in wrong] == ["1", "5", "8", "12"]
    assert printed == [(Step("echo yes", "no\n", 2), "yes\n")]
    documents.update(false, printed)
    assert false.read_text().startswith("```console\n$ echo yes\nyes\n```\n")


def test_what_a_document_asks_its_reader_to_write_is_written(tmp_path: Path):
    (tmp_path / "a.nba").write_text("one\ntwo\n")
    true = tmp_path / "README.md"
    true.write_text(
        "<!-- edit a.nba: one => 1 -->\n"
        "<!-- replace in a.nba: two -->\n```nba\n  2\n  3\n```\n"
        "<!-- append to a.nba -->\n```nba\n4\n```\n"
        "```console\n$ cat a.nba\n1\n  2\n  3\n\n4\n```\n"
        "<!-- not run -->\n```console\n$ false claims\n```\n"
        "<!-- needs data -->\n```console\n$ cat data\n```\n"
    )
    assert problems(true, tmp_path, offline=True) == ([], [])
