"""TensorFlow."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from functools import partial

from gelu_simd._check.bits import Array
from gelu_simd._compare.peers.ways import APPROXIMATE, Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind


def load(threads: int | None) -> Ways:
    """TensorFlow: its eager calls, and compiled by XLA."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf  # noqa: PLC0415

    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)

    def eager(function: str) -> Callable:
        def form(x: tf.Tensor) -> tf.Tensor:
            return tf.nn.gelu(x, APPROXIMATE[FUNCTIONS[function].form] != "none")

        def backward(dy: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = form(x)
            return tape.gradient(y, x, output_gradients=dy)

        return form if FUNCTIONS[function].kind is Kind.VALUE else backward

    @functools.cache
    def compiled(function: str) -> Callable:
        return tf.function(eager(function), jit_compile=True)

    def read(result: tf.Tensor) -> Array:
        return result.numpy()

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        row = FUNCTIONS[function]
        if row.form not in APPROXIMATE or row.kind not in {Kind.VALUE, Kind.GRADIENT}:
            return {}
        inputs = [tf.constant(x) for x in a.inputs(function)]
        return {
            "jit": Way(partial(compiled(function), *inputs), read),
            "eager": Way(partial(eager(function), *inputs), read),
        }

    return ways
