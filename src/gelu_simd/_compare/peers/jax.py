"""JAX."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from functools import partial

import numpy as np

from gelu_simd._check.bits import Array
from gelu_simd._compare.peers.ways import APPROXIMATE, SLACK, Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind
from gelu_simd._types import finfo


def load(threads: int | None) -> Ways:
    """JAX, compiled."""
    if threads is not None:
        os.environ["PJRT_NPROC"] = str(threads)  # JAX reads it when it starts
    import jax  # noqa: PLC0415

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", threads is None)  # True adds a thread

    @functools.cache
    def compiled(function: str) -> Callable | None:
        row = FUNCTIONS[function]
        form = partial(jax.nn.gelu, approximate=APPROXIMATE[row.form] != "none")

        def value_and_derivative(x: jax.Array) -> tuple[jax.Array, jax.Array]:
            y, pull = jax.vjp(form, x)
            return y, pull(jax.numpy.ones_like(x))[0]

        def derivative(x: jax.Array) -> jax.Array:
            return value_and_derivative(x)[1]

        def second_derivative(x: jax.Array) -> jax.Array:
            return jax.jvp(derivative, (x,), (jax.numpy.ones_like(x),))[1]

        def gated(gate: jax.Array, up: jax.Array) -> jax.Array:
            return form(gate) * up

        calls = {
            Kind.VALUE: form,
            Kind.DERIVATIVE: derivative,
            Kind.SECOND_DERIVATIVE: second_derivative,
            Kind.GRADIENT: lambda dy, x: jax.vjp(form, x)[1](dy)[0],
            Kind.VALUE_AND_DERIVATIVE: value_and_derivative,
            Kind.BIAS: lambda x, bias: form(x + bias),
            Kind.BIAS_GRADIENT: lambda dy, x, bias: jax.vjp(form, x + bias)[1](dy)[0],
            Kind.GATED: gated,
            Kind.GATED_GRADIENT: lambda dy, gate, up: jax.vjp(gated, gate, up)[1](dy),
        }
        return jax.jit(calls[row.kind]) if row.kind in calls else None

    def read(result: jax.Array | tuple[jax.Array, ...]) -> Array | tuple[Array, ...]:
        return tuple(map(np.asarray, result)) if isinstance(result, tuple) else np.asarray(result)

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        if FUNCTIONS[function].form not in APPROXIMATE:
            return {}
        call, inputs = compiled(function), [jax.device_put(x) for x in a.inputs(function)]
        if call is None:
            return {}
        slack = SLACK
        if FUNCTIONS[function].kind is Kind.SECOND_DERIVATIVE:  # of the tanh form in float16: 4 eps
            slack = max(slack, 8 * float(finfo(a.x.dtype).eps))
        return {"jit": Way(lambda: jax.block_until_ready(call(*inputs)), read, slack=slack)}

    return ways
