"""The alternating timer of the bench scripts."""

import statistics
import timeit
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Timing(NamedTuple):
    """Seconds per call over the rounds of `alternate`."""

    minimum: float
    median: float


def alternate(
    calls: Mapping[str, Callable[[], object]], rounds: int = 50, batch: float = 1e-3
) -> dict[str, Timing]:
    """Time all calls in turn, so that a slow phase of the machine meets each of them.

    In each round a call is repeated for about `batch` seconds.
    """
    timers = {name: timeit.Timer(call) for name, call in calls.items()}
    repeats = {}
    for name, timer in timers.items():
        timer.timeit(1)  # warm up
        repeats[name] = max(1, round(batch / timer.timeit(1)))
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, timer in timers.items():
            seconds[name].append(timer.timeit(repeats[name]) / repeats[name])
    return {name: Timing(min(s), statistics.median(s)) for name, s in seconds.items()}
