"""Times of this package and its peers in one run, and the errors of their results."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gelu_simd import _ufuncs
from gelu_simd._check import oracle
from gelu_simd._compare.peers.ways import Arrays, Entry, Way
from gelu_simd._compare.report import MANY, RANGE, BenchError, Report, WrongResult, size_name
from gelu_simd._compare.timing import alternate, arrays, reuse_freed_memory
from gelu_simd._functions import ELEMENTARY, FUNCTIONS, PRODUCT_OF
from gelu_simd._types import finfo

#: Seconds of one call; a way that would take longer is left out.
LONGEST = 5.0

#: Elements of a result that are compared, at most.
COMPARED = 1 << 20

#: Tolerance of a peer's result, relative to (1 + |x|) (1 + |dy|).  The two forms of GELU differ by
#: 1.3e-4.  Some peers compute float64 with constants of float32.
SLACK = 1e-5

#: Errors are measured at PER_BIN random numbers in each of so many equal parts of `RANGE`.
BINS = 100
PER_BIN = 512


def check(title: str, function: str, way: Way, a: Arrays) -> None:
    """Call once, and raise WrongResult unless the result is close to ours; a lost tail is."""
    for out in a.outs(function):
        out.fill(np.nan)
    results = way.read(way.run())
    step = -(-a.x.size // COMPARED)
    inputs = [x[::step] for x in a.inputs(function)]
    right = _ufuncs.ufuncs[function](*inputs)
    if len(a.outs(function)) == 1:
        results, right = (results,), (right,)
    scale = np.prod([1 + np.abs(x.astype(np.float64)) for x in inputs], axis=0)
    for got, expected in zip(results, right, strict=True):
        got = np.asarray(got)[::step]  # noqa: PLW2901
        if got.shape != expected.shape:
            raise WrongResult(f"{title} gives {got.shape} for {function} of {expected.shape}")
        got, expected = got.astype(np.float64), expected.astype(np.float64)  # noqa: PLW2901
        off = np.abs(got - expected) / scale
        worst = off.argmax()  # a NaN, if there is one
        if not off[worst] <= max(SLACK, 2 * float(finfo(a.x.dtype).eps)):
            where = ", ".join(
                f"{name} = {x[worst]}"
                for name, x in zip(FUNCTIONS[function].operands, inputs, strict=True)
            )
            raise WrongResult(
                f"{title} does not compute {function} of {a.x.dtype}: "
                f"{got[worst]} for {expected[worst]} at {where}"
            )


def times(
    entries: Sequence[Entry],
    function: str,
    a: Arrays,
    threads: int | None,
    seconds: float,
    former: list[Report],
) -> list[Report]:
    """Check and time all ways of all entries, loaded for `threads`; return a row for each.

    `former` holds the rows of smaller sizes, from which the time of a call is estimated.
    """
    n = a.x.size
    before = {(row["name"], row["way"]): row["min_ns"] for row in former if row["n"] >= MANY}
    ways = {
        (entry.name, key): way
        for entry in entries
        for key, way in entry.ways(function, a).items()
        if before.get((entry.name, key), 0) * n * 1e-9 < LONGEST
    }
    kinds = {entry.name: entry.kind for entry in entries}
    titles = {entry.name: entry.title for entry in entries}
    for (name, _), way in ways.items():
        if kinds[name] == "peer":
            check(titles[name], function, way, a)
    return [
        {
            "function": function,
            "dtype": a.x.dtype.name,
            "n": n,
            "threads": threads,
            "name": name,
            "way": way,
            "min_ns": _round(1e9 * timing.minimum / n, 4),
            "median_ns": _round(1e9 * timing.median / n, 4),
            "rounds": timing.rounds,
            "cpus": round(timing.cpus, 2),
        }
        for (name, way), timing in alternate(ways, seconds).items()
    ]


def points(dtype: np.dtype) -> np.ndarray:
    """Return PER_BIN random numbers in each of BINS equal parts of `RANGE`."""
    n = BINS * PER_BIN
    x = np.random.default_rng(21).uniform(0, 1, n) + np.repeat(np.arange(BINS), PER_BIN)
    return (RANGE[0] + x * ((RANGE[1] - RANGE[0]) / BINS)).astype(dtype)


def largest_errors(function: str, x: np.ndarray, y: np.ndarray) -> list[float | None]:
    """Return the largest error in each part, of results for `points`; None where it is infinite."""
    # A zero of the wrong sign counts as one of the right sign.
    either = (y, np.where(y == 0, -y, y))
    error = np.minimum(*(oracle.ulp_error(function, x, y) for y in either))
    largest = error.reshape(BINS, PER_BIN).max(axis=1)
    return [_round(e, 3) if math.isfinite(e) else None for e in largest.tolist()]


def errors(entries: Sequence[Entry], function: str, dtype: np.dtype) -> list[Report]:
    """Return the largest error of each entry in each bin of `RANGE`, None where it is infinite.

    The error of a gradient is that for dy = 1; other composed functions have none of their own.
    """
    x = points(dtype)
    a = Arrays(np.ones_like(x), x, *(np.empty_like(x) for _ in range(3)))
    rows = []
    if function not in (*ELEMENTARY, *PRODUCT_OF):
        return rows
    for entry in entries:
        ways = entry.ways(function, a) if entry.kind in {"ours", "peer"} else {}
        for way in list(ways.values())[:1]:
            with way.context():
                got = way.read(way.run()).astype(dtype)
            bins = largest_errors(PRODUCT_OF.get(function, function), x, got)
            row = {"function": function, "dtype": dtype.name, "name": entry.name, "max_ulp": bins}
            rows.append(row)
    return rows


def _round(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def measure(
    entries: Sequence[Entry],
    functions: Sequence[str],
    dtypes: Sequence[np.dtype],
    sizes: Sequence[int],
    threads: int | None,
    seconds: float,
    progress: Callable[[int, int], None],
) -> Iterator[tuple[list[Report], list[Report]]]:
    """Yield the times and the errors of one type and function after the other."""
    reuse_freed_memory()
    cells = len(functions) * len(dtypes) * len(sizes)
    done = 0
    for dtype in dtypes:
        try:
            most = arrays(dtype, max(sizes))
        except MemoryError:
            gib = len(Arrays._fields) * max(sizes) * dtype.itemsize / (1 << 30)
            raise BenchError(
                f"{size_name(max(sizes))} elements of {dtype} take {gib:.1f} GiB, "
                "more than there is"
            ) from None
        for function in functions:
            rows: list[Report] = []
            for n in sorted(sizes):
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    a = Arrays(*(v[:n] for v in most))
                    rows += times(entries, function, a, threads, seconds / cells, rows)
                done += 1
                progress(done, cells)
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield rows, errors(entries, function, dtype)
