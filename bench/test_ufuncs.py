"""Each ufunc on each level that this CPU has."""

from collections.abc import Callable

import numpy as np
import pytest
from inputs import SIZES, arrays

import gelu_simd
from gelu_simd._types import dtypes

FUNCTIONS = [name for name, value in vars(gelu_simd).items() if isinstance(value, np.ufunc)]

CASES = [
    pytest.param(function, dtype, level, size, id=f"{function}_{dtype}_{level}_{size}")
    for function in FUNCTIONS
    for dtype in map(str, dtypes())
    for level in gelu_simd.cpu_info()["available"]
    for size in SIZES
]


@pytest.mark.parametrize(("function", "dtype", "level", "size"), CASES, indirect=["level"])
def test_ufunc(measure: Callable, function: str, dtype: str, level: str, size: str) -> None:
    """Time one call into a preallocated output."""
    ufunc = getattr(gelu_simd, function)
    x, dy, out = arrays(dtype, size)
    inputs = (x,) if ufunc.nin == 1 else (dy, x)
    measure(function, dtype, level, size, ufunc, *inputs, out)
