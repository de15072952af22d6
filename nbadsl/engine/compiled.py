"""Machine code on first use: compiled once for a machine, then loaded from Numba's cache.

`Compiled` wraps a function and its signature; the first call compiles it or loads it. Compiling the kernel
takes seconds, so whoever talks to people can ask to be told, by `notify`, when that begins.

The cache knows a function by the file that it is written in. Ours call functions of other files, so a
stamp of all the engine's files is part of the function (a variable that it encloses): after any change
the old code is not found any more.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import event

NOTE = "compiling the engine for this machine; this is done once and takes some seconds"

_lock = threading.Lock()
_listeners: list[Callable[[str], None]] = []


def notify(listener: Callable[[str], None]) -> None:
    """Have a function called, with a sentence for people, before something is compiled that takes long."""
    _listeners.append(listener)


@lru_cache(maxsize=1)
def stamp() -> str:
    """A digest of the files that machine code is made from."""
    here = Path(__file__).parent
    files = [*sorted(here.glob("*.py")), here.parent / "plan" / "ops.py"]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


class Compiled:
    """A function that is compiled on its first call.

    `make`: takes the stamp and gives the function, which must enclose it. `slow`: tell people.
    """

    def __init__(
        self, make: Callable[[str], Callable[..., Any]], *signature: Any, slow: bool = False
    ) -> None:
        self._make, self._signature, self._slow = make, signature, slow
        self._code: Any = None

    def __call__(self, *arguments: Any) -> Any:
        if self._code is None:
            self.load()
        return self._code(*arguments)

    def load(self) -> Any:
        """The compiled function itself."""
        with _lock:
            if self._code is None:
                with event.install_listener("numba:compile", _Tell(self._slow)):
                    self._code = self._compile()
        return self._code

    def _compile(self) -> Any:
        function = self._make(stamp())
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
        try:
            return njit(list(self._signature), cache=True, **options)(function)
        except RuntimeError as error:
            # No folder can be written to: neither beside this file nor in the user's cache.
            if "cannot cache" not in str(error):
                raise
            return njit(list(self._signature), **options)(function)


class _Tell(event.Listener):
    """Tells people once, when the outermost compilation begins."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted

    def on_start(self, event: Any) -> None:
        if self._wanted:
            self._wanted = False
            for listener in _listeners:
                listener(NOTE)

    def on_end(self, event: Any) -> None:
        pass
