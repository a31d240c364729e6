"""PyTorch."""

from __future__ import annotations

from functools import partial

import numpy as np

from gelu_simd._check.bits import Array
from gelu_simd._compare.peers.ways import Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS


def load(threads: int | None) -> Ways:
    """PyTorch's own operators."""
    import torch  # noqa: PLC0415

    if threads is not None:
        torch.set_num_threads(threads)
    ops = torch.ops.aten

    def tensor(x: Array) -> torch.Tensor:
        if x.dtype.name == "bfloat16":
            return torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)
        return torch.from_numpy(x)

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        def read(result: torch.Tensor) -> Array:
            if result.dtype == torch.bfloat16:
                return result.view(torch.int16).numpy().view(a.x.dtype)
            return result.numpy()

        dy, x, out = map(tensor, a)
        row = FUNCTIONS[function]
        form = {"approximate": "tanh" if row.form == "tanh" else "none"}
        if row.product_of is None and row.order == 1:
            return {}
        if row.product_of is not None:
            new = partial(ops.gelu_backward, dy, x, **form)
            given = partial(ops.gelu_backward.grad_input, dy, x, **form, grad_input=out)
        else:
            new = partial(torch.nn.functional.gelu, x, **form)
            given = partial(ops.gelu.out, x, **form, out=out)
        without_onednn = partial(torch.backends.mkldnn.flags, enabled=False)
        return {
            "new": Way(new, read),
            "out": Way(given, read),
            "out, oneDNN off": Way(given, read, without_onednn),
        }

    return ways
