"""The parser's tables from the cache parse as those from the grammar do."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbadsl.source import Source
from nbadsl.syntax import machine
from nbadsl.syntax.parser import parse
from nbadsl.syntax.show import show_tree

ROOT = Path(__file__).parent.parent


def tree_of(parser, builder, rows, text: str) -> str:  # type: ignore[no-untyped-def]
    builder.source, builder.wrong = Source("p.nba", text), []
    rows.start()
    return repr(parser.parse(text))


@pytest.fixture
def cache(tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("NBADSL_CACHE_DIR", str(tmp_path))
    return tmp_path


def test_a_second_start_reads_the_tables_and_parses_alike(cache: Path) -> None:
    text = "define a = b + 2 is one of 4, 5"
    first = tree_of(*machine.make(), text)
    (stored,) = cache.iterdir()
    before = stored.stat().st_mtime_ns
    assert tree_of(*machine.make(), text) == first
    assert stored.stat().st_mtime_ns == before, "the tables were made again"


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"data": {"parser": 3}, "memo": {}}'])
def test_damaged_tables_are_made_again(cache: Path, content: bytes) -> None:
    machine.make()
    (stored,) = cache.iterdir()
    whole = stored.read_bytes()
    stored.write_bytes(content)
    assert "Define" in tree_of(*machine.make(), "define a = 1")
    assert stored.stat().st_size > len(whole) / 2


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NBADSL_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert "Define" in tree_of(*machine.make(), "define a = 1")


def test_the_template_parses_without_findings() -> None:
    text = (ROOT / "nbadsl" / "templates" / "policy.nba").read_text(encoding="utf-8")
    file, found = parse(Source("policy.nba", text))
    assert found == () and show_tree(file).startswith("Policy")
