"""pint: dimensionless quantities in and out; others are refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import output, same_bits

import gelu_simd

pint = pytest.importorskip("pint", reason="needs pint")

X = np.linspace(-4, 4, 1000).astype("f4")
unit = pint.UnitRegistry()


def results(y: object) -> tuple:
    return y if isinstance(y, tuple) else (y,)


def test_dimensionless(ufunc: np.ufunc) -> None:
    x = unit.Quantity(X, "")
    for args in ([x] * ufunc.nin, [X] * (ufunc.nin - 1) + [x]):
        expected = results(ufunc(*[X] * ufunc.nin))
        for y, value in zip(results(ufunc(*args)), expected, strict=True):
            assert isinstance(y, unit.Quantity)
            assert y.dimensionless
            assert same_bits(y.magnitude, value)


def test_a_ratio_is_converted() -> None:
    x = unit.Quantity(1500.0, "mm/m")
    assert gelu_simd.gelu(x).magnitude == gelu_simd.gelu(x.m_as(""))
    assert gelu_simd.gelu(x).units == unit.dimensionless


def test_other_units_are_refused(ufunc: np.ufunc) -> None:
    with pytest.raises(pint.DimensionalityError, match="'meter'"):
        ufunc(*[unit.Quantity(X, "m")] * ufunc.nin)


def test_out() -> None:
    x, y = unit.Quantity(X, ""), unit.Quantity(np.empty_like(X), "")
    assert gelu_simd.gelu(x, out=y) is y
    assert same_bits(y.magnitude, gelu_simd.gelu(X))
    assert gelu_simd.gelu(x, out=x) is x
    assert same_bits(x.magnitude, y.magnitude)


@pytest.mark.parametrize("imports", ["import pint, gelu_simd", "import gelu_simd, pint"])
def test_any_order_of_imports(imports: str) -> None:
    code = f"{imports}\nprint(gelu_simd.gelu(pint.UnitRegistry().Quantity(1.0, '')).dimensionless)"
    assert output(code) == "True\n"
