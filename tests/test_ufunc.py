"""The functions are NumPy ufuncs like any other: attributes, arguments, types and methods.

Whether the values are right is tested elsewhere.  Here results are compared, by bits, with the
same ufunc called on one element at a time: a wrong stride, cast or overlap shows.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import DTYPES, INFO, TYPES, UFUNCS, dtype_of, every_level, name_of, one_nan, results
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import ArrayLike, NDArray

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check.bits import bits, is_nan
from gelu_simd._check.examine import composed
from gelu_simd._functions import ELEMENTARY, FUNCTIONS, PRODUCT_OF, Kind
from gelu_simd._types import finfo

# Those of two outputs are in test_two_outputs.py.
ONE_OUTPUT = [ufunc for ufunc in UFUNCS if ufunc.nout == 1]
UNARY = [ufunc for ufunc in ONE_OUTPUT if ufunc.nin == 1]
BINARY = [ufunc for ufunc in ONE_OUTPUT if ufunc.nin == 2]

# The loops in their order, without bfloat16's: NumPy does not list it.
LOOPS = "fde"
INTEGERS = ["bool", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64))]
PAIRS = list(itertools.permutations([*TYPES, *INTEGERS], 2))
REFUSED = [
    *(np.zeros(3, code) for code in ["F", "D", "G", "O", "S3", "U3", "M8[s]", "m8[s]", "V4"]),
    *[1j, None, "1.0", b"1.0", object, np.datetime64("2000-01-01")],
]

LONG = 20_011  # several blocks, both of NumPy's casts and of the strided loops

each_unary = pytest.mark.parametrize("ufunc", UNARY, ids=lambda ufunc: ufunc.__name__)
each_elementary = pytest.mark.parametrize(
    "ufunc", [ufunc for ufunc in UFUNCS if name_of(ufunc) in ELEMENTARY], ids=name_of
)
each_product = pytest.mark.parametrize(
    "ufunc", [ufunc for ufunc in UFUNCS if name_of(ufunc) in PRODUCT_OF], ids=name_of
)
each_composed = pytest.mark.parametrize(
    "ufunc",
    [ufunc for ufunc in UFUNCS if ufunc.__name__ not in ELEMENTARY],
    ids=lambda ufunc: ufunc.__name__,
)
each_binary = pytest.mark.parametrize("ufunc", BINARY, ids=lambda ufunc: ufunc.__name__)


@pytest.fixture(params=ONE_OUTPUT, ids=lambda ufunc: ufunc.__name__)
def ufunc(request: pytest.FixtureRequest) -> np.ufunc:
    """Return each ufunc of one output."""
    return request.param


def operands(ufunc: np.ufunc, shape: int | tuple[int, ...], dtype: Any = float) -> list[NDArray]:
    """One array for each input, of different values."""
    rng = np.random.default_rng(7)
    return [rng.uniform(-6, 6, shape).astype(dtype) for _ in range(ufunc.nin)]


def cast(values: NDArray, name: str) -> NDArray:
    """As another type.  Of negative numbers made unsigned, every processor makes its own."""
    dtype = dtype_of(name)
    return (np.abs(values) if dtype.kind == "u" else values).astype(dtype)


def result_type(*args: NDArray) -> np.dtype:
    """What NumPy promotes the types to, where it does; float64 for integers."""
    names = {a.dtype.name for a in args}
    try:
        common = np.result_type(*map(np.dtype, names))
    except TypeError:
        common = np.result_type(*map(np.dtype, names - {"bfloat16"} | {"float32"}))
    return common if common in DTYPES else np.dtype(np.float64)


def elementwise(ufunc: np.ufunc, *args: NDArray) -> NDArray:
    elements = np.broadcast(*args)
    return np.array([ufunc(*e) for e in elements], result_type(*args)).reshape(elements.shape)


def assert_same_bits(actual: Any, expected: Any) -> None:
    """All NaNs are the same here, zeros are not."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    assert_array_equal(bits(one_nan(actual)), bits(one_nan(expected)))


# ---- attributes ----


def test_attributes(ufunc: np.ufunc) -> None:
    assert type(ufunc) is np.ufunc
    assert (ufunc.__name__, ufunc.nin, ufunc.nout) in _ufuncs.FUNCTIONS
    assert ufunc.nargs == ufunc.nin + ufunc.nout
    assert ufunc.ntypes == len(LOOPS)
    assert ufunc.types == [f"{code * ufunc.nin}->{code * ufunc.nout}" for code in LOOPS]
    assert ufunc.identity is None
    assert ufunc.signature is None
    assert getattr(gelu_simd, ufunc.__name__) is ufunc
    assert repr(ufunc) == f"<ufunc '{ufunc.__name__}'>"


@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.2.0", reason="NumPy < 2.2 has no such attributes"
)
def test_attributes_that_locate_it(ufunc: np.ufunc) -> None:
    assert ufunc.__module__ == "gelu_simd"
    assert ufunc.__qualname__ == ufunc.__name__


# ---- types ----


@pytest.mark.parametrize("name", [*TYPES, *INTEGERS])
def test_result_type(ufunc: np.ufunc, name: str) -> None:
    args = [cast(a, name) for a in operands(ufunc, 7)]
    expected = np.dtype("float64" if name in INTEGERS else name)
    assert_same_bits(ufunc(*args), ufunc(*(a.astype(expected) for a in args)))
    assert ufunc(*args).dtype == expected
    scalar = ufunc(*(a[0] for a in args))
    assert type(scalar) is expected.type


@each_binary
@pytest.mark.parametrize("names", PAIRS, ids="-".join)
def test_mixed_types(ufunc: np.ufunc, names: tuple[str, str]) -> None:
    args = [cast(a, name) for a, name in zip(operands(ufunc, 7), names, strict=True)]
    expected = result_type(*args)
    assert_same_bits(ufunc(*args), ufunc(*(a.astype(expected) for a in args)))
    assert_same_bits(ufunc(args[0], args[1][0]), ufunc(args[0], args[1][:1]))
    if expected != np.float64:
        assert np.multiply(*args).dtype == expected


# By the rule above these could be anything; ml_dtypes has the last word on bfloat16.
@each_binary
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("float16 float32", "float32"),
        ("float16 int8", "float16"),
        ("float16 int16", "float32"),
        ("float16 int32", "float64"),
        ("float32 int16", "float32"),
        ("float32 int32", "float64"),
        ("bfloat16 float32", "float32"),
        ("bfloat16 float16", "float32"),
        ("bfloat16 float64", "float64"),
        ("bfloat16 bool", "bfloat16"),
        ("bfloat16 int8", "bfloat16"),
        ("bfloat16 int16", "float32"),
        ("int8 int8", "float64"),
    ],
)
def test_some_mixed_types(ufunc: np.ufunc, names: str, expected: str) -> None:
    args = [np.ones(3, dtype_of(name)) for name in names.split()]
    assert ufunc(*args).dtype == ufunc(*args[::-1]).dtype == expected


@each_binary
@pytest.mark.parametrize("number", [1.5, 2, True], ids=repr)
def test_python_numbers_follow_the_array(ufunc: np.ufunc, dtype: np.dtype, number: Any) -> None:
    x = np.array([-1, 0.5, 3], dtype)
    assert_same_bits(ufunc(x, number), ufunc(x, dtype.type(number)))
    assert_same_bits(ufunc(number, x), ufunc(dtype.type(number), x))
    assert ufunc(number, x, dtype=float).dtype == float
    assert ufunc(number, np.ones(3, int)).dtype == float


@pytest.mark.parametrize("refused", REFUSED, ids=repr)
def test_other_types_are_refused_by_name(ufunc: np.ufunc, refused: Any) -> None:
    accepted = ", ".join(dtype.name for dtype in DTYPES)
    accepted += r", (the smaller types of ml_dtypes, )?integers and bool$"
    for k, dtype in itertools.product(range(ufunc.nin), DTYPES):
        args = [np.zeros(3, dtype)] * ufunc.nin
        args[k] = refused
        with pytest.raises(TypeError, match=rf"'{ufunc.__name__}' .*; it takes {accepted}"):
            ufunc(*args)


@pytest.mark.skipif(
    np.finfo(np.longdouble).nmant == np.finfo(float).nmant, reason="longdouble is float64 here"
)
def test_longdouble_is_refused_by_name(ufunc: np.ufunc) -> None:
    with pytest.raises(TypeError, match=rf"'{ufunc.__name__}'"):
        ufunc(*operands(ufunc, 3, np.longdouble))


def test_dtype_chooses_the_loop(ufunc: np.ufunc) -> None:
    args = operands(ufunc, LONG)
    narrow = [a.astype("f4") for a in args]
    assert_same_bits(ufunc(*args, dtype="f4"), ufunc(*narrow))
    assert_same_bits(ufunc(*narrow, dtype="f8"), ufunc(*(a.astype("f8") for a in narrow)))
    signature = f"{'f' * ufunc.nin}->f"
    assert_same_bits(ufunc(*args, signature=signature), ufunc(*narrow))
    for absent in ["i4", "c16", "g"]:
        with pytest.raises(TypeError, match=rf"\b{ufunc.__name__}\b"):
            ufunc(*args, dtype=absent)


def test_casting(ufunc: np.ufunc) -> None:
    args = operands(ufunc, 5, "f4")
    with pytest.raises(TypeError, match="casting rule 'no'"):
        ufunc(*args, dtype="f8", casting="no")
    with pytest.raises(TypeError, match="casting rule 'safe'"):
        ufunc(*operands(ufunc, 5), dtype="f4", casting="safe")
    out = np.empty(5, "i4")
    assert ufunc(*args, out=out, casting="unsafe") is out
    assert_array_equal(out, ufunc(*args).astype("i4"))


# ---- operands ----


def test_scalar_in_scalar_out(ufunc: np.ufunc) -> None:
    for make in [float, int, bool, np.float64, np.array]:
        assert type(ufunc(*[make(1)] * ufunc.nin)) is np.float64
    one = np.ones(1)
    assert ufunc(*[1.0] * ufunc.nin) == ufunc(*[one] * ufunc.nin)[0]


@pytest.mark.parametrize("shape", [0, (0, 3), (3, 0), (2, 0, 5), (0, 0)])
def test_empty(ufunc: np.ufunc, dtype: np.dtype, shape: int | tuple[int, ...]) -> None:
    args = operands(ufunc, shape, dtype)
    result = ufunc(*args)
    assert result.shape == args[0].shape
    assert result.dtype == dtype
    assert ufunc(*args, out=result) is result


def test_lists(ufunc: np.ufunc) -> None:
    args = operands(ufunc, (3, 4))
    assert_same_bits(ufunc(*(a.tolist() for a in args)), ufunc(*args))
    assert_same_bits(ufunc(*(tuple(a[0]) for a in args)), ufunc(*(a[0] for a in args)))
    with pytest.raises(ValueError, match="inhomogeneous"):
        ufunc(*[[1, [2, 3]]] * ufunc.nin)


def test_wrong_arguments(ufunc: np.ufunc) -> None:
    args = operands(ufunc, 3)
    with pytest.raises(TypeError, match=rf"{ufunc.__name__}\(\) takes from"):
        ufunc()
    with pytest.raises(TypeError, match=rf"{ufunc.__name__}\(\) takes from"):
        ufunc(*args, None, None)
    with pytest.raises(TypeError, match="unexpected keyword"):
        ufunc(*args, axis=0)


@each_binary
@pytest.mark.parametrize(
    "shapes", [((3, 1), (4,)), ((), (5,)), ((2, 1, 3), (4, 1)), ((0,), (1,)), ((1, 7), (6, 1))]
)
def test_broadcasting(ufunc: np.ufunc, shapes: tuple[tuple[int, ...], ...]) -> None:
    dy, x = (operands(ufunc, shape)[k] for k, shape in enumerate(shapes))
    assert_same_bits(ufunc(dy, x), elementwise(ufunc, np.asarray(dy), np.asarray(x)))
    assert ufunc(dy, x).shape == np.broadcast_shapes(*shapes)


@each_binary
def test_shapes_that_do_not_broadcast(ufunc: np.ufunc) -> None:
    with pytest.raises(ValueError, match="could not be broadcast"):
        ufunc(np.ones(3), np.ones(4))


@pytest.mark.parametrize("n", [1, 5, LONG])
def test_byte_order(ufunc: np.ufunc, dtype: np.dtype, n: int) -> None:
    args = operands(ufunc, n, dtype)
    swapped = [a.astype(a.dtype.newbyteorder()) for a in args]
    expected = ufunc(*args)
    assert_same_bits(ufunc(*swapped), expected)
    out = np.empty(n, expected.dtype.newbyteorder())
    assert ufunc(*swapped, out=out) is out
    assert_same_bits(out.astype(dtype), expected)


@pytest.mark.parametrize("n", [1, 5, LONG])
def test_fields_of_a_packed_struct(ufunc: np.ufunc, dtype: np.dtype, n: int) -> None:
    """Unaligned, with an odd stride."""
    fields = FUNCTIONS[ufunc.__name__].operands
    packed = np.zeros(n, [("flag", "u1"), *((name, dtype) for name in (*fields, "out"))])
    packed["flag"] = 0xAA
    args = operands(ufunc, n, dtype)
    for field, values in zip(fields, args, strict=True):
        packed[field] = values
    assert n == 1 or not packed[fields[-1]].flags.aligned
    expected = ufunc(*args)
    assert_same_bits(ufunc(*(packed[f] for f in fields)), expected)
    ufunc(*(packed[f] for f in fields), out=packed["out"])
    assert_same_bits(packed["out"].copy(), expected)
    for field, values in zip(fields, args, strict=True):
        assert_array_equal(packed[field], values)
    assert np.all(packed["flag"] == 0xAA)


def test_memmap(ufunc: np.ufunc, dtype: np.dtype, tmp_path: Path) -> None:
    args = operands(ufunc, LONG, dtype)
    mapped = []
    for k, values in enumerate(args):
        values.tofile(tmp_path / f"in{k}")
        mapped.append(np.memmap(tmp_path / f"in{k}", dtype, "r"))
    out = np.memmap(tmp_path / "out", dtype, "w+", shape=LONG)
    assert ufunc(*mapped, out=out) is out
    out.flush()
    assert_same_bits(np.fromfile(tmp_path / "out", dtype), ufunc(*args))


@pytest.mark.parametrize("step", [3, -1, -2])
def test_long_strides(ufunc: np.ufunc, dtype: np.dtype, step: int) -> None:
    args = operands(ufunc, 3 * LONG, dtype)
    expected = ufunc(*args)[::step]
    strided = [a[::step] for a in args]
    assert_same_bits(ufunc(*strided), expected)
    memory = np.full(3 * LONG, np.nan, dtype)
    ufunc(*strided, out=memory[::step])
    assert_same_bits(memory[::step], expected)
    assert is_nan(memory).sum() == memory.size - expected.size
    memory = np.full(expected.size, np.nan, dtype)
    ufunc(*strided, out=memory[::-1])
    assert_same_bits(memory[::-1], expected)


@pytest.mark.parametrize("order", ["K", "A", "C", "F"])
def test_order(ufunc: np.ufunc, order: str) -> None:
    args = [np.asfortranarray(a) for a in operands(ufunc, (3, 4, 5))]
    result = ufunc(*args, order=order)
    assert result.flags.c_contiguous == (order == "C")
    assert result.flags.f_contiguous == (order != "C")
    assert_same_bits(result, elementwise(ufunc, *args))


# ---- out= and where= ----


def test_out(ufunc: np.ufunc, dtype: np.dtype) -> None:
    args = operands(ufunc, (3, 5), dtype)
    expected = ufunc(*args)
    for pack in [lambda out: {"out": out}, lambda out: {"out": (out,)}]:
        out = np.full((3, 5), np.nan, dtype)
        assert ufunc(*args, **pack(out)) is out
        assert_same_bits(out, expected)
    out = np.full((3, 5), np.nan, dtype)
    assert ufunc(*args, out) is out
    assert_same_bits(out, expected)
    assert_same_bits(ufunc(*args, out=None), expected)


def test_out_of_more_dimensions_is_filled(ufunc: np.ufunc) -> None:
    args = operands(ufunc, 4)
    out = np.full((2, 4), np.nan)
    ufunc(*args, out=out)
    assert_same_bits(out, np.stack([ufunc(*args)] * 2))


def test_out_of_another_type(ufunc: np.ufunc) -> None:
    """The loop is that of the inputs; only the result is cast."""
    args = operands(ufunc, LONG)
    for dtype in ["g", "c16"]:
        out = np.empty(LONG, dtype)
        assert ufunc(*args, out=out) is out
        assert_array_equal(out, ufunc(*args).astype(dtype))
    with pytest.raises(TypeError, match=f"'{ufunc.__name__}' output .* rule 'same_kind'"):
        ufunc(*args, out=np.empty(LONG, "i8"))


@pytest.mark.parametrize("out_name", TYPES)
def test_out_is_cast_as_in_numpy(ufunc: np.ufunc, dtype: np.dtype, out_name: str) -> None:
    args = operands(ufunc, LONG, dtype)
    out = np.empty(LONG, dtype_of(out_name))
    try:
        with np.errstate(all="ignore"):
            np.exp(args[0], out=out)
    except TypeError:
        with pytest.raises(TypeError, match=f"'{ufunc.__name__}' output .* rule 'same_kind'"):
            ufunc(*args, out=out)
    else:
        with np.errstate(under="ignore"):
            assert ufunc(*args, out=out) is out
            assert_same_bits(out, ufunc(*args).astype(out.dtype))


def test_0d_out(ufunc: np.ufunc) -> None:
    out = np.zeros(())
    assert ufunc(*[1.0] * ufunc.nin, out=out) is out
    assert out == ufunc(*[1.0] * ufunc.nin)


def test_unsuitable_out(ufunc: np.ufunc) -> None:
    args = operands(ufunc, (2, 3))
    read_only = np.zeros((2, 3))
    read_only.flags.writeable = False
    for out in [np.empty(3), np.empty((3, 2)), np.empty((2, 1)), read_only]:
        with pytest.raises(ValueError, match=r"broadcast|read-only|non-broadcastable"):
            ufunc(*args, out=out)
    assert not read_only.any()
    with pytest.raises(ValueError, match="exactly one entry per ufunc output"):
        ufunc(*args, out=(np.empty((2, 3)), np.empty((2, 3))))
    with pytest.raises(TypeError, match="must be of ArrayType"):
        ufunc(*args, out=[0.0])


@pytest.mark.parametrize("step", [1, -1, 2, -2])
@pytest.mark.parametrize("shift", [-9, -1, 0, 1, 9])
def test_out_overlaps_an_input(ufunc: np.ufunc, dtype: np.dtype, step: int, shift: int) -> None:
    """As if every input were read before the output is written."""
    n = 3001
    for k in range(ufunc.nin):
        memory = np.random.default_rng(1).uniform(-6, 6, 2 * n + 40).astype(dtype)
        args = operands(ufunc, n, dtype)
        args[k] = memory[20 : 20 + n]
        out = memory[20 + shift :][: n * abs(step)][::step]
        expected = ufunc(*(a.copy() for a in args))
        ufunc(*args, out=out)
        assert_same_bits(out, expected)


def test_out_is_an_input_transposed(ufunc: np.ufunc) -> None:
    square = operands(ufunc, (50, 50))[0]
    expected = ufunc(*[square.copy()] * ufunc.nin)
    ufunc(*[square] * ufunc.nin, out=square.T)
    assert_same_bits(square.T, expected)


def test_where(ufunc: np.ufunc, dtype: np.dtype) -> None:
    args = operands(ufunc, (50, 60), dtype)
    expected = ufunc(*args)
    for where in [
        np.random.default_rng(2).random((50, 60)) < 0.5,
        np.arange(60) % 3 == 0,
        np.arange(50)[:, np.newaxis] < 20,
        True,
        False,
    ]:
        out = np.full((50, 60), -123, dtype)
        ufunc(*args, out=out, where=where)
        assert_same_bits(out, np.where(where, expected, np.full_like(out, -123)))


@each_product
def test_where_skips_what_would_raise(ufunc: np.ufunc) -> None:
    dy, x = np.array([1, np.inf, 1]), np.array([1, -np.inf, 1])
    out = np.zeros(3)
    with np.errstate(all="raise"):
        ufunc(dy, x, out=out, where=[True, False, True])
        assert out[1] == 0
        with pytest.raises(FloatingPointError, match=f"invalid value .* {ufunc.__name__}"):
            ufunc(dy, x)


# ---- classes other than ndarray ----


class Tagged(np.ndarray):
    """Passes an attribute on to its views and to results."""

    tag: str | None = None

    def __array_finalize__(self, obj: object) -> None:
        self.tag = getattr(obj, "tag", None)


def test_subclass(ufunc: np.ufunc) -> None:
    args = operands(ufunc, (3, 4))
    tagged = [a.view(Tagged) for a in args]
    for a in tagged:
        a.tag = "kept"
    result = ufunc(*tagged)
    assert type(result) is Tagged
    assert result.tag == "kept"
    assert_same_bits(result, ufunc(*args))
    assert type(ufunc(*tagged, subok=False)) is np.ndarray
    out = np.empty((3, 4)).view(Tagged)
    assert ufunc(*args, out=out) is out
    assert type(ufunc(*args[:-1], tagged[-1])) is Tagged


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_matrix(ufunc: np.ufunc) -> None:
    args = operands(ufunc, (3, 4))
    result = ufunc(*map(np.matrix, args))
    assert type(result) is np.matrix
    assert_same_bits(result, ufunc(*args))


def test_masked_array(ufunc: np.ufunc) -> None:
    args = operands(ufunc, 6)
    mask = np.arange(6) % 2 == 0
    masked = [args[0], *args[1:]]
    masked[-1] = np.ma.array(args[-1], mask=mask)
    result = ufunc(*masked)
    assert type(result) is np.ma.MaskedArray
    assert_array_equal(result.mask, mask)
    assert_same_bits(result.compressed(), ufunc(*args)[~mask])


class Override:
    """Returns the arguments of the call."""

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> tuple[tuple, dict]:
        return args, kwargs


def test_array_ufunc_override(ufunc: np.ufunc) -> None:
    override = Override()
    for k in range(ufunc.nin):
        args: list[Any] = [1.0] * ufunc.nin
        args[k] = override
        assert ufunc(*args, dtype="f4") == ((ufunc, "__call__", *args), {"dtype": "f4"})
        if ufunc.nin < 3:
            at = (override, 0, *args[1:])
            assert ufunc.at(*at) == ((ufunc, "at", *at), {})
    args = [1.0] * ufunc.nin
    assert ufunc(*args, out=override) == ((ufunc, "__call__", *args), {"out": (override,)})


@pytest.mark.parametrize("override", [None, lambda *_, **__: NotImplemented])
def test_array_ufunc_refused(ufunc: np.ufunc, override: Any) -> None:
    refusing = type("Refusing", (), {"__array_ufunc__": override})()
    with pytest.raises(TypeError, match=r"does not support ufuncs|returned NotImplemented"):
        ufunc(*[refusing] * ufunc.nin)


class Wrapper:
    """An array-like object, neither ndarray nor subclass, whose results are its like."""

    def __init__(self, values: ArrayLike, context: Any = None) -> None:
        self.values = np.asarray(values)
        self.context = context

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        return np.array(self.values, dtype, copy=copy)

    def __array_wrap__(
        self, values: NDArray, context: Any = None, return_scalar: bool = False
    ) -> Wrapper:
        assert not return_scalar
        return Wrapper(values, context)


def test_array_wrap(ufunc: np.ufunc) -> None:
    args = operands(ufunc, 5)
    wrappers = tuple(map(Wrapper, args))
    result = ufunc(*wrappers)
    assert type(result) is Wrapper
    assert result.context == (ufunc, wrappers, 0)
    assert_same_bits(result.values, ufunc(*args))


# ---- methods ----


@each_unary
def test_methods_of_a_unary_ufunc(ufunc: np.ufunc) -> None:
    x = operands(ufunc, 5)[0]
    for method, args in [
        (ufunc.reduce, (x,)),
        (ufunc.accumulate, (x,)),
        (ufunc.reduceat, (x, [0, 2])),
        (ufunc.outer, (x, x)),
    ]:
        with pytest.raises(ValueError, match="only supported for binary functions"):
            method(*args)
    expected = x.copy()
    expected[1] = ufunc(ufunc(x[1]))
    expected[3] = ufunc(x[3])
    ufunc.at(x, [1, 3, 1])
    assert_same_bits(x, expected)


@each_binary
def test_outer_and_at(ufunc: np.ufunc) -> None:
    dy, x = operands(ufunc, 5)
    assert_same_bits(ufunc.outer(dy, x), ufunc(dy[:, np.newaxis], x))
    expected = dy.copy()
    expected[1] = ufunc(ufunc(dy[1], x[0]), x[2])
    expected[3] = ufunc(dy[3], x[1])
    ufunc.at(dy, [1, 3, 1], x[:3])
    assert_same_bits(dy, expected)


@every_level
@each_binary
@pytest.mark.parametrize("step", [1, -1, 3])
def test_reductions(ufunc: np.ufunc, dtype: np.dtype, step: int) -> None:
    """Each result is the next element's first operand."""
    x = np.linspace(0.5, 1.5, 100, dtype=dtype)[::step]
    running = np.array(list(itertools.accumulate(x, ufunc)))
    assert_same_bits(ufunc.accumulate(x), running)
    assert_same_bits(ufunc.reduce(x), running[-1])
    assert_same_bits(ufunc.reduceat(x, [0, 30]), [ufunc.reduce(x[:30]), ufunc.reduce(x[30:])])
    columns = np.stack([x, x[::-1]], axis=1)
    assert_same_bits(ufunc.reduce(columns), [running[-1], ufunc.reduce(x[::-1])])
    with pytest.raises(ValueError, match="no identity"):
        ufunc.reduce(x[:0])


# ---- floating-point errors ----


@each_product
def test_errstate(ufunc: np.ufunc) -> None:
    overflows = 1.7e308, 1.4  # both derivatives are greater than 1.1 at 1.4
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match=ufunc.__name__):
        ufunc(*overflows)
    with np.errstate(over="warn"), pytest.warns(RuntimeWarning, match=ufunc.__name__):
        assert ufunc(*overflows) == np.inf
    with np.errstate(over="ignore"):
        assert ufunc(*overflows) == np.inf
    seen = []
    with np.errstate(over="call", call=lambda *args: seen.append(args)):
        ufunc(np.full(100, overflows[0]), overflows[1])
    assert [kind for kind, _ in seen] == ["overflow"]


def test_ordinary_values_raise_nothing(ufunc: np.ufunc, dtype: np.dtype) -> None:
    with np.errstate(over="ignore"):
        np.float64(1e308) * 10  # a flag left behind by something else
    # Some results are subnormal: in float16, and of the sums, which reach -12.
    small = dtype == np.float16 or FUNCTIONS[ufunc.__name__].kind in {Kind.BIAS, Kind.BIAS_GRADIENT}
    under = "ignore" if small else "raise"
    with np.errstate(all="raise", under=under):
        ufunc(*operands(ufunc, 1000, dtype))


# ---- any shape, stride, alignment, type and byte order ----


ANY_TYPE = st.one_of(
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    *(st.just(dtype) for dtype in DTYPES if dtype.kind != "f"),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.boolean_dtypes(),
)


def numbers(dtype: np.dtype) -> st.SearchStrategy:
    """Any value, but half of the floats where the functions are curved."""
    if dtype.kind == "V":
        return st.integers(0, 65535).map(lambda n: np.uint16(n).view(dtype))
    if dtype.kind != "f":
        return hnp.from_dtype(dtype)
    width = 8 * dtype.itemsize
    return st.floats(-15, 15, width=width) | st.floats(width=width)


@st.composite
def views(draw: st.DrawFn, shape: tuple[int, ...], dtype: np.dtype) -> NDArray:
    """Make an array whose axes are permuted, stepped and reversed; aligned or not."""
    axes = draw(st.permutations(range(len(shape))))
    steps = [draw(st.sampled_from([1, 1, 2, 3, -1, -2])) for _ in axes]
    base = [shape[axis] * abs(step) for axis, step in zip(axes, steps, strict=True)]
    offset = draw(st.integers(0, dtype.itemsize - 1))
    memory = np.zeros(offset + math.prod(base) * dtype.itemsize, np.uint8)
    array = memory[offset:].view(dtype).reshape(base)
    return array[..., *(slice(None, None, step) for step in steps)].transpose(np.argsort(axes))


@st.composite
def calls(draw: st.DrawFn, inputs: int) -> tuple[list[NDArray], NDArray]:
    """Make operands that broadcast, and an output for them."""
    shapes = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=inputs, max_dims=3, max_side=5)
        | hnp.mutually_broadcastable_shapes(num_shapes=inputs, max_dims=1, max_side=150)
    )
    args = []
    for shape in shapes.input_shapes:
        dtype = draw(ANY_TYPE)
        args.append(draw(views(shape, dtype)))
        args[-1][...] = draw(hnp.arrays(dtype, shape, elements=numbers(dtype)))
    dtype = result_type(*args).newbyteorder(draw(st.sampled_from("<>")))
    return args, draw(views(shapes.result_shape, dtype))


@pytest.mark.parametrize("ufunc", ONE_OUTPUT, ids=lambda ufunc: ufunc.__name__)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_layout(ufunc: np.ufunc, data: st.DataObject) -> None:
    args, out = data.draw(calls(ufunc.nin))
    with np.errstate(all="ignore"):
        expected = elementwise(ufunc, *args)
        assert_same_bits(ufunc(*args), expected)
        ufunc(*args, out=out)
    assert_same_bits(out.astype(expected.dtype), expected)


# Of x, Phi(x) and tanh(u(x)), by form and order of the derivative.
FORMULAS = {
    ("exact", 0): lambda x, phi, _: x * phi,
    ("exact", 1): lambda x, phi, _: phi + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    ("exact", 2): lambda x, *_: np.exp(-x * x / 2) / math.sqrt(2 * math.pi) * (2 - x * x),
    ("quick", 0): lambda x, *_: x / (1 + np.exp(-1.702 * x)),
    ("quick", 1): lambda x, *_: (
        (1 + 1.702 * x / (1 + np.exp(1.702 * x))) / (1 + np.exp(-1.702 * x))
    ),
    ("tanh", 0): lambda x, _, t: x * (1 + t) / 2,
    ("tanh", 1): lambda x, _, t: (
        (1 + t + x * (1 - t * t) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)) / 2
    ),
    ("tanh", 2): lambda x, _, t: (
        (1 - t * t) * math.sqrt(2 / math.pi)
        * (1 + 6 * 0.044715 * x * x
           - x * t * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x) ** 2)
    ),
}  # fmt: skip
erfc = np.vectorize(math.erfc, otypes=[float])


@each_elementary
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_close_to_the_formula(ufunc: np.ufunc, data: st.DataObject) -> None:
    """Only roughly: plain formulas lose digits in the tail."""
    (x,), _ = data.draw(calls(1))
    with np.errstate(invalid="ignore"):  # a signalling NaN is invalid
        wide = x.astype(float)
    t = np.clip(wide, -50, 50)  # beyond, the functions are x, 1 or 0 to all digits
    row = FUNCTIONS[ufunc.__name__]
    expected = FORMULAS[row.form, row.order](
        t, erfc(-t / math.sqrt(2)) / 2, np.tanh(math.sqrt(2 / math.pi) * (t + 0.044715 * t**3))
    )
    if row.order == 0:
        expected = np.where(wide > 50, wide, expected)
    with np.errstate(all="ignore"):
        result = ufunc(x)
    tolerance = max(1e-13, 4 * float(finfo(result.dtype).eps))
    assert_allclose(result.astype(float), expected, rtol=tolerance, atol=tolerance)


@each_composed
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_composed_functions(ufunc: np.ufunc, data: st.DataObject) -> None:
    args, _ = data.draw(calls(ufunc.nin))
    with np.errstate(all="ignore"):
        got = results(ufunc(*args))
        args = [a.astype(got[0].dtype) for a in np.broadcast_arrays(*args)]
        for ours, right in zip(got, composed(ufunc.__name__, INFO["isa"], args), strict=True):
            assert_same_bits(ours, right)
