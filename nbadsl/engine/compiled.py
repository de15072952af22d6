"""Machine code on first use: compiled once for a machine, then loaded from Numba's cache.

`Compiled` wraps a function and its signature; the first call compiles it or loads it. Compiling the kernel
takes seconds, so whoever talks to people can have them told when that begins: `telling`.

The cache knows a function by the file that it is written in. Ours call functions of other files, so a
stamp of all the engine's files is part of the function (a variable that it encloses): after any change
the old code is not found any more.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import event

from nbadsl import child

NOTE = "compiling the engine for this machine; this is done once and takes some seconds"

_lock = threading.Lock()
_listeners: list[Callable[[str], None]] = []


@contextmanager
def telling(listener: Callable[[str], None]) -> Iterator[None]:
    """Have a function called, with a sentence for people, before something is compiled that takes long."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@lru_cache(maxsize=1)
def stamp() -> str:
    """A digest of the files that machine code is made from."""
    here = Path(__file__).parent
    others = (here.parent / "plan" / "ops.py", here.parent / "program" / "exponential.py")
    files = [*sorted(here.glob("*.py")), *others]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


class Compiled:
    """A function that is compiled on its first call.

    `make`: takes the stamp and gives the function, which must enclose it. `apart`: of a function that takes
    long to compile, a statement that does so; it is executed in a process of its own, because the parts
    of a function (see `parts`) stay behind unoptimised in the process that compiled them, and are
    called instead of the good ones, which makes that process three times as slow.
    """

    def __init__(
        self, make: Callable[[str], Callable[..., Any]], signature: Any, apart: str | None = None
    ) -> None:
        self._make, self._signature, self._apart = make, signature, apart
        self._code: Any = None

    def __call__(self, *arguments: Any) -> Any:
        if self._code is None:
            self.load()
        return self._code(*arguments)

    def load(self) -> Any:
        """The compiled function itself."""
        with _lock:
            if self._code is None:
                self._code = self._loaded() if self._apart else self.compile()
        return self._code

    def _loaded(self) -> Any:
        """From the cache, into which another process writes it if need be."""
        dispatcher, can_cache = self._dispatcher()
        try:
            with event.install_listener("numba:compile", _Refuse()):
                return self._ready(dispatcher)
        except _NotThere:
            for listener in _listeners:
                listener(NOTE)
        if can_cache and sys.executable:
            with suppress(OSError):  # where no process can be started, it is compiled here
                command = child.command("-c", self._apart or "")
                subprocess.run(command, env=child.environment(), capture_output=True)
        return self.compile()

    def compile(self) -> Any:
        """Compile it in this process, unless the cache has it."""
        dispatcher, _ = self._dispatcher()
        return self._ready(dispatcher)

    def _ready(self, dispatcher: Any) -> Any:
        dispatcher.compile(self._signature)
        dispatcher.disable_compile()  # for other types of arguments
        return dispatcher

    def _dispatcher(self) -> tuple[Any, bool]:
        """Numba's function, and whether there is a folder for its cache: beside this file or the user's."""
        function = self._make(stamp())
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
        try:
            return njit(cache=True, **options)(function), True
        except RuntimeError as error:
            if "cannot cache" not in str(error):
                raise
            return njit(**options)(function), False


class _NotThere(Exception):
    """The cache does not have a function."""


class _Refuse(event.Listener):
    """Stops a compilation as it begins, in the thread that made this."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def on_start(self, event: Any) -> None:
        if threading.get_ident() == self._thread:
            raise _NotThere

    def on_end(self, event: Any) -> None:
        pass
