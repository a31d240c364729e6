"""The same bits from every fused level, and on each level for every length, place and stride."""

from __future__ import annotations

import ctypes
import itertools
import mmap

import numpy as np
import pytest
from helpers import FUSED, INFO, every_level, one_nan, posix, same_bits, sample

from gelu_simd._check.bits import Array, bits
from gelu_simd._check.inputs import random_bits, special
from gelu_simd._functions import PRODUCT_OF
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
    function = PRODUCT_OF.get(ufunc.__name__, ufunc.__name__)
    x = np.concatenate([sample(function, dtype), random_bits(dtype, 500_000, 6)])
    args = [*(random_bits(dtype, x.size, 7 + k) for k in range(ufunc.nin - 1)), x]
    results = []
    for level in pair:
        with using(level):
            results.append(one_nan(ufunc(*args)))
    differ = bits(results[0]) != bits(results[1])
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


def check_guards(memory: np.ndarray, array: Array) -> None:
    start = array.ctypes.data - memory.ctypes.data
    assert (memory[:start] == SENTINEL).all()
    assert (memory[start + array.nbytes :] == SENTINEL).all()


@every_level
def test_every_length_and_alignment(ufunc: np.ufunc, dtype: np.dtype) -> None:
    source = operands(ufunc, dtype, 4096)
    full = ufunc(*source)
    places = 64 // dtype.itemsize
    for n in LENGTHS:
        for k in range(places):
            # As n grows, every pair of alignments of input and output comes up.
            input_offsets = [k * dtype.itemsize, ((3 * k + n) % places) * dtype.itemsize]
            output_offset = ((k + n) % places) * dtype.itemsize
            start = (31 * n + 7 * k) % (4096 - n)
            part = slice(start, start + n)
            args = []
            for values, offset in zip(source, input_offsets, strict=False):
                args.append(buffer(dtype, n, offset)[1])
                args[-1][:] = values[part]
            memory, out = buffer(dtype, n, output_offset)
            ufunc(*args, out=out)
            assert same_bits(out, full[part]), (n, input_offsets, output_offset)
            check_guards(memory, out)


@every_level
def test_not_aligned_to_the_element(ufunc: np.ufunc, dtype: np.dtype) -> None:
    source = operands(ufunc, dtype, 200)
    full = ufunc(*source)
    for n, offset in itertools.product([1, 31, 97, 200], range(1, dtype.itemsize)):
        args = []
        for values in source:
            args.append(buffer(dtype, n, offset)[1])
            args[-1][:] = values[:n]
        memory, out = buffer(dtype, n, dtype.itemsize - offset)
        assert not out.flags.aligned
        ufunc(*args, out=out)
        assert same_bits(out, full[:n])
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
def test_nothing_beyond_the_ends_is_touched(ufunc: np.ufunc, dtype: np.dtype) -> None:
    source = operands(ufunc, dtype, LENGTHS[-1])
    full = ufunc(*source)
    pages = [page_between_forbidden_ones().view(dtype) for _ in range(ufunc.nin + 1)]
    for n in LENGTHS[1:]:
        for place in (slice(0, n), slice(-n, None)):
            args = [page[place] for page in pages]
            for arg, values in zip(args, source, strict=False):
                arg[:] = values[:n]
            ufunc(*args)
            assert same_bits(args[-1], full[:n])


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


@every_level
@pytest.mark.parametrize("n", SOME_LENGTHS)
def test_every_combination_of_strides(ufunc: np.ufunc, n: int, dtype: np.dtype) -> None:
    source = operands(ufunc, dtype, 3000)
    for *steps, out_step in itertools.product(
        *[(0, 1, 2, 3, 17, -1, -3)] * ufunc.nin, (1, 2, 3, 17, -1, -3)
    ):
        args = []
        for values, step in zip(source, steps, strict=True):
            args.append(strided(dtype, n, step)[1])
            args[-1][:] = values[:n] if step else values[0]
        expected = ufunc(*(np.ascontiguousarray(arg) for arg in args))
        memory, out = strided(dtype, n, out_step)
        ufunc(*args, out=out)
        assert same_bits(out.copy(), expected), (steps, out_step)
        out.view(f"u{dtype.itemsize}")[:] = int.from_bytes([SENTINEL] * dtype.itemsize)
        assert (memory == SENTINEL).all(), (steps, out_step)


@every_level
@pytest.mark.parametrize("shape", [(3, 5), (45, 67), (2, 1100)])
def test_two_dimensions(ufunc: np.ufunc, shape: tuple[int, int], dtype: np.dtype) -> None:
    size = shape[0] * shape[1]
    source = [values[:size].reshape(shape) for values in operands(ufunc, dtype, 3100)]
    expected = ufunc(*source)
    layouts = [
        lambda a: a,
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: np.repeat(a, 3, axis=0)[::3],
        lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    ]
    for chosen in itertools.product(layouts, repeat=ufunc.nin + 1):
        *args, out = (f(a) for f, a in zip(chosen, [*source, np.zeros(shape, dtype)], strict=True))
        ufunc(*args, out=out)
        assert same_bits(np.ascontiguousarray(out), expected)
    for part in (source[0][:1], source[0][:, :1]):
        args = [np.broadcast_to(part, shape), *source[1:]]
        assert same_bits(ufunc(*args), ufunc(*(arg.copy() for arg in args)))


# ---------------------------------------------------------------------------------------------
# In place


@every_level
@pytest.mark.parametrize("n", SOME_LENGTHS)
@pytest.mark.parametrize("step", [1, 2, -1])
def test_in_place(ufunc: np.ufunc, step: int, n: int, dtype: np.dtype) -> None:
    source = operands(ufunc, dtype, 3000)
    for chosen in range(ufunc.nin):
        args = [values[:n].copy() for values in source]
        expected = ufunc(*args)
        memory, args[chosen] = strided(dtype, n, step)
        args[chosen][:] = source[chosen][:n]
        ufunc(*args, out=args[chosen])
        assert same_bits(args[chosen].copy(), expected)
        if step == 1:
            check_guards(memory, args[chosen])


@every_level
def test_one_array_for_everything(ufunc: np.ufunc, dtype: np.dtype) -> None:
    x = operands(ufunc, dtype, 500)[0]
    expected = ufunc(*[x.copy()] * ufunc.nin)
    ufunc(*[x] * ufunc.nin, out=x)
    assert same_bits(x, expected)


@every_level
@pytest.mark.parametrize("shift", [-33, -1, 1, 33])
def test_overlapping_input_and_output(ufunc: np.ufunc, shift: int, dtype: np.dtype) -> None:
    memory = operands(ufunc, dtype, 600)[-1]
    other = operands(ufunc, dtype, 600)[0][:500]
    x, out = memory[50:550], memory[50 + shift : 550 + shift]
    args = [other] * (ufunc.nin - 1) + [x]
    expected = ufunc(*(arg.copy() for arg in args))
    ufunc(*args, out=out)
    assert same_bits(out, expected)
