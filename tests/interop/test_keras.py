"""Keras on its NumPy backend with dropins/keras_gelu.py: every GELU of it runs on gelu_simd."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from helpers import same_bits
from numpy.typing import NDArray

import gelu_simd

# Keras has one backend in a process, and this one needs JAX, whose threads make later forks warn.
# So another process computes all results; those of each type go through the file as bytes.
CODE = """
import importlib
import sys
import numpy as np
import keras
from dropins import keras_gelu
import gelu_simd

x = np.load(sys.argv[1])
results = {}
for dtype in ("float64", "float32", "float16", "bfloat16"):
    t = keras.ops.cast(x, dtype)
    for where in ("ops", "activations"):
        for approximate in (None, False, True):
            kwargs = {} if approximate is None else {"approximate": approximate}
            y = getattr(keras, where).gelu(t, **kwargs)
            assert y.dtype == dtype, y.dtype
            results[f"{where} {approximate} {dtype}"] = y.view(np.uint8)

results["list"] = keras.ops.gelu([-1.0, 2.0])
results["layer"] = keras.layers.Activation("gelu")(x)
inputs = keras.Input((30,))
hidden = keras.layers.Dense(8, activation="gelu")(inputs)
hidden = keras.layers.Dense(8, activation=gelu_simd.gelu_tanh)(hidden)
model = keras.Model(inputs, keras.ops.gelu(hidden))
results["model"] = model.predict(x, verbose=0)
for k, weight in enumerate(model.weights):
    results[f"weight {k}"] = weight.numpy()

keras.src.backend.backend = lambda: "jax"
try:
    importlib.reload(keras_gelu)
except ImportError as error:
    results["refusal"] = str(error)
np.savez(sys.argv[2], **results)
"""


@pytest.fixture(scope="module")
def x() -> NDArray[np.float32]:
    return np.linspace(-8, 8, 1200, dtype="f4").reshape(40, 30)


@pytest.fixture(scope="module")
def results(x: NDArray, tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray]:
    for name in ("keras", "jax", "scipy"):  # the NumPy backend of Keras imports the others
        if find_spec(name) is None:
            pytest.skip(f"needs {name}")
    folder = tmp_path_factory.mktemp("keras")
    np.save(folder / "x.npy", x)
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(folder / "x.npy"), str(folder / "results.npz")],
        cwd=Path(__file__).parent, env=os.environ | {"KERAS_BACKEND": "numpy"},
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


def test_list_is_float32(results: dict[str, NDArray]) -> None:
    assert same_bits(results["list"], gelu_simd.gelu_tanh(np.array([-1, 2], "f4")))


def test_layer(results: dict[str, NDArray], x: NDArray) -> None:
    assert same_bits(results["layer"], gelu_simd.gelu(x))


def test_model(results: dict[str, NDArray], x: NDArray) -> None:
    """Built of symbols: by name, by one of our ufuncs, by an operation."""
    kernel1, bias1, kernel2, bias2 = (results[f"weight {k}"] for k in range(4))
    hidden = gelu_simd.gelu_tanh(gelu_simd.gelu(x @ kernel1 + bias1) @ kernel2 + bias2)
    np.testing.assert_allclose(results["model"], gelu_simd.gelu_tanh(hidden), rtol=0, atol=1e-5)


def test_other_backend_is_refused(results: dict[str, NDArray]) -> None:
    assert str(results["refusal"]) == "Keras runs on jax; set KERAS_BACKEND=numpy"
