"""Pickles and copies are the ufunc itself, found by its public name."""

from __future__ import annotations

import copy
import importlib
import io
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from gelu_simd._ufuncs import records
from helpers import ALL_UFUNCS, name_of, results

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Unpickler(pickle.Unpickler):
    """Records the classes that the pickle looks up."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.classes: list[tuple[str, str]] = []

    def find_class(self, module: str, name: str) -> object:
        self.classes.append((module, name))
        return super().find_class(module, name)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_pickle(ufunc: np.ufunc, protocol: int) -> None:
    unpickler = Unpickler(pickle.dumps(ufunc, protocol))
    assert unpickler.load() is ufunc
    assert unpickler.classes == [(records[ufunc].tier.module, ufunc.__name__)]
    assert getattr(importlib.import_module(records[ufunc].tier.module), ufunc.__name__) is ufunc


def test_copy(ufunc: np.ufunc) -> None:
    assert copy.copy(ufunc) is ufunc
    assert copy.deepcopy(ufunc) is ufunc
    assert copy.deepcopy({"activation": [ufunc]})["activation"][0] is ufunc


def test_unpickling_imports_the_package() -> None:
    """In a process that has imported nothing: the ufuncs are those of a later import."""
    pickles = [(name_of(u), pickle.dumps(u, p)) for u in ALL_UFUNCS for p in PROTOCOLS]
    code = (
        "import pickle, sys\n"
        "loaded = [(name, pickle.loads(data)) for name, data in pickle.load(sys.stdin.buffer)]\n"
        "import gelu_simd\n"
        "print(sum(ufunc is gelu_simd._ufuncs.ufuncs[name] for name, ufunc in loaded))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(pickles), capture_output=True, check=False
    )
    assert done.stderr == b""
    assert int(done.stdout) == len(pickles)


def test_process_pool() -> None:
    """Functions and results cross to processes that start afresh."""
    x = np.linspace(-5, 5, 100, dtype=np.float32)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        for ufunc in ALL_UFUNCS:
            args = [x] * ufunc.nin
            pair = results(pool.submit(ufunc, *args).result()), results(ufunc(*args))
            for theirs, ours in zip(*pair, strict=True):
                assert theirs.tobytes() == ours.tobytes()
