"""The files of a policy's folder, as the page may read and write them.

Only files that end in .nba, in the folder or below. A text has a tag; who writes says the tag of the text that was read, so
that nothing is lost when something else has written meanwhile.
"""

from __future__ import annotations

import codecs
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from nbadsl.aside import write
from nbadsl.source import decode
from nbadsl.workspace import Workspace


@dataclass(frozen=True, slots=True)
class File:
    """A text on the disk, by its name in the folder. `tag`: another one for every other text; "" where there is none."""

    name: str
    text: str
    tag: str


class Refused(ValueError):
    """A file that cannot be read or written here. The message is for the author."""


class Conflict(Exception):
    """The file is not what the author has read. `file`: what it is now."""

    def __init__(self, file: File) -> None:
        super().__init__(f"{file.name} was changed on the disk")
        self.file = file


@dataclass(frozen=True, slots=True)
class Folder:
    """`root`: an absolute path without links."""

    root: Path

    def names(self) -> list[str]:
        """The .nba files, by name."""
        files = Workspace().with_folder(str(self.root)).files
        return sorted(Path(path).relative_to(self.root).as_posix() for path in files)

    def path(self, name: str) -> Path:
        """Where a file is. Raises Refused for one that is none of the folder's."""
        path = (self.root / name).resolve() if "\0" not in name else self.root
        if path.suffix != ".nba" or not path.is_relative_to(self.root):
            raise Refused(f"{name} is no .nba file in {self.root.name}/")
        return path

    def read(self, name: str) -> File:
        """Raises Refused."""
        path = self.path(name)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return File(name, "", "")
        except OSError as error:
            raise Refused(f"{name} cannot be read: {error.strerror or error}") from error
        text, bad = decode(data)
        if bad is not None:
            raise Refused(f"{name} is not UTF-8: save it as UTF-8 first")
        return File(name, text, _tag(data))

    def save(self, name: str, text: str, tag: str) -> File:
        """Write a text over the one that has a tag. Raises Conflict where it is another one, Refused where it cannot be."""
        path = self.path(name)
        now = self.read(name)
        if now.tag not in ("", tag) and now.text != text:
            raise Conflict(now)
        data = _mark(path) + text.encode("utf-8")
        try:
            os.makedirs(path.parent, exist_ok=True)
            write(path, data)
        except OSError as error:
            raise Refused(f"{name} cannot be written: {error.strerror or error}") from error
        return File(name, text, _tag(data))


def _mark(path: Path) -> bytes:
    """The byte order mark that a file begins with; it stays."""
    if not path.exists():
        return b""
    with path.open("rb") as file:
        return codecs.BOM_UTF8 if file.read(3) == codecs.BOM_UTF8 else b""


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
