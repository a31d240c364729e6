"""PyTorch."""

from __future__ import annotations

from functools import partial

import numpy as np

from gelu_simd._check.bits import Array
from gelu_simd._compare.peers.ways import APPROXIMATE, Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind


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
        def read(result: torch.Tensor) -> Array:
            if a.x.dtype.isbuiltin == 1:
                return result.numpy()
            return result.view(torch.int16).numpy().view(a.x.dtype)

        row = FUNCTIONS[function]
        if row.form not in APPROXIMATE:
            return {}
        dy, x, out = map(tensor, (a.dy, a.x, a.out))
        form = {"approximate": APPROXIMATE[row.form]}
        if row.kind is Kind.VALUE:
            new = partial(torch.nn.functional.gelu, x, **form)
            into_out = partial(ops.gelu.out, x, **form, out=out)
        elif row.kind is Kind.GRADIENT:
            new = partial(ops.gelu_backward, dy, x, **form)
            into_out = partial(ops.gelu_backward.grad_input, dy, x, **form, grad_input=out)
        else:
            return {}
        without_onednn = partial(torch.backends.mkldnn.flags, enabled=False)
        return {
            "new": Way(new, read),
            "out": Way(into_out, read),
            "out, oneDNN off": Way(into_out, read, without_onednn),
        }

    return ways
