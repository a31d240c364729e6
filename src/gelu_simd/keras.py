"""Keras's GELU on gelu_simd, in every layer and function: importing this puts it in place.

>>> import keras  # doctest: +SKIP
>>> import gelu_simd.keras  # doctest: +SKIP
>>> keras.layers.Dense(8, activation="gelu")  # doctest: +SKIP

It serves Keras on its backends numpy, torch and jax, the latter two on the CPU.  Types stay those
that Keras has, but for arrays of NumPy on its backend numpy: Keras makes float32 of float64 there,
and `gelu` here does not.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras.src import backend  # Keras has no public name for its backend's functions

import gelu_simd

__all__ = ["gelu"]

Gelu = Callable[[Any, bool], Any]


def of_numpy() -> Gelu:
    """Return GELU of arrays."""

    def gelu(x: Any, approximate: bool = True) -> Any:
        if not isinstance(x, np.ndarray):
            x = keras.ops.convert_to_tensor(x)
        return (gelu_simd.gelu_tanh if approximate else gelu_simd.gelu)(x)

    return gelu


def of_torch() -> Gelu:
    """Return GELU of PyTorch's tensors."""
    from gelu_simd import torch  # noqa: PLC0415 - needs PyTorch

    def gelu(x: Any, approximate: bool = True) -> Any:
        return torch.gelu(keras.ops.convert_to_tensor(x), "tanh" if approximate else "none")

    return gelu


def of_jax() -> Gelu:
    """Return GELU of JAX's arrays."""
    from gelu_simd import jax  # noqa: PLC0415 - needs JAX

    def gelu(x: Any, approximate: bool = True) -> Any:
        return jax.gelu(keras.ops.convert_to_tensor(x), approximate)

    return gelu


BACKENDS = {"numpy": of_numpy, "torch": of_torch, "jax": of_jax}

if backend.backend() not in BACKENDS:
    raise ImportError(
        f"gelu_simd.keras: Keras runs on {backend.backend()}; "
        f"set KERAS_BACKEND to one of {', '.join(BACKENDS)}"
    )
gelu = backend.nn.gelu = BACKENDS[backend.backend()]()
