"""The same bits from every fused level, and on each level for every length, place and stride."""

from __future__ import annotations

import ctypes
import itertools
import mmap
import random

import numpy as np
import pytest
from helpers import (
    FUSED,
    INFO,
    each_shape,
    elementary,
    every_level,
    one_nan,
    posix,
    results,
    same_bits,
    sample,
)

from gelu_simd._check.bits import Array, bits
from gelu_simd._check.inputs import companion, random_bits, special
from gelu_simd._levels import using

LANES = 32  # at least as many as any level handles at once
LENGTHS = range(4 * LANES + 4)
SENTINEL = 0xA5


def operands(ufunc: np.ufunc, dtype: np.dtype, size: int) -> list[Array]:
    """Return inputs that a misplaced element would not go unnoticed in."""
    rng = np.random.default_rng(11)
    x = rng.normal(0, 3, size).astype(dtype)
    some = special(dtype)
    x[rng.choice(size, some.size, replace=False)] = some
    return [*(rng.normal(0, 1, size).astype(dtype) for _ in range(ufunc.nin - 1)), x]


@pytest.fixture(autouse=True)
def quietly():
    """Let products of special values overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        yield


# ---------------------------------------------------------------------------------------------
# Between levels


@pytest.mark.parametrize("pair", list(itertools.combinations(FUSED, 2)), ids="-".join)
def test_fused_levels_agree(ufunc: np.ufunc, dtype: np.dtype, pair: tuple[str, str]) -> None:
    for level in pair:
        if level not in INFO["available"]:
            pytest.skip(f"this CPU cannot run the level {level}")
    x = np.concatenate([sample(elementary(ufunc), dtype), random_bits(dtype, 500_000, 6)])
    args = [*(companion(dtype, x.size, [7, k]) for k in range(ufunc.nin - 1)), x]
    of_levels = []
    for level in pair:
        with using(level):
            of_levels.append([one_nan(y) for y in results(ufunc(*args))])
    for ours, theirs in zip(*of_levels, strict=True):
        differ = bits(ours) != bits(theirs)
        assert not differ.any(), [float(v).hex() for v in x[differ][:5]]


# ---------------------------------------------------------------------------------------------
# Lengths and places in memory


def buffer(dtype: np.dtype, size: int, offset: int) -> tuple[np.ndarray, Array]:
    """Return memory with recognisable contents, and `size` elements of it.

    The elements begin `offset` bytes after a multiple of 64 bytes, itself at least 64 bytes in.
    """
    memory = np.full(size * dtype.itemsize + 256, SENTINEL, np.uint8)
    start = 64 + (-memory.ctypes.data) % 64 + offset
    return memory, memory[start : start + size * dtype.itemsize].view(dtype)


def assert_results(outs: list[Array], expected: tuple[Array, ...], *about: object) -> None:
    for out, right in zip(outs, expected, strict=True):
        assert same_bits(np.ascontiguousarray(out), right), about


def check_guards(memory: np.ndarray, array: Array) -> None:
    start = array.ctypes.data - memory.ctypes.data
    assert (memory[:start] == SENTINEL).all()
    assert (memory[start + array.nbytes :] == SENTINEL).all()


@every_level
@each_shape
def test_every_length_and_alignment(ufunc: np.ufunc, dtype: np.dtype) -> None:
    source = operands(ufunc, dtype, 4096)
    full = results(ufunc(*source))
    places = 64 // dtype.itemsize
    for n in LENGTHS:
        for k in range(places):
            # As n grows, every pair of alignments of an input and an output comes up.
            offsets = [
                ((3 * j * k + k + j * n) % places) * dtype.itemsize for j in range(ufunc.nargs)
            ]
            start = (31 * n + 7 * k) % (4096 - n)
            part = slice(start, start + n)
            args = []
            for values, offset in zip(source, offsets, strict=False):
                args.append(buffer(dtype, n, offset)[1])
                args[-1][:] = values[part]
            written = [buffer(dtype, n, offset) for offset in offsets[ufunc.nin :]]
            ufunc(*args, out=tuple(out for _, out in written))
            assert_results([out for _, out in written], [y[part] for y in full], n, offsets)
            for memory, out in written:
                check_guards(memory, out)


@every_level
@each_shape
def test_not_aligned_to_the_element(ufunc: np.ufunc, dtype: np.dtype) -> None:
    source = operands(ufunc, dtype, 200)
    full = results(ufunc(*source))
    for n, offset in itertools.product([1, 31, 97, 200], range(1, dtype.itemsize)):
        args = []
        for values in source:
            args.append(buffer(dtype, n, offset)[1])
            args[-1][:] = values[:n]
        written = [buffer(dtype, n, dtype.itemsize - offset) for _ in range(ufunc.nout)]
        ufunc(*args, out=tuple(out for _, out in written))
        assert_results([out for _, out in written], [y[:n] for y in full])
        for memory, out in written:
            assert not out.flags.aligned
            check_guards(memory, out)


def page_between_forbidden_ones() -> np.ndarray:
    """Return one page of memory; touching the byte before or after it is fatal."""
    size = mmap.PAGESIZE
    pages = np.frombuffer(mmap.mmap(-1, 3 * size), np.uint8)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for start in (0, 2 * size):
        if libc.mprotect(pages.ctypes.data + start, size, 0) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")
    return pages[size : 2 * size]


@every_level
@posix
@each_shape
def test_nothing_beyond_the_ends_is_touched(ufunc: np.ufunc, dtype: np.dtype) -> None:
    source = operands(ufunc, dtype, LENGTHS[-1])
    full = results(ufunc(*source))
    pages = [page_between_forbidden_ones().view(dtype) for _ in range(ufunc.nargs)]
    for n in LENGTHS[1:]:
        for place in (slice(0, n), slice(-n, None)):
            args = [page[place] for page in pages]
            for arg, values in zip(args, source, strict=False):
                arg[:] = values[:n]
            ufunc(*args)
            assert_results(args[ufunc.nin :], [y[:n] for y in full])


# ---------------------------------------------------------------------------------------------
# Strides

# Lengths below a vector, between vectors, and around the blocks of the strided loop.
SOME_LENGTHS = (1, 7, 45, 511, 1024, 2083)


def strided(dtype: np.dtype, n: int, stride: int) -> tuple[np.ndarray, Array]:
    """Return memory with recognisable contents and n elements of it, `stride` elements apart."""
    memory, elements = buffer(dtype, max(1, n * abs(stride)), dtype.itemsize)
    if stride == 0:
        return memory, np.lib.stride_tricks.as_strided(elements, (n,), (0,))
    return memory, elements[::stride][:n]


def combinations(ufunc: np.ufunc) -> list[tuple[int, ...]]:
    """Return strides of all operands: every combination, or 300 of them."""
    inputs, outputs = (0, 1, 2, 3, 17, -1, -3), (1, 2, 3, 17, -1, -3)
    every = list(itertools.product(*[inputs] * ufunc.nin, *[outputs] * ufunc.nout))
    return every if len(every) < 300 else random.Random(1).sample(every, 300)


@every_level
@each_shape
@pytest.mark.parametrize("n", SOME_LENGTHS)
def test_every_combination_of_strides(ufunc: np.ufunc, n: int, dtype: np.dtype) -> None:
    source = operands(ufunc, dtype, 3000)
    for steps in combinations(ufunc):
        args = []
        for values, step in zip(source, steps, strict=False):
            args.append(strided(dtype, n, step)[1])
            args[-1][:] = values[:n] if step else values[0]
        expected = results(ufunc(*(np.ascontiguousarray(arg) for arg in args)))
        written = [strided(dtype, n, step) for step in steps[ufunc.nin :]]
        ufunc(*args, out=tuple(out for _, out in written))
        assert_results([out for _, out in written], expected, steps)
        for memory, out in written:
            out.view(f"u{dtype.itemsize}")[:] = int.from_bytes([SENTINEL] * dtype.itemsize)
            assert (memory == SENTINEL).all(), steps


@every_level
@each_shape
@pytest.mark.parametrize("shape", [(3, 5), (45, 67), (2, 1100)])
def test_two_dimensions(ufunc: np.ufunc, shape: tuple[int, int], dtype: np.dtype) -> None:
    size = shape[0] * shape[1]
    source = [values[:size].reshape(shape) for values in operands(ufunc, dtype, 3100)]
    expected = results(ufunc(*source))
    layouts = [
        lambda a: a,
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: np.repeat(a, 3, axis=0)[::3],
        lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    ]
    every = list(itertools.product(layouts, repeat=ufunc.nargs))
    for chosen in every if len(every) < 200 else random.Random(2).sample(every, 200):
        arrays = [*source, *np.zeros((ufunc.nout, *shape), dtype)]
        arrays = [f(a) for f, a in zip(chosen, arrays, strict=True)]
        ufunc(*arrays)
        assert_results(arrays[ufunc.nin :], expected)
    for part in (source[0][:1], source[0][:, :1]):
        args = [np.broadcast_to(part, shape), *source[1:]]
        assert_results(results(ufunc(*args)), results(ufunc(*(arg.copy() for arg in args))))


# ---------------------------------------------------------------------------------------------
# In place


@every_level
@each_shape
@pytest.mark.parametrize("n", SOME_LENGTHS)
@pytest.mark.parametrize("step", [1, 2, -1])
def test_in_place(ufunc: np.ufunc, step: int, n: int, dtype: np.dtype) -> None:
    source = operands(ufunc, dtype, 3000)
    for chosen, place in itertools.product(range(ufunc.nin), range(ufunc.nout)):
        args = [values[:n].copy() for values in source]
        expected = results(ufunc(*args))
        memory, args[chosen] = strided(dtype, n, step)
        args[chosen][:] = source[chosen][:n]
        outs = list(np.zeros((ufunc.nout, n), dtype))
        outs[place] = args[chosen]
        ufunc(*args, *outs)
        assert_results(outs, expected)
        if step == 1:
            check_guards(memory, args[chosen])


@every_level
@each_shape
def test_one_array_for_all_inputs_and_an_output(ufunc: np.ufunc, dtype: np.dtype) -> None:
    for place in range(ufunc.nout):
        x = operands(ufunc, dtype, 500)[0]
        expected = results(ufunc(*[x.copy()] * ufunc.nin))
        outs = list(np.zeros((ufunc.nout, 500), dtype))
        outs[place] = x
        ufunc(*[x] * ufunc.nin, *outs)
        assert_results(outs, expected)


@every_level
@each_shape
@pytest.mark.parametrize("shift", [-33, -1, 1, 33])
def test_overlapping_input_and_output(ufunc: np.ufunc, shift: int, dtype: np.dtype) -> None:
    for place in range(ufunc.nout):
        memory = operands(ufunc, dtype, 600)[-1]
        other = operands(ufunc, dtype, 600)[0][:500]
        args = [other] * (ufunc.nin - 1) + [memory[50:550]]
        expected = results(ufunc(*(arg.copy() for arg in args)))
        outs = list(np.zeros((ufunc.nout, 500), dtype))
        outs[place] = memory[50 + shift : 550 + shift]
        ufunc(*args, *outs)
        assert_results(outs, expected)
