"""The VS Code extension: what it is made of fits together, its code is sound, and it is packed without a network.

Node and npm make it; where this is continuous integration what it is made with is installed first (`npm ci`, 20
seconds). Everywhere else its tests are skipped until that has been done by hand.
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from editor_packages import EXTENSION, PACKAGES, ROOT, colours, packed, sound_policies
from grammar_words import keywords
from tree_sitter import Language

from nbadsl.semantics.builtins import COUNTS
from nbadsl.semantics.fields import NAMED_TYPES
from nbadsl.source import Source
from nbadsl.syntax.parser import parse


def read(name: str) -> Any:
    return json.loads((EXTENSION / name).read_text(encoding="utf-8"))


MANIFEST = read("package.json")
GRAMMAR = read("syntaxes/nba.tmLanguage.json")["repository"]


# --- what needs no Node ---------------------------------------------------------------------------


def test_every_file_that_the_manifest_names_is_there():
    contributes = MANIFEST["contributes"]
    steps = [step for w in contributes["walkthroughs"] for step in w["steps"]]
    named = [
        *(entry["path"] for kind in ("grammars", "snippets") for entry in contributes[kind]),
        *(language["configuration"] for language in contributes["languages"]),
        *(step["media"]["markdown"] for step in steps),
    ]
    assert [name for name in named if not (EXTENSION / name).is_file()] == []


def test_every_command_is_declared_and_does_something():
    declared = {c["command"] for c in MANIFEST["contributes"]["commands"]}
    source = (EXTENSION / "src" / "extension.ts").read_text(encoding="utf-8")
    assert set(re.findall(r"^ +'(nba\.\w+)':", source, re.MULTILINE)) == declared
    used = re.findall(r"\bcommand:(nba\.\w+)", (EXTENSION / "package.json").read_text(encoding="utf-8"))
    assert used and set(used) <= declared


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert MANIFEST["version"] == project["version"]


def test_the_lock_names_no_registry():
    text = (EXTENSION / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert "registry" not in text


def alternatives(pattern: str) -> set[str]:
    """The words of a pattern of the form …(a|b|c)…"""
    match = re.search(r"\((?:\?:)?(\w+(?:\|\w+)+)\)", pattern)
    assert match, pattern
    return set(match.group(1).split("|"))


def test_the_words_with_colours_are_those_of_the_language():
    words = [p["match"] for p in GRAMMAR["word"]["patterns"] if re.match(r"\\b\(\?:\w+\|", p["match"])]
    assert len(words) == 3
    assert set().union(*map(alternatives, words)) == keywords()
    assert {*NAMED_TYPES, "money"} == alternatives(GRAMMAR["field"]["patterns"][0]["match"])
    assert set(COUNTS) == alternatives(GRAMMAR["call"]["patterns"][0]["match"])


@pytest.mark.parametrize("name, snippet", read("snippets/nba.json").items())
def test_a_snippet_is_a_declaration_without_mistakes(name: str, snippet: dict[str, Any]):
    body = snippet["body"] if isinstance(snippet["body"], str) else "\n".join(snippet["body"])
    body = re.sub(r"\$\{\d+\|([^,|]*)[^}]*\|\}", r"\1", body)
    while "${" in body:
        body = re.sub(r"\$\{\d+:([^${}]*)\}", r"\1", body)
    text = re.sub(r"\$\d", "", body) + "\n"
    file, mistakes = parse(Source("snippet.nba", text))
    assert mistakes == ()
    assert len(file.declarations) == 1
    assert body.startswith(snippet["prefix"])


DOCUMENTS = sorted(p for p in PACKAGES.rglob("*.md") if "node_modules" not in p.parts)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(PACKAGES)))
def test_a_policy_in_a_document_has_no_syntax_errors(path: Path):
    for text in re.findall(r"```nba\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
        assert parse(Source(path.name, text))[1] == ()


# --- what needs Node -------------------------------------------------------------------------------


def test_its_code_is_sound(npm: str):
    subprocess.run([npm, "run", "--silent", "check"], cwd=EXTENSION, check=True)
    subprocess.run([npm, "test", "--silent"], cwd=EXTENSION, check=True)


def test_it_is_packed_without_a_network(npm: str):
    names = {n.removeprefix("extension/") for n in zipfile.ZipFile(packed(npm)).namelist()}
    assert {"dist/extension.js", "syntaxes/nba.tmLanguage.json", "snippets/nba.json", "LICENSE.txt"} <= names
    assert not any(n.startswith(("src/", "test/", "node_modules/")) for n in names)


KINDS = {
    "keyword": ("keyword.control.", "keyword.operator.word.", "storage.type.", "constant.language."),
    "comment": ("comment.",),
    "string": ("string.",),
    "number": ("constant.numeric.",),
}


def test_keywords_comments_texts_and_numbers_have_their_colours(npm: str, tree_sitter_nba: Language):
    paths = [str(ROOT / path) for path in sound_policies()]
    command = [npm, "run", "--silent", "colours", "--", *paths]
    shown = subprocess.run(command, cwd=EXTENSION, check=True, capture_output=True, text=True)
    found = json.loads(shown.stdout)
    assert sorted(found) == sorted(paths)
    wrong = []
    for path in paths:
        source = Source(path, Path(path).read_text(encoding="utf-8"))
        scopes = {
            source.line_starts[line] + start: names[0] if names else ""
            for line, start, _, names in found[path]
        }
        wrong += [
            f"{path}: {source.text[start:end]} has {scopes.get(start)}"
            for start, end, kind in colours(tree_sitter_nba, source.text)
            if not scopes.get(start, "").startswith(KINDS[kind])
        ]
    assert wrong == []
