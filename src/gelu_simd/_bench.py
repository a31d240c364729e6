"""Times this package and its peers in one process and one run, and the errors of their results."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import platform
import re
import statistics
import time
import timeit
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gelu_simd
from gelu_simd import _oracle, _peers, _types
from gelu_simd._cli.files import require_writable, writing
from gelu_simd._peers import Arrays, Entry, Way
from gelu_simd._progress import Progress
from gelu_simd._verify import BACKWARD

BATCH = 1e-3  # seconds that a way is repeated for in one round, at least
ROUNDS = 3  # at least
LONGEST = 5.0  # seconds: a way that would take longer for one call is left out
CROWDED = 1.4  # processors busy for each thread, of which waiting threads are a part
MANY = 1 << 14  # elements that tell how long more of them take

COMPARED = 1 << 20  # elements of a result at most
# What a peer may be off, as a part of (1 + |x|) (1 + |dy|); the two forms of GELU differ by 1.3e-4.
# Some peers compute float64 with constants of float32.
SLACK = 1e-5

PAGE = 4096  # bytes

# Errors are taken on numbers spread over this range, and the largest of each bin is kept.
RANGE = (-15.0, 5.0)
BINS = 100
PER_BIN = 512

Report = dict[str, Any]


class BenchError(Exception):
    """What is asked for cannot be measured or drawn; the message is one line."""


class WrongResult(BenchError):
    """A peer computes something else, so that its time would say nothing."""


def size(text: str) -> int:
    """Read a number of elements: 1000, 16Ki or 4Mi."""
    match = re.fullmatch(r"(\d+)(Ki|Mi|)", text)
    number = int(match[1]) << {"": 0, "Ki": 10, "Mi": 20}[match[2]] if match else 0
    if not 1 <= number <= 1 << 32:
        raise ValueError(f"not a number of elements such as 1000, 16Ki or 4Mi: {text!r}")
    return number


def size_name(n: int) -> str:
    """Write a number of elements so that `size` reads it."""
    for shift, unit in ((20, "Mi"), (10, "Ki")):
        if n % (1 << shift) == 0:
            return f"{n >> shift}{unit}"
    return str(n)


# ---------------------------------------------------------------------------------------------
# Arrays


def arrays(dtype: np.dtype, n: int) -> Arrays:
    """Return dy and x, both 2*N(0, 1) from a fixed seed, and an array for the result.

    They begin at different places of their pages: where one begins a little behind another, some
    processors take what is stored there for what is loaded next, and a copy takes 10 times as long.
    """
    a = Arrays(*(_begin_at(PAGE * k // 4, dtype, n) for k in range(3)))
    rng = np.random.default_rng(20)
    for operand in (a.dy, a.x):
        operand[:] = 2 * rng.standard_normal(n, np.float32)
    a.out.fill(np.nan)  # so that its pages exist
    return a


def _begin_at(place: int, dtype: np.dtype, n: int) -> np.ndarray:
    """Return an array that begins at this place of a page."""
    block = np.empty(n * dtype.itemsize + PAGE, np.uint8)
    start = (place - block.ctypes.data) % PAGE
    return block[start : start + n * dtype.itemsize].view(dtype)


def reuse_freed_memory() -> None:
    """Give the formulas their best case, whatever ran before.

    In a fresh process glibc returns the memory of each large temporary to the system, and the next
    one pays for its pages again: x*x*x at 256 Ki takes 4 times as long. Once an array of up to
    32 MiB has been freed, glibc keeps the memory of smaller ones.
    """
    np.empty(31 << 20, np.uint8)


# ---------------------------------------------------------------------------------------------
# One function, type and size


def check(title: str, function: str, way: Way, a: Arrays) -> None:
    """Call once, and raise WrongResult if the result is not close to ours; lost tails are."""
    a.out.fill(np.nan)
    got = way.read(way.run())
    step = -(-a.x.size // COMPARED)
    dy, x, got = (np.asarray(v)[::step] for v in (a.dy, a.x, got))
    expected = getattr(gelu_simd, function)(*Arrays(dy, x, got).inputs(function))
    if got.shape != expected.shape:
        raise WrongResult(f"{title} gives {got.shape} for {function} of {expected.shape}")
    dy, x, got, expected = (v.astype(np.float64) for v in (dy, x, got, expected))
    scale = 1 + np.abs(x)
    if function.endswith("backward"):
        scale *= 1 + np.abs(dy)
    off = np.abs(got - expected) / scale
    worst = off.argmax()  # a NaN, if there is one
    if not off[worst] <= max(SLACK, 2 * float(_types.finfo(a.x.dtype).eps)):
        raise WrongResult(
            f"{title} does not compute {function} of {a.x.dtype}: "
            f"{got[worst]} for {expected[worst]} at x = {x[worst]}"
        )


class Timing(NamedTuple):
    """Seconds per call over the rounds of `alternate`, and what was done in them."""

    minimum: float
    median: float
    rounds: int
    repeats: int  # calls in a round
    cpus: float  # processors' time as a part of the clock's


def alternate(ways: Mapping[Any, Way], seconds: float) -> dict[Any, Timing]:
    """Time all ways in turn, so that a slow phase of the machine meets each of them.

    A round of a way is repeated calls for about `BATCH` seconds, without garbage collection.  A
    way takes part in rounds until it has used its share of the seconds, and in `ROUNDS` at least.
    """
    timers = {key: timeit.Timer(way.run) for key, way in ways.items()}
    repeats: dict[Any, int] = {}
    for key, timer in timers.items():
        with ways[key].context():
            once = timer.timeit(1)
            if once < 10 * BATCH:  # cold
                once = timer.timeit(1)
        repeats[key] = max(1, round(BATCH / once))
    clock: dict[Any, list[float]] = {key: [] for key in ways}
    used = dict.fromkeys(ways, 0.0)
    share = seconds / max(1, len(ways))

    def unfinished() -> list[Any]:
        return [key for key in ways if len(clock[key]) < ROUNDS or sum(clock[key]) < share]

    while turn := unfinished():
        for key in turn:
            with ways[key].context():
                before = time.process_time()
                clock[key].append(timers[key].timeit(repeats[key]))
                used[key] += time.process_time() - before
    return {
        key: Timing(
            min(taken) / repeats[key],
            statistics.median(taken) / repeats[key],
            len(taken),
            repeats[key],
            used[key] / sum(taken),
        )
        for key, taken in clock.items()
    }


def times(
    entries: Sequence[Entry],
    function: str,
    a: Arrays,
    threads: int | None,
    seconds: float,
    former: list[Report],
) -> list[Report]:
    """Check and time all ways of all entries, loaded for `threads`; return a row for each.

    `former` holds the rows of smaller sizes, which tell what would take too long.
    """
    n = a.x.size
    known = {(row["name"], row["way"]): row["min_ns"] for row in former if row["n"] >= MANY}
    ways = {
        (entry.name, key): way
        for entry in entries
        for key, way in entry.ways(function, a).items()
        if known.get((entry.name, key), 0) * n * 1e-9 < LONGEST
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


def errors(entries: Sequence[Entry], function: str, dtype: np.dtype) -> list[Report]:
    """Return the largest error of each entry in each bin of `RANGE`, None where it is infinite.

    A gradient is taken for dy = 1.
    """
    n = BINS * PER_BIN
    x = np.random.default_rng(21).uniform(0, 1, n) + np.repeat(np.arange(BINS), PER_BIN)
    x = (RANGE[0] + x * ((RANGE[1] - RANGE[0]) / BINS)).astype(dtype)
    a = Arrays(np.ones_like(x), x, np.empty_like(x))
    rows = []
    for entry in entries:
        ways = entry.ways(function, a) if entry.kind in {"ours", "peer"} else {}
        for way in list(ways.values())[:1]:
            with way.context():
                got = way.read(way.run()).astype(dtype)
            # A zero of the wrong sign counts as one of the right sign.
            either = (got, np.where(got == 0, -got, got))
            true = BACKWARD.get(function, function)
            error = np.minimum(*(_oracle.ulp_error(true, x, y) for y in either))
            largest = error.reshape(BINS, PER_BIN).max(axis=1)
            found = [_round(e, 3) if math.isfinite(e) else None for e in largest.tolist()]
            row = {"function": function, "dtype": dtype.name, "name": entry.name, "max_ulp": found}
            rows.append(row)
    return rows


def _round(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


# ---------------------------------------------------------------------------------------------
# The whole run


def facts(entries: Sequence[Entry], threads: int | None) -> Report:
    """Return what the figures depend on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "gelu_simd": gelu_simd.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": cpu(),
        "cpus": len(affinity(0)) if affinity else os.cpu_count(),
        "threads": threads,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "entries": {
            entry.name: {"title": entry.title, "kind": entry.kind, "version": entry.version}
            for entry in entries
        },
        "range": RANGE,
    }


def cpu() -> str:
    """Name the processor; on Linux with its family and model, since names may be vague."""
    name = gelu_simd.cpu_info()["cpu"] or platform.processor() or platform.machine()
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return name
    found = [re.search(rf"^{key}\s*: (\d+)$", text, re.M) for key in ("cpu family", "model")]
    return f"{name} (family {found[0][1]}, model {found[1][1]})" if all(found) else name


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
            gib = 3 * max(sizes) * dtype.itemsize / (1 << 30)
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


def bench(
    peers: Iterable[str] | None,
    functions: Sequence[str],
    dtypes: Sequence[np.dtype],
    sizes: Sequence[int],
    threads: int | None,
    seconds: float,
    json_file: Path | None,
    plot_file: Path | None,
) -> None:
    """Print tables; write a report and a picture, whole or not at all.

    Without `peers`, all that can be imported take part.
    """
    if plot_file is not None:
        if importlib.util.find_spec("matplotlib") is None:
            raise BenchError("--plot needs matplotlib: pip install matplotlib")
        from gelu_simd import _plots  # noqa: PLC0415 - imports matplotlib

        _plots.require_format(plot_file)
    for file in filter(None, (json_file, plot_file)):
        require_writable(file)
    loaded, absent = _peers.load(_peers.PEERS if peers is None else peers, threads)
    if peers is not None and absent:
        raise BenchError("; ".join(f"{name}: {why}" for name, why in absent.items()))
    entries = _peers.levels() + loaded
    report = facts(entries, threads) | {"absent": absent, "times": [], "errors": []}
    print("\n".join(heading(report)), flush=True)
    with Progress() as progress:
        for rows, errs in measure(
            entries, functions, dtypes, sizes, threads, seconds, progress.update
        ):
            report["times"] += rows
            report["errors"] += errs
            progress.erase()
            print("\n".join(table(report, rows, errs)), flush=True)
    if lines := [*faster(report), *crowded(report)]:
        print("", *lines, sep="\n")
    if json_file is not None:
        with writing(json_file) as out:
            out.write(to_json(report).encode())
    if plot_file is not None:
        with writing(plot_file) as out:
            _plots.draw(report, out, plot_file.suffix[1:])


def to_json(report: Report) -> str:
    """Return the report as JSON: an object for each measurement on a line of its own."""
    lines = []
    for key, value in report.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n".join("  " + json.dumps(row) for row in value)
            lines.append(f" {json.dumps(key)}: [\n{rows}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


# ---------------------------------------------------------------------------------------------
# Tables

LABEL, CELL = 20, 13


def best(rows: Iterable[Report]) -> dict[tuple[str, int], float]:
    """Return the least ns per element by name and size: of several ways, the fastest."""
    found: dict[tuple[str, int], float] = {}
    for row in rows:
        key = row["name"], row["n"]
        found[key] = min(found.get(key, math.inf), row["min_ns"])
    return found


def heading(report: Report) -> Iterator[str]:
    """Say what is measured, and where."""
    threads = report["threads"]
    yield (
        f"gelu_simd {report['gelu_simd']}, NumPy {report['numpy']}, Python {report['python']}, "
        f"{report['cpu']}"
    )
    versions = {
        entry["title"]: entry["version"]
        for entry in report["entries"].values()
        if entry["kind"] == "peer" and not entry["title"].startswith("NumPy")
    }
    if versions:
        yield ", ".join(f"{title} {version}" for title, version in versions.items())
    for name, why in report["absent"].items():
        yield f"left out: {name}: {why}"
    yield (
        f"ns per element, times ours; {'own number of' if threads is None else threads} "
        f"thread{'' if threads == 1 else 's'}; ULP is the largest error for x in "
        f"[{report['range'][0]:g}, {report['range'][1]:g}]"
    )


def table(report: Report, rows: Sequence[Report], errs: Sequence[Report]) -> Iterator[str]:
    """Yield the lines for one function and type: ours, peers, other functions, limits."""
    found = best(rows)
    sizes = sorted({n for _, n in found})
    ours = next(iter(report["entries"]))  # the best level
    ulp = {row["name"]: row["max_ulp"] for row in errs}
    yield ""
    yield f"{rows[0]['function']} {rows[0]['dtype']}"
    yield " " * LABEL + "".join(f"{size_name(n):>{CELL - 6}}{'':6}" for n in sizes) + "    ULP"
    for name, entry in report["entries"].items():
        cells = ""
        for n in sizes:
            ns = found.get((name, n))
            known = ns is not None and (ours, n) in found
            ratio = multiple(ns / found[ours, n]) if known else ""
            cells += f"{number(ns, 3):>{CELL - 6}}{ratio:>6}"
        if any((name, n) in found for n in sizes):
            yield f"{entry['title']:{LABEL}}{cells}{error(ulp.get(name)):>7}".rstrip()


class Ahead(NamedTuple):
    """A peer that takes less time than our best level, and what part of it for which sizes."""

    title: str
    function: str
    dtype: str
    threads: int | None
    ratios: dict[int, float]


def ahead(report: Report) -> Iterator[Ahead]:
    """Find the peers that take less time."""
    ours = next(iter(report["entries"]))
    cells: dict[tuple[str, str, int | None], list[Report]] = {}
    for row in report["times"]:
        cells.setdefault((row["function"], row["dtype"], row["threads"]), []).append(row)
    for (function, dtype, threads), rows in cells.items():
        found = best(rows)
        for name, entry in report["entries"].items():
            less = {
                n: ns / found[ours, n]
                for (other, n), ns in found.items()
                if other == name and (ours, n) in found and ns < found[ours, n]
            }
            if less and entry["kind"] == "peer":
                yield Ahead(entry["title"], function, dtype, threads, less)


def faster(report: Report) -> Iterator[str]:
    """Say which peers take less time than the best level, and where."""
    for title, function, dtype, threads, ratios in ahead(report):
        by = "its own threads" if threads is None else "one thread"
        where = ", ".join(f"{size_name(n)} {multiple(ratio)}" for n, ratio in ratios.items())
        yield f"faster: {title}, {function} {dtype}, {by}: {where}"


def crowded(report: Report) -> Iterator[str]:
    """Name the peers that kept more processors busy than they were given threads."""
    threads = report["threads"]
    for name, entry in report["entries"].items():
        rows = [r for r in report["times"] if r["name"] == name and r["threads"] == threads]
        most = max((row["cpus"] for row in rows if row["n"] >= MANY), default=0.0)
        if threads is not None and most > CROWDED * threads:
            yield f"on more threads than it was given: {entry['title']}, {most} processors"


def number(value: float | None, digits: int) -> str:
    """Write a positive number with some digits, and no exponent."""
    if value is None:
        return "-"
    return f"{value:.{max(0, digits - 1 - math.floor(math.log10(value)))}f}"


def multiple(value: float) -> str:
    """Write a ratio with two digits, of which no more than two are decimals."""
    return f"{number(value, 2) if value >= 0.1 else f'{value:.2f}'}x"


def error(bins: Sequence[float | None] | None) -> str:
    """Write the largest of some errors, None being infinite."""
    if bins is None:
        return ""
    if None in bins:
        return "inf"
    most = max(bins)
    return f"{most:.1f}" if most < 1000 else f"{most:.0e}".replace("e+0", "e")
