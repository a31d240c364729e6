"""Numbers of threads that others set: threadpoolctl, joblib, loky, Dask, affinity, quotas."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import output, same_bits

import gelu_simd
from gelu_simd import _threads

CPUS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def number(n: int) -> Iterator[None]:
    former = gelu_simd.get_num_threads()
    gelu_simd.set_num_threads(n)
    try:
        yield
    finally:
        gelu_simd.set_num_threads(former)


# ---- threadpoolctl ----

BEFORE = "import threadpoolctl, gelu_simd"
AFTER = "import gelu_simd, threadpoolctl\nassert not mine()\nimport gelu_simd.threadpoolctl"
MINE = """
def mine():
    return [row for row in threadpoolctl.threadpool_info() if row["user_api"] == "gelu_simd"]
"""


@pytest.mark.parametrize("imports", [BEFORE, AFTER], ids=["imported before", "imported after"])
def test_threadpoolctl_shows_the_threads(imports: str) -> None:
    """And SciPy's file that begins as ours is not taken for it."""
    pytest.importorskip("threadpoolctl", reason="needs threadpoolctl")
    code = f"""
{MINE}
import importlib.util
if importlib.util.find_spec("scipy"):
    import scipy.special
{imports}
[row] = mine()
assert row["num_threads"] == gelu_simd.get_num_threads(), row
assert row["version"] == gelu_simd.__version__, row
import os
assert os.path.samefile(row["filepath"], gelu_simd._ufuncs.__file__), row
"""
    assert output(code) == ""


def test_threadpoolctl_limits_the_threads() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl", reason="needs threadpoolctl")
    import gelu_simd.threadpoolctl

    with number(5):
        with threadpoolctl.threadpool_limits(2):
            assert gelu_simd.get_num_threads() == 2
            with threadpoolctl.threadpool_limits({"gelu_simd": 1}):
                assert gelu_simd.get_num_threads() == 1
            assert gelu_simd.get_num_threads() == 2
        with threadpoolctl.threadpool_limits(1, user_api="blas"):
            assert gelu_simd.get_num_threads() == 5
        with threadpoolctl.threadpool_limits(1000):
            assert gelu_simd.get_num_threads() == 256
        assert gelu_simd.get_num_threads() == 5


def test_threadpoolctl_is_neither_needed_nor_imported() -> None:
    for absent in ("", "sys.modules['threadpoolctl'] = None"):
        code = f"import sys\n{absent}\nimport gelu_simd\nprint(sys.modules.get('threadpoolctl'))"
        assert output(code) == "None\n"


def test_a_threadpoolctl_that_registers_nothing() -> None:
    """As versions before 3.2."""
    code = """
import sys, types
sys.modules["threadpoolctl"] = types.ModuleType("threadpoolctl")
import gelu_simd
print("gelu_simd.threadpoolctl" in sys.modules)
"""
    assert output(code) == "False\n"


# ---- workers: as many processes as CPUs, and few threads in each ----


def threads_of_a_worker(_: object) -> int:
    import gelu_simd

    return gelu_simd.get_num_threads()


@pytest.mark.parametrize("workers", [2, 4])
def test_joblib(workers: int) -> None:
    joblib = pytest.importorskip("joblib", reason="needs joblib")
    x = np.linspace(-8, 8, 300_000)
    with joblib.parallel_config("loky", n_jobs=workers), joblib.Parallel() as parallel:
        counts = parallel(joblib.delayed(threads_of_a_worker)(k) for k in range(2 * workers))
        assert set(counts) == {max(1, CPUS // workers)}
        for y in parallel(joblib.delayed(gelu_simd.gelu)(x) for _ in range(4)):
            assert same_bits(y, gelu_simd.gelu(x))
    with joblib.parallel_config("loky", n_jobs=workers, inner_max_num_threads=1):
        assert joblib.Parallel()([joblib.delayed(threads_of_a_worker)(0)]) == [1]


def test_joblib_threads() -> None:
    """Threads of one process share its number; a busy pool is not waited for."""
    joblib = pytest.importorskip("joblib", reason="needs joblib")
    x = np.linspace(-8, 8, 300_000)
    with number(3):
        expected = gelu_simd.gelu(x)
        with joblib.parallel_config("threading", n_jobs=4):
            for y in joblib.Parallel()(joblib.delayed(gelu_simd.gelu)(x) for _ in range(40)):
                assert same_bits(y, expected)


def test_loky() -> None:
    loky = pytest.importorskip("loky", reason="needs loky")
    x = np.linspace(-8, 8, 300_000)
    with loky.ProcessPoolExecutor(2, env={"OMP_NUM_THREADS": "1"}) as pool:
        assert set(pool.map(threads_of_a_worker, range(4))) == {1}
        for y in pool.map(gelu_simd.gelu, [x] * 4):
            assert same_bits(y, gelu_simd.gelu(x))


def test_dask_workers() -> None:
    """Its nannies start workers with OMP_NUM_THREADS=1."""
    distributed = pytest.importorskip("distributed", reason="needs dask[distributed]")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        counts = client.run(threads_of_a_worker, None)
        assert list(counts.values()) == [1, 1]


# ---- CPUs that the process may use ----

SHARED = """
import os, sys
import numpy
import gelu_simd
x = numpy.linspace(-8, 8, 1_000_000)
print(gelu_simd.get_num_threads())
several = gelu_simd.gelu(x)
gelu_simd.set_num_threads(4)  # more than there are CPUs
for _ in range(20):
    assert gelu_simd.gelu(x).tobytes() == several.tobytes()
"""

GROUPS = Path("/sys/fs/cgroup")


@contextlib.contextmanager
def control_group(percent: int) -> Iterator[Path]:
    """Make a group with a quota of CPU time; skip where that is not allowed."""
    name = f"gelu_simd-{os.getpid()}"
    group = GROUPS / name if (GROUPS / "cgroup.controllers").exists() else GROUPS / "cpu" / name
    try:
        group.mkdir()
    except OSError as exc:
        pytest.skip(f"no control group can be made: {exc}")
    try:
        try:
            if group.parent == GROUPS:
                (group / "cpu.max").write_text(f"{percent * 1000} 100000")
            else:
                (group / "cpu.cfs_quota_us").write_text(f"{percent * 1000}")
        except OSError as exc:
            pytest.skip(f"no quota can be set: {exc}")
        yield group
    finally:
        group.rmdir()


@pytest.mark.skipif(not GROUPS.is_dir(), reason="needs Linux's control groups")
@pytest.mark.parametrize(("percent", "expected"), [(50, 1), (150, 1), (200, 2), (100_000, CPUS)])
def test_quota_of_a_control_group(percent: int, expected: int) -> None:
    with control_group(percent) as group:
        join = f"open('{group}/cgroup.procs', 'w').write('0')\n"
        env = {k: v for k, v in os.environ.items() if k not in _threads.VARIABLES}
        done = subprocess.run(
            [sys.executable, "-c", join + SHARED],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stderr == ""
    assert done.stdout == f"{min(expected, CPUS)}\n"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_more_threads_than_the_affinity_has_cpus() -> None:
    assert (
        output("import os\nos.sched_setaffinity(0, [min(os.sched_getaffinity(0))])" + SHARED)
        == "1\n"
    )
