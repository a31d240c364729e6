"""What NVRTC makes of CuPy's kernels: as written, and with the CPU's bits when the host runs it."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import host_cupy
import numpy as np
import pytest
from gelu_simd._ufuncs import records
from helpers import (
    SHAPES,
    TYPES,
    dtype_of,
    every_kind,
    fused_level,
    invalid_product,
    name_of,
    needs_fused,
    on_fused_level,
    operands,
    same_bits,
)

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check.bits import Array, bits, quiet
from gelu_simd._check.inputs import patterns
from gelu_simd._functions import CORRECT, ELEMENTARY
from gelu_simd._levels import using
from gelu_simd._types import TYPES as TYPE_ROWS

ELEMENTS, WHERE, PACKETS = range(3)  # the kernels of a function and type


@pytest.fixture(scope="module")
def ptx() -> ModuleType:
    """Give `host_ptx`."""
    cupy = pytest.importorskip("cupy", reason="needs cupy", exc_type=ImportError)
    try:
        cupy.cuda.nvrtc.getVersion()
    except RuntimeError:
        pytest.skip("needs NVRTC")
    if (missing := host_cupy.missing()) is not None:
        pytest.skip(f"needs {missing}")
    import host_ptx

    return host_ptx


def kernel(ufunc: np.ufunc, dtype: np.dtype, which: int) -> object:
    """Return a kernel of CuPy."""
    from gelu_simd.cupy import kernels

    return kernels(ufunc, dtype)[which]


def threads(a: Array, which: int) -> int:
    """Return how many threads a kernel takes for an array."""
    return -(-a.nbytes // 16) if which == PACKETS else a.size


# Composed functions: one of each shape, and the one with a branch.  What they are made of, and the
# instructions, are those of the elementary functions.
SOME = [*SHAPES, gelu_simd.stochastic_gelu, gelu_simd.cr.gelu_backward]
COMPOSED = [ufunc for ufunc in SOME if name_of(ufunc) not in ELEMENTARY]


def architectures(*numbers: int) -> Callable:
    """Compile the kernels of elementary functions for these, the others for 90."""
    elementary = [_ufuncs.ufuncs[name] for name in ELEMENTARY]
    return pytest.mark.parametrize(
        ("ufunc", "architecture"),
        [
            pytest.param(ufunc, number, id=f"{name_of(ufunc)}-{number}")
            for ufuncs, of_them in ((elementary, numbers), (COMPOSED, [90]))
            for ufunc in ufuncs
            for number in of_them
        ],
    )


# An exponential times polynomials alone.
WITHOUT_DIVISION = {
    ("gelu", "float32"), ("gelu_grad", "float32"), ("gelu_grad2", "float32"),
    ("gelu_grad2", "float64"), ("gelu_tanh_grad2", "float32"),
}  # fmt: skip


def divides(ufunc: np.ufunc, name: str) -> bool:
    """Tell whether a kernel divides.

    The maths of the narrow types divides by multiplying, where it is not float32's.
    """
    row = records[ufunc]
    if row.composition is None:
        return name == TYPE_ROWS[name].lane and (row.name, name) not in WITHOUT_DIVISION
    lane = TYPE_ROWS[name].lane if row.composition.rounds_once else name
    return any(divides(_ufuncs.ufuncs[factor], lane) for factor in row.composition.factors)


def arithmetic(ufunc: np.ufunc, name: str) -> str:
    """Return the suffix of what a kernel computes in: for correctly rounded float32, float64."""
    row, lane = records[ufunc], TYPE_ROWS[name].lane
    in_float64 = row.tier is CORRECT and (row.composition is not None or name == lane)
    return "f64" if in_float64 else TYPE_ROWS[lane].suffix


@architectures(75, 80, 90, 100, 120)
@pytest.mark.parametrize("name", TYPES)
def test_code_is_as_written(ptx, ufunc, name, architecture):
    """Rounded as written, nothing approximate, nothing flushed, 16 bytes at once."""
    dtype, row = dtype_of(name), TYPE_ROWS[name]
    lanes = arithmetic(ufunc, name)
    narrow = row.lane != name
    for which in (ELEMENTS, WHERE, PACKETS):
        code = ptx.compile_kernel(kernel(ufunc, dtype, which), architecture)
        assert f"fma.rn.{lanes}" in code
        assert (f"div.rn.{lanes}" in code) == divides(ufunc, name)
        assert not re.search(r"ftz|approx|\.full|ld\.const|\bcall\b|(add|sub|mul)\.f", code)
        by_16_bytes = r"(v4\.[ub]32|v2\.[ub]64)\b"
        for access in ("ld", "st"):
            has_packets = re.search(rf"{access}\.global\.{by_16_bytes}", code) is not None
            assert has_packets == (which == PACKETS)
        in_pairs = narrow and architecture >= 80 and which == PACKETS
        assert (f"cvt.rn.{row.suffix}x2.f32" in code) == in_pairs


@needs_fused
@architectures(75, 90)
@pytest.mark.parametrize("name", TYPES)
def test_bits_are_those_of_the_cpu(ptx, ufunc, name, architecture):
    x = every_kind(ufunc, dtype_of(name))
    x = x if TYPE_ROWS[name].enumerable else x[:: len(x) // 300_000]
    x = np.concatenate([x, x[:3]])  # and a part of a packet
    args = operands(ufunc, x)
    expected = on_fused_level(ufunc, *args)
    mask = np.arange(x.size) % 3 == 0
    for which in (ELEMENTS, WHERE, PACKETS):
        run = ptx.Kernel(kernel(ufunc, x.dtype, which), architecture)
        size = threads(x, which)
        outs = [np.zeros_like(x) for _ in expected]
        if which == WHERE:
            run(*map(bits, args), mask, *map(bits, outs), size=size)
            for out, right in zip(outs, expected, strict=True):
                assert same_bits(out, np.where(mask, right, np.zeros_like(x)))
            continue
        run(*map(bits, args), *map(bits, outs), size=size)
        for out, right in zip(outs, expected, strict=True):
            assert same_bits(out, right)
        own = x.copy()  # in place
        run(*map(bits, args[:-1]), bits(own), *map(bits, [own, *outs[1:]]), size=size)
        for out, right in zip([own, *outs[1:]], expected, strict=True):
            assert same_bits(out, right)


@pytest.mark.parametrize("name", TYPES)
def test_invalid_product(ptx, name):
    args = invalid_product(dtype_of(name))
    for which in (ELEMENTS, PACKETS):
        run = ptx.Kernel(kernel(gelu_simd.gelu_backward, args[0].dtype, which), 90)
        result = np.zeros_like(args[0])
        run(*map(bits, args), bits(result), size=threads(result, which))
        assert np.isnan(result).all()


@pytest.mark.exhaustive
@needs_fused
def test_every_float32(ptx, ufunc):
    run = ptx.Kernel(kernel(ufunc, np.dtype(np.float32), PACKETS), 90)

    def check(start: int) -> bool:
        x = quiet(patterns(np.dtype(np.float32), start, start + (1 << 22)))
        args, result = operands(ufunc, x), np.zeros_like(x)
        run(*map(bits, args), bits(result), size=threads(x, PACKETS))
        return same_bits(result, on_fused_level(ufunc, *args))

    # One level for all threads: `using` in one must not end it for another.
    with using(fused_level()), ThreadPoolExecutor() as pool:
        assert all(pool.map(check, range(0, 1 << 32, 1 << 22)))
