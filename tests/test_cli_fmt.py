"""`nba fmt`: which files it writes, what it says, how it ends."""

from __future__ import annotations

import codecs
import subprocess
from pathlib import Path

import pytest
from commands import change, fails, nba

from nbadsl.format import file

UGLY, LAID_OUT = "define  a=1\n", "define a = 1\n"
BROKEN = "action  { }\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.nba").write_text(text, newline="")


def test_a_new_policy_is_laid_out_already(shop: Path):
    ended = nba("fmt", "--check")
    assert (ended.code, ended.out) == (0, "1 file already laid out\n")


def test_files_that_change_are_written_and_counted(home: Path):
    write(home, a=UGLY, b=LAID_OUT, c=UGLY)
    before = (home / "b.nba").stat()
    ended = nba("fmt", "a.nba", "b.nba")
    assert (ended.code, ended.said) == (0, "1 of 2 files changed\n")
    assert (home / "a.nba").read_text() == LAID_OUT and (home / "c.nba").read_text() == UGLY
    assert (home / "b.nba").stat() == before
    assert nba("fmt", "a.nba").out == "1 file already laid out\n"
    assert sorted(p.name for p in home.iterdir()) == ["a.nba", "b.nba", "c.nba"]


def test_folders_are_searched_but_for_hidden_ones(home: Path):
    for folder in (home / "deep" / "er", home / ".venv"):
        folder.mkdir(parents=True)
        write(folder, a=UGLY)
    (home / "notes.txt").write_text(UGLY)
    assert nba("fmt", ".", "deep", "deep/er/a.nba").out == "1 of 1 file changed\n"
    assert (home / "deep/er/a.nba").read_text() == LAID_OUT
    assert (home / ".venv/a.nba").read_text() == (home / "notes.txt").read_text() == UGLY


def test_without_paths_it_is_the_folder_of_the_policy(shop: Path, monkeypatch: pytest.MonkeyPatch):
    write(shop, other=UGLY)
    (shop.parent / "beside.nba").write_text(UGLY)
    (shop / "data").mkdir()
    monkeypatch.chdir(shop / "data")
    assert nba("fmt").out == "1 of 2 files changed\n"
    assert (shop / "other.nba").read_text() == LAID_OUT and (shop.parent / "beside.nba").read_text() == UGLY


def test_check_lists_what_would_change_and_writes_nothing(home: Path):
    write(home, a=UGLY, b=LAID_OUT, c=UGLY)
    ended = nba("fmt", "--check")
    assert (ended.code, ended.out) == (1, "a.nba\nc.nba\n2 of 3 files would change\n")
    assert (home / "a.nba").read_text() == UGLY


def test_diff_is_what_patch_reads(home: Path, monkeypatch: pytest.MonkeyPatch):
    write(home, a="# one\n" + UGLY + "\n\n\ndefine b = 2", b=LAID_OUT)
    ended = nba("fmt", "--diff")
    assert ended.code == 1 and ended.said.endswith("1 of 2 files would change\n")
    assert ended.out.startswith("--- a.nba\n+++ a.nba\n@@ -1,6 +1,4 @@\n # one\n-define  a=1\n")
    assert "-define b = 2\n\\ No newline at end of file\n" in ended.out
    patched = subprocess.run(["git", "apply", "-p0", "-"], input=ended.out, text=True, capture_output=True)
    assert patched.returncode == 0, patched.stderr
    assert nba("fmt", "--check").code == 0
    write(home, a=UGLY)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31m-define  a=1\n\x1b[0m\x1b[32m+define a = 1\n" in nba("fmt", "--diff").out


def test_standard_input_goes_to_standard_output(home: Path):
    assert nba("fmt", "-", stdin=UGLY).said == LAID_OUT
    ended = nba("fmt", "-", "--check", stdin=UGLY)
    assert (ended.code, ended.said) == (1, "-\n1 of 1 file would change\n")
    assert "--- standard input" in nba("fmt", "-", "--diff", stdin=UGLY).out
    assert nba("fmt", "-", "--check", stdin=LAID_OUT).code == 0
    half = nba("fmt", "-", stdin=UGLY + BROKEN)
    assert (half.code, half.out) == (1, LAID_OUT + BROKEN)


def test_declarations_with_mistakes_stay_and_the_others_are_laid_out(home: Path):
    write(home, a=UGLY + BROKEN + UGLY + BROKEN, b=BROKEN)
    said = fails(1, "fmt")
    assert "a.nba:2:1: this declaration and 1 more stay as written" in said
    assert "b.nba:1:1: this declaration stays as written" in said and "1 of 2 files changed" in said
    assert (home / "a.nba").read_text() == (LAID_OUT + BROKEN) * 2


def test_line_ends_the_mode_a_link_and_a_byte_order_mark_stay(home: Path):
    path = home / "kept" / "a.nba"
    path.parent.mkdir()
    path.write_bytes(codecs.BOM_UTF8 + b"define  a=1\r\n")
    path.chmod(0o640)
    (home / "link.nba").symlink_to(path)
    assert nba("fmt", "link.nba").code == 0
    assert path.read_bytes() == codecs.BOM_UTF8 + b"define a = 1\r\n"
    assert path.stat().st_mode & 0o777 == 0o640 and (home / "link.nba").is_symlink()


def test_the_width_is_that_of_the_option_or_of_the_settings(home: Path):
    write(home, a="define a = first_name + second_name\n")
    wide = (home / "a.nba").read_text()
    (home / "nba.toml").write_text("[format]\nwidth = 30\n")
    assert nba("fmt", "--width", "40").code == 0 and (home / "a.nba").read_text() == wide
    assert nba("fmt").code == 0
    assert (home / "a.nba").read_text() == "define a =\n  first_name + second_name\n"
    change(home / "nba.toml", "30", "3")
    assert "nba.toml: `format.width`: " in fails(2, "fmt")
    change(home / "nba.toml", "width", "widht")
    assert "no setting `format.widht`; did you mean `format.width`?" in fails(2, "fmt")


def test_what_cannot_be_laid_out_ends_with_2_and_writes_nothing(home: Path):
    write(home, a=UGLY)
    assert fails(2, "fmt", "a.nba", "b.nba") == "error: there is no file b.nba; did you mean `a.nba`?"
    (home / "b.nba").write_bytes(b"define a = 1\n# caf\xe9\n")
    assert fails(2, "fmt") == "error: b.nba:2:6: this is not UTF-8; save the file as UTF-8"
    (home / "empty").mkdir()
    assert "there is no .nba file in empty" in fails(2, "fmt", "empty")
    assert "20" in fails(2, "fmt", "--width", "3")
    assert (home / "a.nba").read_text() == UGLY


def test_a_mistake_of_ours_is_told_and_ends_with_2(home: Path, monkeypatch: pytest.MonkeyPatch):
    write(home, a=f"# one\n{UGLY}", b=LAID_OUT)
    monkeypatch.setattr(file, "lines_of", lambda *_: ["define a = 2"])
    said = fails(2, "fmt")
    assert all(f"error: {place}: this declaration stays" in said for place in ("a.nba:2:1", "b.nba:1:1"))
    assert (
        "0 of 2 files changed" in said
        and "mistake of nba" in said
        and (home / "a.nba").read_text() == f"# one\n{UGLY}"
    )
