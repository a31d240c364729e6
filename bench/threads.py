"""One call on several threads: against one thread, against peers on threads of their own.

Run: python threads.py PART [--functions ...] [--dtypes ...] [--sizes ...] [--json FILE]

gain    times on one thread over times on `--threads`: calls in a series into given arrays (`out`)
        and new ones (`new`); calls apart, with 0.2 ms of other work before each (`apart`)
peers   times over those of peers, each with its own number of threads
copy    times over those of np.copyto on as many threads of Python
crowd   times with 8 threads over those with as many as there are CPUs
call    what a short call costs below NumPy: the kernel's call, the floating-point mode, the loop
model   what waking helpers costs here, and what more CPUs would give by a model of it

All times are nanoseconds per element.  Ways are timed in turn, in rounds of about a millisecond.
Before each round stands a pause, in which the threads of other libraries cease to spin, and then
calls that are not timed, for some milliseconds: after a pause a helper wakes late, by up to 0.2 ms,
and in a series of calls it is awake.  What a call takes whose helpers sleep is `apart`.  `!` marks
a cell that misses its target.  The exit status does not tell.
"""

import argparse
import contextlib
import ctypes
import heapq
import itertools
import json
import re
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

CSRC = Path(__file__).parents[1] / "csrc"
PAUSE = 5e-3  # seconds: OpenMP's threads, onnxruntime's and JAX's sleep after that
WARM = 3e-3  # seconds of calls before a round
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


def calls_for(seconds: float) -> Iterator[None]:
    """Yield once at least, and again until the seconds are over."""
    end = time.perf_counter() + seconds
    yield
    while time.perf_counter() < end:
        yield


def rested(way: Way, threads: int = OWN) -> Way:
    """Return the way with a pause and some calls before each round."""

    @contextlib.contextmanager
    def context() -> Iterator[None]:
        with way.context(), using(threads):
            time.sleep(PAUSE)
            for _ in calls_for(WARM):
                way.run()
            yield

    return Way(way.run, way.read, context)


def ours(function: str, a: Arrays, *, new: bool = False) -> Way:
    """Return a call of this package."""
    ufunc, inputs = _ufuncs.ufuncs[function], a.inputs(function)
    return Way(partial(ufunc, *inputs) if new else partial(ufunc, *inputs, *a.outs(function)))


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


# ---- programs in C ----


def library(directory: Path, code: str, *sources: str) -> ctypes.CDLL:
    """Compile a driver with files of csrc, and load it."""
    compiler = shutil.which("cc") or sys.exit("this part needs a C compiler, cc")
    source, file = directory / "driver.c", directory / "driver.so"
    source.write_text(code, encoding="utf-8")
    files = [source, *(CSRC / name for name in sources)]
    command = [compiler, "-O2", "-shared", "-fPIC", "-pthread", f"-I{CSRC}"]
    subprocess.run([*command, *files, "-o", file], check=True)
    return ctypes.CDLL(str(file))


# Calls of a kernel that computes one vector, after `other` dependent multiplications, in ns each.
CALL = """
#include <time.h>
#include "gelu_simd.h"
#include "simd/fp_mode.h"
static void multiply(void *const *operands, size_t n)
{
    const float *x = operands[0];
    float *y = operands[1];
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * x[i];
}
const gelu_simd_function gelu_simd_functions[GELU_SIMD_NUM_FUNCTIONS] = {{"", 1, 1}};
const gelu_simd_type gelu_simd_types[GELU_SIMD_NUM_TYPES] = {{"", sizeof(float), 24}};
static const gelu_simd_table table = {"", "", {{multiply}}};
const gelu_simd_table *gelu_simd_level(void) { return &table; }
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}
double run(long way, long other, long calls)
{
    static volatile unsigned long sink;
    gelu_simd_kernel *volatile kernel = multiply;
    float x[8] = {1}, y[8];
    char *args[] = {(char *)x, (char *)y};
    const ptrdiff_t n = 8, strides[] = {sizeof(float), sizeof(float)};
    gelu_simd_slot slot = {0, 0};
    unsigned long z = sink;
    const double start = now();
    for (long i = 0; i < calls; i++) {
        for (long k = 0; k < other; k++)
            z = z * (sink | 1);
        if (way == 0)
            kernel((void *const *)args, n);
        else if (way == 1) {
            const fp_mode mode = fp_mode_enter();
            kernel((void *const *)args, n);
            fp_mode_leave(mode);
        } else
            gelu_simd_loop(args, &n, strides, &slot);
    }
    sink = z;
    return (now() - start) / (double)calls;
}
"""


def call(_: argparse.Namespace) -> list[Report]:
    """Measure what a short call costs below NumPy, alone and amid other work, as it is in NumPy."""
    rows = []
    print("\nns a call: the kernel; more for the floating-point mode; more for all of the loop")
    with tempfile.TemporaryDirectory() as directory:
        run = library(Path(directory), CALL, "loops.c", "threads.c").run
        run.argtypes, run.restype = [ctypes.c_long] * 3, ctypes.c_double
        for other in (0, 25, 100):
            times = [[run(way, other, 500) for way in range(3)] for _ in range(3000)]
            kernel, mode, loop = map(min, zip(*times, strict=True))
            row = {"kernel_ns": kernel, "mode_ns": mode - kernel, "loop_ns": loop - kernel}
            rows.append({"other": other} | {key: round(ns, 2) for key, ns in row.items()})
            text = "".join(f"{value:8.2f}" for value in list(rows[-1].values())[1:])
            print(f"{text}  after {other} multiplications")
    return rows


# threads_run with parts that take a given time: how long it takes, in ns.
SHARE = """
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
    if (sleep_us)
        nanosleep(&pause, 0);
    const long long start = now();
    threads_run(spend, &ns, parts, threads, 0);
    return (double)(now() - start);
}
"""


def driver(directory: Path) -> Callable[[int, int, int, int], float]:
    """Compile csrc/threads.c with a driver, and return its function."""
    run = library(directory, SHARE, "threads.c").run
    run.argtypes, run.restype = [ctypes.c_long] * 4, ctypes.c_double
    return run


def least(run: Callable[..., float], *args: int, rounds: int = 300) -> tuple[float, float]:
    """Return the least of some runs, and the time that a tenth do not exceed."""
    times = [run(*args) for _ in range(rounds)]
    return min(times), float(np.quantile(times, 0.1))


# ---- a model ----


def constant(file: str, name: str) -> int:
    """Return a constant of csrc."""
    text = (CSRC / file).read_text(encoding="utf-8")
    match = re.search(rf"\b{name} = (\d+)(?: << (\d+))?", text)
    if match is None:
        raise ValueError(f"no {name} in {file}")
    return int(match[1]) << int(match[2] or 0)


def shared_time(work: float, cpus: int, wake: float, late: float) -> float:
    """Return how long so many ns of work take on as many threads as there are CPUs.

    All helpers sleep at first.  A thread wakes up to WAKES helpers for `wake` ns each and then
    works.  A helper begins `late` ns after its waking has.  All end together, since the parts are
    small: a helper that begins later than that has none.
    """
    wakes, sleepers = constant("threads.c", "WAKES"), cpus - 1
    events = [(0.0, True)]  # when a thread begins, and when it has woken others and works
    now, working, left = 0.0, 0, work
    while events:
        then, begins = heapq.heappop(events)
        if working and left <= working * (then - now):
            break
        left -= working * (then - now)
        now = then
        if begins:
            count = min(wakes, sleepers)
            sleepers -= count
            for k in range(count):
                heapq.heappush(events, (now + k * wake + late, True))
            heapq.heappush(events, (now + count * wake, False))
        else:
            working += 1
    return now + left / working


def model(options: argparse.Namespace) -> list[Report]:
    """Measure what sharing costs, and tell by `shared_time` what it gives on more CPUs.

    A loop never takes less than its bytes take from the memory, if they do not fit the caches.
    The helpers of calls apart sleep; those of a series are awake, and each begins late by the same
    time.  That many threads wait for each other at the pool's lock is not in the model.
    """
    with tempfile.TemporaryDirectory() as directory:
        run = driver(Path(directory))
        parts = 1000
        hand = (least(run, 1, parts, 0, 0)[0] - least(run, 1, 1, 0, 0)[0]) / parts
        # Asleep: the caller's time for a job of no work, by the number of threads.
        caller = {t: least(run, t, t, 0, 1000) for t in (1, 2, 3, 5, 9)}
        wake = caller[2][1] - caller[1][1]
        # Asleep: 2 threads and 200 parts of 1 us.  2 T = work + wake + late.
        work = least(run, 1, 200, 1000, 0)[0]
        late = 2 * least(run, 2, 200, 1000, 1000)[1] - work - wake
        awake = 2 * least(run, 2, 200, 1000, 0)[1] - work
    print("\ncost of sharing: ns for the caller, job without work, by threads (minimum, tenth)")
    for threads, (best, tenth) in caller.items():
        print(f"  {threads:3}  {best:8.0f} {tenth:8.0f}")
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
    worth = 1000 * constant("threads.c", "WORTH_US")
    long_loop = constant("loops.c", "LONG_BYTES")

    def several(kind: str, n: int, p: int) -> float:
        one = n * cost
        if n * 4 < long_loop or (kind == "apart" and one < worth):
            return one
        if kind == "apart":
            return shared_time(one, p, wake, late)
        return min(one, (one + (p - 1) * awake) / p)

    print(f"{'':10}{'':8}{'b':>4}" + "".join(f"{p:>9} CPUs" for p in (2, 8, 32, 128)))
    for n, kind, factor in itertools.product(options.sizes, ("apart", "series"), (1, 8)):
        floor = 0 if n * 8 < 16 << 20 else n * memory / factor  # in the caches, or not
        line = ""
        for p in (2, 8, 32, 128):
            gain = max(n * cost, floor) / max(several(kind, n, p), floor)
            rows.append(
                {"n": n, "calls": kind, "bandwidth": factor, "cpus": p, "gain": round(gain, 2)}
            )
            line += f"{gain:>14.1f}"
        print(f"{size_name(n):>10}  {kind:6}{factor:>4}{line}")
    constants = {"hand_ns": hand, "wake_ns": wake, "late_ns": late, "awake_ns": awake}
    return [{k: round(v, 1) for k, v in constants.items()}, *rows]


PARTS = {
    "gain": gain,
    "peers": against_peers,
    "copy": against_copy,
    "crowd": crowd,
    "call": call,
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
        "--seconds", type=float, default=4.0, help="for a cell, pauses included (default: 4)"
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
