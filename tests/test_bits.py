"""The fused levels give the bits recorded here, on any machine.

A change of the maths changes the hashes; `python tests/test_bits.py` prints the table anew.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from helpers import DTYPES, FUSED, INFO, UFUNCS, Array, bits_type, one_nan, special, using

# First 16 digits of the SHA-256 of the results, little-endian, with one NaN for all.
HASHES = {
    ("gelu", "float64"): "4259e4e4d8575c8f",
    ("gelu", "float32"): "c4f8b675857add34",
    ("gelu_tanh", "float64"): "edf5cc531514ebdb",
    ("gelu_tanh", "float32"): "e0a432d50574c98f",
    ("gelu_grad", "float64"): "88d58bebf609c5d2",
    ("gelu_grad", "float32"): "cf4bcf5af809edf1",
    ("gelu_tanh_grad", "float64"): "6616e763192c9c8a",
    ("gelu_tanh_grad", "float32"): "5c6ad4c664d11c9c",
    ("gelu_backward", "float64"): "40453f457144a57c",
    ("gelu_backward", "float32"): "7b66b0321d3a3f0e",
    ("gelu_tanh_backward", "float64"): "770057080c2d9dc3",
    ("gelu_tanh_backward", "float32"): "d0909bf2995f5294",
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


if __name__ == "__main__":
    with using(next(level for level in INFO["available"] if level in FUSED)):
        for u in UFUNCS:
            for t in DTYPES:
                print(f'    ("{u.__name__}", "{t}"): "{digest(u, t)}",')
