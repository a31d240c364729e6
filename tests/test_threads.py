"""Calls that several threads share, calls from many threads at once, the GIL, and fork."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helpers import (
    INFO,
    UFUNCS,
    each_shape,
    every_level,
    fresh,
    one_nan,
    output,
    results,
    same_bits,
    tobytes,
)
from numpy.typing import NDArray

import gelu_simd
from gelu_simd import _threads, _ufuncs
from gelu_simd._check.inputs import random_bits
from gelu_simd._levels import using

THREADS = 8
LIMIT = 60  # seconds, after which a wait has failed


@pytest.fixture(autouse=True)
def several_threads() -> Iterator[None]:
    """Share long calls, on a machine with one CPU too."""
    former = gelu_simd.get_num_threads()
    gelu_simd.set_num_threads(3)
    _ufuncs.set_cpus(_ufuncs.MAX_THREADS)
    yield
    _ufuncs.set_cpus(0)
    gelu_simd.set_num_threads(former)


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
    expected = [tobytes(ufunc(*args)) for ufunc, args in calls]
    together = threading.Barrier(THREADS, timeout=LIMIT)

    def work(seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(calls))
        together.wait()
        for _ in range(5):
            for i in order:
                ufunc, args = calls[i]
                assert tobytes(ufunc(*args)) == expected[i], ufunc

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
    expected = [tobytes(ufunc(*[x] * ufunc.nin)) for ufunc in UFUNCS for x in inputs]
    calling, stop = threading.Barrier(3, timeout=LIMIT), threading.Event()

    def keep_calling(ufunc: np.ufunc) -> None:
        calling.wait()
        while not stop.is_set():
            ufunc(inputs[0])

    def child() -> int:
        signal.alarm(LIMIT)  # ends the child if it hangs
        again = [tobytes(ufunc(*[x] * ufunc.nin)) for ufunc in UFUNCS for x in inputs]
        return 0 if again == expected else 1

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


# ---- one call on several threads ----

LONG = 128 << 10  # bytes of an operand from which on threads share: LONG_BYTES of csrc/loops.c
LEAST = 32 << 10  # bytes of a part: LEAST_BYTES
MOST = 256


@every_level
@each_shape
@pytest.mark.parametrize("step", [1, -3])
def test_every_number_of_threads_gives_the_same_bits(
    ufunc: np.ufunc, dtype: np.dtype, step: int
) -> None:
    """At lengths around those from which on there are more parts."""
    least, part = LONG // dtype.itemsize, LEAST // dtype.itemsize
    lengths = [least - 1, least, least + 1, 5 * part + 63, 17 * part + 65]
    size = max(lengths) * abs(step)
    args = [random_bits(dtype, size, seed)[::step] for seed in range(ufunc.nin)]
    with np.errstate(all="ignore"):
        gelu_simd.set_num_threads(1)
        expected = [one_nan(y) for y in results(ufunc(*args))]
        for threads in (2, 3, 7):
            gelu_simd.set_num_threads(threads)
            for n in lengths:
                outs = list(np.zeros((ufunc.nout, n * abs(step)), dtype)[:, ::step])
                ufunc(*(x[:n] for x in args), *outs)
                for out, right in zip(outs, expected, strict=True):
                    assert same_bits(one_nan(out), right[:n]), (threads, n)


@pytest.mark.parametrize("place", [0, -1])
def test_exceptions_of_every_thread_are_reported(place: int) -> None:
    dy, x = np.ones(1 << 20), np.ones(1 << 20)
    dy[place] = np.finfo(float).max
    x[place] = 1.5  # where the derivative is more than 1
    for threads in (1, 3):
        gelu_simd.set_num_threads(threads)
        for _ in range(20):  # whichever thread takes the part
            with (
                np.errstate(all="raise"),
                pytest.raises(FloatingPointError, match="overflow"),
            ):
                gelu_simd.gelu_backward(dy, x)
    with np.errstate(all="raise"):
        gelu_simd.gelu_backward(np.ones(1 << 20), x)


def test_a_feedback_is_not_shared() -> None:
    """Each result is the next one's input."""
    x = np.linspace(-1, 1, 40_000)
    gelu_simd.set_num_threads(1)
    expected = gelu_simd.gelu_backward.accumulate(x)
    gelu_simd.set_num_threads(3)
    assert same_bits(gelu_simd.gelu_backward.accumulate(x), expected)


def test_in_place() -> None:
    x = np.linspace(-8, 8, 1 << 20)
    expected = gelu_simd.gelu(x)
    gelu_simd.gelu(x, out=x)
    assert same_bits(x, expected)


# ---- how many ----


@pytest.mark.parametrize("n", [1, 2, MOST, np.int8(5), True])
def test_number_is_taken(n: int) -> None:
    gelu_simd.set_num_threads(n)
    assert gelu_simd.get_num_threads() == n
    assert gelu_simd.cpu_info()["num_threads"] == n


@pytest.mark.parametrize("n", [0, -1, MOST + 1, 1 << 70])
def test_number_out_of_range(n: int) -> None:
    with pytest.raises(ValueError, match=rf"n must be from 1 to {MOST}, not {n}"):
        gelu_simd.set_num_threads(n)
    assert gelu_simd.get_num_threads() == 3


@pytest.mark.parametrize("n", [2.0, "2", None])
def test_number_of_another_type(n: object) -> None:
    with pytest.raises(TypeError, match="integer"):
        gelu_simd.set_num_threads(n)


def cpus(monkeypatch: pytest.MonkeyPatch, number: int, **environment: str) -> int:
    monkeypatch.setattr(_threads, "usable_cpus", lambda: number)
    for name in _threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return _threads.initial_number(MOST)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, 8),
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "4,2"}, 4),
        ({"OMP_NUM_THREADS": "99"}, 8),
        ({"OMP_NUM_THREADS": "many"}, 8),
        ({"OMP_NUM_THREADS": "0"}, 8),
        ({"GELU_SIMD_NUM_THREADS": "2", "OMP_NUM_THREADS": "5"}, 2),
        ({"GELU_SIMD_NUM_THREADS": "99", "OMP_NUM_THREADS": "5"}, 8),
        ({"GELU_SIMD_NUM_THREADS": "", "OMP_NUM_THREADS": "5"}, 5),
    ],
)
def test_environment_lowers_the_number(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: int
) -> None:
    assert cpus(monkeypatch, 8, **environment) == expected


def test_no_more_than_the_pool_has(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cpus(monkeypatch, 1000) == MOST


@pytest.mark.parametrize("value", ["0", "-1", "2.5", "two", "1,2"])
def test_bad_number_in_the_environment(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("GELU_SIMD_NUM_THREADS", value)
    done = fresh("import gelu_simd")
    assert done.returncode == 1
    assert done.stderr.endswith(
        f"ImportError: GELU_SIMD_NUM_THREADS={value}: not a positive whole number\n"
    )


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_affinity() -> None:
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import gelu_simd
print(gelu_simd.get_num_threads())
"""
    assert output(code) == "1\n"


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/a/b\n", {"cpu.max": "max 100000"}, None),
        ("0::/a/b\n", {"a/cpu.max": "150000 100000", "a/b/cpu.max": "max 100000"}, 1.5),
        ("0::/a/b\n", {"a/cpu.max": "400000 100000", "a/b/cpu.max": "250000 100000"}, 2.5),
        ("0::/\n", {"cpu.max": "50000 100000"}, 0.5),
        ("4:cpu,cpuacct:/a\n0::/\n",
         {"cpu/a/cpu.cfs_quota_us": "300000", "cpu/a/cpu.cfs_period_us": "100000"}, 3.0),
        ("4:cpu:/a\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("4:cpu:/a\n", {"cpu/cpu.cfs_quota_us": "7", "cpu/cpu.cfs_period_us": "2"}, 3.5),
        ("3:memory:/a\n", {}, None),
        ("0::/a\n", {"a/cpu.max": "nonsense"}, None),
    ],
)  # fmt: skip
def test_quota_of_control_groups(
    tmp_path: Path, groups: str, files: dict[str, str], expected: float | None
) -> None:
    texts = {"proc/self/cgroup": groups}
    texts |= {f"sys/fs/cgroup/{name}": f"{text}\n" for name, text in files.items()}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert _threads.cgroup_quota(f"{tmp_path}/") == expected


# ---- the helpers ----

TASKS = Path("/proc/self/task")

HELPERS = f"""
import os, pathlib, threading, time
import numpy
import gelu_simd

TASKS = {os.fspath(TASKS)!r}

def helpers():
    names = [
        pathlib.Path(TASKS, task, "comm").read_text().strip() for task in os.listdir(TASKS)
    ]
    return names.count("gelu_simd")

def wait_until(holds):
    end = time.monotonic() + {LIMIT}
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)

def wait_for_helpers(n):
    # A helper has its name once it has begun to run.
    wait_until(lambda: helpers() == n)
"""


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux's /proc")
def test_helpers_start_with_the_first_long_call_and_sleep_after_it() -> None:
    code = (
        HELPERS
        + """
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(4)
gelu_simd.gelu(numpy.ones(1000))
assert helpers() == 0
for _ in range(3):
    gelu_simd.gelu(numpy.ones(1_000_000))
wait_for_helpers(3)
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(2)
gelu_simd.gelu(numpy.ones(1_000_000))
assert helpers() == 3
assert threading.active_count() == 1
time.sleep(0.1)
before = time.process_time()
time.sleep(0.5)
assert time.process_time() - before < 0.02
"""
    )
    output(code)


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux's /proc")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_starts_helpers_of_its_own() -> None:
    code = (
        HELPERS
        + """
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(3)
x = numpy.linspace(-8, 8, 1_000_000)
expected = gelu_simd.gelu(x).tobytes()
wait_for_helpers(2)
pid = os.fork()
if pid == 0:
    ok = helpers() == 0 and gelu_simd.gelu(x).tobytes() == expected
    if ok:
        wait_for_helpers(2)
    os._exit(0 if ok else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert gelu_simd.gelu(x).tobytes() == expected
"""
    )
    output(code)


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux's /proc")
def test_no_more_threads_than_cpus_work() -> None:
    """Of the CPUs that the process may use at present, whatever they were before."""
    code = (
        HELPERS
        + """
every = os.sched_getaffinity(0)
os.sched_setaffinity(0, {min(every)})
gelu_simd.set_num_threads(3)
x = numpy.ones(1_000_000)
for _ in range(3):
    gelu_simd.gelu(x, x)
assert helpers() == 0
assert gelu_simd.get_num_threads() == 3
os.sched_setaffinity(0, every)
for _ in range(100):
    gelu_simd.gelu(x, x)
wait_for_helpers(min(len(every), 3) - 1)
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.gelu(x, x)
wait_for_helpers(2)
"""
    )
    output(code)


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux's /proc")
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_helpers_keep_their_cpus() -> None:
    """A helper that left its caller's CPU may run there again."""
    code = (
        HELPERS
        + """
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(4)
x = numpy.ones(100_000)
for _ in range(300):
    gelu_simd.gelu(x, x)
    time.sleep(1e-4)  # helpers go to sleep
wait_for_helpers(3)
every = os.sched_getaffinity(0)
wait_until(lambda: all(os.sched_getaffinity(int(task)) == every for task in os.listdir(TASKS)))
"""
    )
    output(code)


THREADS_C = Path(__file__).parents[1] / "csrc" / "threads.c"
CC = os.environ.get("CC", "cc")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.skipif(shutil.which(CC) is None, reason="needs a C compiler")
@pytest.mark.skipif(not THREADS_C.exists(), reason="csrc is not beside tests")
def test_fork_amid_the_first_job(tmp_path: Path) -> None:
    """The child's pool is free, although no helper had been started when it was taken."""
    library = tmp_path / "threads.so"
    command = [CC, "-shared", "-fPIC", "-pthread", THREADS_C, "-o", library]
    subprocess.run(command, check=True)
    code = f"""
import ctypes, os
run = ctypes.CDLL({os.fspath(library)!r}).threads_run
work = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_long)
done = []

@work
def note(job, k):
    done.append(k)

@work
def fork(job, k):
    pid = os.fork()
    if pid == 0:
        ok = run(note, None, 5, 3, 0) == 1 and sorted(done) == [0, 1, 2, 3, 4]
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    done.append("parent")

assert run(fork, None, 1, 3, 1) == 1
assert done == ["parent"]
"""
    output(code)


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_multiprocessing(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    x = np.linspace(-8, 8, 300_000)
    expected = gelu_simd.gelu(x)  # the parent's helpers have started
    with multiprocessing.get_context(method).Pool(2) as pool:
        for result in pool.map(gelu_simd.gelu, [x] * 4):
            assert same_bits(result, expected)


def test_interpreter_exit_during_a_call() -> None:
    """A daemon thread is amid calls when the interpreter ends."""
    code = """
import threading, time
import numpy
import gelu_simd
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(3)
x = numpy.ones(1_000_000)
def call():
    while True:
        gelu_simd.gelu(x, out=x)
threading.Thread(target=call, daemon=True).start()
time.sleep(0.1)
"""
    assert output(code) == ""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_ctrl_c_between_calls() -> None:
    """The signal reaches the main thread, whose handler raises after the call."""
    code = """
import os, signal, threading
import numpy
import gelu_simd
gelu_simd._ufuncs.set_cpus(64)
gelu_simd.set_num_threads(3)
x = numpy.ones(1_000_000)
gelu_simd.gelu(x)
signal.signal(signal.SIGINT, signal.default_int_handler)  # the parent may ignore it
threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT]).start()
try:
    while True:
        gelu_simd.gelu(x)
except KeyboardInterrupt:
    print("interrupted")
"""
    assert output(code) == "interrupted\n"
