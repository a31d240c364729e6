"""Numba: a jitted caller calls the ufuncs as objects; nopython code refuses them by name."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import same_bits

import gelu_simd

numba = pytest.importorskip("numba", reason="needs numba")

X = np.linspace(-4, 4, 1000)
gelu = gelu_simd.gelu


def test_nopython_code_refuses_the_ufunc() -> None:
    @numba.njit
    def caller(x):
        return gelu(x)

    with pytest.raises(numba.TypingError, match="ufunc"):
        caller(X)


def test_object_mode() -> None:
    @numba.jit(forceobj=True)
    def caller(x):
        return gelu(x)

    assert same_bits(caller(X), gelu(X))


def test_objmode_block_in_nopython_code() -> None:
    @numba.njit
    def caller(x):
        with numba.objmode(y="float64[::1]"):
            y = gelu(x)
        total = 0.0
        for value in y:
            total += value
        return y, total

    y, total = caller(X)
    assert same_bits(y, gelu(X))
    assert total == pytest.approx(y.sum(), rel=1e-14)


def test_into_an_array_of_the_jitted_caller() -> None:
    """One compiled function then serves every type, without one declared for the result."""

    @numba.njit
    def caller(x):
        y = np.empty_like(x)
        with numba.objmode():
            gelu(x, y)
        return y

    for dtype in ("float64", "float32"):
        assert same_bits(caller(X.astype(dtype)), gelu(X.astype(dtype)))


def test_parallel_caller() -> None:
    """The threads of a parallel loop take turns at the call."""
    numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    x = X.reshape(20, 50)

    @numba.njit(parallel=True)
    def caller(x):
        y = np.empty_like(x)
        for i in numba.prange(len(x)):
            with numba.objmode():
                gelu(x[i], y[i])
        return y

    assert same_bits(caller(x), gelu(x))
