"""Times of this package and its peers in one run, and the errors of their results."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from gelu_simd import _ufuncs
from gelu_simd._check import oracle
from gelu_simd._compare.budget import Budget
from gelu_simd._compare.peers.ways import Arrays, Entry, Way
from gelu_simd._compare.report import MANY, RANGE, BenchError, Report, WrongResult, size_name
from gelu_simd._compare.timing import BATCH, ROUNDS, alternate, arrays, reuse_freed_memory
from gelu_simd._functions import ELEMENTARY, FUNCTIONS, PRODUCT_OF
from gelu_simd._types import finfo

#: Seconds of the errors of a function and type, about.
ERRORS = 0.5

#: Calls of a way at one size, at least: two before the rounds.
CALLS = 2 + ROUNDS

#: Elements that add as much to the share of a size in the time as a size has anyway.
HEAVY = 1 << 22

#: Elements for which no time needs to be estimated.
SMALL = 1 << 16

#: Elements of a result that are compared, at most.
COMPARED = 1 << 17

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
        if not off[worst] <= max(way.slack, 2 * float(finfo(a.x.dtype).eps)):
            where = ", ".join(
                f"{name} = {x[worst]}"
                for name, x in zip(FUNCTIONS[function].operands, inputs, strict=True)
            )
            raise WrongResult(
                f"{title} does not compute {function} of {a.x.dtype}: "
                f"{got[worst]} for {expected[worst]} at {where}"
            )


Key = tuple[str, str]  # of a way: the names of its entry and its own


def affordable(costs: Mapping[Key, float], seconds: float) -> set[Key]:
    """Return the cheapest ways, as many as fit, and those that cost next to nothing."""
    chosen, total = set(), 0.0
    for key in sorted(costs, key=costs.__getitem__):
        total += costs[key]
        if total <= seconds or costs[key] <= 2 * CALLS * BATCH:
            chosen.add(key)
    return chosen


def prepared(
    entries: Sequence[Entry],
    function: str,
    a: Arrays,
    seconds: float,
    former: list[Report],
) -> dict[Key, Way]:
    """Return all ways of all entries whose calls fit into half the seconds, peers checked.

    The other half is for compiling and for more rounds.  `former` holds the rows of smaller sizes,
    from which the time of a call is estimated.
    """
    costs = {
        (row["name"], row["way"]): CALLS * row["median_ns"] * a.x.size * 1e-9
        for row in former
        if row["n"] >= MANY
    }
    too_long = costs.keys() - affordable(costs, seconds / 2)
    ways = {}
    for entry in entries:
        own = {key for key in costs if key[0] == entry.name}
        if own and own <= too_long:  # nothing is compiled in vain
            continue
        for name, way in entry.ways(function, a).items():
            if (entry.name, name) not in too_long:
                ways[entry.name, name] = way
                if entry.kind == "peer":
                    check(entry.title, function, way, a)
    return ways


def times(
    ways: Mapping[Key, Way], function: str, a: Arrays, threads: int | None, seconds: float
) -> list[Report]:
    """Time all ways, loaded for `threads`; return a row for each."""
    n = a.x.size
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


def steps(sizes: Sequence[int]) -> list[int]:
    """Return the sizes in order, and `MANY` where times of large ones could not be estimated."""
    large = min((n for n in sizes if n >= MANY), default=0)
    return sorted({*sizes, MANY} if large > SMALL else set(sizes))


def share(n: int) -> float:
    """Return the weight of a size in the sharing of the time."""
    return 1 + n / HEAVY


def cells(functions: Sequence[str], dtypes: Sequence[np.dtype]) -> list[tuple[np.dtype, str]]:
    """Return the types with the functions that have them."""
    return [(t, name) for t in dtypes for name in functions if t.name in FUNCTIONS[name].types]


def least_seconds(entries: Sequence[Entry], columns: int, sizes: Sequence[int]) -> float:
    """Return about how long the fewest rounds of so many functions and types take."""
    return columns * (ERRORS + len(steps(sizes)) * len(entries) * CALLS * BATCH)


def measure(
    entries: Sequence[Entry],
    functions: Sequence[str],
    dtypes: Sequence[np.dtype],
    sizes: Sequence[int],
    threads: int | None,
    budget: Budget,
    progress: Callable[[int, int], None],
) -> Iterator[tuple[list[Report], list[Report]]]:
    """Yield the times and the errors of one type and function after the other.

    The seconds that are left are shared by all sizes to come; large ones get more.
    """
    reuse_freed_memory()
    columns = cells(functions, dtypes)
    row_weight = sum(map(share, steps(sizes)))
    weight = total = row_weight * len(columns)
    most = None
    for column, (dtype, function) in enumerate(columns, 1):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if most is None or most.x.dtype != dtype:
                with budget.spending("filling arrays"):
                    most = None  # the old ones go before the new ones come
                    most = room(dtype, max(sizes))
            with budget.spending("errors"):
                errs = errors(entries, function, dtype)
            to_come = budget.spent["errors"] / column * (len(columns) - column)
            rows: list[Report] = []
            for n in steps(sizes):
                end = budget.used + (budget.left - to_come) * share(n) / weight
                a = Arrays(*(v[:n] for v in most))
                with budget.spending("compiling and checking"):
                    ways = prepared(entries, function, a, end - budget.used, rows)
                with budget.spending("timing"):
                    rows += times(ways, function, a, threads, end - budget.used)
                weight -= share(n)
                progress(int(total - weight), int(total))
            del a, ways  # they hold the arrays
        yield [row for row in rows if row["n"] in sizes], errs


def room(dtype: np.dtype, n: int) -> Arrays:
    """Return the arrays of the largest size."""
    try:
        return arrays(dtype, n)
    except MemoryError:
        gib = len(Arrays._fields) * n * dtype.itemsize / (1 << 30)
        raise BenchError(
            f"{size_name(n)} elements of {dtype} take {gib:.1f} GiB, more than there is"
        ) from None
