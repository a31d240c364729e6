"""What gelu_simd costs inside PyTorch and JAX, beside their own GELU.

    python bench/frameworks.py [--json FILE]

prints microseconds a call on one thread, the fastest of many rounds in turn.  For JAX it also takes
the ufunc by `jax.pure_callback`, the way that needs no foreign function interface.
`bench/publish.py frameworks` makes the page's table of the file.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gelu_simd
from gelu_simd._compare import report as reporting

SIZES = ["1", "1Ki", "16Ki", "256Ki", "4Mi"]
ROUNDS = 40
SECONDS = 0.02  # a round of one way, at least one call

Ways = dict[str, Callable[[], Any]]


def in_torch(x: np.ndarray) -> Ways:
    """Return the calls in PyTorch: forward, and forward and backward."""
    import torch

    import gelu_simd.torch as ours

    torch.set_num_threads(1)
    t = torch.from_numpy(x)
    leaf, dy = t.clone().requires_grad_(), torch.ones_like(t)

    def both(gelu: Callable[[Any], Any]) -> Callable[[], Any]:
        return lambda: torch.autograd.grad(gelu(leaf), leaf, dy)

    ways: Ways = {}
    for name, word in (("exact", "none"), ("tanh", "tanh")):
        theirs = lambda x, w=word: torch.nn.functional.gelu(x, approximate=w)  # noqa: E731
        mine = lambda x, w=word: ours.gelu(x, w)  # noqa: E731
        ways[f"PyTorch, {name}, own"] = lambda f=theirs: f(t)
        ways[f"PyTorch, {name}, gelu_simd"] = lambda f=mine: f(t)
        ways[f"PyTorch, {name}, own, with backward"] = both(theirs)
        ways[f"PyTorch, {name}, gelu_simd, with backward"] = both(mine)
    return ways


def in_jax(x: np.ndarray) -> Ways:
    """Return the calls in JAX, compiled: forward."""
    import jax

    import gelu_simd.jax as ours

    a = jax.numpy.asarray(x)
    result = jax.ShapeDtypeStruct(x.shape, x.dtype)
    ways: Ways = {}
    for name, approximate, ufunc in (
        ("exact", False, gelu_simd.gelu),
        ("tanh", True, gelu_simd.gelu_tanh),
    ):

        def callback(x: Any, ufunc: np.ufunc = ufunc) -> Any:
            return jax.pure_callback(lambda x: ufunc(np.asarray(x)), result, x)

        functions = {
            "own": jax.jit(lambda x, a=approximate: jax.nn.gelu(x, approximate=a)),
            "gelu_simd": jax.jit(lambda x, a=approximate: ours.gelu(x, a)),
            "gelu_simd by pure_callback": jax.jit(callback),
        }
        for way, f in functions.items():
            ways[f"JAX, {name}, {way}"] = lambda f=f: f(a).block_until_ready()
    return ways


def microseconds(ways: Ways) -> dict[str, dict[str, float]]:
    """Time the ways in turn: least and median of the rounds."""
    calls = {}
    for name, f in ways.items():
        f()
        start = time.perf_counter()
        f()
        calls[name] = max(1, int(SECONDS / (time.perf_counter() - start)))
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, f in ways.items():
            start = time.perf_counter()
            for _ in range(calls[name]):
                f()
            times[name].append((time.perf_counter() - start) / calls[name] * 1e6)
    return {
        name: {"min": round(min(each), 3), "median": round(statistics.median(each), 3)}
        for name, each in times.items()
    }


def main() -> None:
    """Measure, print, and store."""
    parser = argparse.ArgumentParser(description="What gelu_simd costs inside PyTorch and JAX.")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # XLA has no other way to be told of one thread
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import jax
    import torch

    gelu_simd.set_num_threads(1)
    report: dict[str, Any] = {
        "cpu": reporting.cpu(),
        "isa": gelu_simd.cpu_info()["isa"],
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "versions": {"PyTorch": torch.__version__, "JAX": jax.__version__},
        "microseconds": {},
    }
    for size in SIZES:
        x = np.random.default_rng(1).normal(0, 2, reporting.size(size)).astype(np.float32)
        times = microseconds(in_torch(x) | in_jax(x))
        for name, cell in times.items():
            report["microseconds"].setdefault(name, {})[size] = cell
            print(f"{size:>6} {name:45} {cell['min']:12.2f} {cell['median']:12.2f}", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
