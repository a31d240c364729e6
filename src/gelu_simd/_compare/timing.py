"""Arrays to time on, and times of calls in turn."""

from __future__ import annotations

import statistics
import time
import timeit
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gelu_simd._compare.peers.ways import Arrays, Way

BATCH = 1e-3  #: seconds of a round of one way, at least
ROUNDS = 3  #: of each way, at least
PAGE = 4096  #: bytes
DIFFERENT = 1 << 20  #: random numbers in an operand: more than a processor remembers


def arrays(dtype: np.dtype, n: int) -> Arrays:
    """Return operands, 2*N(0, 1) from a fixed seed, and arrays for the results.

    Large operands repeat their first `DIFFERENT` numbers.

    They begin at different places of their pages.  Where one begins a little behind another, some
    processors mistake a store for the source of the next load, and a copy takes 10 times as long.
    """
    a = Arrays(*(_begin_at(int(PAGE * k) // 4, dtype, n) for k in (0, 1, 3, 2, 2.5)))
    rng = np.random.default_rng(20)
    for operand in (a.dy, a.x, a.other):
        operand[:DIFFERENT] = 2 * rng.standard_normal(min(n, DIFFERENT), np.float32)
        for start in range(DIFFERENT, n, DIFFERENT):
            rest = operand[start : start + DIFFERENT]
            rest[:] = operand[: rest.size]
    for out in (a.out, a.out2):
        out.fill(np.nan)  # so that its pages exist
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


class Timing(NamedTuple):
    """Seconds per call over the rounds of `alternate`."""

    minimum: float
    median: float
    rounds: int
    repeats: int  # calls in a round
    cpus: float  # CPU time over wall time


def alternate(ways: Mapping[Any, Way], seconds: float) -> dict[Any, Timing]:
    """Time all ways in turn, so that a slow phase of the machine meets each of them.

    A round of a way is repeated calls for about `BATCH` seconds, without garbage collection.  Each
    way has `ROUNDS`.  Then the next round is always one of the way that has used the least time,
    until the seconds are over or no round fits: ways whose rounds are short take turns while one
    that has long rounds waits.
    """
    end = time.perf_counter() + seconds
    timers = {key: timeit.Timer(way.run, timer=time.perf_counter) for key, way in ways.items()}
    repeats: dict[Any, int] = {}
    for key, timer in timers.items():
        with ways[key].context():
            once = timer.timeit(1)
            if once < 10 * BATCH:  # cold
                once = timer.timeit(1)
        repeats[key] = max(1, round(BATCH / once))
    clock: dict[Any, list[float]] = {key: [] for key in ways}
    used = dict.fromkeys(ways, 0.0)
    busy = dict.fromkeys(ways, 0.0)

    def time_round(key: Any) -> None:
        start = time.perf_counter()
        with ways[key].context():
            before = time.process_time()
            clock[key].append(timers[key].timeit(repeats[key]))
            busy[key] += time.process_time() - before
        used[key] += time.perf_counter() - start

    for _ in range(ROUNDS):
        for key in ways:
            time_round(key)
    while (left := end - time.perf_counter()) > 0:
        fitting = [key for key in ways if used[key] / len(clock[key]) <= left]
        if not fitting:
            break
        time_round(min(fitting, key=used.__getitem__))
    return {
        key: Timing(
            min(rounds) / repeats[key],
            statistics.median(rounds) / repeats[key],
            len(rounds),
            repeats[key],
            busy[key] / sum(rounds),
        )
        for key, rounds in clock.items()
    }
