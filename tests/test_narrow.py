"""The types of ml_dtypes with 8 bits and fewer: floats are correctly rounded, integers promoted."""

from __future__ import annotations

import functools
from decimal import Decimal

import numpy as np
import pytest
from helpers import UFUNCS, each_shape, every_level, name_of, results

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check.oracle import exact
from gelu_simd._types import NARROW_FLOATS, NARROW_INTEGERS, NARROW_POSITIVE, installed

ml_dtypes = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")

FLOATS = installed(NARROW_FLOATS)
INTEGERS = installed(NARROW_INTEGERS)
each_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
each_integer = pytest.mark.parametrize("dtype", INTEGERS, ids=str)

value_of = functools.cache(exact)


def every(dtype: np.dtype) -> np.ndarray:
    """Return all 256 bytes as a type."""
    return np.arange(256, dtype="u1").view(dtype)


def random(dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, shape, "u1").view(dtype)


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether a and b are equal bit for bit; a NaN may have any bits."""
    nan = np.isnan(a.astype("f4")) & np.isnan(b.astype("f4"))
    return a.dtype == b.dtype and np.array_equal(a.view("u1") * ~nan, b.view("u1") * ~nan)


def all_same(a: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...]) -> bool:
    return len(a) == len(b) and all(map(same, a, b))


def in_float32(ufunc: np.ufunc, *args: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return what float32 gives, rounded by ml_dtypes."""
    with np.errstate(all="ignore"):
        ys = results(ufunc(*(x.astype("f4") for x in args)))
        return tuple(y.astype(args[0].dtype) for y in ys)


def quiet(ufunc: np.ufunc, *args: np.ndarray, **kwargs: object) -> np.ndarray:
    with np.errstate(all="ignore"):
        return ufunc(*args, **kwargs)


def test_the_lists_hold_all_types_of_ml_dtypes() -> None:
    classes = [x for x in vars(ml_dtypes).values() if isinstance(x, type)]
    types = {np.dtype(x).name for x in classes if issubclass(x, np.generic)}
    floats = {name for name in types if name.startswith("float")}
    integers = {name for name in types if name.startswith(("int", "uint"))}
    assert floats == {dtype.name for dtype in FLOATS} == {x.name for x in _ufuncs.narrow_dtypes}
    assert integers == {dtype.name for dtype in INTEGERS}
    assert all(dtype.itemsize == np.dtype("u1").itemsize for dtype in [*FLOATS, *INTEGERS])


@every_level
@each_float
def test_correctly_rounded(function: str, dtype: np.dtype) -> None:
    """Of all finite inputs: the nearest number, of two the even one, from the exact value.

    What lies beyond the largest number, or is no number, is what ml_dtypes makes of float32's.
    """
    x = every(dtype)
    y = quiet(_ufuncs.ufuncs[function], x)
    assert y.dtype == dtype
    (cast,) = in_float32(_ufuncs.ufuncs[function], x)
    finite = [v for v in x if np.isfinite(np.float32(v))]
    numbers = sorted({(Decimal(float(v)), bool(v.view("u1") & 1)) for v in finite})
    largest, below = numbers[-1][0], numbers[-2][0]
    checked = 0
    for v, result, other in zip(x.astype("f8"), y, cast, strict=True):
        value = value_of(function, v) if np.isfinite(v) else largest * 2
        beyond = abs(value) >= largest + (largest - below) / 2
        if beyond or (value <= 0 < numbers[0][0]):  # float8_e8m0fnu has no sign and no 0
            assert result.tobytes() == other.tobytes(), v
            continue
        nearest = min(numbers, key=lambda number: (abs(number[0] - value), number[1]))
        assert Decimal(float(result)) == nearest[0], v
        if nearest[0] == 0:
            assert np.signbit(np.float32(result)) == np.signbit(np.float32(other))
        checked += 1
    assert checked >= len(finite) // 2


@every_level
@each_float
@each_shape
def test_any_layout(ufunc: np.ufunc, dtype: np.dtype) -> None:
    """One rounding of float32's result, through strides, in place and at every length."""
    args = [random(dtype, (k, 70, 90))[-1] for k in range(1, ufunc.nin + 1)]
    expected = in_float32(ufunc, *args)
    for k in range(70):
        got = results(quiet(ufunc, *(x[k, :k] for x in args)))
        assert all_same(got, tuple(y[k, :k] for y in expected))
    got = results(quiet(ufunc, *(x[::-3, ::2] for x in args)))
    assert all_same(got, tuple(y[::-3, ::2].copy() for y in expected))
    got = results(quiet(ufunc, *(x.T for x in args)))
    assert all_same(got, tuple(y.T.copy(order="K") for y in expected))
    for y in results(quiet(ufunc, *(x[0, 0] for x in args))):
        assert y.dtype == dtype
    outs = [args[-1].copy(), *(np.empty_like(args[0]) for _ in range(ufunc.nout - 1))]
    assert results(quiet(ufunc, *args[:-1], outs[0], *outs))[0] is outs[0]
    assert all_same(tuple(outs), expected)


@each_float
def test_threads_give_the_same_bits(dtype: np.dtype) -> None:
    x = random(dtype, (1_000_003,))
    expected = quiet(gelu_simd.gelu, every(dtype))[x.view("u1")]
    former = gelu_simd.get_num_threads()
    try:
        for number in (1, 2, 5):
            gelu_simd.set_num_threads(number)
            assert same(quiet(gelu_simd.gelu, x), expected)
            shifted = x.copy()
            quiet(gelu_simd.gelu, shifted[1:], out=shifted[:-1])
            assert same(shifted[:-1], expected[1:])
    finally:
        gelu_simd.set_num_threads(former)


@each_float
def test_a_result_that_is_the_next_input(dtype: np.dtype) -> None:
    x = random(dtype, (300,))
    with np.errstate(all="ignore"):
        result = gelu_simd.gelu_backward.accumulate(x)
        expected = x[:1].copy()
        for v in x[1:]:
            last = gelu_simd.gelu_backward(expected[-1], v)
            expected = np.append(expected, np.array(last, dtype))
    assert same(result, expected)


@each_float
def test_out_and_dtype(ufunc: np.ufunc, dtype: np.dtype) -> None:
    """An output of another type takes the result; dtype= computes in it."""
    args = [random(dtype, (40,))] * ufunc.nin
    wide = [x.astype("f4") for x in args]
    expected = results(quiet(ufunc, *args))
    outs = [np.empty(40, "f4") for _ in expected]
    assert results(quiet(ufunc, *args, *outs))[0] is outs[0]
    for out, right in zip(outs, expected, strict=True):
        assert np.array_equal(out, right.astype("f4"), equal_nan=True)
    computed = results(quiet(ufunc, *args, dtype="f4"))
    for got, right in zip(computed, results(quiet(ufunc, *wide)), strict=True):
        assert np.array_equal(got, right, equal_nan=True)
    narrow = [np.empty(40, dtype) for _ in expected]
    quiet(ufunc, *wide, *narrow)  # by a cast of ml_dtypes
    assert all_same(tuple(narrow), expected)


@each_float
def test_beyond_the_largest_number(dtype: np.dtype) -> None:
    """Results there are what the list says, and the docstrings say it."""
    numbers = every(dtype)
    numbers = numbers[np.isfinite(numbers.astype("f8"))]
    largest = numbers[np.argmax(numbers.astype("f8"))]
    (beyond,) = quiet(gelu_simd.geglu, numbers[-1:] * 0 + largest, largest).astype("f4")
    expected = {"infinity": np.inf, "NaN": np.nan, "the largest number": np.float32(largest)}
    assert np.array_equal(beyond, expected[NARROW_FLOATS[dtype.name]], equal_nan=True)
    below = quiet(gelu_simd.gelu_backward, np.ones(2, "f4"), -1, out=np.zeros(2, dtype))
    assert np.isnan(below.astype("f4")).all() == (dtype.name in NARROW_POSITIVE)


def test_docstrings_name_them(ufunc: np.ufunc) -> None:
    notes = " ".join(ufunc.__doc__.split())
    for result in set(NARROW_FLOATS.values()):
        names = [name for name, other in NARROW_FLOATS.items() if other == result]
        assert f"{result} in {', '.join(names[:-1])} and {names[-1]}" in notes


@each_float
@pytest.mark.parametrize("out", ["f8", "f4", "bfloat16", "itself"])
def test_outs_that_docstrings_name(dtype: np.dtype, out: str) -> None:
    """They take the results of the type; the type itself takes those of float32 and float64."""
    x = np.ones(2, dtype)
    result = np.zeros(2, dtype if out == "itself" else out)
    assert gelu_simd.gelu(x, out=result) is result
    for wide in (np.ones(2, "f4"), np.ones(2)):
        assert gelu_simd.gelu(wide, out=x).dtype == dtype
    half = gelu_simd.gelu(np.ones(2, dtype), out=np.zeros(2, "f2"), casting="unsafe")
    assert np.array_equal(half.astype("f4"), gelu_simd.gelu(np.ones(2, dtype)).astype("f4"))


E4M3, E5M2 = "float8_e4m3fn", "float8_e5m2"


@pytest.mark.parametrize(
    ("types", "result"),
    [
        ((E4M3, E4M3), E4M3),
        ((E4M3, 1.5), E4M3),
        ((1, E4M3), E4M3),
        ((E4M3, "float32"), "float32"),
        (("float64", E4M3), "float64"),
        ((E5M2, "float16"), "float32"),
        ((E4M3, "float16"), "float32"),  # which have no common type
        ((E4M3, "bfloat16"), "float32"),
        ((E4M3, E5M2), "float32"),
        ((E4M3, "int8"), E4M3),  # by ml_dtypes
        ((E5M2, "int64"), "float64"),
        (("int4", "int4"), "float64"),
        (("int4", "uint4"), "float64"),
        (("uint2", "bool"), "float64"),
        (("int2", 1), "float64"),
        (("int4", "float32"), "float32"),
        (("int4", "float16"), "float16"),
        (("int4", "bfloat16"), "float32"),
        (("int4", E4M3), E4M3),
    ],
)
def test_promotion(types: tuple[object, object], result: str) -> None:
    """As NumPy and ml_dtypes promote; integers alone are computed in float64."""
    args = [np.ones(3, np.dtype(t)) if isinstance(t, str) else t for t in types]
    for x in (args, args[::-1]):
        assert gelu_simd.gelu_backward(*x).dtype == result


@each_integer
@pytest.mark.parametrize("ufunc", UFUNCS, ids=name_of)
def test_integers_count_as_float64(ufunc: np.ufunc, dtype: np.dtype) -> None:
    x = np.array([0, 1], dtype)
    wide = np.array([0, int(x[1])], "f8")  # a signed bit is -1 or 0
    got, expected = (results(ufunc(*[a] * ufunc.nin)) for a in (x, wide))
    for y, right in zip(got, expected, strict=True):
        assert y.dtype == np.float64
        assert np.array_equal(y, right)


def test_errors_mention_them() -> None:
    with pytest.raises(TypeError, match="bfloat16, the smaller types of ml_dtypes, integers and"):
        gelu_simd.gelu(1j)
    with pytest.raises(
        TypeError, match=r"in int4; .* and the smaller floating-point types of ml_d"
    ):
        gelu_simd.gelu(1, dtype=ml_dtypes.int4)
