"""A file is whole or as it was, wherever and by whomever it is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from commands import NOW, fails, nba

from nbadsl.aside import aside, write

OUTS = {
    "run": ("run", "policy.nba", "-p", "customers.csv", *NOW, "--out"),
    "history": ("run", "policy.nba", "-p", "customers.csv", *NOW, "--history", "contacts.db", "--out"),
    "record": ("run", "policy.nba", "-p", "customers.csv", *NOW, "--record"),
    "build": ("build", "policy.nba", "-o"),
    "html": ("explain", "policy.nba", "C003", "-p", "customers.csv", *NOW, "--html"),
}


def test_what_is_replaced_keeps_its_permissions_and_a_link_stays_one(tmp_path: Path):
    there, link = tmp_path / "there.txt", tmp_path / "link.txt"
    there.write_text("old")
    there.chmod(0o640)
    link.symlink_to(there)
    write(link, b"new")
    assert link.is_symlink() and there.read_text() == "new" and there.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.txt", "there.txt"]


@pytest.mark.parametrize("folder", [False, True])
def test_after_an_error_nothing_is_left(tmp_path: Path, folder: bool):
    with pytest.raises(KeyboardInterrupt), aside(tmp_path / "new") as part:
        if folder:
            part.mkdir()
            (part / "inside").touch()
        else:
            part.touch()
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_what_takes_its_place_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    done: list[tuple[str, int]] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: (done.append(("sync", os.fstat(file).st_ino)), sync(file)))

    def replaced(self: Path, target: Path) -> Path:
        done.append(("replace", self.stat().st_ino))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replaced)
    write(tmp_path / "new", b"new")
    new = (tmp_path / "new").stat().st_ino
    assert done == [("sync", new), ("replace", new), ("sync", tmp_path.stat().st_ino)]


@pytest.mark.parametrize("command", OUTS.values(), ids=OUTS)
def test_every_command_says_which_folder_is_not_there(shop: Path, command: tuple[str, ...]):
    said = fails(2, *command, "nowhere/out.csv")
    assert "there is no folder nowhere" in said and ".part" not in said and said.count("\n") == 0


@pytest.mark.parametrize("command", OUTS.values(), ids=OUTS)
def test_every_command_writes_behind_a_link_with_the_permissions_there(shop: Path, command: tuple[str, ...]):
    there, link = shop / "there.csv", shop / "link.csv"
    there.touch()
    there.chmod(0o640)
    link.symlink_to(there)
    assert nba(*command, "link.csv").code == 0
    assert link.is_symlink() and there.stat().st_size and there.stat().st_mode & 0o777 == 0o640
    assert not [path for path in shop.iterdir() if path.name.endswith(".part")]


def test_what_is_no_file_is_not_replaced(shop: Path):
    os.mkfifo("pipe.csv")
    for command in OUTS.values():
        assert "pipe.csv" in fails(2, *command, "pipe.csv")
        assert (shop / "pipe.csv").is_fifo()
