"""The floating-point types of the ufuncs."""

from __future__ import annotations

import numpy as np

from gelu_simd import _ufuncs


def dtypes() -> list[np.dtype]:
    """Return the types that the ufuncs have a loop for; bfloat16 if ml_dtypes is installed."""
    return list(_ufuncs.dtypes)


def finfo(dtype: np.dtype) -> np.finfo:
    """Return what `numpy.finfo` does, for the bfloat16 of ml_dtypes too."""
    if dtype.name == "bfloat16":
        import ml_dtypes  # noqa: PLC0415 - there if such a type is

        return ml_dtypes.finfo(dtype)
    return np.finfo(dtype)
