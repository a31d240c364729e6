"""The floating-point types of the ufuncs."""

from __future__ import annotations

import numpy as np

import gelu_simd

__all__ = ["dtypes", "finfo"]


def dtypes() -> list[np.dtype]:
    """Return the types that the ufuncs have a loop for."""
    return [np.dtype(signature[-1]) for signature in gelu_simd.gelu.types]


def finfo(dtype: np.dtype) -> np.finfo:
    """Return what `numpy.finfo` does, for the bfloat16 of ml_dtypes too."""
    if dtype.name == "bfloat16":
        import ml_dtypes  # noqa: PLC0415 - there if such a type is

        return ml_dtypes.finfo(dtype)
    return np.finfo(dtype)
