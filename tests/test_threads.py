"""Calls from many threads at once, the GIL, and fork."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import INFO, UFUNCS
from numpy.typing import NDArray

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._levels import using

THREADS = 8
LIMIT = 60  # seconds, after which a wait has failed


def shared_inputs() -> list[NDArray]:
    """Read-only: contiguous, strided, in need of a cast."""
    x = np.linspace(-8, 8, 60_000)
    inputs = [x, x.astype("f4"), x[::-3], x.astype("f4")[::2], x.astype(x.dtype.newbyteorder())]
    for a in inputs:
        a.flags.writeable = False
    return inputs


def test_concurrent_calls() -> None:
    """Every thread has its own order of functions and its own outputs."""
    calls = [(ufunc, [x] * ufunc.nin) for ufunc in UFUNCS for x in shared_inputs()]
    expected = [ufunc(*args).tobytes() for ufunc, args in calls]
    together = threading.Barrier(THREADS, timeout=LIMIT)

    def work(seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(calls))
        together.wait()
        for _ in range(5):
            for i in order:
                ufunc, args = calls[i]
                assert ufunc(*args).tobytes() == expected[i], ufunc

    with ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(work, seed) for seed in range(THREADS)]:
            future.result()


def test_one_output_in_parts() -> None:
    """Threads that write neighbouring parts of one array do not touch each other's."""
    x = np.linspace(-8, 8, 80_003, dtype="f4")
    expected = gelu_simd.gelu(x)
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(20):
            out = np.full_like(x, np.nan)
            parts = zip(np.array_split(x, THREADS), np.array_split(out, THREADS), strict=True)
            for future in [pool.submit(gelu_simd.gelu, *part) for part in parts]:
                future.result()
            assert out.tobytes() == expected.tobytes()


def test_level_changed_during_calls() -> None:
    """Every call runs on one of the levels, whole."""
    x = np.linspace(-8, 8, 10_000, dtype="f4")
    expected = set()
    for level in INFO["available"]:
        with using(level):
            expected.add(gelu_simd.gelu(x).tobytes())
    together = threading.Barrier(THREADS, timeout=LIMIT)

    def change() -> None:
        together.wait()
        for level in INFO["available"] * 200:
            _ufuncs.set_isa(level)

    def call() -> None:
        together.wait()
        for _ in range(200):
            assert gelu_simd.gelu(x).tobytes() in expected

    with using(INFO["isa"]), ThreadPoolExecutor(THREADS) as pool:
        work = [change] * 2 + [call] * (THREADS - 2)
        for future in [pool.submit(function) for function in work]:
            future.result()


@pytest.mark.parametrize("step", [1, 2])
def test_long_loops_release_the_gil(step: int) -> None:
    """Another thread sees an output of which the first element is written and the last is not.

    No output is written twice, so only a thread that runs during the loop can see that.
    """
    x = np.full(step << 22, 0.5)[::step]
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        out = np.full(x.size, np.nan)
        call = threading.Thread(target=gelu_simd.gelu, args=(x, out))
        call.start()
        during = False
        while call.is_alive() and not during:
            during = not np.isnan(out[0]) and np.isnan(out[-1])
        call.join()
        if during:
            return
    pytest.fail("no other thread ran during any call")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_fork_during_calls() -> None:
    """The child of a fork amid calls of other threads computes the same."""
    inputs = shared_inputs()
    expected = [ufunc(*[x] * ufunc.nin).tobytes() for ufunc in UFUNCS for x in inputs]
    calling, stop = threading.Barrier(3, timeout=LIMIT), threading.Event()

    def keep_calling(ufunc: np.ufunc) -> None:
        calling.wait()
        while not stop.is_set():
            ufunc(inputs[0])

    def child() -> int:
        signal.alarm(LIMIT)  # ends the child if it hangs
        results = [ufunc(*[x] * ufunc.nin).tobytes() for ufunc in UFUNCS for x in inputs]
        return 0 if results == expected else 1

    threads = [threading.Thread(target=keep_calling, args=[ufunc]) for ufunc in UFUNCS[:2]]
    for thread in threads:
        thread.start()
    calling.wait()
    try:
        for _ in range(20):
            pid = os.fork()
            if pid == 0:
                status = 2
                try:
                    status = child()
                finally:
                    os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
