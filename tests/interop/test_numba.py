"""Numba: nopython code calls the ufuncs' own loops."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import same_bits

import gelu_simd

numba = pytest.importorskip("numba", reason="needs numba")

X = np.linspace(-4, 4, 1000)
gelu = gelu_simd.gelu


def call(ufunc: np.ufunc) -> Callable:
    """Compile a caller of a ufunc; Numba has it from the entry point that it reads itself."""

    @numba.njit
    def caller(*args):
        return ufunc(*args)

    return caller


def check(caller: Callable, ufunc: np.ufunc, *args: object) -> None:
    """Compare values, bits and, but for float32 numbers that Numba returns as Python's, types."""
    results, expected = caller(*args), ufunc(*args)
    if ufunc.nout == 1:
        results, expected = (results,), (expected,)
    for y, value in zip(results, expected, strict=True):
        if isinstance(y, np.ndarray):
            assert same_bits(y, value)
        else:
            assert y == value


def test_every_function(ufunc: np.ufunc) -> None:
    """Arrays of one type and shape, broadcast ones, numbers: the bits of the ufunc."""
    caller = call(ufunc)
    check(caller, ufunc, *[X.astype("f4")] * ufunc.nin)
    x = X if "d" in {loop[-1] for loop in ufunc.types} else X.astype("f4")
    check(caller, ufunc, *[x.reshape(20, 50)[:, ::2].T, x[:20], 1.5][: ufunc.nin])
    check(caller, ufunc, *[x.dtype.type(0.75)] * ufunc.nin)


def test_float64_is_refused_as_by_the_ufunc() -> None:
    with pytest.raises(numba.TypingError, match="No correctly rounded results are known"):
        call(gelu_simd.cr.gelu)(X)


@pytest.mark.parametrize("x", [
    X, 3, np.float32(0.75), True, np.int8(-3), np.array(0.75), np.arange(-5, 5), np.array([True]),
    np.arange(6, dtype="u1").reshape(2, 3), X[::-3], np.empty((0, 3)),
    np.asfortranarray(X.reshape(20, 50)), np.broadcast_to(X, (2, 1000)),
])  # fmt: skip
def test_kinds_of_operands(x: object) -> None:
    check(call(gelu), gelu, x)


@pytest.mark.parametrize("args", [
    (X.astype("f4"), 1.5), (2, X.astype("f4")), (X.astype("f4"), X), (X[:10, None], X[:5]),
    (X, np.float32(1.5)), (np.array(1.5), X.astype("f4")), (np.float32(1.5), 2.0),
])  # fmt: skip
def test_two_operands(args: tuple[object, object]) -> None:
    """Numbers of type int64 and float64 are Python's: they follow the array."""
    ufunc = gelu_simd.gelu_backward
    check(call(ufunc), ufunc, *args)


def test_out() -> None:
    caller = call(gelu)
    for y in (np.empty_like(X), np.empty(2000)[::2], np.empty(1000, "f4")):
        assert caller(X, y) is y or same_bits(caller(X, y), y)
        assert same_bits(y, gelu(X).astype(y.dtype))
    x = X.copy()
    caller(x, x)
    assert same_bits(x, gelu(X))


def test_within_an_expression() -> None:
    """One call for the whole array, not one for each element."""

    @numba.njit
    def caller(x):
        return 2 * gelu_simd.gelu(x) + gelu_simd.gelu_tanh(x) ** 2

    x = X.astype("f4")
    assert same_bits(caller(x), 2 * gelu(x) + gelu_simd.gelu_tanh(x) ** 2)


@pytest.mark.parametrize("x", [1j, np.ones(3, "c8"), np.ones(3, "M8[s]"), "text"])
def test_other_types_are_refused(x: object) -> None:
    with pytest.raises(numba.TypingError, match="gelu does not take"):
        call(gelu)(x)


def test_shapes_that_do_not_broadcast() -> None:
    with pytest.raises(ValueError, match="shape"):
        call(gelu_simd.gelu_backward)(X[:3], X[:4])


CACHED = """
import numba, numpy as np
from gelu_simd import gelu

@numba.njit(cache=True)
def caller(x):
    return gelu(x)

x = np.linspace(-4, 4, 1000)
y = caller(x)
print(*caller.stats.cache_hits.values(), np.array_equal(y, gelu(x)))
"""


def test_code_that_is_stored(tmp_path: Path) -> None:
    """Another process loads it: it holds no address of this one."""
    file = tmp_path / "cached.py"
    file.write_text(CACHED)
    hits = [
        subprocess.run([sys.executable, file], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert hits == ["True\n", "1 True\n"]


@numba.njit
def total(x):
    sum_ = 0.0
    for value in x:
        sum_ += gelu(value)
    return sum_


def test_numbers_in_a_loop() -> None:
    assert total(X) == pytest.approx(gelu(X).sum(), rel=1e-12)


def test_object_mode() -> None:
    @numba.jit(forceobj=True)
    def caller(x):
        return gelu(x)

    assert same_bits(caller(X), gelu(X))


def test_parallel_caller() -> None:
    numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    x = X.reshape(20, 50)

    @numba.njit(parallel=True)
    def caller(x):
        y = np.empty_like(x)
        for i in numba.prange(len(x)):
            y[i] = gelu(x[i])
        return y

    assert same_bits(caller(x), gelu(x))
