"""Libraries that need one line of the user's: the line works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import same_bits

from gelu_simd import gelu, gelu_grad

X = np.linspace(-4, 4, 1000)


def needs(module: str, package: str | None = None) -> object:
    return pytest.importorskip(module, reason=f"needs {package or module}")


def test_blosc2() -> None:
    blosc2 = needs("blosc2")
    x = blosc2.asarray(X)
    y = blosc2.lazyudf(lambda inputs, output, **_: gelu(inputs[0], out=output), (x,), x.dtype)
    assert same_bits(y.compute()[:], gelu(X))


def test_pytensor() -> None:
    pytensor = needs("pytensor")
    import pytensor.tensor as pt

    with pytest.raises(TypeError, match=r"'gelu' does not take pytensor\.\S*TensorVariable; "):
        gelu(pt.vector("x"))
    op = pytensor.wrap_py(itypes=[pt.dvector], otypes=[pt.dvector])(gelu)
    x = pt.vector("x", dtype="float64")
    assert same_bits(pytensor.function([x], op(x), mode="FAST_COMPILE")(X), gelu(X))


def test_uncertainties() -> None:
    uncertainties = needs("uncertainties")
    wrapped = uncertainties.wrap(gelu, [gelu_grad])
    y = wrapped(uncertainties.ufloat(0.5, 0.1))
    assert y.nominal_value == gelu(0.5)
    assert y.std_dev == pytest.approx(0.1 * gelu_grad(0.5), rel=1e-15)
    with pytest.raises(TypeError, match=r"'gelu' does not take uncertainties\.\S*Variable; "):
        gelu(uncertainties.ufloat(0.5, 0.1))


def test_netcdf4(tmp_path: Path) -> None:
    netcdf4 = needs("netCDF4")
    with netcdf4.Dataset(tmp_path / "file.nc", "w") as file:
        file.createDimension("n", X.size)
        v = file.createVariable("x", "f4", ("n",), fill_value=-99)
        v[:] = np.ma.array(X, mask=X > 3.5)
        y = gelu(v[:])
    assert isinstance(y, np.ma.MaskedArray)
    assert y.dtype == np.float32
    assert np.array_equal(y.mask, X > 3.5)
    assert same_bits(y.compressed(), gelu(X[X <= 3.5].astype("f4")))


def test_bfloat16_of_gguf(tmp_path: Path) -> None:
    gguf = needs("gguf")
    ml_dtypes = needs("ml_dtypes")
    x = X.astype(ml_dtypes.bfloat16)
    writer = gguf.GGUFWriter(tmp_path / "file.gguf", "test")
    writer.add_tensor("x", x.view("u1"), raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (tensor,) = gguf.GGUFReader(tmp_path / "file.gguf").tensors
    assert tensor.tensor_type == gguf.GGMLQuantizationType.BF16
    assert same_bits(gelu(tensor.data.view(ml_dtypes.bfloat16)), gelu(x))


@pytest.mark.parametrize("backend", ["numpy", "dask", "jax"])
def test_array_api_extra(backend: str) -> None:
    xpx = needs("array_api_extra", "array-api-extra")
    if backend == "dask":
        x = needs("dask.array", "dask").from_array(X, chunks=300)
    elif backend == "jax":
        x = needs("jax.numpy", "jax").asarray(X.astype("f4"))
    else:
        x = X
    y = xpx.lazy_apply(gelu, x, as_numpy=True)
    assert type(y) is type(x)
    assert same_bits(np.asarray(y), gelu(np.asarray(x)))


def test_duckdb() -> None:
    duckdb = needs("duckdb")
    pa = needs("pyarrow")
    table = pa.table({"x": X})
    with duckdb.connect() as connection:
        connection.register("t", table)
        connection.create_function(
            "gelu", lambda x: pa.array(gelu(x.to_numpy())), ["DOUBLE"], "DOUBLE", type="arrow"
        )
        y = connection.sql("SELECT gelu(x) AS y FROM t").fetchnumpy()["y"]
    assert same_bits(np.asarray(y), gelu(X))


def test_pyarrow() -> None:
    pa = needs("pyarrow")
    import pyarrow.compute as pc

    pc.register_scalar_function(
        lambda _, x: pa.array(gelu(x.to_numpy())),
        "gelu", {"summary": "GELU", "description": ""}, {"x": pa.float64()}, pa.float64(),
    )  # fmt: skip
    assert same_bits(pc.call_function("gelu", [pa.array(X)]).to_numpy(), gelu(X))
