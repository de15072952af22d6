"""tree-sitter-nba: what the compiler can read parses without an error and into the same declarations and rows.

`src/` is generated from `grammar.js` by `generate.sh`; that it is up to date is tested with --editors, which needs the
generator.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from editor_packages import ROOT, TREE_SITTER, sound_policies, tree_of, walk
from grammar_words import keywords, with_keyword_as_name
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from nbadsl.semantics.builtins import COUNTS
from nbadsl.syntax import nodes

EXAMPLES = [
    pytest.param(name.strip(), code, tree, id=f"{path.stem}: {name.strip()}")
    for path in sorted((TREE_SITTER / "test" / "corpus").glob("*.txt"))
    for name, code, tree in re.findall(
        r"={18}\n([^\n]+)\n={18}\n(.*?)\n---\n(.*?)(?=\n={18}\n|\Z)",
        path.read_text(encoding="utf-8"),
        re.DOTALL,
    )
]
HIGHLIGHTS = (TREE_SITTER / "queries" / "highlights.scm").read_text(encoding="utf-8")


def parsed(nba: Language, text: bytes) -> Node:
    """The tree of a text, which must have no error."""
    root = Parser(nba).parse(text).root_node
    wrong = [f"line {n.start_point.row + 1}: {n}" for n in walk(root) if n.is_error or n.is_missing]
    assert wrong == []
    return root


@pytest.mark.parametrize("path", sound_policies(), ids=str)
def test_a_policy_has_the_declarations_and_rows_that_the_compiler_reads(
    tree_sitter_nba: Language, path: Path
):
    root = parsed(tree_sitter_nba, (ROOT / path).read_bytes())
    found = [(n.text.decode(), rows(n)) for n in root.named_children if n.type != "comment"]
    expected = [(d.span.text, len(rows_of(d))) for d in tree_of(path).declarations]
    assert found == expected


def rows(node: Node) -> int:
    return sum(n.type == "row" for n in walk(node))


def rows_of(declaration: nodes.Declaration) -> list[nodes.Row]:
    match declaration:
        case nodes.Table():
            return [*declaration.rows]
        case nodes.Test():
            return [r for item in declaration.items if isinstance(item, nodes.TestCases) for r in item.rows]
    return []


@pytest.mark.parametrize("word", sorted(keywords() - {"if", "not", "yes", "no"}))
def test_a_keyword_is_a_name_where_it_cannot_stand(tree_sitter_nba: Language, word: str):
    parsed(tree_sitter_nba, with_keyword_as_name(word).encode())


@pytest.mark.parametrize("name, code, tree", EXAMPLES)
def test_the_corpus(tree_sitter_nba: Language, name: str, code: str, tree: str):
    assert str(parsed(tree_sitter_nba, code.encode())) == re.sub(
        r"\s+(?=\))|(?<=\()\s+", "", " ".join(tree.split())
    )


def test_the_corpus_is_read_whole():
    text = "".join(p.read_text(encoding="utf-8") for p in (TREE_SITTER / "test" / "corpus").glob("*.txt"))
    assert len(EXAMPLES) == text.count("\n---\n") > 0


def test_the_keywords_are_those_of_the_grammar():
    types = json.loads((TREE_SITTER / "src" / "node-types.json").read_text(encoding="utf-8"))
    words = {t["type"] for t in types if not t["named"] and t["type"].isalpha()}
    assert words == keywords()


def test_the_functions_of_the_language_have_their_own_colour():
    listed = re.search(r'"\^\(([\w|]+)\)\$"', HIGHLIGHTS)
    assert listed and set(listed.group(1).split("|")) == set(COUNTS)


@pytest.mark.parametrize("path", sorted((TREE_SITTER / "queries").glob("*.scm")), ids=lambda p: p.name)
def test_a_query_finds_something(tree_sitter_nba: Language, path: Path):
    query = Query(tree_sitter_nba, path.read_text(encoding="utf-8"))
    names = {query.capture_name(i) for i in range(query.capture_count)}
    found: set[str] = set()
    for policy in sound_policies():
        found |= QueryCursor(query).captures(parsed(tree_sitter_nba, (ROOT / policy).read_bytes())).keys()
    assert found == names


@pytest.mark.parametrize("path", sound_policies(), ids=str)
def test_every_word_and_mark_of_a_policy_has_one_colour(tree_sitter_nba: Language, path: Path):
    root = parsed(tree_sitter_nba, (ROOT / path).read_bytes())
    captures = QueryCursor(Query(tree_sitter_nba, HIGHLIGHTS)).captures(root)
    captured = [node.id for found in captures.values() for node in found]
    assert len(captured) == len(set(captured))
    colours = set(captured)
    assert [str(n.text) for n in leaves(root, colours) if n.type not in ("identifier", "\n")] == []


def leaves(node: Node, stop: set[int]) -> Iterator[Node]:
    """The leaves of a tree that are in no node of `stop`."""
    if node.id in stop:
        return
    if not node.children:
        yield node
    for child in node.children:
        yield from leaves(child, stop)


@pytest.mark.editors
def test_the_parser_is_generated_from_the_grammar(tmp_path: Path):
    copy = tmp_path / "tree-sitter-nba"
    shutil.copytree(TREE_SITTER, copy, ignore=shutil.ignore_patterns("src"))
    subprocess.run([copy / "generate.sh"], check=True)
    for file in ("grammar.json", "node-types.json", "parser.c"):
        assert (copy / "src" / file).read_bytes() == (TREE_SITTER / "src" / file).read_bytes(), file
