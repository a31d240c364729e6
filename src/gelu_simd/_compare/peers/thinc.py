"""Thinc."""

from __future__ import annotations

from functools import partial

import numpy as np

from gelu_simd._compare.peers.ways import Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind


def load(_: int | None) -> Ways:
    """Thinc's NumPy backend."""
    from thinc.api import NumpyOps  # noqa: PLC0415

    ops = NumpyOps()
    calls = {
        ("exact", Kind.VALUE): ops.gelu,
        ("exact", Kind.GRADIENT): ops.backprop_gelu,
        ("tanh", Kind.VALUE): ops.gelu_approx,
        ("tanh", Kind.GRADIENT): ops.backprop_gelu_approx,
    }

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        call = calls.get(FUNCTIONS[function].place)
        if call is None or a.x.dtype not in (np.float32, np.float64):
            return {}
        return {"new": Way(partial(call, *a.inputs(function)))}

    return ways
