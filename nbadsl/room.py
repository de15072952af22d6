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

FRAMES = 100_000


@contextmanager
def room(frames: int = FRAMES) -> Iterator[None]:
    """Raise the recursion limit and pause the collector for a while."""
    limit, collects = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(limit, frames))
    gc.disable()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if collects:
            gc.enable()
