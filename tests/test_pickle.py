"""Pickles and copies are the ufunc itself, found by its public name."""

from __future__ import annotations

import copy
import io
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

import gelu_simd

NAMES = [
    "gelu",
    "gelu_tanh",
    "gelu_grad",
    "gelu_tanh_grad",
    "gelu_backward",
    "gelu_tanh_backward",
]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Unpickler(pickle.Unpickler):
    """Notes what the pickle looks up."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.found: list[tuple[str, str]] = []

    def find_class(self, module: str, name: str) -> object:
        self.found.append((module, name))
        return super().find_class(module, name)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", NAMES)
def test_pickle(name: str, protocol: int) -> None:
    ufunc = getattr(gelu_simd, name)
    unpickler = Unpickler(pickle.dumps(ufunc, protocol))
    assert unpickler.load() is ufunc
    assert unpickler.found == [("gelu_simd", name)]


@pytest.mark.parametrize("name", NAMES)
def test_copy(name: str) -> None:
    ufunc = getattr(gelu_simd, name)
    assert copy.copy(ufunc) is ufunc
    assert copy.deepcopy(ufunc) is ufunc
    assert copy.deepcopy({"activation": [ufunc]})["activation"][0] is ufunc


def test_unpickling_imports_the_package() -> None:
    """In a process that has imported nothing: the ufuncs are those of a later import."""
    pickles = [
        (name, [pickle.dumps(getattr(gelu_simd, name), protocol) for protocol in PROTOCOLS])
        for name in NAMES
    ]
    code = (
        "import pickle, sys\n"
        "loaded = [(n, [pickle.loads(p) for p in ps]) for n, ps in pickle.load(sys.stdin.buffer)]\n"
        "import gelu_simd\n"
        "assert all(u is getattr(gelu_simd, n) for n, us in loaded for u in us)\n"
        "print(sum(len(us) for _, us in loaded))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(pickles), capture_output=True, check=False
    )
    assert done.stderr == b""
    assert int(done.stdout) == len(NAMES) * len(PROTOCOLS)


def test_process_pool() -> None:
    """Functions and results cross to processes that start afresh."""
    x = np.linspace(-5, 5, 100)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        for name in NAMES:
            ufunc = getattr(gelu_simd, name)
            args = [x] * ufunc.nin
            assert pool.submit(ufunc, *args).result().tobytes() == ufunc(*args).tobytes()
