"""Which level is chosen, and what an import does and does not do."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import INFO, TYPES

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._verify import using

CPUINFO = Path("/proc/cpuinfo")
TASKS = Path("/proc/self/task")

# What Linux calls the features that a level needs.
FEATURES = {
    "portable": set(),
    "avx2": {"avx2", "fma", "f16c"},
    "avx512": {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl"},
}

x86_linux = pytest.mark.skipif(
    platform.machine() != "x86_64" or not CPUINFO.exists(), reason="needs Linux on x86-64"
)


def run(code: str, isa: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter, where warnings are errors."""
    env = {name: value for name, value in os.environ.items() if name != "GELU_SIMD_ISA"}
    if isa is not None:
        env["GELU_SIMD_ISA"] = isa
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def output(code: str, isa: str | None = None) -> str:
    done = run(code, isa)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def import_error(isa: str) -> str:
    """Return the message, one line, of the ImportError that a level gives."""
    done = run("import gelu_simd", isa)
    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: ")
    return last


# ---- GELU_SIMD_ISA ----


WHICH = "import gelu_simd; print(gelu_simd.cpu_info()['isa'], gelu_simd.gelu(1.0))"


@pytest.mark.parametrize("level", INFO["available"])
def test_available_level(level: str) -> None:
    used, value = output(WHICH, level).split()
    assert used == level
    assert float(value) == pytest.approx(0.8413447460685429)


@pytest.mark.parametrize("unset", [None, ""])
def test_best_level_unless_told(unset: str | None) -> None:
    assert output(WHICH, unset).split()[0] == INFO["available"][0]


@pytest.mark.parametrize("unknown", ["sse9", "AVX2", " portable", "portable,avx2", "0"])
def test_unknown_level(unknown: str) -> None:
    message = import_error(unknown)
    assert f"GELU_SIMD_ISA={unknown}: there is no level {unknown!r}" in message
    assert message.endswith(f"possible: {', '.join(INFO['available'])}")


def test_level_this_cpu_cannot_run() -> None:
    impossible = [level for level in INFO["built"] if level not in INFO["available"]]
    if not impossible:
        pytest.skip("this CPU runs every level of this build")
    for level in impossible:
        message = import_error(level)
        assert f"GELU_SIMD_ISA={level}: this CPU cannot run level {level!r}" in message
        assert message.endswith(f"possible: {', '.join(INFO['available'])}")


def test_import_after_a_failed_one() -> None:
    code = """
import os
try:
    import gelu_simd
except ImportError:
    os.environ["GELU_SIMD_ISA"] = "portable"
import gelu_simd
print(gelu_simd.cpu_info()["isa"])
"""
    assert output(code, "sse9").split() == ["portable"]


# ---- cpu_info() and set_isa() ----


def test_cpu_info() -> None:
    info = gelu_simd.cpu_info()
    assert list(info) == ["isa", "available", "built", "cpu"]
    assert info["isa"] in info["available"]
    assert info["available"] == [level for level in info["built"] if level in info["available"]]
    assert info["available"][-1] == info["built"][-1] == "portable"
    assert len(set(info["built"])) == len(info["built"])
    assert json.loads(json.dumps(info)) == info
    info["available"].clear()
    assert gelu_simd.cpu_info()["available"]


@x86_linux
def test_available_levels_are_those_the_kernel_reports() -> None:
    """Linux drops the features whose registers it does not save."""
    flags = set(re.search(r"^flags\s*:(.*)$", CPUINFO.read_text(), re.MULTILINE)[1].split())
    assert INFO["built"] == ["avx512", "avx2", "portable"]
    assert INFO["available"] == [level for level in INFO["built"] if FEATURES[level] <= flags]


@x86_linux
def test_cpu_name_is_what_the_kernel_reports() -> None:
    name = re.search(r"^model name\s*:(.*)$", CPUINFO.read_text(), re.MULTILINE)[1]
    assert INFO["cpu"].split() == name.split()
    assert INFO["cpu"] == INFO["cpu"].strip()


def test_set_isa() -> None:
    former = INFO["isa"]
    with using(former):
        for level in INFO["available"]:
            assert _ufuncs.set_isa(level) == former
            assert gelu_simd.cpu_info()["isa"] == level
            assert gelu_simd.gelu(1.0) == pytest.approx(0.8413447460685429)
            former = level


@pytest.mark.parametrize("wrong", ["sse9", "", "AVX2", None, 2])
def test_set_isa_to_no_level(wrong: object) -> None:
    with pytest.raises(ValueError, match=f"there is no level {wrong!r}") as caught:
        _ufuncs.set_isa(wrong)
    assert str(caught.value).endswith(f"possible: {', '.join(INFO['available'])}")
    assert gelu_simd.cpu_info()["isa"] == INFO["isa"]


# ---- what an import does not do ----


def test_import_prints_nothing() -> None:
    assert output("import gelu_simd") == ""


def test_import_starts_no_thread() -> None:
    code = f"""
import os, threading
import numpy
def count():
    tasks = {os.fspath(TASKS)!r}
    return threading.active_count(), len(os.listdir(tasks)) if os.path.isdir(tasks) else 0
before = count()
import gelu_simd
gelu_simd.gelu(numpy.ones(1_000_000))
assert count() == before, (before, count())
"""
    output(code)


def test_import_looks_for_nothing_but_numpy_and_ml_dtypes() -> None:
    """Nor for other packages that need not be there, such as SciPy."""
    code = """
import sys
import numpy

wanted = set()

class Watch:
    @staticmethod
    def find_spec(name, *_):
        wanted.add(name.partition(".")[0])

sys.meta_path.insert(0, Watch)
import gelu_simd
assert "gelu_simd" in wanted
print(*(wanted - sys.stdlib_module_names - {"gelu_simd", "numpy", "ml_dtypes"}))
"""
    assert output(code).split() == []


IMPORTS = ["import ml_dtypes, gelu_simd", "import gelu_simd, ml_dtypes"]


@pytest.mark.parametrize("imports", IMPORTS)
@pytest.mark.parametrize("before", ["float32", "float16", "float64"])
def test_bfloat16_is_never_computed_as_another_type(imports: str, before: str) -> None:
    """Whatever is imported first, and whichever loop NumPy has found first."""
    pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")
    code = f"""
{imports}
import numpy as np
from gelu_simd._types import dtypes
assert [t.name for t in dtypes()] == {TYPES}
for ufunc in [f for f in vars(gelu_simd).values() if isinstance(f, np.ufunc)]:
    for dtype in ("{before}", "bfloat16"):
        x = np.ones(3, dtype)
        assert ufunc(*[x] * ufunc.nin).dtype == dtype
    out = np.empty(3, np.float32)
    ufunc(*[x] * ufunc.nin, out=out)
    assert np.array_equal(out, ufunc(*[x] * ufunc.nin)), "only the result is cast"
"""
    output(code)


def test_without_ml_dtypes() -> None:
    code = f"""
import sys
sys.modules["ml_dtypes"] = None
import numpy as np
import gelu_simd
from gelu_simd._types import dtypes
assert [t.name for t in dtypes()] == {TYPES[:3]}
for ufunc in [f for f in vars(gelu_simd).values() if isinstance(f, np.ufunc)]:
    for dtype in dtypes():
        assert ufunc(*[np.ones(3, dtype)] * ufunc.nin).dtype == dtype
    assert ufunc(*[1] * ufunc.nin).dtype == float
    try:
        ufunc(*[1j] * ufunc.nin)
    except TypeError as error:
        assert "bfloat16" not in str(error)
"""
    output(code)


@pytest.mark.parametrize("level", INFO["available"])
def test_floating_point_mode_is_left_alone(level: str) -> None:
    """Rounding to nearest, subnormals kept, no traps, after the import and after calls."""
    code = """
import numpy as np

def check():
    for dtype in (np.float32, np.float64):
        one, eps, tiny = dtype(1), np.finfo(dtype).eps, np.finfo(dtype).smallest_normal
        assert one + eps / 2 == one and one + eps * dtype(1.5) == one + 2 * eps, "rounding"
        assert tiny / 2 > 0, "results flushed to zero"
        assert np.nextafter(dtype(0), one) * one > 0, "operands flushed to zero"
        with np.errstate(all="ignore"):
            assert one / dtype(0) == np.inf, "trap"

check()
import gelu_simd
check()
for ufunc in (gelu_simd.gelu, gelu_simd.gelu_tanh, gelu_simd.gelu_grad, gelu_simd.gelu_backward):
    for dtype in gelu_simd._ufuncs.dtypes:
        for step in (1, 2):
            ufunc(*[np.linspace(-50, 50, 1001).astype(dtype)[::step]] * ufunc.nin)
            check()
"""
    output(code, level)
