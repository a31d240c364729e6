"""Times the ufuncs of CuPy arrays on a GPU, beside PyTorch and a copy, the limit of the speed.

Run: python bench/gpu.py [--sizes 64Mi 256Mi] [--json FILE].  CUDA events time several calls.
Each has other arrays than those before, so many that none of its own are still in the L2 cache.
Arrays much smaller than 64 Mi elements take the time that Python needs to launch their kernels.
That is timed first, by calls on one element, beside cupy.tanh; the very first compiles the kernel.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._compare import measure as measuring
from gelu_simd._compare import report as reporting
from gelu_simd._compare import timing
from gelu_simd._compare.peers.ways import APPROXIMATE, Arrays, Way
from gelu_simd._functions import FUNCTIONS, Kind

if __name__ == "__main__":  # before CuPy is imported: it finds no kernel when a first call is timed
    os.environ["CUPY_CACHE_DIR"] = tempfile.mkdtemp(prefix="gelu_simd-")
    atexit.register(shutil.rmtree, os.environ["CUPY_CACHE_DIR"])
try:
    import cupy as cp
except ImportError:
    cp = None  # `main` reports it

CACHES = 4  # the arrays of all calls in a turn hold as much as this many L2 caches
ROUNDS = 15
CALLS = 10  # in a round
SMALL_CALLS = 100  # in a round, of one element

Call = Callable[[Arrays], object]


class Row(NamedTuple):
    """What was measured of one function, type, size and way."""

    function: str
    dtype: str
    n: int
    name: str
    min_us: float
    median_us: float
    gb_per_s: float  # read and written, at the minimum
    part_of_copy: float  # its bytes in the same time


class Launch(NamedTuple):
    """What was measured of calls on one element."""

    function: str
    dtype: str
    first_ms: float  # compiles the kernel
    min_us: float  # of those that follow
    median_us: float
    of_tanh: float  # the minimum for that of cupy.tanh in float32


def torch_calls(function: str, dtype: np.dtype) -> dict[str, Call]:
    """Return PyTorch's ways to call a function; none without PyTorch for CUDA."""
    try:
        import torch  # noqa: PLC0415 - is not needed
    except ImportError:
        return {}
    row = FUNCTIONS[function]
    if (
        not torch.cuda.is_available()
        or row.form not in APPROXIMATE
        or row.kind not in {Kind.VALUE, Kind.GRADIENT}
    ):
        return {}
    ops = torch.ops.aten
    form = {"approximate": APPROXIMATE[row.form]}

    def tensor(x: cp.ndarray) -> torch.Tensor:
        if dtype.isbuiltin == 1:
            return torch.from_dlpack(x)
        return torch.from_dlpack(x.view(np.int16)).view(getattr(torch, dtype.name))

    def run(a: Arrays) -> None:
        dy, x, out = map(tensor, (a.dy, a.x, a.out))
        if row.kind is Kind.GRADIENT:
            ops.gelu_backward.grad_input(dy, x, **form, grad_input=out)
        else:
            ops.gelu.out(x, **form, out=out)

    return {"PyTorch": run}


def calls(function: str, dtype: np.dtype) -> dict[str, Call]:
    """Return all that is timed."""
    ufunc = _ufuncs.ufuncs[function]

    def copy(a: Arrays) -> None:
        a.out.data.copy_from_device_async(a.x.data, a.x.nbytes)

    return {
        "copy": copy,
        "gelu_simd": lambda a: ufunc(*a.inputs(function), *a.outs(function)),
        **torch_calls(function, dtype),
    }


def types() -> list[np.dtype]:
    """Return the types of the ufuncs that CuPy has too."""
    dtypes = []
    for dtype in _ufuncs.dtypes:
        try:
            cp.empty(0, dtype)
        except (TypeError, ValueError):
            continue
        dtypes.append(dtype)
    return dtypes


def sets(dtype: np.dtype, n: int) -> list[Arrays]:
    """Return operands and room for the results, several times, on the device."""
    cp.get_default_memory_pool().free_all_blocks()
    device = cp.cuda.Device()
    host = timing.arrays(dtype, n)
    size = sum(a.nbytes for a in host)
    fitting = device.mem_info[0] // 2 // size  # into half of the free memory
    if fitting < 1:
        raise SystemExit(f"arrays of {reporting.size_name(n)} {dtype} do not fit on the GPU")
    enough = -(-CACHES * device.attributes["L2CacheSize"] // size)
    return [Arrays(*map(cp.asarray, host)) for _ in range(min(fitting, max(2, enough)))]


def alternate(ways: dict[str, Call], arrays: Sequence[Arrays]) -> dict[str, list[float]]:
    """Return microseconds per call in each round of each way, the ways in turn."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    start, end = cp.cuda.Event(), cp.cuda.Event()
    turn = 0
    for timed in [False] + ROUNDS * [True]:
        for name, run in ways.items():
            start.record()
            for _ in range(CALLS):
                run(arrays[turn % len(arrays)])
                turn += 1
            end.record()
            end.synchronize()
            if timed:  # the first round compiles
                times[name].append(1e3 * cp.cuda.get_elapsed_time(start, end) / CALLS)
    return times


def seconds(run: Callable[[], object], calls: int) -> float:
    """Return the seconds of a call, the device's work on the last one included."""
    start = time.perf_counter()
    for _ in range(calls):
        run()
    cp.cuda.Device().synchronize()
    return (time.perf_counter() - start) / calls


def launches(dtypes: Sequence[np.dtype]) -> Iterator[Launch]:
    """Yield what calls on one element take, cupy.tanh in turn with each function."""
    tanh = partial(cp.tanh, cp.asarray(np.ones(1, np.float32)))
    tanh()
    for dtype in dtypes:
        x = cp.asarray(np.ones(1, dtype))
        for function, ufunc in _ufuncs.ufuncs.items():
            if dtype.name not in FUNCTIONS[function].types:
                continue
            ways = [partial(ufunc, *[x] * ufunc.nin), tanh]
            first = seconds(ways[0], 1)
            rounds = [[seconds(run, SMALL_CALLS) for run in ways] for _ in range(ROUNDS)]
            ours, tanhs = zip(*rounds, strict=True)
            times = 1e6 * min(ours), 1e6 * statistics.median(ours)
            yield Launch(function, dtype.name, 1e3 * first, *times, min(ours) / min(tanhs))


def read(function: str, a: Arrays, _: object) -> np.ndarray | tuple[np.ndarray, ...]:
    """Return the results on the host."""
    results = tuple(map(cp.asnumpy, a.outs(function)))
    return results[0] if len(results) == 1 else results


def check(function: str, ways: dict[str, Call], dtype: np.dtype) -> None:
    """Raise WrongResult if a way computes something else."""
    host = timing.arrays(dtype, 1 << 16)
    on_device = Arrays(*map(cp.asarray, host))
    for name, run in ways.items():
        if name != "copy":
            way = Way(partial(run, on_device), partial(read, function, on_device))
            measuring.check(name, function, way, host)


def measure(functions: Sequence[str], dtypes: Sequence[np.dtype], n: int) -> Iterator[Row]:
    """Yield the rows of one size."""
    for dtype in dtypes:
        arrays = sets(dtype, n)
        for function in functions:
            if dtype.name not in FUNCTIONS[function].types:
                continue
            ways = calls(function, dtype)
            check(function, ways, dtype)
            rounds = alternate(ways, arrays)
            speeds = {}
            for name, us in rounds.items():
                a = arrays[0]
                moved = 2 if name == "copy" else len(a.inputs(function)) + len(a.outs(function))
                speeds[name] = moved * n * dtype.itemsize / (1e3 * min(us))
            for name, us in rounds.items():
                times = min(us), statistics.median(us)
                part = speeds[name] / speeds["copy"]
                yield Row(function, dtype.name, n, name, *times, speeds[name], part)
        del arrays  # before the next ones


def main(args: Sequence[str] | None = None) -> None:
    """Print a row for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", nargs="+", type=reporting.size, metavar="N",
                        default=[1 << 26, 1 << 28])  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all of it")
    options = parser.parse_args(args)
    if cp is None:
        sys.exit("gpu.py needs CuPy: pip install '.[cuda13]'")
    device = cp.cuda.Device()
    facts = {
        "gpu": cp.cuda.runtime.getDeviceProperties(device.id)["name"].decode(),
        "cuda_runtime": cp.cuda.runtime.runtimeGetVersion(),
        "cupy": cp.__version__,
        "gelu_simd": gelu_simd.__version__,
    }
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    print(f"{'':34}{'first ms':>10}{'us, min':>10}{'median':>10}  of cupy.tanh")
    small = []
    for row in launches(types()):
        small.append(row)
        times = f"{row.first_ms:10.0f}{row.min_us:10.1f}{row.median_us:10.1f}"
        print(f"{row.function:24}{row.dtype:10}{times}{row.of_tanh:10.2f}", flush=True)
    print(f"{'':50}{'us, min':>10}{'median':>10}{'GB/s':>8}  of a copy")
    rows = []
    for n in options.sizes:
        for row in measure(list(_ufuncs.ufuncs), types(), n):
            rows.append(row)
            label = f"{row.function:24}{row.dtype:10}{reporting.size_name(n):6}{row.name:10}"
            times = f"{row.min_us:10.1f}{row.median_us:10.1f}"
            print(f"{label}{times}{row.gb_per_s:8.0f}{row.part_of_copy:10.0%}", flush=True)
    if options.json is not None:
        report = facts | {
            "launches": [row._asdict() for row in small],
            "rows": [row._asdict() for row in rows],
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
