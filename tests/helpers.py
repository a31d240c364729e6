"""Helpers of several test files: the names under test, inputs, processes."""

from __future__ import annotations

import functools
import importlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.lib import format as npy

import gelu_simd
from gelu_simd import _functions, _types, _ufuncs
from gelu_simd._check import bits as bit_tools
from gelu_simd._check import inputs as _inputs
from gelu_simd._check.bits import Array, bits
from gelu_simd._check.digest import one_nan  # noqa: F401 - for the tests
from gelu_simd._functions import ELEMENTARY
from gelu_simd._levels import using

INFO = gelu_simd.cpu_info()
# The levels with a fused multiply-add; they give the same bits.
FUSED = [level for level, group in _ufuncs.LEVELS if group == "fused"]

FUNCTIONS = ELEMENTARY
UFUNCS = list(_ufuncs.ufuncs.values())
# The first of each shape, for what depends on the numbers of inputs and outputs alone.
SHAPES = list({(u.nin, u.nout): u for u in reversed(UFUNCS)}.values())[::-1]
DTYPES = _ufuncs.dtypes
TYPES = list(_types.TYPES)
HASHES = json.loads((Path(__file__).parent / "bits.json").read_text(encoding="utf-8"))
SAMPLES = 2_500_000  # random inputs of a function and type

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
each_shape = pytest.mark.parametrize("ufunc", SHAPES, ids=lambda ufunc: ufunc.__name__)
every_level = pytest.mark.usefixtures("isa")


def dtype_of(name: str) -> np.dtype:
    """Return one of `TYPES`; skip the test if the ufuncs lack it."""
    if name not in [dtype.name for dtype in DTYPES]:
        pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")
    return np.dtype(name)


def elementary(ufunc: np.ufunc) -> str:
    """Name the function whose inputs are hard for a ufunc: itself, or the first that it holds."""
    composition = _functions.FUNCTIONS[ufunc.__name__].composition
    return ufunc.__name__ if composition is None else composition.factors[0]


def results(value: Array | tuple[Array, ...]) -> tuple[Array, ...]:
    """Return what a ufunc returns as a tuple, also where it is one array."""
    return value if isinstance(value, tuple) else (value,)


def tobytes(value: Array | tuple[Array, ...]) -> bytes:
    """Return the bytes of all results of a ufunc."""
    return b"".join(y.tobytes() for y in results(value))


def operand_names(ufunc: np.ufunc) -> tuple[str, ...]:
    """Return the names of a ufunc's inputs."""
    return _functions.FUNCTIONS[ufunc.__name__].operands


def same_bits(a: Array, b: Array) -> bool:
    """Tell whether `a` and `b` are equal bit for bit, NaNs and zeros included."""
    return a.dtype == b.dtype and np.array_equal(bits(a), bits(b))


@functools.cache
def sample(function: str, dtype: np.dtype) -> Array:
    """Return the inputs of the normal run, with quiet NaNs only."""
    blocks = [block() for block in _inputs.blocks(function, dtype, SAMPLES)]
    result = bit_tools.quiet(np.concatenate(blocks))
    result.flags.writeable = False
    return result


# ---------------------------------------------------------------------------------------------
# The GPU's kernels; they give the bits of the levels with a fused multiply-add

needs_fused = pytest.mark.skipif(
    not set(FUSED) & set(INFO["available"]), reason="needs a level with a fused multiply-add"
)


def fused_level() -> str:
    """Return the best of them."""
    return next(level for level in FUSED if level in INFO["available"])


def on_fused_level(ufunc: np.ufunc, *args: Array, **kwargs: object) -> tuple[Array, ...]:
    """Return the results of the CPU."""
    with using(fused_level()), np.errstate(all="ignore"):
        return results(ufunc(*args, **kwargs))


def every_kind(ufunc: np.ufunc, dtype: np.dtype) -> Array:
    """Return x of every kind, all 65,536 of a half type, with quiet NaNs only."""
    if _types.TYPES[dtype.name].enumerable:
        return bit_tools.quiet(_inputs.patterns(dtype, 0, 1 << 8 * dtype.itemsize))
    return sample(elementary(ufunc), dtype)


def invalid_product(dtype: np.dtype) -> list[Array]:
    """Return operands of a gradient that is infinity times 0, for whole packets and a part."""
    return [np.resize(np.array([np.inf, -np.inf], dtype), 41), np.full(41, -np.inf, dtype)]


def operands(ufunc: np.ufunc, x: Array) -> list[Array]:
    """Return operands of `ufunc` whose last is x; no product is invalid."""
    other = np.resize(np.array([1, -0.25, 3e-5, 700, np.nan, 0], x.dtype), x.shape)
    return [np.where(np.isfinite(x), other, x.dtype.type(1))] * (ufunc.nin - 1) + [x]


# ---------------------------------------------------------------------------------------------
# A process of its own


def fresh(code: str, isa: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter, where warnings are errors."""
    env = {name: value for name, value in os.environ.items() if name != "GELU_SIMD_ISA"}
    if isa is not None:
        env["GELU_SIMD_ISA"] = isa
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def output(code: str, isa: str | None = None) -> str:
    """Return the output of code in a fresh interpreter; it must succeed without a warning."""
    done = fresh(code, isa)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


# ---------------------------------------------------------------------------------------------
# The command line


def saved(array: Array, version: tuple[int, int] = (1, 0)) -> bytes:
    """Return the .npy file of an array."""
    file = io.BytesIO()
    npy.write_array(file, array, version)
    return file.getvalue()


def run(*args: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "gelu_simd", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def start(code: str, *args: object, **kwargs: object) -> subprocess.Popen[str]:
    """Start a child that runs `code`, then main; for what has to be arranged inside it."""
    code += "\nimport sys\nfrom gelu_simd._cli.main import main\nsys.exit(main())"
    command = [sys.executable, "-c", code, *map(str, args)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **(pipes | kwargs))


# Code for `start`.  Not ru_maxrss, which starts from the memory of the process that forked.
PEAK = """
import atexit, sys
atexit.register(lambda: print(open("/proc/self/status").read(), file=sys.stderr))
"""


def peak(stderr: str) -> int:
    """Return the most kilobytes in memory of a child that ran `PEAK`."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", stderr)[1])


def check_error(done: subprocess.CompletedProcess[str], message: str) -> None:
    """Check that the command line refused with one line that matches `message`."""
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(rf"gelu-simd: error: [^\n]*{message}[^\n]*\n", done.stderr), done.stderr


# ---------------------------------------------------------------------------------------------
# The programs of bench

BENCH = Path(__file__).parents[1] / "bench"

needs_bench = pytest.mark.skipif(not BENCH.exists(), reason="bench is not beside tests")


def program(name: str) -> ModuleType:
    """Import one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCH)
        return importlib.import_module(name)


def run_program(
    name: str, *args: object, without: Iterable[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run one in a process of its own, in which some modules can be neither found nor imported."""
    file = str(BENCH / f"{name}.py")
    code = (
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(BENCH)!r})\n"
        f"sys.modules.update(dict.fromkeys({list(without)}))\n"
        f"sys.argv[0] = {file!r}\n"
        f"runpy.run_path({file!r}, run_name='__main__')"
    )
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
