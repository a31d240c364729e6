"""Refused calls: the error names what was wrong and what is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from gelu_simd._ufuncs import records

import gelu_simd
from gelu_simd import gelu, gelu_backward, gelu_tanh
from gelu_simd._errors import APPROXIMATE


class Foreign:
    """An object that NumPy can make nothing of."""


HERE = f"{Foreign.__module__}.Foreign"
TAKES = "; it takes float32, float64, float16"


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (Foreign(), HERE),
        (None, "NoneType"),
        (Decimal(1), "decimal.Decimal"),
        (2**70, "an int beyond 64 bits"),
        (-(2**63) - 1, "an int beyond 64 bits"),
        ([2**70, 1], "an array of objects such as int"),
        ([1, None], "an array of objects such as NoneType"),
        ((1.5, Foreign()), f"an array of objects such as {HERE}"),
        (np.array([[1, Decimal(2)]], object), "an array of objects such as decimal.Decimal"),
        (np.array([1, 2.5], object), "an array of objects such as int"),
        (np.array([], object), "an array of objects such as NoneType"),
        (np.array(Foreign(), object), f"an array of objects such as {HERE}"),
        ("text", "str"),
        (b"text", "bytes"),
        (1j, "complex128"),
        (np.ones(2, "c8"), "complex64"),
        (np.longdouble(1), "longdouble"),
        (np.datetime64("2026-01-01"), "datetime64"),
        (np.ones(2, "f4,i8"), "a structured type with the fields f0, f1"),
        (np.ones((), "f4,i8")[()], "a structured type with the fields f0, f1"),
        (np.zeros(2, "V3"), "raw bytes, V3"),
        (np.zeros(2, "V2"), "raw bytes, V2 (if they are bfloat16: x.view(ml_dtypes.bfloat16))"),
    ],
)
def test_an_operand_is_named(x: object, words: str) -> None:
    with pytest.raises(TypeError) as caught:
        gelu(x)
    assert str(caught.value).startswith(f"ufunc 'gelu' does not take {words}{TAKES}")
    assert type(caught.value) is TypeError
    if isinstance(x, int | complex):  # Python's numbers have types of their own beside an array
        return
    with pytest.raises(TypeError) as caught:
        gelu_backward(np.ones(2, "f4"), x)
    assert str(caught.value).startswith(
        f"ufunc 'gelu_backward' does not take float32 and {words}; "
    )


def test_types_of_the_signature_are_named() -> None:
    with pytest.raises(TypeError, match=r"does not take complex128; it takes"):
        gelu(1.0, signature=(complex, None))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dtype": "i4"}, "int32"),
        ({"dtype": bool}, "bool"),
        ({"dtype": "c8"}, "complex64"),
        ({"dtype": "g"}, "longdouble"),
        ({"dtype": object}, "object"),
        ({"signature": (None, np.int8)}, "int8"),
        ({"signature": "f->l"}, "int64"),
    ],
)
@pytest.mark.parametrize("x", [1, np.ones(2, "f4"), np.array([None])], ids=repr)
def test_a_type_without_a_loop_is_named(options: dict[str, object], words: str, x: object) -> None:
    words = rf"ufunc 'gelu' does not compute in {words}; it computes in float32, float64(,| and) "
    with pytest.raises(TypeError) as caught:
        gelu(x, **options)
    assert re.match(words + "float16", str(caught.value))
    assert type(caught.value) is TypeError
    assert "integers" not in str(caught.value)


def test_methods_name_the_type() -> None:
    with pytest.raises(TypeError, match=r"'gelu_backward' does not take float64 and object; "):
        gelu_backward.outer(np.ones(2), np.array([None]))


@pytest.mark.parametrize(("form", "values"), APPROXIMATE.items())
def test_approximate_is_answered_with_a_function(
    ufunc: np.ufunc, form: str, values: tuple[object, ...]
) -> None:
    """What others choose by the argument is a function of its own."""
    row = records[ufunc]
    functions = [
        other.public
        for other in records.values()
        if other.place == (form, row.kind) and other.tier is row.tier
    ]
    x = [np.ones(2, np.float32)] * ufunc.nin
    for value in values:
        with pytest.raises(TypeError) as caught:
            ufunc(*x, approximate=value)
        assert str(caught.value).startswith(f"{ufunc.__name__}() has no argument 'approximate': ")
        for function in functions:
            assert str(caught.value).endswith(f": the function for {value!r} is {function}")


@pytest.mark.parametrize(
    "call",
    [
        lambda: gelu(np.ones(3), approximate="tanh"),
        lambda: gelu(1.0, approximate="tanh"),
        lambda: gelu([1.0], approximate="tanh"),
        lambda: gelu(np.ones(3), "tanh"),
        lambda: gelu(np.ones(3), approximate="tanh", out=np.ones(3)),
        lambda: gelu_tanh(1.0, approximate=True),
    ],
)
def test_approximate_beside_other_arguments(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match=r"has no argument 'approximate': .* is gelu_tanh$"):
        call()


def test_unknown_approximations() -> None:
    functions = "the function for 'none' is gelu and for 'tanh' is gelu_tanh"
    for value in ("cubic", 1, 0.5, ["tanh"], np.float32(1), np.ones(2)):
        with pytest.raises(TypeError) as caught:
            gelu(1.0, approximate=value)
        assert str(caught.value).endswith(f"{functions}, there is none for {value!r}")


def test_other_errors_are_numpy_s() -> None:
    for call, words in (
        (lambda: gelu(1.0, approximates="tanh"), "unexpected keyword argument 'approximates'"),
        (gelu, "takes from 1 to 2 positional arguments"),
        (lambda: gelu(np.ones(2), "f4", "f4"), "takes from 1 to 2 positional arguments"),
    ):
        with pytest.raises(TypeError, match=words):
            call()


class Overriding:
    """An object that takes ufuncs over and fails by itself."""

    def __array_ufunc__(self, *_: object, **__: object) -> object:
        raise TypeError("of its own")


def test_errors_of_other_types_are_theirs() -> None:
    with pytest.raises(TypeError, match=r"^of its own$"):
        gelu_simd.gelu(Overriding())
