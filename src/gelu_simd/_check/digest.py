"""A hash of a ufunc's bits over fixed inputs: the same on every machine."""

from __future__ import annotations

import hashlib

import numpy as np

from gelu_simd._check.bits import Array, bits_type, is_nan
from gelu_simd._check.inputs import special


def one_nan(x: Array) -> Array:
    """Return x with every NaN replaced by the same one."""
    return np.where(is_nan(x), x.dtype.type(np.nan), x)


def inputs(dtype: np.dtype) -> Array:
    """Return numbers made from integers: a million bit patterns, a million steps over [-40, 12)."""
    steps = np.arange(-40 << 40, 12 << 40, (52 << 20) + 1).astype(np.float64)
    numbers = 1 << (8 * dtype.itemsize)
    count = min(numbers, 1_000_000)
    patterns = np.arange(count, dtype=bits_type(dtype)) * (numbers // count | 1)
    x = [special(dtype), np.ldexp(steps, -40).astype(dtype), patterns.view(dtype)]
    return one_nan(np.concatenate(x))


def digest(ufunc: np.ufunc, dtype: np.dtype) -> str:
    """Return the first 16 digits of the SHA-256 of the results, little-endian, with one NaN.

    The last operand is the inputs, all others are the inputs backwards.
    """
    x = inputs(dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        results = ufunc(*[x[::-1]] * (ufunc.nin - 1), x)
    sha = hashlib.sha256()
    for y in results if isinstance(results, tuple) else (results,):
        sha.update(one_nan(y).astype(dtype.newbyteorder("<")).tobytes())
    return sha.hexdigest()[:16]
