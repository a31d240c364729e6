"""Checks this installation on this CPU against `_oracle`, level by level."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import gelu_simd
from gelu_simd import _inputs, _limits, _oracle, _ufuncs
from gelu_simd._inputs import Array, bits, is_nan

Point = tuple[float, ...]  # the operands of one result

BACKWARD = {"gelu_backward": "gelu_grad", "gelu_tanh_backward": "gelu_tanh_grad"}
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


@contextmanager
def using(level: str) -> Iterator[None]:
    """Use the kernels of `level` inside the ``with`` block."""
    former = _ufuncs.set_isa(level)
    try:
        yield
    finally:
        _ufuncs.set_isa(former)


# ---------------------------------------------------------------------------------------------
# One block


def evaluate(function: str, level: str, operands: Sequence[Array]) -> Array:
    """Return what `function` gives on `level`."""
    with using(level), np.errstate(all="ignore"):
        return getattr(gelu_simd, function)(*operands)


def product(function: str, level: str, dy: Array, x: Array) -> Array:
    """Return what a backward function shall give: dy times the derivative, by bits.

    In a type of two bytes it is the result in float32, rounded.
    """
    with np.errstate(all="ignore"):
        if x.dtype.itemsize == 2:
            wide = evaluate(function, level, [dy.astype(np.float32), x.astype(np.float32)])
            return wide.astype(x.dtype)
        return dy * evaluate(BACKWARD[function], level, [x])


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
    backward = function in BACKWARD
    operands = [_inputs.random_bits(x.dtype, x.size, seed), x] if backward else [x]
    found = []
    for level in levels:
        got = evaluate(function, level, operands)
        if level == levels[0]:
            best = got
        other = different(got, best)
        if backward:
            error = np.where(different(got, product(function, level, *operands)), np.inf, 0.0)
        elif level == levels[0]:
            error = best_error = _oracle.ulp_error(function, x, got)
        else:
            error = best_error.copy()
            error[other] = _oracle.ulp_error(function, x[other], got[other])
        worst = error.argmax()
        differs = _limits.group(level) == "fused" and other.any()
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


# ---------------------------------------------------------------------------------------------
# All blocks


def plan(
    function: str, dtype: np.dtype, samples: int, exhaustive: bool
) -> list[Callable[[], Array]]:
    """Return the blocks of inputs for any function."""
    blocks = _inputs.blocks(BACKWARD.get(function, function), dtype, samples, exhaustive)
    return blocks * GRADIENTS if function in BACKWARD and dtype.itemsize == 2 else blocks


def conclude(
    function: str, dtype: np.dtype, levels: Sequence[str], parts: Iterable[list[Found]]
) -> list[Result]:
    """Put the parts' findings together, level by level."""
    results = []
    for level, found in zip(levels, zip(*parts, strict=True), strict=True):
        worst = max(found, key=lambda part: part.error)
        differs = next((part.differs for part in found if part.differs), None)
        whole = Found(sum(part.inputs for part in found), worst.error, worst.at, differs)
        limit = 0.0 if function in BACKWARD else _limits.limit(function, dtype.name)
        results.append(Result(function, dtype, level, whole, limit))
    return results


def check(function: str, dtype: np.dtype, levels: Sequence[str], samples: int) -> list[Result]:
    """Check one function and type in this process, on a sample."""
    blocks = plan(function, dtype, samples, exhaustive=False)
    parts = (examine(function, levels, block, seed) for seed, block in enumerate(blocks))
    return conclude(function, dtype, levels, parts)


# Processes, since the oracle's array operations are too short for threads to overlap; spawned,
# since a process with threads is not safe to fork.  No thread and no lock stands between them and
# this one, so that a signal handler may raise an exception anywhere, which pools do not survive.


class WorkerError(Exception):
    """A worker ended before it was told to."""


def work(jobs: Connection) -> None:
    """Examine what comes down `jobs`, until the other end is closed."""
    with suppress(EOFError, ConnectionError):
        while True:
            jobs.send(examine(*jobs.recv()))


@contextmanager
def workers() -> Iterator[list[Connection]]:
    """Start a worker for each core; give the connections to them."""
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    processes, connections = [], []
    try:
        # A terminal sends Ctrl-C to every process; a worker inherits that it is ignored.
        former = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for _ in range(min(count, 60)):  # Windows cannot wait for many more
                here, there = context.Pipe()
                process = context.Process(target=work, args=(there,), daemon=True)
                process.start()
                there.close()
                processes.append(process)
                connections.append(here)
        except OSError as exc:
            raise WorkerError(f"cannot start a process: {exc.strerror or exc}") from exc
        finally:
            signal.signal(signal.SIGINT, former)
        yield connections
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()


def compute(jobs: Iterable[tuple]) -> Iterator[list[Found]]:
    """Yield ``examine(*job)`` of each job, computed on all cores."""
    left = enumerate(jobs)
    numbers: dict[Connection, int] = {}  # of the jobs at work
    found: dict[int, list[Found]] = {}
    following = 0  # the next one to yield
    with workers() as connections:
        idle = connections
        while idle:
            try:
                for connection, (number, job) in zip(idle, left, strict=False):
                    connection.send(job)
                    numbers[connection] = number
                idle = wait(list(numbers)) if numbers else []
                for connection in idle:
                    found[numbers.pop(connection)] = connection.recv()
            except (EOFError, ConnectionError):
                raise WorkerError("a process that computed for this one was killed") from None
            while following in found:
                yield found.pop(following)
                following += 1


def check_all(
    functions: Sequence[str],
    dtypes: Sequence[np.dtype],
    levels: Sequence[str],
    samples: int,
    exhaustive: bool,
    progress: Callable[[int, int], None],
) -> Iterator[list[Result]]:
    """Check on all cores; yield the results of one function and type after the other.

    `progress` is called with the number of blocks done and of all blocks.
    """
    plans = {
        (function, dtype): plan(function, dtype, samples, exhaustive)
        for function in functions
        for dtype in dtypes
    }
    total = sum(map(len, plans.values()))
    found = compute(
        (function, levels, block, seed)
        for (function, _), blocks in plans.items()
        for seed, block in enumerate(blocks)
    )
    done = 0
    for (function, dtype), blocks in plans.items():
        parts = []
        for part in islice(found, len(blocks)):
            parts.append(part)
            done += 1
            progress(done, total)
        yield conclude(function, dtype, levels, parts)
