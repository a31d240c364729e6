"""Memory that several processes share, and files mapped into memory: changed in place."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
from helpers import same_bits

import gelu_simd

SIZE, PROCESSES = 100_003, 2


def in_place(name: str, part: slice) -> None:
    """Replace a part of the shared numbers by their gelu, in another process."""
    memory = SharedMemory(name)
    x = np.ndarray(SIZE, np.float32, memory.buf)[part]
    gelu_simd.gelu(x, out=x)
    del x
    memory.close()


def test_processes_share_one_array() -> None:
    """Nothing but its name and the bounds crosses to the processes."""
    source = np.linspace(-8, 8, SIZE, dtype=np.float32)
    memory = SharedMemory(create=True, size=source.nbytes)
    try:
        x = np.ndarray(SIZE, np.float32, memory.buf)
        x[:] = source
        middle = SIZE // PROCESSES
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
            parts = [slice(0, middle), slice(middle, SIZE)]
            list(pool.map(in_place, [memory.name] * PROCESSES, parts))
        result = x.copy()
        del x
    finally:
        memory.close()
        memory.unlink()
    assert same_bits(result, gelu_simd.gelu(source))


def test_memmap_in_place(tmp_path: Path) -> None:
    """The file changes."""
    source = np.linspace(-8, 8, SIZE, dtype=np.float32)
    path = tmp_path / "x.npy"
    np.save(path, source)
    x = np.load(path, mmap_mode="r+")
    assert gelu_simd.gelu(x, out=x) is x
    x.flush()
    del x
    assert same_bits(np.load(path), gelu_simd.gelu(source))


def test_memmap_read_only(tmp_path: Path) -> None:
    """The result is a plain array in memory."""
    source = np.linspace(-8, 8, SIZE, dtype=np.float32)
    path = tmp_path / "x.npy"
    np.save(path, source)
    x = np.load(path, mmap_mode="r")
    y = gelu_simd.gelu(x)
    assert type(y) is np.ndarray
    assert same_bits(y, gelu_simd.gelu(source))
    assert same_bits(np.load(path), source)
