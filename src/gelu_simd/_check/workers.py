"""The checks on all cores, in processes.

The oracle's array operations are too short for threads to overlap.  The processes are spawned: a
process with threads is not safe to fork.  There is no thread and no lock in the parent: a signal
handler may raise at any point, and multiprocessing's pools hang then.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from gelu_simd._check.examine import Finding, Result, conclude, examine, plan
from gelu_simd._functions import FUNCTIONS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


class WorkerError(Exception):
    """A worker ended too early."""


def work(jobs: Connection) -> None:
    """Examine the jobs that arrive, until the other end is closed."""
    with suppress(EOFError, ConnectionError):
        while True:
            jobs.send(examine(*jobs.recv()))


@contextmanager
def workers() -> Iterator[list[Connection]]:
    """Start a worker for each core; yield the connections to them."""
    import multiprocessing  # noqa: PLC0415 - the other commands start sooner

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


def compute(jobs: Iterable[tuple]) -> Iterator[list[Finding]]:
    """Yield ``examine(*job)`` of each job, computed on all cores."""
    from multiprocessing.connection import wait  # noqa: PLC0415 - as above

    left = enumerate(jobs)
    numbers: dict[Connection, int] = {}  # of the jobs at work
    findings: dict[int, list[Finding]] = {}
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
                    findings[numbers.pop(connection)] = connection.recv()
            except (EOFError, ConnectionError):
                raise WorkerError("a process that computed for this one was killed") from None
            while following in findings:
                yield findings.pop(following)
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
        if dtype.name in FUNCTIONS[function].types
    }
    total = sum(map(len, plans.values()))
    findings = compute(
        (function, levels, block, seed)
        for (function, _), blocks in plans.items()
        for seed, block in enumerate(blocks)
    )
    done = 0
    for (function, dtype), blocks in plans.items():
        parts = []
        for part in islice(findings, len(blocks)):
            parts.append(part)
            done += 1
            progress(done, total)
        yield conclude(function, dtype, levels, parts)
