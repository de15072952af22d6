"""What the README of the editor packages tells people to do works; the files for Helix and Zed, which the tests do not
have, are sound and fit together."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from editor_packages import PACKAGES, ROOT
from tree_sitter import Language, Query, QueryCursor
from tree_sitter import Parser as TreeParser

README = (PACKAGES / "README.md").read_text(encoding="utf-8")
TO_RUN = re.findall(
    r"^## (\w+)$(?:(?!^## ).)*?<!-- run -->\n```sh\n(.*?)```", README, re.MULTILINE | re.DOTALL
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A commit of the packages as they are, in a repository of its own."""
    folder = tmp_path / "nbadsl"
    ignored = shutil.ignore_patterns("node_modules", "dist", "*.vsix", "parser")
    shutil.copytree(PACKAGES, folder / "editor-support", ignore=ignored)
    author = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def run(editor: str, checkout: Path) -> Path:
    """Do in a checkout what the README says for an editor; the home folder afterwards."""
    home = checkout.parent / "home"
    home.mkdir()
    path = "/usr/local/bin:/usr/bin:/bin"
    command = ["bash", "-euc", dict(TO_RUN)[editor]]
    subprocess.run(command, cwd=checkout, env={"HOME": str(home), "PATH": path}, check=True)
    return home


def test_neovim_finds_the_parser_that_the_readme_makes(checkout: Path):
    if shutil.which("cc") is None:
        pytest.skip("no C compiler (Debian's package gcc): the parser for Neovim is not made")
    run("Neovim", checkout)
    assert (checkout / "editor-support" / "neovim" / "parser" / "nba.so").is_file()


def test_helix_gets_the_grammar_and_its_queries(checkout: Path):
    helix = run("Helix", checkout) / ".config" / "helix"
    settings = tomllib.loads((helix / "languages.toml").read_text(encoding="utf-8"))
    (language,) = settings["language"]
    assert language["file-types"] == ["nba"]
    assert [settings["language-server"][name]["command"] for name in language["language-servers"]] == ["nba"]
    (grammar,) = settings["grammar"]
    assert grammar["name"] == language["name"]
    assert (Path(grammar["source"]["path"]) / "src" / "parser.c").is_file()
    assert (helix / "runtime" / "queries" / language["name"] / "highlights.scm").is_file()


def test_zed_can_fetch_the_grammar(checkout: Path):
    zed = run("Zed", checkout) / "nba-zed"
    extension = tomllib.loads((zed / "extension.toml").read_text(encoding="utf-8"))
    config = tomllib.loads((zed / "languages" / "nba" / "config.toml").read_text(encoding="utf-8"))
    grammar = extension["grammars"][config["grammar"]]
    assert extension["language_servers"]["nba"]["languages"] == [config["name"]]
    fetched = checkout.parent / "fetched"
    fetched.mkdir()
    for command in (
        ["init", "-q"],
        ["fetch", "-q", "--depth", "1", grammar["repository"], grammar["rev"]],
        ["checkout", "-q", grammar["rev"]],
    ):
        subprocess.run(["git", *command], cwd=fetched, check=True)
    assert (fetched / grammar["path"] / "src" / "parser.c").is_file()
    assert tomllib.loads((zed / "Cargo.toml").read_text(encoding="utf-8"))["lib"]["path"] == "src/nba.rs"


@pytest.mark.parametrize(
    "path", sorted((PACKAGES / "zed" / "languages" / "nba").glob("*.scm")), ids=lambda path: path.name
)
def test_a_query_of_zed_finds_something(tree_sitter_nba: Language, path: Path):
    query = Query(tree_sitter_nba, path.read_text(encoding="utf-8"))
    text = (ROOT / "nbadsl" / "templates" / "policy.nba").read_bytes()
    found = QueryCursor(query).captures(TreeParser(tree_sitter_nba).parse(text).root_node)
    assert set(found) == {query.capture_name(i) for i in range(query.capture_count)}
