"""The language's own `exp`: as near as a double can be, and the same in the interpreter and in vector code."""

from __future__ import annotations

import math
from decimal import Context, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from nbadsl.engine import vectors
from nbadsl.program.exponential import HIGHEST, LOWEST, exponential

PRECISE = Context(prec=60)
ANYWHERE = st.one_of(st.floats(-1, 1), st.floats(-745, 710), st.floats())


@given(st.one_of(st.floats(-1, 1), st.floats(LOWEST + 1, HIGHEST - 0.3)))
def test_it_is_less_than_one_place_off(x: float):
    found, true = exponential(x), PRECISE.exp(Decimal(x))
    below, above = math.nextafter(found, 0.0), math.nextafter(found, math.inf)
    assert Decimal(below) < true < Decimal(above)


@pytest.mark.parametrize(
    ("x", "result"),
    [(0.0, 1.0), (-0.0, 1.0), (709.79, math.inf), (math.inf, math.inf), (-746.0, 0.0), (-math.inf, 0.0)],
)
def test_it_ends_where_doubles_end(x: float, result: float):
    assert exponential(x) == result


def test_it_grows_with_its_argument():
    values = [exponential(x / 1000) for x in range(-2000, 2000)]
    assert values == sorted(set(values))


_in_vectors = vectors.unary("exp")


@njit("void(int64, int64, int64)")
def loop(target, source, count):  # type: ignore[no-untyped-def]
    _in_vectors(target, source, count)


@given(st.lists(ANYWHERE, min_size=1, max_size=20))
def test_vector_code_gives_the_same_bits(values: list[float]):
    source = np.array(values)
    target = np.empty(len(values))
    loop(target.ctypes.data, source.ctypes.data, len(values))
    wanted = np.array([exponential(x) for x in values])
    same = (target.view(np.int64) == wanted.view(np.int64)) | (np.isnan(target) & np.isnan(wanted))
    assert same.all(), (values, target, wanted)
