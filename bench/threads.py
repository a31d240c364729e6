"""One call on several threads: against one thread, against peers on threads of their own.

Run: python threads.py PART [--functions ...] [--dtypes ...] [--sizes ...] [--json FILE]

gain    times on one thread over times on `--threads`: calls in a series into given arrays (`out`)
        and new ones (`new`); calls apart, with 0.2 ms of other work before each (`apart`)
peers   times over those of peers, each with its own number of threads
copy    times over those of np.copyto on as many threads of Python
crowd   times with 8 threads over those with as many as there are CPUs
model   what waking helpers costs here, and what more CPUs would give by a model of it

All times are nanoseconds per element.  Ways are timed in turn, in rounds of about a millisecond.
Before each round stands a pause, in which the threads of other libraries cease to spin, and one
call that is not timed.  `!` marks a cell that misses its target.  The exit status does not tell.
"""

import argparse
import contextlib
import ctypes
import json
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._compare import peers as registry
from gelu_simd._compare.measure import check
from gelu_simd._compare.peers.ways import Arrays, Way
from gelu_simd._compare.report import Report, facts, multiple, number, size, size_name
from gelu_simd._compare.timing import Timing, alternate, arrays, reuse_freed_memory
from gelu_simd._functions import FUNCTIONS
from gelu_simd._types import TYPES

ROOT = Path(__file__).parents[1]
PAUSE = 5e-3  # seconds: OpenMP's threads, onnxruntime's and JAX's sleep after that
APART = 2e-4  # seconds between calls that are apart
CALLS = 15  # apart, in a round
OWN = gelu_simd.get_num_threads()
PEERS = ["torch", "onnxruntime", "jax", "tensorflow"]
SIZES = ["16Ki", "32Ki", "64Ki", "128Ki", "256Ki", "1Mi", "4Mi", "16Mi", "64Mi"]


@contextlib.contextmanager
def using(threads: int) -> Iterator[None]:
    """Use this number of threads inside the ``with`` block."""
    former = gelu_simd.get_num_threads()
    gelu_simd.set_num_threads(threads)
    try:
        yield
    finally:
        gelu_simd.set_num_threads(former)


def rested(way: Way, threads: int = OWN) -> Way:
    """Return the way with a pause and one call before each round."""

    @contextlib.contextmanager
    def context() -> Iterator[None]:
        with way.context(), using(threads):
            time.sleep(PAUSE)
            way.run()
            yield

    return Way(way.run, way.read, context)


def ours(function: str, a: Arrays, *, new: bool = False) -> Way:
    """Return a call of this package."""
    ufunc, inputs = _ufuncs.ufuncs[function], a.inputs(function)
    return Way(partial(ufunc, *inputs) if new else partial(ufunc, *inputs, a.out))


def apart(ways: dict[Any, Way], seconds: float) -> dict[Any, Timing]:
    """Time single calls with other work of one thread before each."""
    taken: dict[Any, list[float]] = {key: [] for key in ways}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(next(iter(taken.values()))) < 3 * CALLS:
        for key, way in ways.items():
            with way.context():
                for _ in range(CALLS):
                    wait = time.perf_counter() + APART
                    while time.perf_counter() < wait:
                        pass
                    start = time.perf_counter()
                    way.run()
                    taken[key].append(time.perf_counter() - start)
    return {key: Timing(min(t), float(np.median(t)), len(t), 1, 0.0) for key, t in taken.items()}


def cells(options: argparse.Namespace) -> Iterator[tuple[str, np.dtype, list[Arrays]]]:
    """Yield each function and type with its arrays, of the largest size and parts of them."""
    for dtype in options.dtypes:
        most = arrays(dtype, max(options.sizes))
        for function in options.functions:
            if dtype.name not in FUNCTIONS[function].types:
                continue
            yield function, dtype, [Arrays(*(v[:n] for v in most)) for n in options.sizes]


Row = Callable[[str, Arrays, float], Report]


def table(options: argparse.Namespace, title: str, row: Row) -> list[Report]:
    """Print a line for each cell, and return what `row` tells of it."""
    rows = []
    print(f"\n{title}", flush=True)
    for function, dtype, sizes in cells(options):
        for a in sizes:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = row(function, a, options.seconds)
            found = {"function": function, "dtype": dtype.name, "n": a.x.size} | found
            rows.append(found)
            text = "  ".join(f"{key} {value}" for key, value in found["text"].items())
            name = size_name(a.x.size)
            print(f"{function:18} {dtype.name:9} {name:>6}  {text}", flush=True)
            del found["text"]
    return rows


def per_element(timing: Timing, n: int) -> float:
    """Return the least nanoseconds per element."""
    return 1e9 * timing.minimum / n


def gain(options: argparse.Namespace) -> list[Report]:
    """Compare several threads with one."""

    def row(function: str, a: Arrays, seconds: float) -> Report:
        n, dtype = a.x.size, a.x.dtype
        ways = {
            (kind, threads): rested(ours(function, a, new=kind == "new"), threads)
            for kind in ("out", "new")
            for threads in (1, options.threads)
        }
        times = alternate(ways, seconds)
        alone = {("apart", t): ways["out", t] for t in (1, options.threads)}
        times |= apart(alone, seconds / 2)
        kibi = n * dtype.itemsize >> 10
        least = (
            1.85
            if kibi >= 1024
            else 1.5
            if n >= 1 << 16 and not TYPES[dtype.name].enumerable
            else 0.98
        )
        found: Report = {"text": {}}
        for kind in ("out", "new", "apart"):
            one, several = times[kind, 1], times[kind, options.threads]
            best, middle = one.minimum / several.minimum, one.median / several.median
            found[kind] = {
                "one_ns": round(per_element(one, n), 4),
                "several_ns": round(per_element(several, n), 4),
                "gain": round(best, 3),
                "median_gain": round(middle, 3),
            }
            mark = "!" if best < (least if kind != "apart" else 0.98) else " "
            found["text"][kind] = (
                f"{number(per_element(one, n), 3):>6} /{number(per_element(several, n), 3):>6}"
                f" = {best:.2f}{mark} ({middle:.2f})"
            )
        return found

    return table(
        options, f"one thread / {options.threads} threads, minimum (ratio of medians)", row
    )


def against_peers(options: argparse.Namespace) -> list[Report]:
    """Compare with peers, each with its own number of threads."""
    loaded, absent = registry.load(options.peers, threads=None)
    for name, why in absent.items():
        print(f"left out: {name}: {why}")

    def row(function: str, a: Arrays, seconds: float) -> Report:
        n = a.x.size
        ways = {("gelu_simd", "out"): rested(ours(function, a))}
        ways[("gelu_simd", "new")] = rested(ours(function, a, new=True))
        for entry in loaded:
            for key, way in entry.ways(function, a).items():
                check(entry.title, function, way, a)
                ways[entry.name, key] = rested(way)
        times = alternate(ways, seconds)
        us = per_element(times["gelu_simd", "out"], n)
        found: Report = {"ns": {"gelu_simd": round(us, 4)}, "text": {}}
        found["text"]["ours"] = f"{number(us, 3):>6}"
        for entry in loaded:
            own = [per_element(t, n) for (name, _), t in times.items() if name == entry.name]
            if own:
                ns = min(own)
                found["ns"][entry.name] = round(ns, 4)
                mark = "!" if us >= ns else " "
                found["text"][entry.name] = f"{number(ns, 3):>6} {multiple(us / ns):>5}{mark}"
        return found

    return table(options, "ours, and of each peer: its time, ours as a part of it", row)


def against_copy(options: argparse.Namespace) -> list[Report]:
    """Compare with a copy by as many threads."""
    pool = ThreadPoolExecutor(options.threads)

    def copy(a: Arrays) -> None:
        parts = zip(*(np.array_split(v, options.threads) for v in (a.out, a.x)), strict=True)
        for future in [pool.submit(np.copyto, *part) for part in parts]:
            future.result()

    def row(function: str, a: Arrays, seconds: float) -> Report:
        ways = {"ours": ours(function, a), "copy": Way(partial(copy, a))}
        ways = {key: rested(way, options.threads) for key, way in ways.items()}
        times = alternate(ways, seconds)
        us, theirs = (per_element(times[key], a.x.size) for key in ways)
        mark = "!" if us > 1.1 * theirs else ""
        text = {
            "ours": number(us, 3),
            "copy": number(theirs, 3),
            "ratio": f"{us / theirs:.2f}{mark}",
        }
        return {"ours_ns": us, "copy_ns": theirs, "text": text}

    return table(options, f"ours and np.copyto on {options.threads} threads", row)


def crowd(options: argparse.Namespace) -> list[Report]:
    """Compare more threads than CPUs with as many."""

    def row(function: str, a: Arrays, seconds: float) -> Report:
        times = alternate({t: rested(ours(function, a), t) for t in (options.threads, 8)}, seconds)
        few, many = (times[t] for t in times)
        best, middle = many.minimum / few.minimum, many.median / few.median
        mark = "!" if best > 1.1 else ""
        return {
            "ratio": round(best, 3),
            "median_ratio": round(middle, 3),
            "text": {"8 threads": f"{best:.2f}{mark} ({middle:.2f})"},
        }

    return table(options, f"8 threads / {options.threads} threads, minimum (medians)", row)


# ---- a model ----

# threads_run with parts that take a given time: how long it takes, in ns.
DRIVER = """
#include <time.h>
#include "threads.h"
static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static void spend(void *ns, long k)
{
    (void)k;
    for (const long long end = now() + *(long *)ns; now() < end;)
        ;
}
double run(long threads, long parts, long ns, long sleep_us)
{
    const struct timespec pause = {0, sleep_us * 1000};
    threads_set_number(threads);
    if (sleep_us)
        nanosleep(&pause, 0);
    const long long start = now();
    threads_run(spend, &ns, parts, 0);
    return (double)(now() - start);
}
"""


def driver(directory: Path) -> Callable[[int, int, int, int], float]:
    """Compile csrc/threads.c with a driver, and return its function."""
    compiler = shutil.which("cc") or sys.exit("the model needs a C compiler, cc")
    source, library = directory / "driver.c", directory / "driver.so"
    source.write_text(DRIVER, encoding="utf-8")
    files = [source, ROOT / "csrc" / "threads.c"]
    command = [compiler, "-O2", "-shared", "-fPIC", "-pthread", f"-I{ROOT / 'csrc'}"]
    subprocess.run([*command, *files, "-o", library], check=True)
    run = ctypes.CDLL(str(library)).run
    run.argtypes, run.restype = [ctypes.c_long] * 4, ctypes.c_double
    return run


def least(run: Callable[..., float], *args: int, rounds: int = 300) -> tuple[float, float]:
    """Return the least and the median of some runs."""
    times = [run(*args) for _ in range(rounds)]
    return min(times), float(np.median(times))


def model(options: argparse.Namespace) -> list[Report]:
    """Measure what sharing costs, and tell what it gives on more CPUs.

    A call of W ns of work on p threads: waking a helper takes the caller `wake`, and the helper
    works `late` after that.  The parts are handed out one by one, so that all end together: T =
    (W + sum of the times at which they start) / p, or with fewer helpers if that is less, and
    never less than the bytes take from the memory.
    """
    with tempfile.TemporaryDirectory() as directory:
        run = driver(Path(directory))
        parts = 1000
        hand = (least(run, 1, parts, 0, 0)[0] - least(run, 1, 1, 0, 0)[0]) / parts
        # Asleep: the caller's time for a job of no work, by the number of helpers woken.
        caller = {t: least(run, t, t, 0, 1000) for t in (1, 2, 3, 5, 9)}
        woken = 9 if OWN >= 9 else 2  # threads that do not wait for each other's CPU
        wake = (caller[woken][1] - caller[1][1]) / (woken - 1)
        # Asleep: 2 threads and 200 parts of 1 us. late = 2 T - W.
        work = 200 * least(run, 1, 200, 1000, 0)[0] / 200
        late = 2 * least(run, 2, 200, 1000, 1000)[1] - work
        awake = 2 * least(run, 2, 200, 1000, 0)[1] - work
    print("\ncost of sharing: ns for the caller, job without work, by threads (minimum, median)")
    for threads, (best, middle) in caller.items():
        print(f"  {threads:3}  {best:8.0f} {middle:8.0f}")
    print(
        f"hand-out {hand:.0f} ns a part, waking {wake:.0f} ns a helper; a helper is late by "
        f"{late / 1000:.1f} us if it sleeps, {awake / 1000:.1f} us if it is awake"
    )
    rows = []
    x = arrays(np.dtype(np.float32), 1 << 26)
    with using(1):
        small = alternate({0: rested(ours("gelu", Arrays(*(v[: 1 << 16] for v in x))), 1)}, 1)[0]
        cost = per_element(small, 1 << 16)
        pool = ThreadPoolExecutor(OWN)

        def copy() -> None:
            halves = zip(*(np.array_split(v, OWN) for v in (x.out, x.x)), strict=True)
            list(pool.map(lambda h: np.copyto(*h), halves))

        memory = per_element(alternate({0: rested(Way(copy))}, 2)[0], 1 << 26)
    print(
        f"gelu float32: {cost:.3f} ns of work an element; memory {memory:.3f} ns an element"
        f" by {OWN} threads\n\nmodel: times faster than one thread; with b times this bandwidth"
    )
    print(f"{'':10}{'b':>4}" + "".join(f"{p:>9} CPUs" for p in (2, 8, 32, 128)))
    for n in options.sizes:
        for factor in (1, 8):
            in_cache = n * 8 < 16 << 20
            floor = 0 if in_cache else n * memory / factor
            one = max(n * cost, floor)
            line = ""
            for p in (2, 8, 32, 128):
                shared = min(
                    (n * cost + sum(late + wake * i for i in range(1, k))) / k + wake * (k - 1) / k
                    for k in range(1, p + 1)
                )
                t = max(shared, floor)
                rows.append({"n": n, "bandwidth": factor, "cpus": p, "gain": round(one / t, 2)})
                line += f"{one / t:>14.1f}"
            print(f"{size_name(n):>10}{factor:>4}{line}")
    constants = {"hand_ns": hand, "wake_ns": wake, "late_ns": late, "awake_ns": awake}
    return [{k: round(v, 1) for k, v in constants.items()}, *rows]


PARTS = {
    "gain": gain,
    "peers": against_peers,
    "copy": against_copy,
    "crowd": crowd,
    "model": model,
}


def dtype_of(name: str) -> np.dtype:
    """Return a type of the ufuncs."""
    return {dtype.name: dtype for dtype in _ufuncs.dtypes}[name]


def main(args: Sequence[str] | None = None) -> None:
    """Measure one part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [dtype.name for dtype in _ufuncs.dtypes]
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--functions", nargs="+", choices=FUNCTIONS, default=list(FUNCTIONS))
    parser.add_argument("--dtypes", nargs="+", choices=names, default=names)
    parser.add_argument("--sizes", nargs="+", type=size, default=list(map(size, SIZES)))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS)
    parser.add_argument("--threads", type=int, default=OWN, help=f"default: {OWN}")
    parser.add_argument(
        "--seconds", type=float, default=1.0, help="of timed calls, for a cell (default: 1)"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(args)
    options.dtypes = list(map(dtype_of, options.dtypes))
    options.sizes.sort()
    reuse_freed_memory()
    rows = PARTS[options.part](options)
    if options.json:
        report = facts([], options.threads) | {"part": options.part, "rows": rows}
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
