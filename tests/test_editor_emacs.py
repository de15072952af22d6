"""The Emacs package in Emacs itself: it compiles without a warning; indentation, colours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from editor_packages import PACKAGES, ROOT, colours, indented_policies, sound_policies
from grammar_words import keywords
from tree_sitter import Language

from nbadsl.semantics.builtins import COUNTS
from nbadsl.semantics.fields import NAMED_TYPES
from nbadsl.syntax.declarations import KEYWORDS

PACKAGE = PACKAGES / "emacs"
SCRIPT = Path(__file__).parent / "clients" / "emacs.el"


def asked(emacs: str, folder: Path, function: str, places: dict[str, list[int]]) -> Any:
    """What the script answers."""
    (folder / "places.json").write_text(json.dumps(places))
    command = [emacs, "-Q", "--batch", "-L", PACKAGE, "-l", SCRIPT, "-f", function, folder / "places.json"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_it_compiles_without_a_warning(emacs: str, tmp_path: Path):
    shutil.copy(PACKAGE / "nba-mode.el", tmp_path)
    strict = ["--eval", "(setq byte-compile-error-on-warn t)"]
    command = [emacs, "-Q", "--batch", *strict, "-f", "batch-byte-compile", "nba-mode.el"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_indentation_is_that_of_the_examples(emacs: str, tmp_path: Path):
    expected = {str(path): (ROOT / path).read_text(encoding="utf-8") for path in indented_policies()}
    assert asked(emacs, tmp_path, "nba-test-indent", {path: [] for path in expected}) == expected


FACES = {
    "keyword": ("font-lock-keyword-face", "font-lock-constant-face"),
    "comment": ("font-lock-comment-delimiter-face", "font-lock-comment-face"),
    "string": ("font-lock-string-face",),
    "number": ("font-lock-constant-face",),
}


def test_keywords_comments_texts_and_numbers_have_their_colours(
    emacs: str, tmp_path: Path, tree_sitter_nba: Language
):
    expected = {
        str(path): [*colours(tree_sitter_nba, (ROOT / path).read_text(encoding="utf-8"))]
        for path in sound_policies()
    }
    places = {path: [start for start, _, _ in found] for path, found in expected.items()}
    faces = asked(emacs, tmp_path, "nba-test-faces", places)
    wrong = [
        f"{path}: {start}-{end} is {kind}, has {face}"
        for path in places
        for (start, end, kind), face in zip(expected[path], faces[path], strict=True)
        if face not in FACES[kind]
    ]
    assert wrong == []


def test_the_words_are_those_of_the_language():
    text = (PACKAGE / "nba-mode.el").read_text(encoding="utf-8")
    lists = dict(re.findall(r"\(defconst nba-(\w+)\s+'\(([^)]*)\)", text))
    words = {name: set(re.findall(r'"(\w+)"', listed)) for name, listed in lists.items()}
    assert words.pop("types") == {*NAMED_TYPES, "money"}
    assert words.pop("functions") == set(COUNTS)
    assert words["declarations"] == set(KEYWORDS)
    assert set().union(*words.values()) == keywords()
