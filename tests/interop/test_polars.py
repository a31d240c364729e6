"""polars: a column keeps its type, in a Series, an expression and a lazy frame."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import same_bits

import gelu_simd

pl = pytest.importorskip("polars", reason="needs polars")

X = np.linspace(-4, 4, 6)
FLOATS = {"Float32": "float32", "Float64": "float64"}
OTHERS = ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"]
unary = pytest.mark.parametrize(
    "name", [ufunc.__name__ for ufunc in (gelu_simd.gelu, gelu_simd.gelu_tanh, gelu_simd.gelu_grad)]
)


@unary
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats_keep_their_type(name: str, dtype: str) -> None:
    ufunc = getattr(gelu_simd, name)
    x = pl.Series("x", X, dtype=getattr(pl, dtype))
    expected = ufunc(X.astype(FLOATS[dtype]))
    frame = pl.DataFrame({"x": x})
    results = [
        ufunc(x),
        frame.select(ufunc(pl.col("x")))["x"],
        frame.lazy().with_columns(ufunc(pl.col("x"))).collect()["x"],
        frame.select(pl.col("x").map_batches(ufunc))["x"],
    ]
    for result in results:
        assert type(result) is pl.Series
        assert result.name == "x"
        assert result.dtype == getattr(pl, dtype)
        assert same_bits(result.to_numpy(), expected)


@unary
@pytest.mark.parametrize("dtype", OTHERS)
def test_whole_numbers(name: str, dtype: str) -> None:
    """polars takes the first loop to which the type can be cast safely, as for np.tanh."""
    ufunc = getattr(gelu_simd, name)
    x = pl.Series("x", [0, 1, 2, 3], dtype=getattr(pl, dtype))
    result = ufunc(x)
    narrow = dtype.removeprefix("U") in ("Int8", "Int16")
    assert result.dtype == (pl.Float32 if narrow else pl.Float64)
    assert same_bits(result.to_numpy(), ufunc(np.arange(4, dtype=result.to_numpy().dtype)))


def test_float16_becomes_float32() -> None:
    """polars has no ufuncs on Float16, so np.tanh fails there; it casts for the first loop."""
    x = X.astype("f2")
    result = gelu_simd.gelu(pl.Series("x", x))
    assert result.dtype == pl.Float32
    assert same_bits(result.to_numpy(), gelu_simd.gelu(x.astype("f4")))


def test_missing_values_stay_missing() -> None:
    result = gelu_simd.gelu(pl.Series([-1.0, None, 2.0], dtype=pl.Float32))
    assert result.dtype == pl.Float32
    expected = gelu_simd.gelu(np.array([-1, 2], "f4")).tolist()
    assert result.to_list() == [expected[0], None, expected[1]]


@pytest.mark.parametrize("dtype", FLOATS)
def test_two_operands(dtype: str) -> None:
    dy, x = (pl.Series(name, X, dtype=getattr(pl, dtype)) for name in ("dy", "x"))
    result = gelu_simd.gelu_backward(dy, x)
    assert result.dtype == getattr(pl, dtype)
    assert same_bits(result.to_numpy(), gelu_simd.gelu_backward(dy.to_numpy(), x.to_numpy()))


def test_two_results_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="only ufuncs that return one 1D array"):
        gelu_simd.gelu_value_and_grad(pl.Series(X))
