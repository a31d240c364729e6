"""Ufuncs of two outputs: what test_ufunc.py tests of those of one, where it differs.

Results are compared, by bits, with the same ufunc called on one element at a time.
"""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from helpers import DTYPES, TYPES, UFUNCS, dtype_of, one_nan, same_bits
from numpy.typing import NDArray

TWO_OUTPUTS = [ufunc for ufunc in UFUNCS if ufunc.nout == 2]
LONG = 20_011

pytestmark = pytest.mark.parametrize("ufunc", TWO_OUTPUTS, ids=lambda ufunc: ufunc.__name__)


def operands(ufunc: np.ufunc, shape: int | tuple[int, ...], dtype: Any = float) -> list[NDArray]:
    rng = np.random.default_rng(7)
    return [rng.uniform(-6, 6, shape).astype(dtype) for _ in range(ufunc.nin)]


def elementwise(ufunc: np.ufunc, *args: NDArray) -> list[NDArray]:
    elements = np.broadcast(*args)
    pairs = [ufunc(*element) for element in elements]
    return [np.array(y, args[0].dtype).reshape(elements.shape) for y in zip(*pairs, strict=True)]


def assert_same(got: Any, expected: Any) -> None:
    assert len(got) == 2
    for ours, right in zip(got, expected, strict=True):
        assert ours.shape == right.shape
        assert same_bits(one_nan(np.ascontiguousarray(ours)), one_nan(np.ascontiguousarray(right)))


def test_attributes(ufunc: np.ufunc) -> None:
    assert ufunc.nargs == ufunc.nin + 2
    assert ufunc.types == [f"{code * ufunc.nin}->{code * 2}" for code in "fde"]
    assert pickle.loads(pickle.dumps(ufunc)) is ufunc


def test_elements(ufunc: np.ufunc, dtype: np.dtype) -> None:
    args = operands(ufunc, 99, dtype)
    got = ufunc(*args)
    assert type(got) is tuple
    assert [y.dtype for y in got] == [dtype, dtype]
    assert_same(got, elementwise(ufunc, *args))


def test_scalars(ufunc: np.ufunc, dtype: np.dtype) -> None:
    got = ufunc(*[dtype.type(1)] * ufunc.nin)
    assert [type(y) for y in got] == [dtype.type] * 2
    assert [type(y) for y in ufunc(*[1] * ufunc.nin)] == [np.float64] * 2


@pytest.mark.parametrize("name", ["bool", "int8", "int64", "uint64"])
def test_integers_are_float64(ufunc: np.ufunc, name: str) -> None:
    args = [np.abs(a).astype(name) for a in operands(ufunc, 7)]
    assert_same(ufunc(*args), ufunc(*(a.astype(float) for a in args)))


def test_other_types_are_refused_by_name(ufunc: np.ufunc) -> None:
    accepted = ", ".join(dtype.name for dtype in DTYPES)
    for refused in (1j, "1", None, np.zeros(3, object)):
        words = rf"'{ufunc.__name__}' does not take .*; it takes {accepted}, .*integers and bool$"
        with pytest.raises(TypeError, match=words):
            ufunc(*[refused] * ufunc.nin)


@pytest.mark.parametrize("name", TYPES)
def test_dtype_chooses_the_loop(ufunc: np.ufunc, name: str) -> None:
    args, dtype = operands(ufunc, LONG), dtype_of(name)
    assert_same(
        ufunc(*args, dtype=dtype, casting="unsafe"), ufunc(*(a.astype(dtype) for a in args))
    )


def test_broadcasting(ufunc: np.ufunc, dtype: np.dtype) -> None:
    args = operands(ufunc, (5, 7), dtype)
    args[-1] = args[-1][0]
    args[0] = args[0][:, :1] if ufunc.nin > 1 else args[0]
    assert_same(ufunc(*args), elementwise(ufunc, *args))


@pytest.mark.parametrize("shape", [0, (0, 3), (2, 0, 5)])
def test_empty(ufunc: np.ufunc, shape: Any) -> None:
    assert [y.shape for y in ufunc(*operands(ufunc, shape))] == [np.empty(shape).shape] * 2


def test_out(ufunc: np.ufunc, dtype: np.dtype) -> None:
    args = operands(ufunc, (3, 5), dtype)
    expected = ufunc(*args)
    for by_keyword in (True, False):
        outs = tuple(np.zeros((2, 3, 5), dtype))
        got = ufunc(*args, out=outs) if by_keyword else ufunc(*args, *outs)
        assert got[0] is outs[0]
        assert got[1] is outs[1]
        assert_same(outs, expected)


@pytest.mark.parametrize("place", [0, 1])
def test_one_out(ufunc: np.ufunc, dtype: np.dtype, place: int) -> None:
    args = operands(ufunc, LONG, dtype)
    out = [None, None]
    out[place] = np.zeros(LONG, dtype)
    got = ufunc(*args, out=tuple(out))
    assert got[place] is out[place]
    assert_same(got, ufunc(*args))


def test_out_of_other_types(ufunc: np.ufunc) -> None:
    args = operands(ufunc, LONG)
    outs = np.empty(LONG, "f4"), np.empty(LONG, "c16")
    ufunc(*args, out=outs)
    expected = ufunc(*args)
    assert same_bits(outs[0], expected[0].astype("f4"))
    assert np.array_equal(outs[1], expected[1])
    with pytest.raises(TypeError, match="same_kind"):
        ufunc(*args, out=(None, np.empty(LONG, "i8")))


def test_unsuitable_out(ufunc: np.ufunc) -> None:
    args = operands(ufunc, 5)
    with pytest.raises(TypeError, match="'out' must be a tuple"):
        ufunc(*args, out=np.empty(5))
    with pytest.raises(ValueError, match="exactly one entry per ufunc output"):
        ufunc(*args, out=(np.empty(5),))
    read_only = np.zeros(5)
    read_only.flags.writeable = False
    for wrong in (np.empty(4), read_only):
        with pytest.raises(ValueError, match=r"read-only|broadcast"):
            ufunc(*args, out=(np.empty(5), wrong))


def test_where(ufunc: np.ufunc, dtype: np.dtype) -> None:
    args = operands(ufunc, (50, 60), dtype)
    expected = ufunc(*args)
    for where in (np.random.default_rng(2).random((50, 60)) < 0.5, np.arange(60) % 3 == 0, False):
        outs = tuple(np.full((2, 50, 60), -123, dtype))
        ufunc(*args, out=outs, where=where)
        old = np.full((50, 60), -123, dtype)
        assert_same(outs, [np.where(where, y, old) for y in expected])


@pytest.mark.parametrize("step", [1, -1, 2])
@pytest.mark.parametrize("shift", [-9, 0, 9])
def test_outs_overlap_inputs(ufunc: np.ufunc, dtype: np.dtype, step: int, shift: int) -> None:
    """As if every input were read before any output is written."""
    n = 3001
    for k, place in itertools.product(range(ufunc.nin), range(2)):
        memory = np.random.default_rng(1).uniform(-6, 6, 2 * n + 40).astype(dtype)
        args = operands(ufunc, n, dtype)
        args[k] = memory[20 : 20 + n]
        outs = list(np.zeros((2, n), dtype))
        outs[place] = memory[20 + shift :][: n * abs(step)][::step]
        expected = ufunc(*(a.copy() for a in args))
        ufunc(*args, *outs)
        assert_same(outs, expected)


def test_byte_order(ufunc: np.ufunc, dtype: np.dtype) -> None:
    args = operands(ufunc, LONG, dtype)
    swapped = [a.astype(a.dtype.newbyteorder()) for a in args]
    assert_same(ufunc(*swapped), ufunc(*args))


def test_masked_array(ufunc: np.ufunc) -> None:
    args = operands(ufunc, 6)
    mask = np.arange(6) % 2 == 0
    got = ufunc(*args[:-1], np.ma.array(args[-1], mask=mask))
    for y, right in zip(got, ufunc(*args), strict=True):
        assert type(y) is np.ma.MaskedArray
        assert np.array_equal(y.mask, mask)
        assert same_bits(y.compressed(), right[~mask])


def test_methods_are_refused(ufunc: np.ufunc) -> None:
    x = operands(ufunc, 5)[0]
    for method, args in [
        (ufunc.reduce, (x,)),
        (ufunc.accumulate, (x,)),
        (ufunc.reduceat, (x, [0, 2])),
        (ufunc.outer, (x, x)),
        (ufunc.at, (x, [0])),
    ]:
        with pytest.raises(ValueError, match=r"(?i)\bonly\b"):
            method(*args)
