"""Processes of our own: Python that finds the modules that we find, and none in the folder that it runs in.

`python -m` and `python -c` look for modules in the current folder first. That is often a folder of policies that
somebody else wrote, and to open it must not run what lies there.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HOME = Path(__file__).parent.parent
_lock = threading.Lock()


def command(*arguments: str) -> list[str]:
    """How such a process is started with arguments of Python's, to be used with `environment`."""
    return [sys.executable, "-P", *arguments]


def environment() -> dict[str, str]:
    """The environment of such a process."""
    here = Path.cwd()
    trusted = [
        each for each in sys.path if Path(each).is_absolute() and (Path(each) != here or here == _HOME)
    ]
    return os.environ | {"PYTHONPATH": os.pathsep.join([*trusted, str(_HOME)]), "PYTHONSAFEPATH": "1"}


@contextmanager
def safely() -> Iterator[None]:
    """While `multiprocessing`, which takes no arguments of Python's, starts a process."""
    with _lock:
        before = os.environ.get("PYTHONSAFEPATH")
        os.environ["PYTHONSAFEPATH"] = "1"
        try:
            yield
        finally:
            if before is None:
                del os.environ["PYTHONSAFEPATH"]
            else:
                os.environ["PYTHONSAFEPATH"] = before
