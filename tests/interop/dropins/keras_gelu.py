"""Keras's gelu on gelu_simd, in every layer: import this where KERAS_BACKEND is numpy."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras.src import backend  # Keras has no public name for its backend's functions

import gelu_simd

if backend.backend() != "numpy":
    raise ImportError(f"Keras runs on {backend.backend()}; set KERAS_BACKEND=numpy")


def gelu(x: Any, approximate: bool = True) -> np.ndarray:
    """Compute what `keras.ops.gelu` and `keras.activations.gelu` ask the backend for."""
    if not isinstance(x, np.ndarray):  # which Keras would copy, and float64 round to float32
        x = keras.ops.convert_to_tensor(x)
    return (gelu_simd.gelu_tanh if approximate else gelu_simd.gelu)(x)


backend.nn.gelu = gelu
