"""The results of each level against the reference and against the other levels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gelu_simd import _ufuncs
from gelu_simd._check import inputs, oracle
from gelu_simd._check.bits import Array, bits, is_nan
from gelu_simd._functions import PRODUCT_OF, limit
from gelu_simd._levels import BITS, using
from gelu_simd._types import TYPES

Point = tuple[float, ...]  # the operands of one result


GRADIENTS = 256  # dy for each x of a type of two bytes


class Found(NamedTuple):
    """What one level did on a block of inputs."""

    inputs: int
    error: float  # the largest
    at: Point  # where it occurs
    differs: Point | None  # the first input where a fused level is not like the best one


class Result(NamedTuple):
    """What one level did on all inputs of a function and type, and its limit."""

    function: str
    dtype: np.dtype
    level: str
    found: Found
    limit: float

    @property
    def ok(self) -> bool:
        """Whether the limit is kept, and the bits are those of the other fused levels."""
        return self.found.error <= self.limit and self.found.differs is None


def evaluate(function: str, level: str, operands: Sequence[Array]) -> Array:
    """Return what `function` gives on `level`."""
    with using(level), np.errstate(all="ignore"):
        return _ufuncs.ufuncs[function](*operands)


def product(function: str, level: str, dy: Array, x: Array) -> Array:
    """Return what a backward function shall give: dy times the derivative, by bits.

    In a type of two bytes it is the result in float32, rounded.
    """
    with np.errstate(all="ignore"):
        if TYPES[x.dtype.name].enumerable:
            wide = evaluate(function, level, [dy.astype(np.float32), x.astype(np.float32)])
            return wide.astype(x.dtype)
        return dy * evaluate(PRODUCT_OF[function], level, [x])


def different(a: Array, b: Array) -> NDArray[np.bool_]:
    """Tell where the bits differ, all NaNs being one."""
    return (bits(a) != bits(b)) & ~(is_nan(a) & is_nan(b))


def examine(
    function: str, levels: Sequence[str], block: Callable[[], Array], seed: int
) -> list[Found]:
    """Judge each level on one block; results on which levels agree are judged once.

    The error of a backward function is 0 where it gives the bits of `product`, else infinite.
    """
    x = block()
    backward = function in PRODUCT_OF
    operands = [inputs.random_bits(x.dtype, x.size, seed), x] if backward else [x]
    found = []
    for level in levels:
        got = evaluate(function, level, operands)
        if level == levels[0]:
            best = got
        other = different(got, best)
        if backward:
            error = np.where(different(got, product(function, level, *operands)), np.inf, 0.0)
        elif level == levels[0]:
            error = best_error = oracle.ulp_error(function, x, got)
        else:
            error = best_error.copy()
            error[other] = oracle.ulp_error(function, x[other], got[other])
        worst = error.argmax()
        differs = BITS[level] == BITS[levels[0]] and other.any()
        found.append(
            Found(
                x.size,
                float(error[worst]),
                _point(operands, worst),
                _point(operands, other.argmax()) if differs else None,
            )
        )
    return found


def _point(operands: Sequence[Array], index: np.intp) -> Point:
    return tuple(float(operand[index]) for operand in operands)


def plan(
    function: str, dtype: np.dtype, samples: int, exhaustive: bool
) -> list[Callable[[], Array]]:
    """Return the blocks of inputs for any function."""
    blocks = inputs.blocks(PRODUCT_OF.get(function, function), dtype, samples, exhaustive)
    return blocks * GRADIENTS if function in PRODUCT_OF and TYPES[dtype.name].enumerable else blocks


def conclude(
    function: str, dtype: np.dtype, levels: Sequence[str], parts: Iterable[list[Found]]
) -> list[Result]:
    """Put the parts' findings together, level by level."""
    results = []
    for level, found in zip(levels, zip(*parts, strict=True), strict=True):
        worst = max(found, key=lambda part: part.error)
        differs = next((part.differs for part in found if part.differs), None)
        whole = Found(sum(part.inputs for part in found), worst.error, worst.at, differs)
        most = 0.0 if function in PRODUCT_OF else limit(function, dtype.name)
        results.append(Result(function, dtype, level, whole, most))
    return results


def check(function: str, dtype: np.dtype, levels: Sequence[str], samples: int) -> list[Result]:
    """Check one function and type in this process, on a sample."""
    blocks = plan(function, dtype, samples, exhaustive=False)
    parts = (examine(function, levels, block, seed) for seed, block in enumerate(blocks))
    return conclude(function, dtype, levels, parts)
