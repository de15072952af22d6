"""The Neovim package in Neovim itself: indentation, colours with and without tree-sitter, folds."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from editor_packages import PACKAGES, ROOT, colours, indented_policies, sound_policies
from grammar_words import keywords
from tree_sitter import Language

from nbadsl.semantics.builtins import COUNTS
from nbadsl.semantics.fields import NAMED_TYPES
from nbadsl.source import Source
from nbadsl.syntax.declarations import KEYWORDS

PACKAGE = PACKAGES / "neovim"
SCRIPT = Path(__file__).parent / "clients" / "neovim.lua"


def asked(nvim: str, folder: Path, action: str, places: dict[str, list[Any]], *parser: Path) -> Any:
    """What the script answers."""
    (folder / "places.json").write_text(json.dumps(places))
    command = [nvim, "--clean", "--headless", "-l", SCRIPT, PACKAGE, action, folder / "places.json", *parser]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_indentation_is_that_of_the_examples(nvim: str, tmp_path: Path):
    expected = {str(path): (ROOT / path).read_text(encoding="utf-8") for path in indented_policies()}
    assert asked(nvim, tmp_path, "indent", {path: [] for path in expected}) == expected


GROUPS = {
    "keyword": ("nbaDeclaration", "nbaKeyword", "nbaOperator", "nbaConstant"),
    "comment": ("nbaComment",),
    "string": ("nbaText",),
    "number": ("nbaNumber", "nbaTime"),
}
CAPTURES = {
    "keyword": ("keyword", "constant.builtin", "boolean"),
    "comment": ("comment",),
    "string": ("string",),
    "number": ("number", "string.special"),
}


@pytest.mark.parametrize("action, right", [("syntax", GROUPS), ("captures", CAPTURES)])
def test_keywords_comments_texts_and_numbers_have_their_colours(
    nvim: str, tmp_path: Path, tree_sitter_nba: Language, parser_nba: Path, action: str, right: dict
):
    expected, places = {}, {}
    for path in map(str, sound_policies()):
        source = Source(path, (ROOT / path).read_text(encoding="utf-8"))
        expected[path] = [*colours(tree_sitter_nba, source.text)]
        places[path] = [place(source, start) for start, _, _ in expected[path]]
    found = asked(nvim, tmp_path, action, places, *([parser_nba] if action == "captures" else []))
    wrong = [
        f"{path}: {start}-{end} is {kind}, has {group}"
        for path in places
        for (start, end, kind), group in zip(expected[path], found[path], strict=True)
        if not group.startswith(right[kind])
    ]
    assert wrong == []


def place(source: Source, offset: int) -> list[int]:
    """Line and byte in it, from 0."""
    line, column = source.position(offset)
    return [line - 1, len(source.line(line)[: column - 1].encode())]


def test_blocks_fold(nvim: str, tmp_path: Path, parser_nba: Path):
    path = "nbadsl/templates/policy.nba"
    begins = [
        number
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if line.endswith("{")
    ]
    assert asked(nvim, tmp_path, "folds", {path: []}, parser_nba) == {path: begins}


def test_the_words_are_those_of_the_language():
    text = (PACKAGE / "syntax" / "nba.vim").read_text(encoding="utf-8")
    calls = re.findall(r"call s:words\('(\w+)', '[^']*', '[^']*',\n(.*?)\)\n", text, re.DOTALL)
    words = {group: set(" ".join(re.findall(r"'([^']*)'", part)).split()) for group, part in calls}
    assert words.pop("nbaType") == {*NAMED_TYPES, "money"}
    assert words.pop("nbaFunction") == set(COUNTS)
    assert words["nbaDeclaration"] == set(KEYWORDS)
    assert set().union(*words.values()) == keywords()
    indent = (PACKAGE / "indent" / "nba.lua").read_text(encoding="utf-8")
    listed = re.search(r"\[\[(.*?)\]\]", indent, re.DOTALL)
    assert listed and set(listed.group(1).split()) == set(KEYWORDS)
