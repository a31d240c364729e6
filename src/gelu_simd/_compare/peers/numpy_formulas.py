"""NumPy: formulas as users write them, other functions, and bounds of the speed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from gelu_simd._check.bits import Array
from gelu_simd._compare.peers.ways import Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS


def formula(value: str, derivative: str, form: str | None = None) -> Callable[[int | None], Ways]:
    """Return the loader of a formula and its derivative, by their names in `formulas`.

    They stand beside the functions of one form of GELU, or, without `form`, beside those of all.
    """

    def load(_: int | None) -> Ways:
        from gelu_simd._compare import formulas  # noqa: PLC0415 - imports SciPy

        slope = getattr(formulas, derivative)
        calls = {
            VALUE: getattr(formulas, value),
            DERIVATIVE: slope,
            PRODUCT: lambda dy, x: dy * slope(x),
        }

        def ways(function: str, a: Arrays) -> dict[str, Way]:
            if form is not None and form != FUNCTIONS[function].form:
                return {}
            return {"new": Way(partial(calls[kind(function)], *a.inputs(function)))}

        return ways

    return load


def relu(_: int | None) -> Ways:
    """Return max(x, 0)."""

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        run = {
            VALUE: partial(np.maximum, a.x, 0, a.out),
            DERIVATIVE: partial(np.greater, a.x, 0, a.out),
            PRODUCT: lambda: np.multiply(a.dy, a.x > 0, a.out),
        }[kind(function)]
        return {"out": Way(run)}

    return ways


VALUE, DERIVATIVE, PRODUCT = "value", "derivative", "product"


def kind(function: str) -> str:
    """Return which of a form's three functions it is."""
    row = FUNCTIONS[function]
    if row.product_of is not None:
        return PRODUCT
    return DERIVATIVE if row.order == 1 else VALUE


def limit(call: Callable[[Array, Array], object]) -> Callable[[int | None], Ways]:
    """Return the loader of one call into a given output, whatever the function."""
    return lambda _: lambda _, a: {"out": Way(partial(call, a.x, a.out))}
