"""e to the power x, the same to the bit on every machine and in both engines.

C libraries differ in the last digit of `exp`, and compute one number at a time. Here it is a few IEEE additions
and multiplications, which vector instructions do for eight people at once: x = k ln 2 + r with a whole k and
|r| <= ln 2 / 2, so that e^x = 2^k e^r, and e^r by its Taylor series to the 13th power. The engine's form of these
lines is `engine.vectors.exponential`. The result is less than 1 ulp off (`tests/test_exponential.py`).
"""

from __future__ import annotations

import math

LOWEST, HIGHEST = -746.0, 710.0
"""Beyond these the result is 0 and infinity."""

PER_LN_2 = 1.4426950408889634
LN_2_HIGH = 0.6931471803691238
"""The first 32 bits of ln 2: its product with any k is exact."""
LN_2_LOW = 1.9082149292705877e-10
"""What is left of ln 2."""

SERIES = tuple(1.0 / math.factorial(n) for n in range(13, 1, -1))
"""1/13!, …, 1/2!: the series from its third term on, the last one first."""


def exponential(x: float) -> float:
    """e^x; infinity where that is no double, NaN of NaN."""
    if x != x:
        return x
    x = min(max(x, LOWEST), HIGHEST)
    k = math.floor(x * PER_LN_2 + 0.5)
    high, low = x - k * LN_2_HIGH, k * LN_2_LOW
    r = high - low
    rest = 0.0
    for factor in SERIES:
        rest = rest * r + factor
    power = 1.0 + (high - (low - r * r * rest))
    # In two steps, because 2^k alone may be no double although the result is one.
    half = k >> 1
    return power * math.ldexp(1.0, half) * math.ldexp(1.0, k - half)
