"""What several test files need: the names under test, bit patterns, inputs."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import gelu_simd
from gelu_simd import _inputs, _oracle, _types
from gelu_simd._inputs import Array, bits
from gelu_simd._verify import BACKWARD

INFO = gelu_simd.cpu_info()
# The levels with a fused multiply-add, which give the same bits.
FUSED = [level for level in INFO["built"] if level != "portable"]

FUNCTIONS = _oracle.FUNCTIONS
UFUNCS = [getattr(gelu_simd, name) for name in (*FUNCTIONS, *BACKWARD)]
DTYPES = _types.dtypes()
SAMPLES = 2_500_000  # random inputs of a function and type

every_level = pytest.mark.usefixtures("isa")


def same_bits(a: Array, b: Array) -> bool:
    """Tell whether `a` and `b` are equal bit for bit, NaNs and zeros included."""
    return a.dtype == b.dtype and np.array_equal(bits(a), bits(b))


def one_nan(x: Array) -> Array:
    """Return x with every NaN replaced by the same one."""
    return np.where(np.isnan(x), x.dtype.type(np.nan), x)


@functools.cache
def sample(function: str, dtype: np.dtype) -> Array:
    """Return the inputs of the normal run, with quiet NaNs only."""
    found = [block() for block in _inputs.blocks(function, dtype, SAMPLES)]
    result = _inputs.quiet(np.concatenate(found))
    result.flags.writeable = False
    return result
