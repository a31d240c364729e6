"""numba."""

from __future__ import annotations

import functools
import math
from functools import partial

import numpy as np

from gelu_simd._compare.peers.ways import Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind


def load(_: int | None) -> Ways:
    """Ufuncs made by numba.vectorize; constants of the array's type, else all is float64."""
    import numba  # noqa: PLC0415

    from gelu_simd._compare import formulas as f  # noqa: PLC0415 - imports SciPy

    @functools.cache
    def ufuncs(dtype: np.dtype) -> dict[tuple[str, Kind], np.ufunc]:
        number = dtype.type
        half, one, three = map(number, (0.5, 1, 3))
        sqrt_half, inv_sqrt_2pi, c, k = map(
            number, (f.SQRT_HALF, f.INV_SQRT_2PI, f.SQRT_2_OVER_PI, f.CUBIC)
        )

        def gelu(x):
            return half * x * (one + math.erf(x * sqrt_half))

        def gelu_tanh(x):
            return half * x * (one + math.tanh(c * (x + k * (x * x * x))))

        @numba.njit
        def gelu_grad(x):
            density = inv_sqrt_2pi * math.exp(-half * x * x)
            return half * (one + math.erf(x * sqrt_half)) + x * density

        @numba.njit
        def gelu_tanh_grad(x):
            t = math.tanh(c * (x + k * (x * x * x)))
            slope = c * (one + three * k * (x * x))
            return half * (one + t) + half * x * (one - t * t) * slope

        unary = numba.vectorize([f"{dtype}({dtype})"])
        binary = numba.vectorize([f"{dtype}({dtype},{dtype})"])
        return {
            ("exact", Kind.VALUE): unary(gelu),
            ("exact", Kind.DERIVATIVE): unary(gelu_grad.py_func),
            ("exact", Kind.GRADIENT): binary(lambda dy, x: dy * gelu_grad(x)),
            ("tanh", Kind.VALUE): unary(gelu_tanh),
            ("tanh", Kind.DERIVATIVE): unary(gelu_tanh_grad.py_func),
            ("tanh", Kind.GRADIENT): binary(lambda dy, x: dy * gelu_tanh_grad(x)),
        }

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        if a.x.dtype not in (np.float32, np.float64):
            return {}
        call = ufuncs(a.x.dtype).get(FUNCTIONS[function].place)
        return {} if call is None else {"out": Way(partial(call, *a.inputs(function), a.out))}

    return ways
