"""Files that are whole or as they were, also after an error, Ctrl-C, or when the machine stops.

    with aside(path) as part:
        part.write_bytes(data)

What is written grows under a hidden name in the same folder, is on disk when the block ends well, and takes its place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL, ENOTDIR
from glob import escape
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import Any


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Where a file, or a folder that is not there yet, is made that takes the place of `path` when the block ends well.

    What is replaced hands on its permissions, and a link stays one. After an error nothing is left. Raises OSError, at
    once where there is no folder to write to, or something that is no file is in the way.
    """
    place = path.resolve()
    if not place.parent.is_dir():
        raise NotADirectoryError(ENOTDIR, f"there is no folder {path.parent}", str(path))
    if place.exists() and not place.is_file():
        raise OSError(EINVAL, "it is there and is no file", str(path))
    part = place.with_name(f".{place.name}.{token_hex(4)}.part")
    try:
        yield part
        _sync(part)
        if place.exists():
            part.chmod(place.stat().st_mode)
        part.replace(place)
        _sync(place.parent)
    finally:
        if part.is_dir():
            rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def write(path: Path, data: Any) -> None:
    """Write bytes to a file. Raises what `aside` does."""
    with aside(path) as part:
        part.write_bytes(data)


def remove_parts(path: Path) -> None:
    """Remove what is left where a process was killed that wrote to `path`, and no other one writes there."""
    place = path.resolve()
    for part in place.parent.glob(f".{escape(place.name)}.*.part"):
        part.unlink()


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk."""
    if not path.is_dir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        return
    with suppress(OSError):  # folders cannot be opened everywhere
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
