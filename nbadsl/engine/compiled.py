"""Machine code on first use: compiled once for a machine, then loaded from Numba's cache.

`Compiled` wraps a function and its signature; the first call compiles it or loads it. Compiling the kernel
takes seconds, so whoever talks to people can have them told when that begins: `telling`. Of processes that
start together, one compiles and the others wait for it.

The cache knows a function by the file that it is written in. Ours call functions of other files, so a
stamp of all the engine's files is part of the function (a variable that it encloses): after any change
the old code is not found any more.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import event

try:
    import fcntl
except ImportError:  # where files cannot be locked, processes that start together each compile
    fcntl = None  # type: ignore[assignment]

from nbadsl import child

NOTE = "compiling the engine for this machine; this is done once and takes some seconds"
SLOW = "the engine could not be compiled in a process of its own, so it is slow in this one"
LONGEST = 120.0  # seconds that one process waits for another one's compiling
log = logging.getLogger("nbadsl.engine")

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
        """From the cache, into which one process of all that want it at once writes it if need be."""
        found = self._cached()
        if found is not None:
            return found
        _tell(NOTE)
        folder = self._dispatcher()[1]
        if folder is not None and sys.executable:
            with _alone(folder):
                found = self._cached()  # by the process that was waited for
                if found is not None:
                    return found
                if why := _run_apart(self._apart or ""):
                    _tell(f"{SLOW}: {why}", matters=True)
        return self.compile()

    def _cached(self) -> Any | None:
        try:
            with event.install_listener("numba:compile", _Refuse()):
                return self._ready(self._dispatcher()[0])
        except _NotThere:
            return None

    def compile(self) -> Any:
        """Compile it in this process, unless the cache has it."""
        dispatcher, _ = self._dispatcher()
        return self._ready(dispatcher)

    def _ready(self, dispatcher: Any) -> Any:
        dispatcher.compile(self._signature)
        dispatcher.disable_compile()  # for other types of arguments
        return dispatcher

    def _dispatcher(self) -> tuple[Any, Path | None]:
        """Numba's function, and the folder of its cache if there is one: beside this file or the user's."""
        function = self._make(stamp())
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
        try:
            dispatcher = njit(cache=True, **options)(function)
            return dispatcher, Path(dispatcher.stats.cache_path)
        except RuntimeError as error:
            if "cannot cache" not in str(error):
                raise
            return njit(**options)(function), None


def _tell(note: str, matters: bool = False) -> None:
    """Tell who listens. What `matters` is logged where nobody does."""
    for listener in _listeners:
        listener(note)
    if matters and not _listeners:
        log.warning(note)


def _run_apart(code: str) -> str:
    """Run Python code in a process of its own. Gives why that failed, or nothing."""
    try:
        done = subprocess.run(child.command("-c", code), env=child.environment(), capture_output=True)
    except OSError as error:
        return str(error)
    if done.returncode == 0:
        return ""
    said = done.stderr.decode(errors="replace").strip()
    return said.splitlines()[-1] if said else f"it ended with {done.returncode}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process compiles into a folder. Whoever has waited for too long goes on; so does whoever is
    where files cannot be locked."""
    if fcntl is None:
        yield
        return
    end = time.monotonic() + LONGEST
    with (folder / "compiling.lock").open("ab") as file:
        while time.monotonic() < end:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.05)
            except OSError:
                break
        yield


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
