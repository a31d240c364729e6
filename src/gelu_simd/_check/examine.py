"""The results of each level against the reference and against the other levels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gelu_simd import _ufuncs
from gelu_simd._check import inputs, oracle
from gelu_simd._check.bits import Array, bits, is_nan
from gelu_simd._functions import ELEMENTARY, FUNCTIONS, limit
from gelu_simd._levels import BITS, using
from gelu_simd._types import TYPES

Point = tuple[float, ...]  # the operands of one result

#: Numbers beside each number of the last operand, if all of its numbers are checked.
COMPANIONS = 256


class Finding(NamedTuple):
    """The largest error of one level on a block of inputs, and a difference between levels."""

    inputs: int
    error: float  # the largest
    at: Point  # where it occurs
    differs: Point | None  # the first input with other bits than on the best level, if of its group


class Result(NamedTuple):
    """The finding of one level on all inputs of a function and type, and the limit."""

    function: str
    dtype: np.dtype
    level: str
    finding: Finding
    limit: float

    @property
    def ok(self) -> bool:
        """Whether the error is within the limit, and the bits are those of the level's group."""
        return self.finding.error <= self.limit and self.finding.differs is None


class ModeError(Exception):
    """The reference cannot be computed in this floating-point mode."""


def require_default_mode() -> None:
    """Raise ModeError unless NumPy rounds to nearest and keeps subnormal numbers.

    The functions give the same bits in every mode; the reference, computed by NumPy, does not.
    """
    one, least = np.ones(1), np.full(1, np.finfo(float).smallest_normal)
    step, quarter = 2.0**-52, 2.0**-54  # from 1 to the next number, and a part of it
    is_nearest = one + quarter == 1, -one - quarter == -1, (one + step) - quarter == 1 + step
    if not all(is_nearest) or least / 2 == 0 or (least / 2) * 2 == 0:
        raise ModeError(
            "this process rounds otherwise than to nearest, or flushes subnormal numbers to zero: "
            "a library that it has loaded changed the floating-point mode"
        )


def evaluate(function: str, level: str, operands: Sequence[Array]) -> tuple[Array, ...]:
    """Return the results of `function` on `level`."""
    with using(level), np.errstate(all="ignore"):
        results = _ufuncs.ufuncs[function](*operands)
    return results if isinstance(results, tuple) else (results,)


def composed(function: str, level: str, operands: Sequence[Array]) -> tuple[Array, ...]:
    """Return the right results of a composed function, bit by bit."""
    composition = FUNCTIONS[function].composition

    def factor(name: str, x: Array) -> Array:
        return evaluate(name, level, [x])[0]

    dtype = operands[0].dtype
    if composition.rounds_once:
        operands = [x.astype(TYPES[dtype.name].lane) for x in operands]
    factors = [partial(factor, name) for name in composition.factors]
    with np.errstate(all="ignore"):
        return tuple(y.astype(dtype) for y in composition.compute(*factors, *operands))


def different(a: Array, b: Array) -> NDArray[np.bool_]:
    """Tell where the bits differ, all NaNs being one."""
    return (bits(a) != bits(b)) & ~(is_nan(a) & is_nan(b))


def examine(
    function: str, levels: Sequence[str], block: Callable[[], Array], seed: int
) -> list[Finding]:
    """Judge each level on one block; results that are equal on several levels are judged once.

    The error of a composed function is 0 where it gives the bits of `composed`, else infinite.
    """
    x = block()
    is_composed = function not in ELEMENTARY
    others = len(FUNCTIONS[function].operands) - 1
    operands = [*(inputs.companion(x.dtype, x.size, (seed, k)) for k in range(others)), x]
    findings = []
    for level in levels:
        got = evaluate(function, level, operands)
        if level == levels[0]:
            best = got
        other = np.any([different(*pair) for pair in zip(got, best, strict=True)], axis=0)
        if is_composed:
            right = composed(function, level, operands)
            wrong = [different(*pair) for pair in zip(got, right, strict=True)]
            error = np.where(np.any(wrong, axis=0), np.inf, 0.0)
        elif level == levels[0]:
            error = best_error = oracle.ulp_error(function, x, got[0])
        else:
            error = best_error.copy()
            error[other] = oracle.ulp_error(function, x[other], got[0][other])
        worst = error.argmax()
        differs = BITS[level] == BITS[levels[0]] and other.any()
        findings.append(
            Finding(
                x.size,
                float(error[worst]),
                _point(operands, worst),
                _point(operands, other.argmax()) if differs else None,
            )
        )
    return findings


def _point(operands: Sequence[Array], index: np.intp) -> Point:
    return tuple(float(operand[index]) for operand in operands)


def plan(
    function: str, dtype: np.dtype, samples: int, exhaustive: bool
) -> list[Callable[[], Array]]:
    """Return the blocks of inputs for any function."""
    row = FUNCTIONS[function]
    elementary = function if row.composition is None else row.composition.factors[0]
    blocks = inputs.blocks(elementary, dtype, samples, exhaustive)
    return blocks * COMPANIONS if len(row.operands) > 1 and TYPES[dtype.name].enumerable else blocks


def conclude(
    function: str, dtype: np.dtype, levels: Sequence[str], parts: Iterable[list[Finding]]
) -> list[Result]:
    """Merge the findings of the parts, level by level."""
    results = []
    for level, findings in zip(levels, zip(*parts, strict=True), strict=True):
        worst = max(findings, key=lambda part: part.error)
        differs = next((part.differs for part in findings if part.differs), None)
        whole = Finding(sum(part.inputs for part in findings), worst.error, worst.at, differs)
        most = limit(function, dtype.name) if function in ELEMENTARY else 0.0
        results.append(Result(function, dtype, level, whole, most))
    return results


def check(function: str, dtype: np.dtype, levels: Sequence[str], samples: int) -> list[Result]:
    """Check one function and type in this process, on a sample."""
    blocks = plan(function, dtype, samples, exhaustive=False)
    parts = (examine(function, levels, block, seed) for seed, block in enumerate(blocks))
    return conclude(function, dtype, levels, parts)
