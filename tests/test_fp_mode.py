"""The same bits in every floating-point mode, and the mode and its flags as the call found them."""

from __future__ import annotations

import ctypes
import ctypes.util
import platform
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from helpers import SHAPES, UFUNCS, every_level, one_nan, results, same_bits

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check.digest import inputs
from gelu_simd._check.examine import ModeError, require_default_mode

# Byte of the C library's fenv_t where the control word is, and the modes in it.
X86 = (
    28,
    {
        "denormals are zero": 0x0040,
        "down": 0x2000,
        "up": 0x4000,
        "towards zero": 0x6000,
        "flush to zero": 0x8000,
        "-ffast-math": 0x8040,
        "up, flush to zero": 0xC040,
    },
)
ARM = (
    0,
    {
        "up": 1 << 22,
        "down": 2 << 22,
        "towards zero": 3 << 22,
        "flush to zero": 1 << 24,
        "flush to zero, float16": 1 << 19,
        "default NaN": 1 << 25,
        "down, flush to zero": 2 << 22 | 1 << 24,
    },
)
WORD, WORDS = {"x86_64": X86, "aarch64": ARM}.get(platform.machine(), (0, {}))

glibc = sys.platform == "linux" and platform.libc_ver()[0] == "glibc"
pytestmark = pytest.mark.skipif(
    not glibc or not WORDS, reason="needs the fenv_t of glibc on x86-64 or arm64"
)


class Environment:
    """The floating-point environment of the calling thread."""

    def __init__(self) -> None:
        self.libm = ctypes.CDLL(ctypes.util.find_library("m"))
        self.memory = ctypes.create_string_buffer(64)

    def read(self) -> int:
        """Return the control word, flags included where they share it."""
        assert self.libm.fegetenv(self.memory) == 0
        return ctypes.c_uint32.from_buffer(self.memory, WORD).value

    def write(self, word: int) -> None:
        """Set the control word."""
        self.read()
        ctypes.c_uint32.from_buffer(self.memory, WORD).value = word
        assert self.libm.fesetenv(self.memory) == 0

    def takes(self, bits: int) -> bool:
        """Tell whether this CPU has a mode: float16's is missing from some."""
        former = self.read()
        self.write(former | bits)
        has = self.read() & bits == bits
        self.write(former)
        return has


MODES = {mode: bits for mode, bits in WORDS.items() if glibc and Environment().takes(bits)}
every_mode = pytest.mark.parametrize("mode", MODES)


@contextmanager
def in_mode(mode: str) -> Iterator[None]:
    """Compute in a mode inside the ``with`` block; check that it is the mode at the end, too."""
    environment = Environment()
    former, bits = environment.read(), MODES[mode]
    all_modes = 0
    for other in MODES.values():
        all_modes |= other
    environment.write(former | bits)
    try:
        yield
        assert environment.read() & all_modes == bits
    finally:
        environment.write(former)


def operands(ufunc: np.ufunc, dtype: np.dtype) -> list[np.ndarray]:
    """Return operands of every kind, for one ufunc of each shape enough for several threads."""
    every = inputs(dtype)
    x = every[:300_000] if ufunc in SHAPES else every[:: every.size // 20_000]
    return [x[::-1]] * (ufunc.nin - 1) + [x]


@every_mode
@every_level
def test_same_bits(ufunc: np.ufunc, dtype: np.dtype, mode: str) -> None:
    args = operands(ufunc, dtype)
    strided = [np.repeat(x, 2)[::2] for x in args]
    outs = [[np.zeros_like(args[-1]) for _ in range(ufunc.nout)] for _ in range(2)]
    with np.errstate(all="ignore"):
        expected = results(ufunc(*args))
        with in_mode(mode):
            ufunc(*args, *outs[0])
            ufunc(*strided, *outs[1])
    for got in outs:
        for ours, right in zip(got, expected, strict=True):
            assert same_bits(one_nan(ours), one_nan(right))


@every_mode
@pytest.mark.parametrize("n", [1, 7, 100_000])
def test_flags(mode: str, n: int) -> None:
    """No exception without a reason, and the ones with a reason are seen."""
    x, large = np.full(n, 1.5), np.full(n, np.finfo(float).max)
    outs = np.empty((2, n))
    with np.errstate(all="raise"), in_mode(mode):
        for ufunc in UFUNCS:
            ufunc(*[x] * ufunc.nin, *outs[: ufunc.nout])
        with pytest.raises(FloatingPointError, match="overflow"):
            gelu_simd.gelu_backward(large, x, outs[0])


@every_mode
def test_threads_of_other_modes(mode: str) -> None:
    """The caller's mode, the main thread's and the helpers' are independent."""
    x = np.linspace(-40, 12, 1 << 20, dtype=np.float32)
    former = gelu_simd.get_num_threads()
    gelu_simd.set_num_threads(3)
    _ufuncs.set_cpus(3)

    def compute(own: str) -> np.ndarray:
        with in_mode(own):
            return gelu_simd.gelu(x)

    try:
        expected = gelu_simd.gelu(x)
        with ThreadPoolExecutor(4) as pool:
            for result in pool.map(compute, [mode, *MODES]):
                assert same_bits(result, expected)
        with in_mode(mode), ThreadPoolExecutor(1) as pool:  # whose thread inherits the mode
            result = pool.submit(partial(gelu_simd.gelu, x)).result()
        assert same_bits(result, expected)
    finally:
        _ufuncs.set_cpus(0)
        gelu_simd.set_num_threads(former)


@every_mode
def test_helpers_started_in_a_mode(mode: str) -> None:
    """Threads inherit the mode of the one that starts them."""
    from helpers import output

    code = f"""
import sys
sys.path.insert(0, {str(__file__).rpartition("/")[0]!r})
import numpy as np
import gelu_simd
from test_fp_mode import in_mode
x = np.linspace(-40, 12, 1 << 20)
gelu_simd.set_num_threads(1)
expected = gelu_simd.gelu(x).tobytes()
gelu_simd.set_num_threads(3)
gelu_simd._ufuncs.set_cpus(3)
with in_mode({mode!r}):
    results = [gelu_simd.gelu(x) for _ in range(5)]
results += [gelu_simd.gelu(x) for _ in range(5)]
assert all(result.tobytes() == expected for result in results)
"""
    output(code)


@pytest.mark.parametrize("mode", ["up", "down", "towards zero", "flush to zero"])
def test_the_reference_needs_the_default_mode(mode: str) -> None:
    """The command line says so; the functions themselves do not mind."""
    require_default_mode()
    with in_mode(mode):
        try:
            require_default_mode()
        except ModeError as error:
            message = str(error)
    assert message.startswith("this process rounds otherwise than to nearest")
