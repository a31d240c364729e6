"""pandas: index, name, columns and missing values are kept."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import UFUNCS, same_bits

import gelu_simd

pd = pytest.importorskip("pandas", reason="needs pandas")

X = np.linspace(-4, 4, 6)
LABELS = list("abcdef")


@pytest.fixture(params=[u for u in UFUNCS if u.nout == 1], ids=lambda ufunc: ufunc.__name__)
def ufunc(request: pytest.FixtureRequest) -> np.ufunc:
    """Return each ufunc of one output."""
    return request.param


def args(ufunc: np.ufunc, x: object) -> list[object]:
    return [x] * ufunc.nin


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "bool"])
def test_series(ufunc: np.ufunc, dtype: str) -> None:
    x = pd.Series(X.astype(dtype), index=LABELS, name="x")
    y = ufunc(*args(ufunc, x))
    assert type(y) is pd.Series
    assert y.name == "x"
    assert y.index.equals(x.index)
    assert same_bits(y.to_numpy(), ufunc(*args(ufunc, X.astype(dtype))))


def test_frame(ufunc: np.ufunc) -> None:
    """Columns keep their types; two frames are computed in the type common to all columns."""
    x = pd.DataFrame({"wide": X, "narrow": X.astype("f4"), "whole": X.astype(int)}, index=LABELS)
    y = ufunc(*args(ufunc, x))
    assert type(y) is pd.DataFrame
    assert y.index.equals(x.index)
    assert list(y.columns) == list(x.columns)
    for name, column in x.items():
        values = column.to_numpy() if ufunc.nin == 1 else column.to_numpy().astype(float)
        assert same_bits(y[name].to_numpy(), ufunc(*args(ufunc, values))), name


@pytest.mark.parametrize("how", ["apply", "map", "transform", "pipe"])
def test_methods_that_take_a_function(how: str) -> None:
    x = pd.Series(X, index=LABELS)
    assert getattr(x, how)(gelu_simd.gelu).equals(gelu_simd.gelu(x))


def test_groups() -> None:
    x = pd.DataFrame({"key": list("uvuvuv"), "x": X})
    assert x.groupby("key")["x"].transform(gelu_simd.gelu).equals(gelu_simd.gelu(x["x"]))


def test_operands_are_aligned_by_index() -> None:
    """A label that only one of them has gives NaN."""
    x = pd.Series(X, index=LABELS)
    dy = pd.Series(1.0, index=LABELS[:0:-1])
    grad = gelu_simd.gelu_backward(dy, x)
    assert grad.index.equals(x.index)
    assert np.isnan(grad["a"])
    assert same_bits(grad.to_numpy()[1:], gelu_simd.gelu_backward(np.ones(5), X[1:]))


@pytest.mark.parametrize(
    ("dtype", "result"), [("Float64", "Float64"), ("Float32", "Float32"), ("Int32", "Float64")]
)
def test_missing_values_stay_missing(ufunc: np.ufunc, dtype: str, result: str) -> None:
    x = pd.Series([-1, None, 2], dtype=dtype)
    y = ufunc(*args(ufunc, x))
    assert y.dtype == result
    assert list(y.isna()) == [False, True, False]
    expected = ufunc(*args(ufunc, np.array([-1, 2], result.lower())))
    assert same_bits(y.dropna().to_numpy(result.lower()), expected)


def test_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="'gelu'"):
        gelu_simd.gelu(pd.Series(["a", "b"], dtype=object))


def test_out() -> None:
    """The values of a Series are replaced, but what comes back is another Series."""
    x = pd.Series(X.copy(), index=LABELS)
    for out in (np.empty(6), pd.Series(np.empty(6), index=LABELS), x):
        result = gelu_simd.gelu(x, out=out)
        assert type(result) is pd.Series
        assert same_bits(result.to_numpy(), gelu_simd.gelu(X))
        assert same_bits(np.asarray(out), gelu_simd.gelu(X))
