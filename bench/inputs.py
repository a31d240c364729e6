"""The types and arrays that the benchmarks run on, and the state of the allocator they run in."""

import functools

import numpy as np

SIZES = {
    "1": 1,
    "64": 64,
    "1Ki": 1 << 10,
    "16Ki": 1 << 14,
    "256Ki": 1 << 18,
    "4Mi": 1 << 22,
    "16Mi": 1 << 24,
}


@functools.cache
def _largest(dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = max(SIZES.values())
    rng = np.random.default_rng(20)
    x = (2 * rng.standard_normal(n)).astype(dtype)
    dy = (2 * rng.standard_normal(n)).astype(dtype)
    out = np.full_like(x, np.nan)  # written once, so that its pages exist
    return x, dy, out


def arrays(dtype: str, size: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x and dy, both 2*N(0, 1) from a fixed seed, and an array for the result."""
    x, dy, out = (a[: SIZES[size]] for a in _largest(dtype))
    return x, dy, out


def reuse_freed_memory() -> None:
    """Give the formulas their best case, whatever ran before.

    In a fresh process glibc returns the memory of each large temporary to the system, and the next
    one pays for its pages again: x*x*x at 256 Ki takes 4 times as long. Once an array of up to
    32 MiB has been freed, glibc keeps the memory of smaller ones.
    """
    np.empty(31 << 20, np.uint8)
