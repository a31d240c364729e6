"""NumPy's masked arrays: masks are kept and joined; masked elements are computed all the same."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import results, same_bits
from numpy.testing import assert_array_equal

import gelu_simd

X = np.linspace(-4, 4, 6)
MASK = np.array([0, 1, 0, 0, 1, 0], bool)


def test_mask_fill_value_and_type_are_kept(ufunc: np.ufunc, dtype: np.dtype) -> None:
    x = np.ma.array(X.astype(dtype), mask=MASK, fill_value=-9)
    pair = results(ufunc(*[x] * ufunc.nin)), results(ufunc(*[x.data] * ufunc.nin))
    for y, expected in zip(*pair, strict=True):
        assert type(y) is np.ma.MaskedArray
        assert_array_equal(y.mask, MASK)
        assert y.fill_value == x.fill_value
        assert same_bits(y.data, expected)
        assert same_bits(y.filled(), np.where(MASK, x.fill_value, expected))


def test_masks_of_two_operands_are_joined() -> None:
    other = np.array([1, 1, 0, 0, 0, 0], bool)
    dy, x = np.ma.array(np.ones(6), mask=other), np.ma.array(X, mask=MASK)
    assert_array_equal(gelu_simd.gelu_backward(dy, x).mask, MASK | other)
    assert_array_equal(gelu_simd.gelu_backward(dy.data, x).mask, MASK)


def test_out() -> None:
    """A masked array takes the mask too, and loses the one it had; a plain array cannot."""
    x = np.ma.array(X, mask=MASK)
    out = np.ma.array(np.zeros(6), mask=~MASK)
    assert gelu_simd.gelu(x, out=out) is out
    assert_array_equal(out.mask, MASK)
    assert gelu_simd.gelu(X, out=out) is out
    assert not out.mask.any()
    plain = np.zeros(6)
    assert gelu_simd.gelu(x, out=plain) is plain
    assert same_bits(plain, gelu_simd.gelu(X))


def test_in_place() -> None:
    x = np.ma.array(X.copy(), mask=MASK)
    assert gelu_simd.gelu(x, out=x) is x
    assert_array_equal(x.mask, MASK)
    assert same_bits(x.data, gelu_simd.gelu(X))


def test_one_element() -> None:
    assert gelu_simd.gelu(np.ma.masked) is np.ma.masked
    assert gelu_simd.gelu(np.ma.array(X, mask=MASK)[1]) is np.ma.masked
    assert gelu_simd.gelu(np.ma.array(X, mask=MASK)[0]) == gelu_simd.gelu(X[0])


def test_a_hidden_value_can_raise_unless_where_skips_it() -> None:
    """As in all of NumPy outside np.ma."""
    dy, x = np.ma.array([np.inf, 1], mask=[True, False]), np.array([-np.inf, 1])
    with np.errstate(all="raise"):
        with pytest.raises(FloatingPointError, match="gelu_backward"):
            gelu_simd.gelu_backward(dy, x)
        out = np.ma.zeros(2)
        gelu_simd.gelu_backward(dy, x, out=out, where=~dy.mask)
    assert_array_equal(out.mask, dy.mask)
    assert out[1] == gelu_simd.gelu_grad(1.0)
