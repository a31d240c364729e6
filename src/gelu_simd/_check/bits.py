"""Arrays of floating-point numbers as their bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gelu_simd._types import finfo

Array = NDArray[np.floating]


def bits_type(dtype: np.dtype) -> np.dtype:
    """Return the unsigned integer type as wide as `dtype`."""
    return np.dtype(f"u{dtype.itemsize}")


def bits(x: Array) -> NDArray[np.unsignedinteger]:
    """View floating-point numbers as the integers of the same bits."""
    x = np.asarray(x)
    return x.view(bits_type(x.dtype))


def is_nan(x: Array) -> NDArray[np.bool_]:
    """Return the NaNs as `numpy.isnan` does, without its warning of a signalling bfloat16."""
    return bits(x) << 1 > bits(x.dtype.type(np.inf)) << 1


def quiet(x: Array) -> Array:
    """Return x with every NaN made a quiet one."""
    quiet_bit = bits_type(x.dtype).type(1 << (finfo(x.dtype).nmant - 1))
    return np.where(is_nan(x), (bits(x) | quiet_bit).view(x.dtype), x)


def neighbours(x: ArrayLike, dtype: np.dtype, count: int) -> Array:
    """Return x rounded to dtype, and the `count` numbers on either side of it."""
    steps = np.arange(-count, count + 1).astype(bits_type(dtype))
    return (bits(np.array(x, dtype))[:, None] + steps).view(dtype).ravel()
