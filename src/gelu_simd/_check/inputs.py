"""The inputs that the functions are checked on: all of a type, or the hard ones and random ones."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gelu_simd._check import oracle
from gelu_simd._check.bits import Array, bits, bits_type, neighbours, quiet
from gelu_simd._measured import MEASURED
from gelu_simd._types import TYPES, finfo

#: Inputs of a block at most, but for the edges; larger arrays cost page faults.
BLOCK = 1 << 16

#: Distance of the bit patterns in a sample of all float32 numbers.
STEP = 997

# Inputs with large errors in some version of some function; they may be hard for others too.
HARD = [
    "0x1p-149",
    "0x1.6148dep-16",
    "-0x1.6148dep-16",
    "0x1.40d932p-25",
    "-0x1.40d932p-26",
    "-0x1.a1becap-14",
    "0x1.1463f6p-7",
    "-0x1.8280e4p-1",
]


def blocks(
    function: str, dtype: np.dtype, samples: int, exhaustive: bool = False
) -> list[Callable[[], Array]]:
    """Return functions that return the inputs to check `function` on, block by block.

    These are all numbers of a type that is enumerable, all 2^32 of float32 if `exhaustive`.
    Otherwise they are the hard cases, the edges and `samples` random numbers, for float32 also
    every `STEP`-th number.
    """
    numbers = 1 << 8 * dtype.itemsize
    if TYPES[dtype.name].enumerable or (exhaustive and numbers <= 1 << 32):
        return [partial(patterns, dtype, i, i + BLOCK) for i in range(0, numbers, BLOCK)]
    result: list[Callable[[], Array]] = [partial(hard, dtype), partial(edges, function, dtype)]
    if numbers == 1 << 32:
        length = BLOCK * STEP
        result += [partial(patterns, dtype, i, i + length, STEP) for i in range(0, numbers, length)]
    for start in range(0, samples, BLOCK):
        size = min(BLOCK, samples - start)
        result.append(partial(stratified, function, dtype, size, start // BLOCK))
    return result


def first(test: Callable[[Array], bool], start: float, stop: float, dtype: np.dtype) -> np.floating:
    """First number from `start` to `stop` for which `test` holds (bisection over bits)."""
    patterns = range(*(int(bits(dtype.type(x))) for x in (start, stop)))
    as_type = bits_type(dtype).type

    def key(pattern: int) -> bool:
        return test(as_type(pattern).view(dtype))

    return as_type(patterns[bisect.bisect_left(patterns, True, key=key)]).view(dtype)


def patterns(dtype: np.dtype, start: int, stop: int, step: int = 1) -> Array:
    """Return the numbers whose bits are range(start, stop, step), up to the last pattern."""
    stop = min(stop, 1 << 8 * dtype.itemsize)
    return np.arange(start, stop, step).astype(bits_type(dtype)).view(dtype)


def hard(dtype: np.dtype) -> Array:
    """Return `HARD`, and the inputs of the largest errors published."""
    inputs = HARD + [largest.x for largest in MEASURED.values()]
    return np.array([float.fromhex(x) for x in dict.fromkeys(inputs)]).astype(dtype)


def special(dtype: np.dtype) -> Array:
    """Return zeros, infinities, quiet NaNs, the ends of the range and some ordinary numbers."""
    info = finfo(dtype)
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


def companion(dtype: np.dtype, size: int, seed: Sequence[int]) -> Array:
    """Return numbers for another operand: half of them random bits, the others in (-8, 8)."""
    rng = np.random.default_rng(seed)
    x = quiet(np.frombuffer(rng.bytes(size * dtype.itemsize), dtype)).copy()
    x[1::4] = rng.uniform(-1, 1, x[1::4].size).astype(dtype)
    x[3::4] = rng.uniform(-8, 8, x[3::4].size).astype(dtype)
    return x


def stratified(function: str, dtype: np.dtype, size: int, seed: int) -> Array:
    """Return random numbers: half near 0, the others in the tail, next to the root, anywhere."""
    rng = np.random.default_rng(seed)
    part = size // 6
    info = finfo(dtype)
    root = oracle.root(function)
    distance = np.exp2(rng.uniform(-info.nmant - 2, -1, part))
    end = oracle.inverse_exponent(function, (info.nmant - info.minexp + 1) * np.log(2))
    x = [
        rng.normal(0, 2, size - 3 * part),
        rng.uniform(-end, 0, part),
        root + rng.choice([-1, 1], part) * distance,
    ]
    return np.concatenate([*(y.astype(dtype) for y in x), random_bits(dtype, part, seed)])


def is_subnormal(function: str, x: Array) -> NDArray[np.bool_]:
    """Tell where the exact result lies strictly between 0 and the smallest normal number."""
    high, low, exponent = oracle.reference(function, x)
    exponent = exponent + oracle.binade(high, low)
    return (high != 0) & np.isfinite(high) & (exponent <= finfo(x.dtype).minexp)


def vanishes(function: str, x: Array) -> NDArray[np.bool_]:
    """Tell where the exact result rounds to -0."""
    return oracle.ulp_error(function, x, np.full_like(x, -0.0)) <= 0.5


def edges(function: str, dtype: np.dtype) -> Array:
    """Return the neighbours of the places where a kernel or its result changes its form.

    These are: powers of two; where n changes in exp(-z) = 2^n exp(h), up to the clamp of t (its
    n is an integer, the others lie half-way); the root and the limits of the polynomial around it;
    the ends of the tail; zeros, infinities and NaNs.
    """
    info = finfo(dtype)
    last = info.nmant - info.minexp + 64
    path = [
        np.exp2(np.arange(info.minexp, info.maxexp - 1)),
        oracle.inverse_exponent(function, np.arange(0.5, last, 0.5) * np.log(2)),
    ]
    root = oracle.root(function)
    near = np.array([0.125, 0.18, 0.1875, 0.26])  # the kernels' limits, whichever theirs is
    path = np.concatenate([*path, root - near, root + near])
    end = oracle.end(function)
    tail = [first(partial(test, function), -4, end, dtype) for test in (is_subnormal, vanishes)]
    dense = [root, -root, 0.75, *tail]
    return np.concatenate(
        [
            neighbours(np.concatenate([path, -path]), dtype, 8),
            neighbours(dense, dtype, 5000),
            special(dtype),
        ]
    )
