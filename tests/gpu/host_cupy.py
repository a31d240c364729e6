"""A stand-in for CuPy, for machines without a GPU: arrays on the host, kernels compiled for it.

It has what `gelu_simd.cupy` uses.  The kernels' text is compiled as it is, but for the instructions
of simd/ptx.h, in whose place host_ptx.h stands.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import tempfile
import time
import types
from pathlib import Path

import numpy as np

PRELUDE = """
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#define __device__
template <class T> struct raw {
    T *p;
    ptrdiff_t n;
    T &operator[](ptrdiff_t k) const { return p[k]; }
    ptrdiff_t size() const { return n; }
};
"""

COMPILER = os.environ.get("CXX", "g++")
# With a fused multiply-add; Arm always has it.
TARGET = [] if platform.machine() in {"aarch64", "arm64"} else ["-march=native"]


def missing() -> str | None:
    """Name the missing compiler for this interpreter, even an emulated one; None if it is there."""
    if shutil.which(COMPILER) is None:
        return COMPILER
    target = subprocess.check_output([COMPILER, "-dumpmachine"], text=True).strip()
    machine = platform.machine()
    return None if target.startswith(machine) else f"a {COMPILER} for {machine}"


class Device:
    """A device: a number."""

    def __init__(self, number: int = 0) -> None:
        self.id = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and self.id == other.id

    __hash__ = None
    mem_info = (1 << 26, 1 << 27)
    attributes = {"L2CacheSize": 1 << 20}  # noqa: RUF012

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def synchronize(self) -> None:
        pass


class Event:
    """A moment."""

    def record(self) -> None:
        self.seconds = time.perf_counter()

    def synchronize(self) -> None:
        pass


class Memory:
    """Where an array begins."""

    def __init__(self, a: np.ndarray) -> None:
        self.ptr = a.ctypes.data

    def copy_from_device_async(self, other: Memory, size: int) -> None:
        ctypes.memmove(self.ptr, other.ptr, size)


class ndarray(np.ndarray):
    """An array that NumPy's ufuncs do not know."""

    def __new__(
        cls, shape: object, dtype: object, memptr: Memory | None = None, order: str = "C"
    ) -> ndarray:
        if memptr is None:
            return empty(shape, np.dtype(dtype), order)
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        block = (ctypes.c_char * size).from_address(memptr.ptr)
        return np.frombuffer(block, dtype).reshape(shape, order=order).view(cls)

    number = 0
    device = property(lambda self: Device(self.number))
    data = property(Memory)
    __array_ufunc__ = None


class ElementwiseKernel:
    """A kernel, compiled when it is first called."""

    def __init__(
        self, in_params, out_params, operation, name, *, preamble, no_return, options
    ) -> None:
        assert no_return
        assert options == ("--std=c++17",)
        self.params = [p.split() for p in f"{in_params}, {out_params}".split(",")]
        self.inputs = len(in_params.split(","))
        self.operation, self.name, self.preamble = operation, name, preamble
        self.function = None

    def compile(self) -> ctypes._CFuncPtr:
        from gelu_simd.cupy import CSRC, source

        ptx, compiler_h = (source(CSRC / "simd" / name) for name in ("ptx.h", "compiler.h"))
        assert ptx in self.preamble
        host = compiler_h + (Path(__file__).parent / "host_ptx.h").read_text()
        lines = [[], []]
        for k, (*kind, dtype, name) in enumerate(self.params):
            t = "bool" if dtype == "bool" else f"{dtype}_t"
            t = f"const {t}" if k < self.inputs else t
            if kind:
                lines[0].append(f"const raw<{t}> {name} = {{({t} *)p[{k}], sizes[{k}]}};")
            else:
                lines[1].append(f"{t} &{name} = (({t} *)p[{k}])[i];")
        text = "\n".join([
            PRELUDE, self.preamble.replace(ptx, host),
            'extern "C" void run(void **p, const ptrdiff_t *sizes, ptrdiff_t n) {', *lines[0],
            "for (ptrdiff_t i = 0; i < n; i++) {", *lines[1], self.operation, ";}}",
        ])  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "kernel.so"
            subprocess.run(
                [COMPILER, *TARGET, "-x", "c++", "-std=c++17", "-pedantic-errors", "-O1",
                 "-ffp-contract=off", "-shared", "-fPIC", "-o", library, "-"],
                input=text, text=True, check=True,
            )  # fmt: skip
            return ctypes.CDLL(str(library)).run

    def __call__(self, *args: ndarray, size: int | None = None) -> None:
        self.function = self.function or self.compile()
        plain = [np.asarray(a) for a in args]
        for (*_, dtype, _), a in zip(self.params, plain, strict=True):
            assert a.dtype == dtype
        inputs, outputs = plain[: self.inputs], plain[self.inputs :]
        if size is None:
            shape, size = outputs[0].shape, outputs[0].size
            assert all(y.shape == shape for y in outputs)
            inputs = [np.ascontiguousarray(np.broadcast_to(a, shape)) for a in inputs]
            results = [np.ascontiguousarray(y) for y in outputs]
        else:
            assert all(a.flags.c_contiguous and a.ctypes.data % 16 == 0 for a in plain)
            results = outputs
        arrays = [*inputs, *results]
        self.function(
            (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays)),
            (ctypes.c_ssize_t * len(arrays))(*(a.size for a in arrays)),
            ctypes.c_ssize_t(size),
        )
        for y, result in zip(outputs, results, strict=True):
            y[...] = result.reshape(y.shape)


def asarray(a: object, dtype: object = None) -> ndarray:
    return np.asarray(a, dtype).view(ndarray)


def asnumpy(a: ndarray) -> np.ndarray:
    return a.view(np.ndarray)


def empty(shape: object, dtype: object, order: str = "C") -> ndarray:
    """Return an array that begins at a multiple of 16 bytes, as those of CuPy do."""
    n = int(np.prod(shape))
    block = np.empty(n * dtype.itemsize + 16, np.uint8)
    start = -block.ctypes.data % 16
    return (
        block[start : start + n * dtype.itemsize]
        .view(dtype)
        .reshape(shape, order=order)
        .view(ndarray)
    )


def full(shape: object, value: object, dtype: np.dtype) -> ndarray:
    """Refuse what CuPy refuses: subclasses of Python's numbers."""
    assert isinstance(value, np.generic) or type(value) in (bool, int, float, complex)
    return np.full(shape, value, dtype).view(ndarray)


def tanh(a: ndarray) -> ndarray:
    return np.tanh(asnumpy(a)).view(ndarray)


def copyto(to: ndarray, a: ndarray, casting: str, where: object) -> None:
    where = True if where is None else np.asarray(where)
    np.copyto(np.asarray(to), np.asarray(a), casting=casting, where=where)


def module() -> types.ModuleType:
    """Return it as a module `cupy`."""
    made = types.ModuleType("cupy")
    made.__version__ = "0"
    pool = types.SimpleNamespace(free_all_blocks=lambda: None)
    made.get_default_memory_pool = lambda: pool
    made.may_share_memory = np.may_share_memory
    made.cuda = types.SimpleNamespace(
        Device=Device,
        Event=Event,
        get_elapsed_time=lambda start, end: 1e3 * (end.seconds - start.seconds),
        runtime=types.SimpleNamespace(
            getDevice=lambda: 0,
            getDeviceProperties=lambda _: {"name": b"none"},
            runtimeGetVersion=lambda: 0,
        ),
    )
    functions = asarray, asnumpy, empty, full, tanh, copyto
    for thing in (ndarray, ElementwiseKernel, *functions):
        setattr(made, thing.__name__, thing)
    return made
