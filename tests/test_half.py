"""How float16 and bfloat16 are read and rounded, seen through gradients: dy times 1, 1/2, any."""

from __future__ import annotations

import platform

import numpy as np
import pytest
from helpers import every_level, one_nan, same_bits

from gelu_simd import gelu_backward
from gelu_simd._check.bits import Array, bits, is_nan
from gelu_simd._check.inputs import patterns
from gelu_simd._types import finfo

pytestmark = every_level


@pytest.fixture(autouse=True)
def quietly():
    """Let signalling NaNs signal, and products overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        yield


@pytest.fixture
def numbers(half: np.dtype) -> Array:
    """Give all 65,536 of them."""
    return patterns(half, 0, 1 << 16)


def test_every_number_comes_back(numbers: Array) -> None:
    got = gelu_backward(numbers, np.full_like(numbers, np.inf))
    assert same_bits(one_nan(got), one_nan(numbers))
    if platform.machine() != "riscv64":  # which makes every NaN the same positive one
        assert np.array_equal(bits(got) >> 15, bits(numbers) >> 15)  # the sign, of NaNs too
    nan = is_nan(numbers)
    assert (bits(got[nan]) & (bits(numbers.dtype.type(np.nan)) & 0x7FFF) != 0).all()


def test_halves_of_subnormal_numbers_round_to_even(numbers: Array) -> None:
    """Every odd one is a tie; from the second smallest binade on, the exponent decreases."""
    n = bits(numbers) & 0x7FFF
    first = 1 << finfo(numbers.dtype).nmant
    expected = np.where(n < 2 * first, (n + (n >> 1 & 1)) >> 1, n - first)
    expected[n == bits(numbers.dtype.type(np.inf))] = n.max() & bits(numbers.dtype.type(np.inf))
    got = gelu_backward(numbers, np.zeros_like(numbers))
    number = ~is_nan(numbers)
    assert np.array_equal(bits(got)[number], (expected | bits(numbers) & 0x8000)[number])
    assert np.array_equal(is_nan(got), ~number)


def test_rounding(numbers: Array) -> None:
    """Beyond the largest number, on either side of the end; float16's ties of either kind.

    A tie is one product in 2^13, for bfloat16 in 2^16; the test above has some.
    """
    half = numbers.dtype
    info = finfo(half)
    dropped = finfo(np.dtype(np.float32)).nmant - info.nmant
    seen = np.zeros(5, int)
    for x in np.linspace(0.5, 6, 128).astype(half):
        wide = gelu_backward(numbers.astype(np.float32), np.float32(x))
        got = gelu_backward(numbers, x)
        assert same_bits(one_nan(got), one_nan(wide.astype(half))), float(x).hex()
        magnitude = np.abs(wide)
        normal = (magnitude >= float(info.smallest_normal)) & np.isfinite(wide)
        tie = normal & (bits(wide) % (1 << dropped) == 1 << (dropped - 1))
        odd = bits(wide) >> dropped & 1 == 1
        beyond = normal & (magnitude > float(info.max))
        infinite = np.isinf(got.astype(np.float32))
        subnormal = ~normal & (got != 0) & np.isfinite(wide)
        kinds = [beyond & infinite, beyond & ~infinite, subnormal, tie & odd, tie & ~odd]
        seen += [np.count_nonzero(kind) for kind in kinds]
    assert (seen[: 5 if half == np.float16 else 3] > 5).all(), seen
