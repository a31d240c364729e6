"""Zeros, infinities, NaNs and the ends of the tails, by bits; composed functions."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import every_level, one_nan, same_bits

from gelu_simd import _ufuncs
from gelu_simd._check import oracle
from gelu_simd._check.bits import Array, bits, bits_type, is_nan, neighbours
from gelu_simd._check.examine import composed
from gelu_simd._check.examine import evaluate as evaluate_all
from gelu_simd._check.inputs import companion, first, special, vanishes
from gelu_simd._functions import ELEMENTARY, FUNCTIONS, limit
from gelu_simd._types import finfo

pytestmark = every_level

COPIES = 67  # of a value: whole vectors and a tail
AT_0 = 2 / np.sqrt(2 * np.pi)  # the second derivatives at 0


def evaluate(function: str, x: Array) -> Array:
    """Return one result per element of x, having checked that it does not depend on the place."""
    got = _ufuncs.ufuncs[function](np.repeat(x, COPIES)).reshape(-1, COPIES)
    assert (bits(got) == bits(got[:, :1])).all()
    return got[:, 0].copy()


def expect(function: str, x: Array, expected: list[float] | Array) -> None:
    assert same_bits(evaluate(function, x), np.array(expected, x.dtype))


def at_large(function: str, x: Array) -> Array:
    """Return what the function tends to for large x."""
    return [x, np.ones_like(x), np.full_like(x, -0.0)][FUNCTIONS[function].order]


def test_zeros(function: str, dtype: np.dtype) -> None:
    expected = [[0.0, -0.0], [0.5, 0.5], [AT_0, AT_0]][FUNCTIONS[function].order]
    expect(function, np.array([0.0, -0.0], dtype), expected)


def test_infinities(function: str, dtype: np.dtype) -> None:
    expected = [[np.inf, 1.0, -0.0][FUNCTIONS[function].order], -0.0]
    expect(function, np.array([np.inf, -np.inf], dtype), expected)


def test_nans_stay_nans(function: str, dtype: np.dtype) -> None:
    nmant = finfo(dtype).nmant
    quiet = bits(np.array(np.nan, dtype))
    payloads = np.array([0, 1, 0x2A, (1 << (nmant - 1)) - 1], bits_type(dtype))
    x = (quiet | payloads).view(dtype)
    x = np.concatenate([x, -x])
    assert is_nan(x).all()
    assert is_nan(evaluate(function, x)).all()


def test_large_numbers(function: str, dtype: np.dtype) -> None:
    largest = finfo(dtype).max
    x = np.array([450, 512, 1e4, largest / 2, np.nextafter(largest, 0), largest], dtype)
    expect(function, x, at_large(function, x))
    expect(function, -x, np.full_like(x, -0.0))


def test_subnormal_numbers(function: str, dtype: np.dtype) -> None:
    info = finfo(dtype)
    tiny = info.smallest_subnormal
    x = tiny * np.array([1, 2, 3, 4, 5, 6, 7, 99, 120], dtype)
    x = np.append(x, info.smallest_normal - tiny)
    x = np.concatenate([x, -x])
    if FUNCTIONS[function].order:
        expect(function, x, np.full_like(x, [0.5, AT_0][FUNCTIONS[function].order - 1]))
    else:
        got = evaluate(function, x)
        assert oracle.ulp_error(function, x, got).max() <= limit(function, dtype.name)
        assert np.array_equal(np.signbit(got), np.signbit(x))


# The kernels round an otherwise accurate result once, at the end: their thresholds are those of the
# correctly rounded functions.


def test_where_the_tail_ends(function: str, dtype: np.dtype) -> None:
    end = first(lambda x: bool(vanishes(function, x)), -4, oracle.end(function), dtype)
    x = neighbours([end], dtype, 100)
    gone = vanishes(function, x)
    got = evaluate(function, x)
    assert np.count_nonzero(gone) == 101
    assert same_bits(got[gone], np.full(101, -0.0, dtype))
    assert (got[~gone] < 0).all()


def test_where_the_limit_for_large_x_is_reached(function: str, dtype: np.dtype) -> None:
    def reached(x: Array) -> Array:
        return oracle.ulp_error(function, x, at_large(function, x)) <= 0.5

    x = neighbours([first(lambda x: bool(reached(x)), 2, 64, dtype)], dtype, 100)
    assert np.array_equal(evaluate(function, x) == at_large(function, x), reached(x))


# ---------------------------------------------------------------------------------------------
# Composed functions


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name not in ELEMENTARY])
@pytest.mark.parametrize("kind", ["special", "random"])
def test_composed_functions(function: str, kind: str, dtype: np.dtype, isa: str) -> None:
    """The bits of the elementary functions and of NumPy's operations."""
    count = len(FUNCTIONS[function].operands)
    if kind == "special":
        values = special(dtype)[:: 1 if count < 3 else 2]
        operands = [a.ravel() for a in np.meshgrid(*[values] * count)]
    else:
        operands = [companion(dtype, 40_011, [7, k]) for k in range(count)]
    got = evaluate_all(function, isa, operands)
    expected = composed(function, isa, operands)
    assert len(got) == len(FUNCTIONS[function].results)
    for ours, right in zip(got, expected, strict=True):
        assert same_bits(one_nan(ours), one_nan(right))
