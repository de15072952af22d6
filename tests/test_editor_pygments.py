"""Colours of documentation: Pygments finds our lexer, and colours what the compiler reads as a keyword as one."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from editor_packages import ROOT, colours, sound_policies
from grammar_words import keywords
from pygments.token import Comment, Error, Keyword, Number, Operator, String
from tree_sitter import Language

from nbadsl import pygments
from nbadsl.semantics.builtins import COUNTS
from nbadsl.semantics.fields import NAMED_TYPES
from nbadsl.syntax.declarations import KEYWORDS


@pytest.mark.parametrize("path", sorted((ROOT / p) for p in sound_policies()), ids=lambda p: p.name)
def test_a_policy_has_no_errors_and_stays_as_it_is(path: Path):
    text = path.read_text(encoding="utf-8")
    tokens = [token for _, *token in pygments.NbaLexer().get_tokens_unprocessed(text)]
    assert [value for kind, value in tokens if kind in Error] == []
    assert "".join(value for _, value in tokens) == text


def test_the_words_are_those_of_the_language():
    groups = pygments.DECLARATIONS, pygments.LINES, pygments.PARTS, pygments.OPERATORS, pygments.CONSTANTS
    assert sorted(word for group in groups for word in group) == sorted(keywords())
    assert pygments.DECLARATIONS == KEYWORDS
    assert {*pygments.TYPES} == {*NAMED_TYPES, "money"}
    assert {*pygments.FUNCTIONS} == set(COUNTS)


KINDS = {"keyword": (Keyword, Operator.Word), "comment": (Comment,), "string": (String,), "number": (Number,)}


@pytest.mark.parametrize("path", sound_policies(), ids=str)
def test_keywords_comments_texts_and_numbers_have_their_colours(tree_sitter_nba: Language, path: Path):
    text = (ROOT / path).read_text(encoding="utf-8")
    found = {
        (at, at + len(value)): kind for at, kind, value in pygments.NbaLexer().get_tokens_unprocessed(text)
    }
    wrong = [
        text[start:end]
        for start, end, kind in colours(tree_sitter_nba, text)
        if not any(found.get((start, end), Error) in right for right in KINDS[kind])
    ]
    assert wrong == []


def test_pygments_finds_the_lexer(tmp_path: Path):
    """By the entry point of pyproject.toml, as an installed package declares it."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][
        "pygments.lexers"
    ]
    info = tmp_path / "nba_colours-1.dist-info"
    info.mkdir()
    lines = "".join(f"{name} = {value}\n" for name, value in declared.items())
    (info / "entry_points.txt").write_text(f"[pygments.lexers]\n{lines}")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nba-colours\nVersion: 1\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    policy = ROOT / "nbadsl" / "templates" / "policy.nba"
    shown = subprocess.run(
        [sys.executable, "-m", "pygments", "-f", "html", policy],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert '<span class="kd">policy</span>' in shown.stdout
