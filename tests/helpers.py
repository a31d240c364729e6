"""What several test files need: the names under test, bit patterns, inputs."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

import gelu_simd
from gelu_simd import _oracle, _ufuncs

Array = NDArray[np.floating]

INFO = gelu_simd.cpu_info()
# The levels with a fused multiply-add, which give the same bits.
FUSED = [level for level in INFO["built"] if level != "portable"]

FUNCTIONS = _oracle.FUNCTIONS
BACKWARD = {"gelu_backward": "gelu_grad", "gelu_tanh_backward": "gelu_tanh_grad"}
UFUNCS = [getattr(gelu_simd, name) for name in (*FUNCTIONS, *BACKWARD)]
DTYPES = [np.dtype(signature[-1]) for signature in gelu_simd.gelu.types]

ROOTS = {"gelu_grad": -0.751791524693564457, "gelu_tanh_grad": -0.752461422071016258}

every_level = pytest.mark.usefixtures("isa")


@contextmanager
def using(level: str) -> Iterator[None]:
    """Use the kernels of `level` inside the ``with`` block."""
    former = _ufuncs.set_isa(level)
    try:
        yield
    finally:
        _ufuncs.set_isa(former)


# ---------------------------------------------------------------------------------------------
# Bit patterns


def bits_type(dtype: np.dtype) -> np.dtype:
    """Return the unsigned integer type as wide as `dtype`."""
    return np.dtype(f"u{dtype.itemsize}")


def bits(x: Array) -> NDArray[np.unsignedinteger]:
    """View floating-point numbers as the integers of the same bits."""
    x = np.asarray(x)
    return x.view(bits_type(x.dtype))


def same_bits(a: Array, b: Array) -> bool:
    """Tell whether `a` and `b` are equal bit for bit, NaNs and zeros included."""
    return a.dtype == b.dtype and np.array_equal(bits(a), bits(b))


def one_nan(x: Array) -> Array:
    """Return x with every NaN replaced by the same one."""
    return np.where(np.isnan(x), x.dtype.type(np.nan), x)


def quiet(x: Array) -> Array:
    """Return x with every NaN made a quiet one."""
    quiet_bit = bits_type(x.dtype).type(1 << (np.finfo(x.dtype).nmant - 1))
    return np.where(np.isnan(x), (bits(x) | quiet_bit).view(x.dtype), x)


def neighbours(x: list[float] | Array, dtype: np.dtype, count: int) -> Array:
    """Return x rounded to dtype, and the `count` numbers on either side of it."""
    steps = np.arange(-count, count + 1).astype(bits_type(dtype))
    return (bits(np.array(x, dtype))[:, None] + steps).view(dtype).ravel()


def first(test: Callable[[Array], bool], start: float, stop: float, dtype: np.dtype) -> np.floating:
    """Return the number from `start` outwards to `stop` at which `test` becomes true."""
    patterns = range(*(int(bits(dtype.type(x))) for x in (start, stop)))
    as_type = bits_type(dtype).type

    def key(pattern: int) -> bool:
        return test(as_type(pattern).view(dtype))

    return as_type(patterns[bisect.bisect_left(patterns, True, key=key)]).view(dtype)


# ---------------------------------------------------------------------------------------------
# Inputs


def special(dtype: np.dtype) -> Array:
    """Return zeros, infinities, quiet NaNs, the ends of the range and some ordinary numbers."""
    info = np.finfo(dtype)
    tiny = info.smallest_subnormal
    x = [0, tiny, 2 * tiny, 3 * tiny, info.smallest_normal - tiny, info.smallest_normal]
    x += [0.5, 1, 1.5, 3, 7, 20, 1e4, info.max, np.inf, np.nan]
    x = np.array(x, dtype)
    payloads = bits(x[-1:]) + np.array([1, 0x55], bits_type(dtype))
    x = np.concatenate([x, payloads.view(dtype)])
    return np.concatenate([x, -x])


def random_bits(dtype: np.dtype, size: int, seed: int) -> Array:
    """Return random bit patterns, with quiet NaNs only."""
    data = np.random.default_rng(seed).bytes(size * dtype.itemsize)
    return quiet(np.frombuffer(data, dtype))


def stratified(function: str, dtype: np.dtype, size: int, seed: int) -> Array:
    """Return random numbers: half near 0, the others in the tail, next to the root, anywhere."""
    rng = np.random.default_rng(seed)
    part = size // 6
    root = ROOTS.get(function, -0.75)
    distance = np.exp2(rng.uniform(-np.finfo(dtype).nmant - 2, -1, part))
    tail = -39 if dtype == np.float64 else -17
    x = [
        rng.normal(0, 2, size - 3 * part),
        rng.uniform(tail, 0, part),
        root + rng.choice([-1, 1], part) * distance,
    ]
    return np.concatenate([*(y.astype(dtype) for y in x), random_bits(dtype, part, seed)])


def inverse_exponent(function: str, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return t > 0 with t^2 / 2 = z, or 2u(t) = a t + b t^3 = z for the tanh form."""
    if "tanh" not in function:
        return np.sqrt(2 * z)
    a = 2 * np.sqrt(2 / np.pi)
    c = 3 * 0.044715
    return 2 / np.sqrt(c) * np.sinh(np.arcsinh(1.5 * z / a * np.sqrt(c)) / 3)


def is_subnormal(function: str, x: Array) -> NDArray[np.bool_]:
    """Tell where the exact result lies strictly between 0 and the smallest normal number."""
    high, _, exponent = _oracle.reference(function, x)
    _, binade = np.frexp(high)
    return (high != 0) & np.isfinite(high) & (binade + exponent <= np.finfo(x.dtype).minexp)


def vanishes(function: str, x: Array) -> NDArray[np.bool_]:
    """Tell where the exact result rounds to -0."""
    return _oracle.ulp_error(function, x, np.full_like(x, -0.0)) <= 0.5


def edges(function: str, dtype: np.dtype) -> Array:
    """Return the neighbours of all where a kernel or its result takes another form.

    These are: powers of two; where n changes in exp(-z) = 2^n exp(h), up to the clamp of t (its
    n is an integer, the others lie half-way); the root and the limits of the polynomial around it;
    the ends of the tail.
    """
    info = np.finfo(dtype)
    last = info.nmant - info.minexp + 64
    path = [
        np.exp2(np.arange(info.minexp, info.maxexp - 1)),
        inverse_exponent(function, np.arange(0.5, last, 0.5) * np.log(2)),
    ]
    root = ROOTS.get(function, -0.75)
    near = root + np.array([-0.65, -0.125, 0.125, 0.65])
    path = np.concatenate([*path, near])
    tail = [
        first(functools.partial(test, function), -4, -64, dtype)
        for test in (is_subnormal, vanishes)
    ]
    dense = [root, -root, 0.75, *tail]
    return np.concatenate(
        [
            neighbours(np.concatenate([path, -path]), dtype, 8),
            neighbours(dense, dtype, 5000),
            special(dtype),
        ]
    )


@functools.cache
def sample(function: str, dtype: np.dtype) -> Array:
    """Return the inputs of the normal run: all of two bytes, every 997th of four bytes."""
    count = {2: 0, 4: 500_000, 8: 2_500_000}[dtype.itemsize]
    x = [stratified(function, dtype, count, 1), edges(function, dtype)]
    if dtype.itemsize < 8:
        step = 997 if dtype.itemsize == 4 else 1
        patterns = np.arange(0, 1 << (8 * dtype.itemsize), step).astype(bits_type(dtype))
        x.append(quiet(patterns.view(dtype)))
    result = np.concatenate(x)
    result.flags.writeable = False
    return result
