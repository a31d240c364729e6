"""Keras with gelu_simd.keras, on each of its backends: every GELU of it runs on gelu_simd."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from helpers import same_bits
from numpy.typing import NDArray

import gelu_simd

# Keras has one backend in a process, and imports JAX, whose threads make later forks warn.
# So another process computes all results; those of each type go through the file as bytes.
CODE = """
import importlib
import sys
import numpy as np
import keras
import ml_dtypes
import gelu_simd.keras

x = np.load(sys.argv[1])
results = {}
t_dtype = {name: np.dtype(name) for name in ("float64", "float32", "float16", "bfloat16")}
for dtype in ("float64", "float32", "float16", "bfloat16"):
    t = keras.ops.cast(x, dtype)
    for where in ("ops", "activations"):
        for approximate in (None, False, True):
            kwargs = {} if approximate is None else {"approximate": approximate}
            y = getattr(keras, where).gelu(t, **kwargs)
            assert keras.backend.standardize_dtype(y.dtype) == dtype, y.dtype
            y = keras.ops.convert_to_numpy(y)
            if y.dtype != t_dtype[dtype]:  # NumPy's bfloat16 of PyTorch's tensor
                y = y.astype(t_dtype[dtype])
            results[f"{where} {approximate} {dtype}"] = y.view(np.uint8)

results["list"] = keras.ops.convert_to_numpy(keras.ops.gelu([-1.0, 2.0]))
results["layer"] = keras.ops.convert_to_numpy(keras.layers.Activation("gelu")(x))
if keras.backend.backend() == "numpy":
    results["array"] = keras.ops.gelu(x.astype("f8"))
inputs = keras.Input((30,))
hidden = keras.layers.Dense(8, activation="gelu")(inputs)
hidden = keras.layers.Dense(8, activation=keras.ops.gelu)(hidden)
model = keras.Model(inputs, keras.ops.gelu(hidden))
results["model"] = model.predict(x, verbose=0)
for k, weight in enumerate(model.weights):
    results[f"weight {k}"] = keras.ops.convert_to_numpy(weight)

if keras.backend.backend() != "numpy":  # has no training
    target = np.sin(x[:, :8])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    results["losses"] = model.fit(x, target, epochs=30, verbose=0).history["loss"]

keras.src.backend.backend = lambda: "tensorflow"
try:
    importlib.reload(gelu_simd.keras)
except ImportError as error:
    results["refusal"] = str(error)
np.savez(sys.argv[2], **results)
"""


@pytest.fixture(scope="module")
def x() -> NDArray[np.float32]:
    return np.linspace(-8, 8, 1200, dtype="f4").reshape(40, 30)


@pytest.fixture(scope="module", params=["numpy", "torch", "jax"])
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def results(
    backend: str, x: NDArray, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, NDArray]:
    needs = {"numpy": ("jax", "scipy"), "torch": ("torch",), "jax": ("jax",)}[backend]
    for name in ("keras", *needs):  # Keras imports JAX and SciPy for its NumPy backend
        if find_spec(name) is None:
            pytest.skip(f"needs {name}")
    folder = tmp_path_factory.mktemp("keras")
    np.save(folder / "x.npy", x)
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(folder / "x.npy"), str(folder / "results.npz")],
        env=os.environ | {"KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(np.load(folder / "results.npz"))


@pytest.mark.parametrize("where", ["ops", "activations"])
@pytest.mark.parametrize("approximate", [None, False, True])
def test_functions(
    results: dict[str, NDArray], x: NDArray, where: str, approximate: bool | None, dtype: np.dtype
) -> None:
    """Without a word, keras.ops takes the tanh form and keras.activations the exact one."""
    tanh = where == "ops" if approximate is None else approximate
    result = results[f"{where} {approximate} {dtype.name}"].view(dtype)
    expected = (gelu_simd.gelu_tanh if tanh else gelu_simd.gelu)(x.astype(dtype))
    assert same_bits(result, expected)


def test_list(backend: str, results: dict[str, NDArray]) -> None:
    """It is float32, but in JAX with 64 bits."""
    dtype = np.float64 if backend == "jax" else np.float32
    assert same_bits(results["list"], gelu_simd.gelu_tanh(np.array([-1, 2], dtype)))


def test_layer(results: dict[str, NDArray], x: NDArray) -> None:
    assert same_bits(results["layer"], gelu_simd.gelu(x))


def test_model(results: dict[str, NDArray], x: NDArray) -> None:
    """Built of symbols: by name, by one of our ufuncs, by an operation."""
    kernel1, bias1, kernel2, bias2 = (results[f"weight {k}"] for k in range(4))
    hidden = gelu_simd.gelu_tanh(gelu_simd.gelu(x @ kernel1 + bias1) @ kernel2 + bias2)
    np.testing.assert_allclose(results["model"], gelu_simd.gelu_tanh(hidden), rtol=0, atol=1e-5)


def test_training(backend: str, results: dict[str, NDArray]) -> None:
    if backend == "numpy":
        pytest.skip("Keras trains nothing on its NumPy backend")
    assert results["losses"][-1] < 0.5 * results["losses"][0]


def test_float64_of_numpy_stays(backend: str, results: dict[str, NDArray], x: NDArray) -> None:
    if backend != "numpy":
        pytest.skip("Keras converts it on other backends")
    assert same_bits(results["array"], gelu_simd.gelu_tanh(x.astype("f8")))


def test_other_backend_is_refused(results: dict[str, NDArray]) -> None:
    message = "Keras runs on tensorflow; set KERAS_BACKEND to one of numpy, torch, jax"
    assert str(results["refusal"]) == f"gelu_simd.keras: {message}"
