"""Every function stays within its limit: `_limits.LIMITS`, in the ULP of `_oracle`."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import NamedTuple

import numpy as np
import pytest
from helpers import FUSED, INFO, Array, bits, sample, stratified, using

import gelu_simd
from gelu_simd import _oracle
from gelu_simd._limits import LIMITS
from gelu_simd._progress import Progress

# Inputs once found to be hard; one hard for a function may be so for others.
HARD = [
    "0x1p-149",
    "0x1.6148dep-16",
    "-0x1.6148dep-16",
    "0x1.40d932p-25",
    "-0x1.40d932p-26",
    "-0x1.a1becap-14",
    "0x1.1463f6p-7",
    "-0x1.8280e4p-1",
    "-0x1.f98cc8p+1",
]


def evaluate(function: str, x: Array) -> Array:
    with np.errstate(invalid="ignore"):  # x may hold signalling NaNs
        return getattr(gelu_simd, function)(x)


def check(function: str, dtype: np.dtype, level: str, error: float, x: float) -> None:
    limit = LIMITS[function, dtype.name]
    found = f"{function} {dtype} on {level}: {error:.4f} ULP at {float(x).hex()}"
    assert error <= limit, f"{found}, the limit is {limit}"


def test_error(function: str, dtype: np.dtype, isa: str) -> None:
    hard = np.array([float.fromhex(x) for x in HARD], dtype)
    x = np.concatenate([sample(function, dtype), hard])
    check(function, dtype, isa, *_oracle.worst(function, x, evaluate(function, x)))


# ---------------------------------------------------------------------------------------------
# All float32 inputs, and very many float64 inputs

BLOCK = 1 << 20
BLOCKS = {"float16": 1, "float32": 1 << 12, "float64": 100}


class Found(NamedTuple):
    """The largest error and its input by level, and where the fused levels differ."""

    worst: dict[str, tuple[float, float]]
    different: list[float]


def block(function: str, dtype: np.dtype, index: int) -> Array:
    if dtype == np.float64:
        return stratified(function, dtype, BLOCK, 1000 + index)
    start = index * BLOCK
    patterns = np.arange(start, min(start + BLOCK, 1 << (8 * dtype.itemsize)))
    return patterns.astype(f"u{dtype.itemsize}").view(dtype)


def examine(function: str, dtype: np.dtype, index: int) -> Found:
    """Judge the results on one block; those on which levels agree, once."""
    x = block(function, dtype, index)
    results = {}
    for level in INFO["available"]:
        with using(level):
            results[level] = evaluate(function, x)
    best = results[INFO["available"][0]]
    best_error = _oracle.ulp_error(function, x, best)
    worst, different = {}, []
    for level, got in results.items():
        error = best_error.copy()
        other = bits(got) != bits(best)
        error[other] = _oracle.ulp_error(function, x[other], got[other])
        worst[level] = float(error.max()), float(x[error.argmax()])
        if level in FUSED:
            different += x[other & ~np.isnan(x)].tolist()
    return Found(worst, different[:10])


def merge(parts: Iterable[Found]) -> Found:
    worst, different = {}, []
    for part in parts:
        for level, found in part.worst.items():
            worst[level] = max(worst.get(level, (-1.0, 0.0)), found)
        different += part.different
    return Found(worst, different)


@pytest.mark.exhaustive
def test_error_exhaustively(
    function: str, dtype: np.dtype, capsys: pytest.CaptureFixture[str]
) -> None:
    total = BLOCKS[dtype.name]
    found = []
    # Processes, since the oracle's array operations are too short for threads to overlap; spawned,
    # since a process with threads is not safe to fork.
    spawn = multiprocessing.get_context("spawn")
    with capsys.disabled(), Progress() as progress, ProcessPoolExecutor(None, spawn) as pool:
        print(f"\n{function} {dtype}")
        jobs = [pool.submit(examine, function, dtype, index) for index in range(total)]
        for done, job in enumerate(as_completed(jobs), 1):
            found.append(job.result())
            progress.update(done, total)
            if not sys.stderr.isatty() and done * 10 // total > (done - 1) * 10 // total:
                print(f"  {100 * done // total:3d} %", flush=True)
    found = merge(found)
    with capsys.disabled():
        for level in INFO["built"]:
            if level in found.worst:
                error, x = found.worst[level]
                print(f"  {level:<8}  {error:.4f} ULP at {x.hex()}")
            else:
                print(f"  {level:<8}  not tested: this CPU cannot run it")
    for level, (error, x) in found.worst.items():
        check(function, dtype, level, error, x)
    assert not found.different, [x.hex() for x in found.different[:10]]
