"""JAX."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from functools import partial

from gelu_simd._compare.peers.ways import Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS


def load(threads: int | None) -> Ways:
    """JAX, compiled."""
    if threads is not None:
        os.environ["PJRT_NPROC"] = str(threads)  # which JAX reads when it starts
    import jax  # noqa: PLC0415

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", threads is None)  # another thread, if so

    @functools.cache
    def compiled(function: str) -> Callable:
        row = FUNCTIONS[function]
        form = partial(jax.nn.gelu, approximate=row.form == "tanh")
        if row.product_of is not None:
            return jax.jit(lambda dy, x: jax.vjp(form, x)[1](dy)[0])
        if row.order == 1:
            return jax.jit(lambda x: jax.vjp(form, x)[1](jax.numpy.ones_like(x))[0])
        return jax.jit(form)

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        call, inputs = compiled(function), [jax.device_put(x) for x in a.inputs(function)]
        return {"jit": Way(lambda: call(*inputs).block_until_ready())}

    return ways
