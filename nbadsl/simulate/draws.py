"""Draws of many people at once, as `program.chance` defines them for one decision.

Exploring takes the first draws of a decision, one for each candidate and one more; other uses begin far behind them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.decisions import Floats
from nbadsl.engine.hashing import bases
from nbadsl.program.chance import GOLDEN

RESPONSES, LOTTERY = 1 << 20, 1 << 21
"""The first draw of what people do on each place of their decision, and of what each candidate gets in a lottery."""


class Draws:
    """Of decisions at one moment. `keys`: [n]; `policy`: the name of the policy."""

    def __init__(self, keys: pa.Array, now: float, seed: int, policy: str) -> None:
        self.bases = bases(keys, now, seed, policy).view(np.uint64)

    def units(self, numbers: int | NDArray[np.integer]) -> Floats:
        """[n]: the draw of this number of each decision, in [0, 1). `numbers`: one for all, or [n]."""
        steps = (np.atleast_1d(numbers).astype(np.uint64) + np.uint64(1)) * np.uint64(GOLDEN)
        return (_mix(self.bases + steps) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`chance.mix`."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
