"""JAX."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from functools import partial

from gelu_simd._compare.peers.ways import APPROXIMATE, Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind


def load(threads: int | None) -> Ways:
    """JAX, compiled."""
    if threads is not None:
        os.environ["PJRT_NPROC"] = str(threads)  # JAX reads it when it starts
    import jax  # noqa: PLC0415

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", threads is None)  # True adds a thread

    @functools.cache
    def compiled(function: str) -> Callable:
        row = FUNCTIONS[function]
        form = partial(jax.nn.gelu, approximate=APPROXIMATE[row.form] != "none")
        calls = {
            Kind.VALUE: form,
            Kind.DERIVATIVE: lambda x: jax.vjp(form, x)[1](jax.numpy.ones_like(x))[0],
            Kind.GRADIENT: lambda dy, x: jax.vjp(form, x)[1](dy)[0],
        }
        return jax.jit(calls[row.kind])

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        row = FUNCTIONS[function]
        if row.form not in APPROXIMATE or row.kind is Kind.OTHER:
            return {}
        call, inputs = compiled(function), [jax.device_put(x) for x in a.inputs(function)]
        return {"jit": Way(lambda: call(*inputs).block_until_ready())}

    return ways
