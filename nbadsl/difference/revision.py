"""Policies as they were: files at a revision of git.

Gives a reader for `pipeline.check` that takes every file of the repository from a revision, so imports are those of that time,
and the standard library from the disk. git itself is asked, by its own command.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from errno import ENOENT
from pathlib import Path

from nbadsl.mistake import Mistake
from nbadsl.resources import folder
from nbadsl.source import Source, decode
from nbadsl.source import read as read_file


class NotInGit(Mistake):
    """A revision or file that git does not know, or no repository at all. The message says so in one line."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of the repository at `root`. `name`: as the user wrote it; "" is what is staged."""

    name: str
    root: Path

    def read(self, path: Path) -> tuple[Source, int | None]:
        """A file as it was, and the offset of its first undecodable character; see `source.read`."""
        absolute = path.resolve()
        if absolute.is_relative_to(folder("stdlib").resolve()) or not absolute.is_relative_to(self.root):
            return read_file(path)
        inside = absolute.relative_to(self.root).as_posix()
        done = _git(self.root, "cat-file", "blob", f"{self.name}:{inside}")
        if done.returncode:
            raise FileNotFoundError(ENOENT, "not in this revision", f"{self.name}:{path}")
        text, bad = decode(done.stdout)
        return Source(f"{self.name}:{path}", text), bad


def revision(name: str, beside: Path) -> Revision:
    """A revision of the repository around a folder. Raises NotInGit."""
    found = _git(beside, "rev-parse", "--show-toplevel")
    if found.returncode:
        raise NotInGit(
            f"{beside.resolve()} is not in a git repository, so there is no revision `{name}`; `nba diff old.nba new.nba` compares files"
        )
    root = Path(os.fsdecode(found.stdout).rstrip("\n")).resolve()
    if name and not is_revision(name, beside):
        raise NotInGit(f"there is no revision `{name}` in {root}")
    return Revision(name, root)


def is_revision(name: str, beside: Path) -> bool:
    """Whether git knows a name as a revision, seen from a folder."""
    if not name or name.startswith("-"):
        return False
    return not _git(beside, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").returncode


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder."""
    try:
        return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise NotInGit("git is not installed, so there are no revisions") from None
