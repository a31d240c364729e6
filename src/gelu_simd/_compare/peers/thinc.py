"""Thinc."""

from __future__ import annotations

from functools import partial

import numpy as np

from gelu_simd._compare.peers.ways import Arrays, Way, Ways


def load(_: int | None) -> Ways:
    """Thinc's NumPy backend."""
    from thinc.api import NumpyOps  # noqa: PLC0415

    ops = NumpyOps()
    calls = {
        "gelu": ops.gelu,
        "gelu_tanh": ops.gelu_approx,
        "gelu_backward": ops.backprop_gelu,
        "gelu_tanh_backward": ops.backprop_gelu_approx,
    }

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        if function not in calls or a.x.dtype not in (np.float32, np.float64):
            return {}
        return {"new": Way(partial(calls[function], *a.inputs(function)))}

    return ways
