"""The fused levels give the bits recorded here, on any machine.

In the half types the portable level does as well, but for the gradients.

A change of the maths changes the hashes; `python tests/test_bits.py` prints the table anew.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from helpers import DTYPES, FUSED, INFO, UFUNCS, one_nan

import gelu_simd
from gelu_simd._check.bits import Array, bits_type
from gelu_simd._check.inputs import special
from gelu_simd._levels import using

# First 16 digits of the SHA-256 of the results, little-endian, with one NaN for all.
HASHES = {
    ("gelu", "float64"): "4259e4e4d8575c8f",
    ("gelu", "float32"): "c4f8b675857add34",
    ("gelu", "float16"): "4859f73116520a06",
    ("gelu", "bfloat16"): "613db1fcda9d56db",
    ("gelu_tanh", "float64"): "edf5cc531514ebdb",
    ("gelu_tanh", "float32"): "e0a432d50574c98f",
    ("gelu_tanh", "float16"): "a54a102b9235b505",
    ("gelu_tanh", "bfloat16"): "dbc204ce622b0e6c",
    ("gelu_grad", "float64"): "88d58bebf609c5d2",
    ("gelu_grad", "float32"): "cf4bcf5af809edf1",
    ("gelu_grad", "float16"): "3ab1ac04c1d18b64",
    ("gelu_grad", "bfloat16"): "8f467de5ce29365f",
    ("gelu_tanh_grad", "float64"): "6616e763192c9c8a",
    ("gelu_tanh_grad", "float32"): "e98b5c86e083bc43",
    ("gelu_tanh_grad", "float16"): "58d271c2ea4e2ea4",
    ("gelu_tanh_grad", "bfloat16"): "5ca4344cd3be1c55",
    ("gelu_backward", "float64"): "40453f457144a57c",
    ("gelu_backward", "float32"): "7b66b0321d3a3f0e",
    ("gelu_backward", "float16"): "80188f9c421d97a2",
    ("gelu_backward", "bfloat16"): "46b884d9da771bbf",
    ("gelu_tanh_backward", "float64"): "770057080c2d9dc3",
    ("gelu_tanh_backward", "float32"): "c32966079cff966f",
    ("gelu_tanh_backward", "float16"): "a9dd269750558e3a",
    ("gelu_tanh_backward", "bfloat16"): "d3b6f5b2804a5ab9",
}


def inputs(dtype: np.dtype) -> Array:
    """Return numbers made from integers: a million bit patterns, a million steps over [-40, 12)."""
    steps = np.arange(-40 << 40, 12 << 40, (52 << 20) + 1).astype(np.float64)
    numbers = 1 << (8 * dtype.itemsize)
    count = min(numbers, 1_000_000)
    patterns = np.arange(count, dtype=bits_type(dtype)) * (numbers // count | 1)
    x = [special(dtype), np.ldexp(steps, -40).astype(dtype), patterns.view(dtype)]
    return one_nan(np.concatenate(x))


def digest(ufunc: np.ufunc, dtype: np.dtype) -> str:
    x = inputs(dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        got = one_nan(ufunc(*(x[::-1], x)[-ufunc.nin :]))
    return hashlib.sha256(got.astype(dtype.newbyteorder("<")).tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("isa", FUSED, indirect=True)
def test_hash(ufunc: np.ufunc, dtype: np.dtype, isa: str) -> None:
    assert digest(ufunc, dtype) == HASHES[ufunc.__name__, dtype.name], isa


@pytest.mark.parametrize("isa", ["portable"], indirect=True)
def test_hash_of_correctly_rounded_results(function: str, half: np.dtype, isa: str) -> None:
    assert digest(getattr(gelu_simd, function), half) == HASHES[function, half.name], isa


if __name__ == "__main__":
    with using(next(level for level in INFO["available"] if level in FUSED)):
        for u in UFUNCS:
            for t in DTYPES:
                print(f'    ("{u.__name__}", "{t}"): "{digest(u, t)}",')
