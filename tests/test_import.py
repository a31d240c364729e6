"""The import of the package: modules, time, side effects."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from helpers import INFO, TYPES, output

TASKS = Path("/proc/self/task")

# What a program must wait for: everything else is imported where it is used.
OURS = {
    "gelu_simd",
    "gelu_simd._docs",
    "gelu_simd._errors",
    "gelu_simd._functions",
    "gelu_simd._hooks",
    "gelu_simd._measured",
    "gelu_simd._promotion",
    "gelu_simd._start",
    "gelu_simd._threads",
    "gelu_simd._types",
    "gelu_simd._ufuncs",
    "gelu_simd.cr",
}


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
gelu_simd.gelu(numpy.ones(10_000))
assert count() == before, (before, count())
gelu_simd.set_num_threads(1)
gelu_simd.gelu(numpy.ones(1_000_000))
assert count() == before, (before, count())
"""
    output(code)


def test_import_looks_for_nothing_but_numpy_and_ml_dtypes() -> None:
    """Nor for other packages that need not be there, such as SciPy."""
    code = """
import sys
import numpy

names = set()

class Watch:
    @staticmethod
    def find_spec(name, *_):
        names.add(name.partition(".")[0])

sys.meta_path.insert(0, Watch)
import gelu_simd
assert "gelu_simd" in names
print(*(names - sys.stdlib_module_names - {"gelu_simd", "numpy", "ml_dtypes"}))
"""
    assert output(code).split() == []


@pytest.mark.parametrize("absent", [set(), {"ml_dtypes"}], ids=["", "without ml_dtypes"])
def test_import_loads_few_modules(absent: set[str]) -> None:
    """Beyond NumPy's own: no argparse, json, multiprocessing; no SciPy, CuPy, matplotlib.

    Cython needs inspect for the stable ABI; some NumPys import it too.
    """
    code = f"""
import inspect
import sys
import numpy
sys.modules.update(dict.fromkeys({absent}))
before = set(sys.modules)
import gelu_simd
print(*(set(sys.modules) - before))
"""
    loaded = set(output(code).split())
    cythons = {name for name in loaded if re.match(r"_?cython_", name)}
    theirs = {name for name in loaded if name.partition(".")[0] == "ml_dtypes"}
    assert loaded - cythons - theirs == OURS


IMPORTS = ["import ml_dtypes, gelu_simd", "import gelu_simd, ml_dtypes"]


@pytest.mark.parametrize("imports", IMPORTS)
@pytest.mark.parametrize("before", ["float32", "float16", "float64"])
def test_bfloat16_is_never_computed_as_another_type(imports: str, before: str) -> None:
    """Whatever is imported first, and whichever loop NumPy has found first."""
    pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")
    code = f"""
{imports}
import numpy as np
from gelu_simd._ufuncs import dtypes
assert [t.name for t in dtypes] == {TYPES}
for ufunc in [f for f in vars(gelu_simd).values() if isinstance(f, np.ufunc)]:
    for dtype in ("{before}", "bfloat16"):
        x = np.ones(3, dtype)
        ys = ufunc(*[x] * ufunc.nin)
        ys = ys if isinstance(ys, tuple) else (ys,)
        assert [y.dtype for y in ys] == [dtype] * ufunc.nout
    outs = np.empty((ufunc.nout, 3), np.float32)
    ufunc(*[x] * ufunc.nin, *outs)
    assert np.array_equal(outs, np.stack(ys)), "only the results are cast"
"""
    output(code)


def test_without_ml_dtypes() -> None:
    code = f"""
import sys
sys.modules["ml_dtypes"] = None
import numpy as np
import gelu_simd
from gelu_simd._ufuncs import dtypes
assert [t.name for t in dtypes] == {TYPES[:3]}
for ufunc in [f for f in vars(gelu_simd).values() if isinstance(f, np.ufunc)]:
    for dtype in dtypes:
        ys = ufunc(*[np.ones(3, dtype)] * ufunc.nin)
        for y in ys if ufunc.nout > 1 else [ys]:
            assert y.dtype == dtype
    assert np.asarray(ufunc(*[1] * ufunc.nin)).dtype == float
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
for ufunc, row in gelu_simd._ufuncs.records.items():
    for dtype in [d for d in gelu_simd._ufuncs.dtypes if d.name in row.types]:
        for step in (1, 2):
            ufunc(*[np.linspace(-50, 50, 1001).astype(dtype)[::step]] * ufunc.nin)
            check()
"""
    output(code, level)


def test_cupy_is_not_imported_by_a_call() -> None:
    """A module that waits for its first use goes on waiting, also where it cannot be imported."""
    code = """
import sys, types
import numpy as np
import gelu_simd

class Lazy(types.ModuleType):
    def __getattr__(self, name):
        raise ImportError(name)

for module in (Lazy("cupy"), object(), None):
    sys.modules["cupy"] = module
    assert gelu_simd.gelu([0.0]) == 0
    assert gelu_simd.gelu(0, dtype=np.float32) == 0
"""
    output(code)


def test_reload() -> None:
    """The ufuncs stay, and go on taking CuPy's arrays; so after an import once more."""
    code = """
import importlib, sys
import gelu_simd
records = gelu_simd._ufuncs.records
for again in (False, True):
    if again:
        for name in [name for name in sys.modules if name.startswith("gelu_simd")]:
            del sys.modules[name]
        import gelu_simd
    else:
        importlib.reload(gelu_simd)
    assert gelu_simd._hands_over
    for ufunc, row in records.items():
        assert getattr(importlib.import_module(row.tier.module), row.public) is ufunc
    assert gelu_simd.gelu([0.0]) == 0
"""
    output(code)
