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


def arrays(dtype: np.dtype, n: int) -> Arrays:
    """Return operands, 2*N(0, 1) from a fixed seed, and arrays for the results.

    They begin at different places of their pages.  Where one begins a little behind another, some
    processors mistake a store for the source of the next load, and a copy takes 10 times as long.
    """
    a = Arrays(*(_begin_at(int(PAGE * k) // 4, dtype, n) for k in (0, 1, 3, 2, 2.5)))
    rng = np.random.default_rng(20)
    for operand in (a.dy, a.x, a.other):
        operand[:] = 2 * rng.standard_normal(n, np.float32)
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
            min(rounds) / repeats[key],
            statistics.median(rounds) / repeats[key],
            len(rounds),
            repeats[key],
            used[key] / sum(rounds),
        )
        for key, rounds in clock.items()
    }
