"""Our time as a part of PyTorch's, both on one thread, measured in turn.

Run: python pytorch.py [DTYPE ...]
"""

import sys
from collections.abc import Callable
from functools import partial

import numpy as np
from inputs import arrays
from timing import alternate

import gelu_simd
from gelu_simd import _types
from gelu_simd._verify import using

try:
    import torch
except ImportError:
    sys.exit("this needs PyTorch: pip install torch")

FUNCTIONS = ["gelu", "gelu_tanh", "gelu_backward", "gelu_tanh_backward"]
COLUMNS = ["16Ki", "256Ki", "4Mi"]
LEVELS = gelu_simd.cpu_info()["available"][:2]  # the best ones


def theirs(function: str, dtype: str, size: str) -> dict[str, Callable[[], object]]:
    """Return PyTorch's calls: with a new output and with a given one."""
    x, dy, _ = (
        torch.from_numpy(a.astype(np.float64)).to(getattr(torch, dtype))
        for a in arrays(dtype, size)
    )
    out = torch.empty_like(x)
    form = "tanh" if "tanh" in function else "none"
    ops = torch.ops.aten
    if function.endswith("backward"):
        given = partial(ops.gelu_backward.grad_input, dy, x, approximate=form, grad_input=out)
        return {"new": partial(ops.gelu_backward, dy, x, approximate=form), "given": given}
    given = partial(ops.gelu.out, x, approximate=form, out=out)
    return {"new": partial(torch.nn.functional.gelu, x, approximate=form), "given": given}


def row(function: str, dtype: str, size: str) -> str:
    """Measure one function; PyTorch's time is its best beside any of our levels."""
    x, dy, out = arrays(dtype, size)
    operands = (dy, x) if function.endswith("backward") else (x,)
    ours = partial(getattr(gelu_simd, function), *operands, out)
    calls = theirs(function, dtype, size)
    ns, peer = [], []
    for level in LEVELS:
        with using(level):
            best = {k: 1e9 * t.minimum / x.size for k, t in alternate({**calls, "": ours}).items()}
        ns.append(best.pop(""))
        peer.append(min(best.values()))
    ratios = [time / other for time, other in zip(ns, peer, strict=True)]
    return "".join(f"{value:9.3f}" for value in [min(peer), *ns, *ratios])


def main(dtypes: list[str]) -> None:
    """Print a row for each function and type: PyTorch's time, ours, and the ratio."""
    torch.set_num_threads(1)
    print(f"PyTorch {torch.__version__}, NumPy {np.__version__}, {gelu_simd.cpu_info()['cpu']}")
    print("ns per element, then our time as a part of PyTorch's; minima")
    head = "".join(f"{name:>9}" for name in ["PyTorch", *LEVELS, *LEVELS])
    print(f"{'':36}{head}")
    for dtype in dtypes:
        for function in FUNCTIONS:
            for size in COLUMNS:
                print(f"{function:20}{dtype:10}{size:6}{row(function, dtype, size)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or [dtype.name for dtype in _types.dtypes()])
