"""Room for recursion.

Passes over expressions are plain recursion, which is the clearest form, and a sum of many terms or a define of
a define is a deep expression. CPython 3.11 and later keep the frames of Python functions on the heap, so a
higher limit does not endanger the machine's stack as long as the recursion goes through Python alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

FRAMES = 100_000


@contextmanager
def room(frames: int = FRAMES) -> Iterator[None]:
    """Raise the recursion limit for a while."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, frames))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
