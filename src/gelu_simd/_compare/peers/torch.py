"""PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from gelu_simd._check.bits import Array
from gelu_simd._compare.peers.ways import APPROXIMATE, Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Function, Kind


def load(threads: int | None) -> Ways:
    """PyTorch's own operators."""
    import torch  # noqa: PLC0415

    if threads is not None:
        torch.set_num_threads(threads)
    ops = torch.ops.aten

    def tensor(x: Array) -> torch.Tensor:
        if x.dtype.isbuiltin == 1:
            return torch.from_numpy(x)
        return torch.from_numpy(x.view(np.int16)).view(getattr(torch, x.dtype.name))

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        def read_one(result: torch.Tensor) -> Array:
            if a.x.dtype.isbuiltin == 1:
                return result.numpy()
            return result.view(torch.int16).numpy().view(a.x.dtype)

        def read(result: torch.Tensor | tuple[torch.Tensor, ...]) -> Array | tuple[Array, ...]:
            return tuple(map(read_one, result)) if isinstance(result, tuple) else read_one(result)

        row = FUNCTIONS[function]
        if row.form not in APPROXIMATE:
            return {}
        calls = _calls(row, *map(tensor, a))
        if row.kind not in calls:
            return {}
        new, into_out = calls[row.kind]
        without_onednn = partial(torch.backends.mkldnn.flags, enabled=False)
        return {
            "new": Way(new, read),
            "out": Way(into_out, read),
            "out, oneDNN off": Way(into_out, read, without_onednn),
        }

    def _calls(
        row: Function,
        dy: torch.Tensor,
        x: torch.Tensor,
        other: torch.Tensor,
        out: torch.Tensor,
        out2: torch.Tensor,
    ) -> dict[Kind, tuple[Callable, Callable]]:
        """Return the calls by kind: with new tensors, and into the room that there is."""
        form = {"approximate": APPROXIMATE[row.form]}
        value = partial(torch.nn.functional.gelu, **form)
        gradient = partial(ops.gelu_backward, **form)
        value_into = partial(ops.gelu.out, **form)
        gradient_into = partial(ops.gelu_backward.grad_input, **form)
        one = torch.ones_like(x)
        return {
            Kind.VALUE: (lambda: value(x), lambda: value_into(x, out=out)),
            Kind.GRADIENT: (
                lambda: gradient(dy, x),
                lambda: gradient_into(dy, x, grad_input=out),
            ),
            Kind.VALUE_AND_DERIVATIVE: (
                lambda: (value(x), gradient(one, x)),
                lambda: (value_into(x, out=out), gradient_into(one, x, grad_input=out2)),
            ),
            Kind.BIAS: (
                lambda: value(x + other),
                lambda: value_into(torch.add(x, other, out=out), out=out),
            ),
            Kind.BIAS_GRADIENT: (
                lambda: gradient(dy, x + other),
                lambda: gradient_into(dy, torch.add(x, other, out=out), grad_input=out),
            ),
            Kind.GATED: (
                lambda: value(x) * other,
                lambda: value_into(x, out=out).mul_(other),
            ),
            Kind.GATED_GRADIENT: (
                lambda: (gradient(dy * other, x), dy * value(x)),
                lambda: (
                    gradient_into(torch.mul(dy, other, out=out), x, grad_input=out),
                    value_into(x, out=out2).mul_(dy),
                ),
            ),
        }

    return ways
