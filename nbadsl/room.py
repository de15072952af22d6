"""Room for a compiler: deep recursion, and no garbage collection while everything that is made is kept.

Passes over expressions are plain recursion, which is the clearest form, and a sum of many terms or a define of
a define is a deep expression. CPython 3.11 and later keep the frames of Python functions on the heap, so a
higher limit does not endanger the machine's stack as long as the recursion goes through Python alone.

A compiler makes hundreds of thousands of small objects and drops few, so the collector looks in vain again
and again; pausing it saves a fifth of the time.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

FRAMES = 100_000

_lock = Lock()
_limits: list[int] = []  # of recursion: for everybody inside, what it was before the first one
_collects: list[bool] = []  # for everybody inside a pause, whether the collector ran before the first one


@contextmanager
def room(frames: int = FRAMES) -> Iterator[None]:
    """Raise the recursion limit and pause the collector for a while."""
    with recursion(frames), _pause():
        yield


@contextmanager
def recursion(frames: int) -> Iterator[None]:
    """Raise the recursion limit for a while."""
    with _lock:
        limit = sys.getrecursionlimit()
        _limits.append(_limits[0] if _limits else limit)
        sys.setrecursionlimit(max(limit, frames))
    try:
        yield
    finally:
        with _lock:
            before = _limits.pop()
            if not _limits:
                sys.setrecursionlimit(before)


@contextmanager
def _pause() -> Iterator[None]:
    with _lock:
        _collects.append(_collects[0] if _collects else gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            before = _collects.pop()
            if before and not _collects:
                gc.enable()
