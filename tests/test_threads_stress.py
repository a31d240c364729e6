"""Helpers under stress: all lengths of parts, storms of calls and forks, faults, leaks."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helpers import UFUNCS, each_shape, fresh, one_nan, output, results, same_bits, tobytes
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check.inputs import random_bits

THREADS = 8
LIMIT = 120  # seconds, after which a child or a wait has failed
TASKS = Path("/proc/self/task")

# Bytes of an operand, as csrc/loops.c has them.
SHORT = 1 << 20  # SHORT_BYTES: from here on a loop wakes helpers
MOST = 1 << 20  # MOST_BYTES of a part
PARTS = 16  # PARTS_PER_THREAD


@pytest.fixture(autouse=True)
def several_threads() -> Iterator[None]:
    """Share long calls, on a machine with one CPU too."""
    former = gelu_simd.get_num_threads()
    gelu_simd.set_num_threads(3)
    _ufuncs.set_cpus(_ufuncs.MAX_THREADS)
    yield
    _ufuncs.set_cpus(0)
    gelu_simd.set_num_threads(former)


def around(n: int) -> list[int]:
    return [n - 1, n, n + 1, n + 63, n + 64]


@each_shape
@pytest.mark.parametrize("step", [1, 2, -1])
def test_bits_of_loops_that_wake_helpers(ufunc: np.ufunc, dtype: np.dtype, step: int) -> None:
    """At lengths around those at which the number and the length of the parts change."""
    size = dtype.itemsize
    lengths = around(SHORT // size)
    if step == 1:
        lengths += [n for t in (2, 3) for n in (PARTS * t * MOST // size + 1,)]
    most = max(lengths)
    args = [random_bits(dtype, most * abs(step), seed)[::step] for seed in range(ufunc.nin)]
    with np.errstate(all="ignore"):
        gelu_simd.set_num_threads(1)
        expected = [one_nan(y) for y in results(ufunc(*args))]
        for threads in (2, 3, 7):
            gelu_simd.set_num_threads(threads)
            for n in lengths:
                guarded = np.zeros((ufunc.nout, (n + 2) * abs(step)), dtype)
                outs = guarded[:, abs(step) : -abs(step)][:, ::step]
                ufunc(*(x[:n] for x in args), *outs)
                for out, right in zip(outs, expected, strict=True):
                    assert same_bits(one_nan(out), right[:n]), (threads, n)
                guarded[:, abs(step) : -abs(step)][:, ::step] = 0
                assert not guarded.any(), (threads, n)


# Parts of the same memory, as (first element, step): what is read, what is written.
SHARED_MEMORY = {
    "one element ahead": ((1, 1), (0, 1)),
    "one element behind": ((0, 1), (1, 1)),
    "far ahead": ((5000, 1), (0, 1)),
    "ahead ever faster": ((0, 3), (0, 1)),
    "every other element, ahead": ((2, 2), (0, 2)),
    "backwards": ((-1, -1), (0, 1)),
    "backwards, ahead": ((-2, -1), (-1, -1)),
    "columns of a matrix": ((0, 2), (1, 2)),
    "the same": ((0, 2), (0, 2)),
}


@each_shape
@pytest.mark.parametrize(("read", "written"), SHARED_MEMORY.values(), ids=SHARED_MEMORY)
def test_output_overlaps_an_input(
    ufunc: np.ufunc, dtype: np.dtype, read: tuple[int, int], written: tuple[int, int]
) -> None:
    """NumPy makes no copy where a loop in order reads each element before it is overwritten."""
    n = 3 * SHORT // dtype.itemsize
    memory = np.random.default_rng(1).uniform(-6, 6, 3 * n + 5000).astype(dtype)
    other = memory[:n].copy()
    for chosen, place in itertools.product(range(ufunc.nin), range(ufunc.nout)):
        copy = memory.copy()
        args = [other] * ufunc.nin
        args[chosen] = copy[read[0] :: read[1]][:n]
        outs = list(np.zeros((ufunc.nout, n), dtype))
        outs[place] = copy[written[0] :: written[1]][:n]
        expected = results(ufunc(*(a.copy() for a in args)))
        ufunc(*args, *outs)
        for out, right in zip(outs, expected, strict=True):
            assert same_bits(out, right)


@each_shape
@pytest.mark.parametrize("bytes_apart", [0, 1, -1])
def test_elements_of_the_output_overlap(ufunc: np.ufunc, dtype: np.dtype, bytes_apart: int) -> None:
    """The last element wins, as it does on one thread."""
    n = 3 * SHORT // dtype.itemsize
    args = [np.random.default_rng(1).uniform(-6, 6, n).astype(dtype)] * ufunc.nin
    for place in range(ufunc.nout):
        seen = set()
        for threads in (1, 2, 3, 7):
            gelu_simd.set_num_threads(threads)
            memory = np.zeros(n + 8, np.uint8)
            first = memory[-8 if bytes_apart < 0 else 0 :][: dtype.itemsize].view(dtype)
            outs = list(np.zeros((ufunc.nout, n), dtype))
            outs[place] = as_strided(first, (n,), (bytes_apart,))
            ufunc(*args, *outs)
            seen.add(memory.tobytes())
        assert len(seen) == 1


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux's /proc")
def test_helpers_take_part() -> None:
    """All other tests of bits would pass if none did."""
    code = f"""
import time
from pathlib import Path
import numpy
import gelu_simd
x = numpy.linspace(-8, 8, 4_000_000)
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(3)
end = time.monotonic() + {LIMIT}

def times():
    # CPU time of each helper, in the system's ticks.
    fields = [(task / "stat").read_text() for task in Path({os.fspath(TASKS)!r}).iterdir()]
    return [int(f.rpartition(")")[2].split()[11]) for f in fields if "(gelu_simd)" in f]

while sorted(times())[:2] < [5, 5]:
    assert time.monotonic() < end, times()
    gelu_simd.gelu(x)
"""
    assert output(code) == ""


def calls() -> tuple[list[tuple[np.ufunc, list[NDArray]]], list[bytes]]:
    """Return calls of every kind, short ones far more often than long ones, and their results."""
    x = np.linspace(-8, 8, 140_000)
    inputs = [x[:n] for n in (1, 3, 16, 40, 100)] * 12
    inputs += [x[:50].astype("f4"), x[:99:3], x[:40].astype("f2"), x[:30].astype(">f8")] * 12
    inputs += [x, x[::2], x.astype("f4")]
    made = [(ufunc, [a] * ufunc.nin) for ufunc in UFUNCS for a in inputs]
    return made, [tobytes(ufunc(*args)) for ufunc, args in made]


@pytest.mark.parametrize("number", [3_000, pytest.param(100_000, marks=pytest.mark.exhaustive)])
def test_mixed_calls(number: int) -> None:
    """Of eight threads, while the number of helpers changes."""
    made, expected = calls()
    together, stop = threading.Barrier(THREADS + 1, timeout=LIMIT), threading.Event()

    def work(seed: int) -> None:
        order = np.random.default_rng(seed).integers(len(made), size=number)
        together.wait()
        for i in order:
            ufunc, args = made[i]
            assert tobytes(ufunc(*args)) == expected[i], ufunc

    def change() -> None:
        together.wait()
        while not stop.is_set():
            for n in (1, 2, 5, 3):
                gelu_simd.set_num_threads(n)
                time.sleep(1e-3)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            for future in [pool.submit(work, seed) for seed in range(THREADS)]:
                future.result()
    finally:
        stop.set()
        changing.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("number", [60, pytest.param(2000, marks=pytest.mark.exhaustive)])
def test_storm_of_forks(number: int) -> None:
    """Amid calls that helpers share; each child has helpers of its own, and forks again."""
    x = np.linspace(-8, 8, 300_000)
    expected = gelu_simd.gelu(x).tobytes()
    stop = threading.Event()

    def keep_calling() -> None:
        while not stop.is_set():
            gelu_simd.gelu(x)

    def child(generations: int) -> int:
        signal.alarm(LIMIT)  # ends the child if it hangs
        if gelu_simd.gelu(x).tobytes() != expected:
            return 1
        if generations == 0:
            return 0
        return os.waitstatus_to_exitcode(os.waitpid(fork(generations - 1), 0)[1])

    def fork(generations: int) -> int:
        pid = os.fork()
        if pid == 0:
            status = 2
            try:
                status = child(generations)
            finally:
                os._exit(status)
        return pid

    threads = [threading.Thread(target=keep_calling) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for k in range(number):
            assert os.waitstatus_to_exitcode(os.waitpid(fork(k % 2), 0)[1]) == 0, k
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert gelu_simd.gelu(x).tobytes() == expected


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux's /proc")
def test_nothing_grows() -> None:
    """Threads, files and memory stay what they are after the first calls."""
    code = """
import os
from pathlib import Path
import numpy
import gelu_simd
x = numpy.linspace(-8, 8, 300_000)
out = numpy.empty_like(x)
others = len(os.listdir("/proc/self/task"))

def state():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")), pages

gelu_simd._ufuncs.set_cpus(4)

def call(times):
    for k in range(times):
        gelu_simd.set_num_threads(1 + k % 4)
        gelu_simd.gelu(x, out)

call(200)
threads, files, pages = state()
call(2000)
after = state()
assert after[:2] == (threads, files), (threads, files, after)
assert after[2] - pages < 100, (pages, after)
assert threads == others + 3, (threads, others)
"""
    assert output(code) == ""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_fault_in_a_helper_is_reported() -> None:
    """Of a mapped file that has become shorter, faulthandler tells, whichever thread finds out.

    One page is gone, which one thread reads: a second fault ends the process, be the first reported
    or not.
    """
    code = """
import faulthandler, mmap, tempfile
import numpy
import gelu_simd
faulthandler.enable()
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(3)
n = 1 << 22
with tempfile.TemporaryFile() as file:
    file.truncate(4 * n)
    x = numpy.memmap(file, numpy.float32, "r+", shape=(n,))
    out = numpy.zeros(n, numpy.float32)
    gelu_simd.gelu(x, out)
    file.truncate(4 * n - mmap.PAGESIZE)
    gelu_simd.gelu(x, out)
"""
    for _ in range(3):
        done = fresh(code)
        assert done.returncode in {-signal.SIGBUS, -signal.SIGSEGV}
        assert done.stderr.startswith("Fatal Python error: ")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_signals_reach_the_threads_of_the_program() -> None:
    """Handlers of Python's run in time although helpers could take each signal."""
    code = f"""
import os, signal, threading, time
import numpy
import gelu_simd
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(7)
x = numpy.ones(1_000_000)
gelu_simd.gelu(x)
seen = []
for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGPROF):
    signal.signal(number, lambda number, frame: seen.append(number))
    for _ in range(20):
        before = len(seen)
        os.kill(os.getpid(), number)
        end = time.monotonic() + {LIMIT}
        while len(seen) == before:
            assert time.monotonic() < end
            gelu_simd.gelu(x, x)
assert len(seen) == 60
"""
    assert output(code) == ""


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux's /proc")
def test_helpers_that_have_no_part_sleep() -> None:
    """Those of a former number of threads, in a series of short calls that two threads share."""
    code = f"""
import time
from pathlib import Path
import numpy
import gelu_simd
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(64)
x = numpy.ones(4_000_000)
gelu_simd.gelu(x, x)
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(2)
x = x[:40_000].copy()

def switches():
    # How often helpers have left a CPU.
    texts = [(task / "status").read_text() for task in Path({os.fspath(TASKS)!r}).iterdir()]
    return sum(
        int(line.split()[1])
        for text in texts if text.startswith("Name:\\tgelu_simd")
        for line in text.splitlines() if "ctxt_switches" in line
    )

time.sleep(0.2)
before, calls = switches(), 300
for _ in range(calls):
    gelu_simd.gelu(x, x)
assert switches() - before < 10 * calls, switches() - before
"""
    assert output(code) == ""
