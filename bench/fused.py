"""Time of each function of several steps, as a part of that of the separate calls.

One thread, in turn, minimum and median:

out=     where the separate calls have room for temporary arrays too
new      new arrays, in memory that was freed before if they are below 32 MiB, beside the expression
         that a user would write: in gelu(gate) * up NumPy writes the product where the value was
system   new arrays, in memory new from the system as in a fresh process, beside the separate calls
         with new arrays too; with glibc alone, and from 128 KiB on

Then the time of a bias that is broadcast, (rows, width) and (width,), beside that of two arrays of
one shape.  Run: python fused.py
"""

from __future__ import annotations

import argparse
import ctypes
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._compare.peers.ways import Arrays, Way
from gelu_simd._compare.report import size, size_name
from gelu_simd._compare.timing import Timing, alternate, arrays, reuse_freed_memory
from gelu_simd._functions import FUNCTIONS, Kind

SIZES = ["16Ki", "256Ki", "4Mi"]
WIDTHS = [16, 64, 256, 768, 3072]  # of rows that a bias is added to
GLIBC = platform.libc_ver()[0] == "glibc"
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
DEFAULT = 128 << 10  # of both: larger memory comes from the system and goes back to it


def into(kind: Kind, parts: Sequence[np.ufunc], a: Arrays, room: Arrays) -> Callable[[], object]:
    """Return the separate calls with out=, with room for temporary arrays."""
    (f, *others), t = parts, room.out

    def bias() -> None:
        np.add(a.x, a.other, t)
        f(t, a.out)

    def bias_gradient() -> None:
        np.add(a.x, a.other, t)
        f(t, t)
        np.multiply(a.dy, t, a.out)

    def gradient() -> None:
        f(a.x, t)
        np.multiply(a.dy, t, a.out)

    def pair() -> None:
        f(a.x, a.out)
        others[0](a.x, a.out2)

    def gated() -> None:
        f(a.x, t)
        np.multiply(t, a.other, a.out)

    def gated_gradient() -> None:  # its first factor is the derivative
        np.multiply(a.dy, a.other, a.out)
        f(a.x, t)
        np.multiply(a.out, t, a.out)
        others[0](a.x, t)
        np.multiply(a.dy, t, a.out2)

    return {
        Kind.GRADIENT: gradient,
        Kind.VALUE_AND_DERIVATIVE: pair,
        Kind.BIAS: bias,
        Kind.BIAS_GRADIENT: bias_gradient,
        Kind.GATED: gated,
        Kind.GATED_GRADIENT: gated_gradient,
        Kind.STOCHASTIC: partial(f, a.x, a.out),  # its mean's function
    }[kind]


@contextmanager
def memory_of_the_system() -> Iterator[None]:
    """Have each large array's memory come from the system: glibc keeps none that was freed."""
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_THRESHOLD, DEFAULT)
    libc.mallopt(M_TRIM_THRESHOLD, DEFAULT)
    libc.malloc_trim(0)
    try:
        yield
    finally:
        libc.mallopt(M_MMAP_THRESHOLD, 32 << 20)
        libc.mallopt(M_TRIM_THRESHOLD, 64 << 20)


def keep_results(f: np.ufunc) -> Callable[..., object]:
    """Return `f` with results that NumPy reuses for nothing else."""
    results = []

    def call(*inputs: object) -> object:
        results.append(f(*inputs))
        return results[-1]

    return call


def ways(function: str, a: Arrays, room: Arrays) -> dict[str, Way]:
    """Return the function and its separate calls, with out= and with new arrays."""
    row, ufunc = FUNCTIONS[function], _ufuncs.ufuncs[function]
    parts = [_ufuncs.ufuncs[name] for name in row.composition.factors]
    inputs = a.inputs(function)
    new = partial(row.composition.compute, *parts, *inputs)
    return {
        "out": Way(partial(ufunc, *inputs, *a.outs(function))),
        "separate out": Way(into(row.kind, parts, a, room)),
        "new": Way(partial(ufunc, *inputs)),
        "separate new": Way(partial(parts[0], a.x) if row.kind is Kind.STOCHASTIC else new),
    }


def ways_to_new_memory(function: str, a: Arrays) -> dict[str, Way]:
    """Return the function and its separate calls, each of which returns an array of its own."""
    row, ufunc = FUNCTIONS[function], _ufuncs.ufuncs[function]
    parts = [_ufuncs.ufuncs[name] for name in row.composition.factors]
    inputs = a.inputs(function)

    def calls() -> object:
        return row.composition.compute(*map(keep_results, parts), *inputs)

    mean = partial(parts[0], a.x)
    return {
        "system": Way(partial(ufunc, *inputs)),
        "separate system": Way(mean if row.kind is Kind.STOCHASTIC else calls),
    }


def ratio(times: dict[str, Timing], one: str, other: str) -> str:
    """Return the ratios of the minima and of the medians."""
    a, b = times[one], times[other]
    return f"{a.minimum / b.minimum:8.2f}{a.median / b.median:8.2f}"


def print_composed(dtype: np.dtype, sizes: Sequence[int], seconds: float) -> None:
    """Print a row for each function and size."""
    print(
        f"\n{dtype.name}: time as a part of that of the separate calls"
        "; stochastic_gelu beside gelu\n"
        f"{'':34}{'out=':>10}{'median':>8}{'new':>10}{'median':>8}{'system':>10}{'median':>8}"
        f"{'ns/element':>12}"
    )
    most, space = (arrays(dtype, max(sizes)) for _ in range(2))
    for function, row in FUNCTIONS.items():
        if row.composition is None:
            continue
        for n in sizes:
            a, room = (Arrays(*(v[:n] for v in all_)) for all_ in (most, space))
            times = alternate(ways(function, a, room), seconds)
            shown = ["out", "new"]
            if GLIBC and a.x.nbytes >= DEFAULT:
                shown.append("system")
                with memory_of_the_system():
                    times |= alternate(ways_to_new_memory(function, a), seconds / 2)
            cells = "  ".join(ratio(times, way, f"separate {way}") for way in shown)
            print(
                f"{function:26}{size_name(n):>8}  {cells:52}{1e9 * times['out'].minimum / n:12.3f}",
                flush=True,
            )


@contextmanager
def rows_alone() -> Iterator[None]:
    """Let NumPy copy no operand: its buffer is too small for the rows it would join."""
    before = np.setbufsize(16)
    try:
        yield
    finally:
        np.setbufsize(before)


def print_broadcast(dtype: np.dtype, sizes: Sequence[int], seconds: float) -> None:
    """Print a row for each function of a bias, size and width.

    NumPy's iterator joins short rows, as many as its buffer holds: it copies the bias again and
    again into the buffer and calls the inner loop once for all.  Where the buffer is too small it
    copies nothing and calls the inner loop for each row.
    """
    print(
        f"\n{dtype.name}: (rows, width) and (width,), as a part of the time of two arrays of one "
        "shape and of the\nseparate calls; ns a row beyond its part of one shape\n"
        f"{'':34}{'':7}{'NumPy joins rows':^39}{'each row alone':^39}\n"
        f"{'':34}{'width':>7}"
        + f"{'shape':>8}{'median':>8}{'calls':>8}{'median':>8}{'ns/row':>7}"
        * 2
    )
    most, space = (arrays(dtype, max(sizes)) for _ in range(2))
    for function, row in FUNCTIONS.items():
        if "bias" not in row.operands:
            continue
        ufunc = _ufuncs.ufuncs[function]
        parts = [_ufuncs.ufuncs[name] for name in row.composition.factors]
        for n in sizes:
            for width in WIDTHS:
                rows = n // width
                a, room = (
                    Arrays(*(v[: rows * width].reshape(rows, width) for v in all_))
                    for all_ in (most, space)
                )
                narrow = a._replace(other=a.other[0])
                joined = Way(partial(ufunc, *narrow.inputs(function), a.out))
                separate = Way(into(row.kind, parts, narrow, room))
                calls = {
                    "shape": Way(partial(ufunc, *a.inputs(function), a.out)),
                    "joined": joined,
                    "joined calls": separate,
                    "alone": joined._replace(context=rows_alone),
                    "alone calls": separate._replace(context=rows_alone),
                }
                times = alternate(calls, seconds)
                cells = ""
                for way in ("joined", "alone"):
                    beyond = times[way].minimum - times["shape"].minimum
                    cells += ratio(times, way, "shape") + ratio(times, way, f"{way} calls")
                    cells += f"{1e9 * beyond / rows:7.1f}"
                print(f"{function:26}{size_name(n):>8}{width:7}{cells}", flush=True)


def main(args: list[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--dtype",
        nargs="+",
        default=["float32"],
        metavar="TYPE",
        choices=[dtype.name for dtype in _ufuncs.dtypes],
        help="(float32)",
    )
    parser.add_argument(
        "--sizes",
        nargs="+",
        type=size,
        metavar="N",
        default=[size(text) for text in SIZES],
        help=f"({' '.join(SIZES)})",
    )
    parser.add_argument("--seconds", type=float, default=1.5, help="of each row (%(default)s)")
    options = parser.parse_args(args)
    reuse_freed_memory()
    gelu_simd.set_num_threads(1)
    print(f"one thread, level {gelu_simd.cpu_info()['isa']}")
    for name in options.dtype:
        print_composed(np.dtype(name), options.sizes, options.seconds)
        print_broadcast(np.dtype(name), options.sizes, options.seconds)


if __name__ == "__main__":
    main()
