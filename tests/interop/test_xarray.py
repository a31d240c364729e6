"""xarray: dimensions, coordinates and names are kept; with Dask inside it stays lazy."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import UFUNCS, same_bits

import gelu_simd

xr = pytest.importorskip("xarray", reason="needs xarray")


@pytest.fixture(params=[u for u in UFUNCS if u.nout == 1], ids=lambda ufunc: ufunc.__name__)
def ufunc(request: pytest.FixtureRequest) -> np.ufunc:
    """Return each ufunc of one output."""
    return request.param


def array(dtype: str = "float32") -> xr.DataArray:
    return xr.DataArray(
        np.linspace(-4, 4, 12, dtype=dtype).reshape(3, 4),
        dims=("layer", "unit"),
        coords={"layer": ["a", "b", "c"]},
        name="x",
        attrs={"units": "1"},
    )


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_data_array(ufunc: np.ufunc, dtype: str) -> None:
    x = array(dtype)
    y = ufunc(*[x] * ufunc.nin)
    assert type(y) is xr.DataArray
    assert y.dims == x.dims
    assert y.name == "x"
    assert y.coords.equals(x.coords)
    assert same_bits(y.values, ufunc(*[x.values] * ufunc.nin))


@pytest.mark.parametrize("keep", [True, False])
def test_attributes_follow_the_option_of_xarray(keep: bool) -> None:
    with xr.set_options(keep_attrs=keep):
        assert gelu_simd.gelu(array()).attrs == ({"units": "1"} if keep else {})


def test_dataset() -> None:
    x = xr.Dataset({"x": array(), "half": array("float16")})
    y = gelu_simd.gelu(x)
    assert type(y) is xr.Dataset
    for name in x:
        assert same_bits(y[name].values, gelu_simd.gelu(x[name].values)), name


def test_operands_are_broadcast_by_dimension() -> None:
    x = array()
    dy = xr.DataArray(np.array([1, 2, 4], "f4"), dims="layer", coords={"layer": ["a", "b", "c"]})
    grad = gelu_simd.gelu_backward(dy, x)
    assert set(grad.dims) == {"layer", "unit"}
    expected = gelu_simd.gelu_backward(dy.values[:, None], x.values)
    assert same_bits(grad.transpose("layer", "unit").values, expected)


def test_dask_inside_stays_lazy() -> None:
    da = pytest.importorskip("dask.array", reason="needs dask[array]")
    x = array()
    y = gelu_simd.gelu(x.chunk({"layer": 1}))
    assert isinstance(y.data, da.Array)
    assert y.chunks == ((1, 1, 1), (4,))
    assert same_bits(y.values, gelu_simd.gelu(x.values))


def test_out_is_not_supported() -> None:
    with pytest.raises(NotImplementedError, match="out"):
        gelu_simd.gelu(array(), out=array())
