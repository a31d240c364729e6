"""No spurious floating-point exception, none lost, and the mode of the arithmetic left alone."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from gelu_simd._ufuncs import records
from helpers import FUSED, elementary, every_level

from gelu_simd import _ufuncs
from gelu_simd._check.bits import Array, bits, bits_type
from gelu_simd._check.inputs import edges, is_subnormal, random_bits, special, stratified
from gelu_simd._functions import PRODUCT_OF, Kind
from gelu_simd._types import TYPES

# Their operations have exceptions of their own.
WITH_SUMS_OR_PRODUCTS = {
    Kind.BIAS, Kind.BIAS_GRADIENT, Kind.GATED, Kind.GATED_GRADIENT, Kind.STOCHASTIC
}  # fmt: skip

SIZES = range(66)
OFFSETS = range(16)


def check(ufunc: np.ufunc, *args: Array, under: str = "raise") -> None:
    """Call with exceptions as errors, and name the elements that caused one."""
    with np.errstate(all="raise", under=under):
        try:
            ufunc(*args)
        except FloatingPointError as error:
            for values in zip(*args, strict=True):
                try:
                    ufunc(*values)
                except FloatingPointError:
                    pytest.fail(f"{error} for {[float(x).hex() for x in values]}")
            pytest.fail(f"{error} in {args[0].size} elements, for none of them alone")


@functools.cache
def inputs(function: str, dtype: np.dtype) -> tuple[Array, Array]:
    """Return inputs whose results are not subnormal, and others whose results are."""
    x = np.concatenate(
        [
            special(dtype),
            edges(function, dtype),
            stratified(function, dtype, 100_000, 3),
            random_bits(dtype, 100_000, 4),
        ]
    )
    small = is_subnormal(function, x)
    return x[~small], x[small]


@every_level
def test_only_small_results_underflow(function: str, dtype: np.dtype) -> None:
    normal, small = inputs(function, dtype)
    check(_ufuncs.ufuncs[function], normal)
    check(_ufuncs.ufuncs[function], small, under="ignore")


@every_level
@pytest.mark.parametrize("step", [1, 3])
def test_every_size_and_offset(ufunc: np.ufunc, step: int, dtype: np.dtype) -> None:
    x, _ = inputs(elementary(ufunc), dtype)
    composition = records[ufunc].composition
    for factor in () if composition is None else composition.factors:
        x = x[~is_subnormal(factor, x)]
    if records[ufunc].kind in WITH_SUMS_OR_PRODUCTS:
        x = np.random.default_rng(4).uniform(0.25, 2, 20_000).astype(dtype)
    other = np.random.default_rng(5).uniform(1, 2, x.size).astype(dtype)
    values = [other] * (ufunc.nin - 1) + [x]
    # Reading past the ends would meet signalling NaNs.
    signalling = bits(np.array(np.inf, dtype)) + 1
    memory = np.empty((ufunc.nin, OFFSETS[-1] + step * SIZES[-1] + 64), bits_type(dtype))
    start = 0
    for n in SIZES:
        for offset in OFFSETS:
            start = (start + 97) % (x.size - n)
            memory[:] = signalling
            args = memory.view(dtype)[:, offset : offset + step * n : step]
            for arg, value in zip(args, values, strict=True):
                arg[:] = value[start : start + n]
            check(ufunc, *args)


def raised(ufunc: np.ufunc, *args: Array) -> set[str]:
    """Return the exceptions that one call reports."""
    kinds: set[str] = set()
    with np.errstate(all="call", call=lambda kind, _: kinds.add(kind)):
        ufunc(*args)
    return kinds


@every_level
@pytest.mark.parametrize("size", [1, 67])
@pytest.mark.parametrize("function", PRODUCT_OF)
def test_backward_reports_what_the_product_does(
    function: str, size: int, dtype: np.dtype, isa: str
) -> None:
    """In the half types, the exceptions of the float32 product.

    To round it to float16 also overflows and underflows where an instruction does it, on the fused
    levels; integers round to bfloat16 everywhere, and to float16 on the portable level.
    """
    backward, grad = _ufuncs.ufuncs[function], _ufuncs.ufuncs[PRODUCT_OF[function]]
    wide = np.dtype(TYPES[dtype.name].lane)
    rounding_reports = dtype == np.float16 and isa in FUSED
    values = np.repeat(special(dtype)[:, None], size, axis=1)
    small = is_subnormal(PRODUCT_OF[function], special(dtype).astype(wide))
    seen = set()
    for x, may_underflow in zip(values, small, strict=True):
        with np.errstate(under="ignore"):
            slope = grad(x.astype(wide))
        optional = {"underflow"} if may_underflow else set()
        for dy in values:
            expected = raised(np.multiply, dy.astype(wide), slope)
            if rounding_reports:
                with np.errstate(all="ignore"):
                    result = dy.astype(wide) * slope
                expected |= raised(lambda a: a.astype(dtype), result)
            kinds = raised(backward, dy, x)
            assert kinds - optional == expected - optional, (float(dy[0]).hex(), float(x[0]).hex())
            seen |= expected
    # No product of two numbers so near 1 as float16's is out of float32's range.
    out_of_range = dtype != np.float16 or rounding_reports
    assert seen == {"invalid value"} | ({"overflow", "underflow"} if out_of_range else set())
