"""What the ufuncs are compared with: the formulas in NumPy, and two calls as limits."""

from collections.abc import Callable

import numpy as np
import pytest
from formulas import FORMULAS, Formula
from inputs import SIZES, arrays

import gelu_simd
from gelu_simd._types import dtypes

DTYPES = [dtype.name for dtype in dtypes()]

FORMULA_CASES = [
    pytest.param(function, formula, dtype, size, id=f"{formula.__name__}_{dtype}_{size}")
    for function, formulas in FORMULAS.items()
    for formula in formulas
    for dtype in DTYPES
    for size in SIZES
]
LIMIT_CASES = [
    pytest.param(limit, dtype, size, id=f"{limit}_{dtype}_{size}")
    for limit in ("exp", "copyto")
    for dtype in DTYPES
    for size in SIZES
]


@pytest.mark.parametrize(("function", "formula", "dtype", "size"), FORMULA_CASES)
def test_formula(measure: Callable, function: str, formula: Formula, dtype: str, size: str) -> None:
    """Time a formula as it is written, temporaries included."""
    x, dy, _ = arrays(dtype, size)
    inputs = (x,) if getattr(gelu_simd, function).nin == 1 else (dy, x)
    measure(function, dtype, formula.__name__, size, formula, *inputs)


@pytest.mark.parametrize(("limit", "dtype", "size"), LIMIT_CASES)
def test_limit(measure: Callable, limit: str, dtype: str, size: str) -> None:
    """Time one transcendental function, and a copy."""
    x, _, out = arrays(dtype, size)
    call, args = {"exp": (np.exp, (x, out)), "copyto": (np.copyto, (out, x))}[limit]
    measure("limits", dtype, f"np.{limit}", size, call, *args)
