"""User code that type checkers must accept, and the types that they must find.

Type checkers read this file, and a test runs it and compares the types with the values.
"""

# pyright: strict

from collections.abc import Callable
from typing import Any, Literal, NoReturn, TypeVar, assert_type

import numpy as np
from numpy.typing import ArrayLike, NDArray

import gelu_simd
from gelu_simd import (
    cr,
    gelu,
    gelu_backward,
    gelu_grad,
    gelu_tanh,
    gelu_tanh_backward,
    gelu_tanh_grad,
)

Matrix32 = np.ndarray[tuple[int, int], np.dtype[np.float32]]
Matrix64 = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Masked = np.ma.MaskedArray[tuple[int], np.dtype[np.float64]]
MaskedInt = np.ma.MaskedArray[tuple[int], np.dtype[np.int8]]
T = TypeVar("T", np.float64, np.float32)


def arrays(
    f64: NDArray[np.float64], f32: NDArray[np.float32], f16: NDArray[np.float16], matrix: Matrix32
) -> None:
    assert_type(gelu(f64), NDArray[np.float64])
    assert_type(gelu_grad(f32), NDArray[np.float32])
    assert_type(gelu_tanh(f16), NDArray[np.float16])
    assert_type(gelu_tanh_grad(matrix), Matrix32)
    assert_type(gelu(matrix, dtype=np.float64), Matrix64)


def integers(i64: NDArray[np.int64], u8: NDArray[np.uint8], mask: NDArray[np.bool]) -> None:
    assert_type(gelu(i64), NDArray[np.float64])
    assert_type(gelu(u8), NDArray[np.float64])
    assert_type(gelu(mask), NDArray[np.float64])


def scalars() -> None:
    assert_type(gelu(1.5), np.float64)
    assert_type(gelu(2), np.float64)
    assert_type(gelu(True), np.float64)
    assert_type(gelu(np.float64(1)), np.float64)
    assert_type(gelu(np.float32(1)), np.float32)
    assert_type(gelu(np.float16(1)), np.float16)
    assert_type(gelu(np.int8(1)), np.float64)
    assert_type(gelu(np.True_), np.float64)


def sequences() -> None:
    assert_type(gelu([1.5, 2]), NDArray[np.float64])
    assert_type(gelu([[1, 2], [3, 4]]), NDArray[np.float64])
    assert_type(gelu((True, False)), NDArray[np.float64])
    assert_type(gelu(range(3)), NDArray[np.float64])
    assert_type(gelu([np.float32(1), np.float32(2)]), NDArray[np.float32])


def masked(array: Masked, ints: MaskedInt, f64: NDArray[np.float64]) -> None:
    assert_type(gelu(array), Masked)
    assert_type(gelu(ints), Masked)
    assert_type(gelu_backward(f64, array), np.ma.MaskedArray[Any, np.dtype[Any]])
    assert_type(gelu_backward(array, f64), np.ma.MaskedArray[Any, np.dtype[Any]])
    assert_type(gelu_backward(array, array), np.ma.MaskedArray[Any, np.dtype[Any]])


def unknown(anything: ArrayLike, array: NDArray[Any], real: NDArray[np.floating[Any]]) -> None:
    assert_type(gelu(anything), NDArray[Any])
    assert_type(gelu_backward(anything, anything), NDArray[Any])
    results: list[NDArray[Any]] = [gelu(array), gelu(real), gelu_backward(array, array)]
    results += [gelu_backward(real, array), gelu_backward(anything, array)]
    assert len(results) == 5


def options(f64: NDArray[np.float64], f32: NDArray[np.float32]) -> None:
    assert_type(gelu(f32, out=f32), NDArray[np.float32])
    assert_type(gelu(f32, f32), NDArray[np.float32])
    assert_type(gelu(f32, out=(f64,)), NDArray[np.float64])
    assert_type(gelu(0, out=f32), NDArray[np.float32])
    assert_type(gelu(f32, out=None), NDArray[np.float32])
    assert_type(gelu(f32, where=f32 > 0, out=f32), NDArray[np.float32])
    assert_type(gelu(f32, where=[True, False, True], out=f32), NDArray[np.float32])
    assert_type(gelu(f32, casting="safe", order="C", subok=False), NDArray[np.float32])
    assert_type(gelu(f32, dtype=np.float64), NDArray[np.float64])
    assert_type(gelu(f64, dtype=f32.dtype), NDArray[np.float32])
    assert_type(gelu(1, dtype=np.float16), np.float16)
    assert_type(gelu([1, 2], dtype=np.float32), NDArray[np.float32])
    assert_type(gelu(f32, dtype="float64"), NDArray[Any])
    assert_type(gelu(f32, signature="f->f"), NDArray[Any])
    assert_type(gelu_backward(f32, f32, out=f32), NDArray[np.float32])
    assert_type(gelu_backward(1, f32, dtype=np.float64), NDArray[np.float64])
    assert_type(gelu_backward(1, 2, dtype=np.float32), np.float32)


def two_operands(
    f64: NDArray[np.float64], f32: NDArray[np.float32], i64: NDArray[np.int64], matrix: Matrix32
) -> None:
    assert_type(gelu_backward(f64, f64), NDArray[np.float64])
    assert_type(gelu_backward(f32, f32), NDArray[np.float32])
    assert_type(gelu_tanh_backward(matrix, matrix), Matrix32)
    assert_type(gelu_backward(f32, f64), NDArray[np.float64])
    assert_type(gelu_backward(f64, f32), NDArray[np.float64])
    assert_type(gelu_backward(i64, f64), NDArray[np.float64])
    assert_type(gelu_backward(i64, i64), NDArray[np.float64])
    assert_type(gelu_backward(i64, 1), NDArray[np.float64])
    assert_type(gelu_backward(1, i64), NDArray[np.float64])
    assert_type(gelu_backward(f32, [1, 2, 3]), NDArray[Any])


def arrays_and_numbers(f64: NDArray[np.float64], f32: NDArray[np.float32]) -> None:
    assert_type(gelu_backward(f64, 1), NDArray[np.float64])
    assert_type(gelu_backward(np.float32(1), f64), NDArray[Any])
    assert_type(gelu_backward(f32, 1.5), NDArray[np.float32])
    assert_type(gelu_backward(1, f32), NDArray[np.float32])
    assert_type(gelu_backward(f32, np.float32(1)), NDArray[np.float32])
    assert_type(gelu_backward(f32, np.float64(1)), NDArray[np.float64])
    assert_type(gelu_backward(1.5, 1), np.float64)
    assert_type(gelu_backward(np.int8(1), np.float64(1)), np.float64)
    assert_type(gelu_backward([1, 2], [1.5, 2.5]), NDArray[Any])
    scalars: list[np.floating[Any]] = [
        gelu_backward(1.5, np.float32(1)),
        gelu_backward(np.float64(1), np.float32(1)),
        gelu_backward(1, 2, dtype="float32"),
    ]
    assert len(scalars) == 3


def methods(f64: NDArray[np.float64], f32: NDArray[np.float32]) -> None:
    assert_type(gelu_backward.outer(f32, f32), NDArray[np.float32])
    assert_type(gelu_backward.outer(f32, [1, 2]), NDArray[Any])
    assert_type(gelu.at(f32, [0, 2]), None)
    assert_type(gelu.at(f32, slice(1, 2)), None)
    assert_type(gelu.at(f32, f32 > 0), None)
    assert_type(gelu_backward.at(f64, ([0, 2],), 1.5), None)


def attributes() -> None:
    assert_type(gelu.nin, Literal[1])
    assert_type(gelu.nargs, Literal[2])
    assert_type(gelu_backward.nin, Literal[2])
    assert_type(gelu_backward.nargs, Literal[3])
    assert_type(gelu.nout, Literal[1])
    assert_type(gelu.ntypes, Literal[3])
    assert_type(gelu.identity, None)
    assert_type(gelu.signature, None)
    ufuncs: list[np.ufunc] = [gelu, gelu_backward]
    assert len(ufuncs) == 2


def generic(x: NDArray[T], dy: NDArray[T]) -> tuple[NDArray[T], NDArray[T]]:
    return gelu(x), gelu_backward(dy, x)


class Wrapped:
    """An array of another library."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> str:
        return f"{ufunc.__name__} {len(inputs)} {sorted(kwargs)}"


def foreign(f32: NDArray[np.float32]) -> None:
    results: list[str] = [
        gelu(Wrapped()),
        gelu(1.5, out=Wrapped()),
        gelu_backward(f32, Wrapped()),
        gelu_backward(1.5, Wrapped()),
        gelu_backward(Wrapped(), 1.5, out=Wrapped()),
    ]
    assert results[:2] == ["gelu 1 []", "gelu 1 ['out']"]
    assert results[2:] == [*["gelu_backward 2 []"] * 2, "gelu_backward 2 ['out']"]


def correct(
    f64: NDArray[np.float64], f32: NDArray[np.float32], i8: NDArray[np.int8], array: NDArray[Any]
) -> None:
    assert_type(cr.gelu(f32), NDArray[np.float32])
    assert_type(cr.gelu(np.float16(1)), np.float16)
    assert_type(cr.gelu([np.float32(1)]), NDArray[np.float32])
    assert_type(cr.gelu(f64, dtype=np.float32), NDArray[np.float32])
    assert_type(cr.gelu_backward(f32, f32), NDArray[np.float32])
    assert_type(cr.gelu_backward(1, f32), NDArray[np.float32])
    assert_type(cr.gelu_backward(i8, f32), NDArray[Any])
    results: list[NDArray[Any]] = [cr.gelu(array), cr.gelu_backward(1, array)]
    results += [cr.gelu_backward(f32, array), cr.gelu_backward(array, array)]
    assert len(results) == 4


# What follows a call that always raises is unreachable for type checkers.


def correct_array(f64: NDArray[np.float64]) -> NoReturn:
    cr.gelu(f64)


def correct_integers(i8: NDArray[np.int8]) -> NoReturn:
    cr.gelu(i8)


def correct_number() -> NoReturn:
    cr.gelu(1.5)


def correct_list() -> NoReturn:
    cr.gelu([1, 2])


def correct_two(f32: NDArray[np.float32], f64: NDArray[np.float64]) -> NoReturn:
    cr.gelu_backward(f32, f64)


def correct_wide_number(f32: NDArray[np.float32]) -> NoReturn:
    cr.gelu_backward(np.float64(1), f32)


def correct_two_integers(i8: NDArray[np.int8]) -> NoReturn:
    cr.gelu_backward(1, i8)


def info() -> None:
    found = gelu_simd.cpu_info()
    assert_type(found["isa"], str)
    assert_type(found["cpu"], str)
    levels: list[str] = found["available"] + found["built"]
    assert found["isa"] in levels
    assert_type(gelu_simd.__version__, str)


doubles = np.linspace(-1, 1, 3)
singles = doubles.astype(np.float32)
whole = np.array([-1, 0, 1], np.int64)
square: Matrix32 = np.ones((2, 2), np.float32)
arrays(doubles, singles, singles.astype(np.float16), square)
integers(whole, whole.astype(np.uint8), singles > 0)
scalars()
sequences()
with_mask: Any = np.ma.MaskedArray  # untyped in NumPy 2.0
mask = [False, True, False]
masked(with_mask(doubles, mask), with_mask(whole.astype(np.int8), mask), doubles)
unknown([1.5], doubles, singles)
options(doubles.copy(), singles.copy())
two_operands(doubles, singles, whole, square)
arrays_and_numbers(doubles, singles)
methods(doubles.copy(), singles.copy())
attributes()
generic(doubles, doubles)
foreign(singles)
correct(doubles, singles, whole.astype(np.int8), singles)
refusals: list[Callable[[], None]] = [
    lambda: correct_array(doubles),
    lambda: correct_integers(whole.astype(np.int8)),
    correct_number,
    correct_list,
    lambda: correct_two(singles, doubles),
    lambda: correct_wide_number(singles),
    lambda: correct_two_integers(whole.astype(np.int8)),
]
for refused in refusals:
    try:
        refused()
    except TypeError:
        continue
    raise AssertionError("no error")
info()
