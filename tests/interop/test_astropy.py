"""Astropy: dimensionless quantities in and out; others are refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import output, same_bits

import gelu_simd

units = pytest.importorskip("astropy.units", reason="needs astropy")

X = np.linspace(-4, 4, 1000).astype("f4")


def results(y: object) -> tuple:
    return y if isinstance(y, tuple) else (y,)


def test_dimensionless(ufunc: np.ufunc) -> None:
    x = units.Quantity(X)
    for args in ([x] * ufunc.nin, [X] * (ufunc.nin - 1) + [x]):
        expected = results(ufunc(*[X] * ufunc.nin))
        for y, value in zip(results(ufunc(*args)), expected, strict=True):
            assert type(y) is units.Quantity
            assert y.unit == units.dimensionless_unscaled
            assert same_bits(y.value, value)


def test_a_ratio_is_converted(ufunc: np.ufunc) -> None:
    x = np.array([1500, -20], np.float32) * units.mm / units.m
    expected = results(ufunc(*[x.to_value(units.dimensionless_unscaled)] * ufunc.nin))
    for y, value in zip(results(ufunc(*[x] * ufunc.nin)), expected, strict=True):
        assert same_bits(y.value, value)


def test_other_units_are_refused(ufunc: np.ufunc) -> None:
    x = [X] * ufunc.nin
    for k in range(ufunc.nin):
        args = [*x[:k], X * units.m, *x[k + 1 :]]
        with pytest.raises(units.UnitTypeError, match=f"'{ufunc.__name__}'.*dimensionless"):
            ufunc(*args)


def test_out() -> None:
    x, y = units.Quantity(X), units.Quantity(np.empty_like(X))
    assert gelu_simd.gelu(x, out=y) is y
    assert same_bits(y.value, gelu_simd.gelu(X))


@pytest.mark.parametrize(
    "imports", ["import astropy.units, gelu_simd", "import gelu_simd, astropy.units"]
)
def test_any_order_of_imports(imports: str) -> None:
    code = f"{imports}\nprint(type(gelu_simd.gelu(astropy.units.Quantity(1.0))).__name__)"
    assert output(code) == "Quantity\n"
