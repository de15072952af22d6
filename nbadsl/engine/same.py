"""Arrays that hold one value for everybody, which is in memory once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def same(value: float, shape: int | tuple[int, ...], kind: Any = np.float64) -> NDArray[Any]:
    """An array of one value."""
    return np.broadcast_to(np.array(value, kind), shape)


def is_same(array: NDArray[Any]) -> bool:
    """Whether an array is such a one."""
    return not any(array.strides)


def concatenated(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """One array of several; of those that hold one value, another such one."""
    shape = (sum(map(len, parts)), *parts[0].shape[1:])
    firsts = [part.flat[0] for part in parts if part.size and is_same(part)]
    if len(firsts) == len(parts) and len({str(first) for first in firsts}) == 1:
        return same(firsts[0], shape, parts[0].dtype)
    return np.concatenate(parts)
