"""The correctly rounded functions: each result is the float nearest to the exact value.

They have the names, operands and keyword arguments of those in `gelu_simd`, and take float32,
float16 and, if ml_dtypes is installed, bfloat16, float8, float6 and float4.  There is one nearest
float, so they give the same bits on every CPU and GPU, and whatever else is correctly rounded must
agree with them.  All 2^32 float32 inputs are proven.  float64, and integers, which
count as float64, raise TypeError.

float32 takes 1.9 to 3.5 times as long as in `gelu_simd`; the other types take the same time.

>>> import numpy as np
>>> from gelu_simd import cr
>>> cr.gelu(np.float32(-3)), np.float32(-0.0040496940944)  # the exact value has more digits
(np.float32(-0.004049694), np.float32(-0.004049694))

Functions
---------
"""

from gelu_simd import _docs, _ufuncs
from gelu_simd._functions import CORRECT

__doc__ = (__doc__ or "") + _docs.calls(CORRECT)  # python -OO takes docstrings away

_public = _ufuncs.of_tier(CORRECT)
__all__ = list(_public)
globals().update(_public)
