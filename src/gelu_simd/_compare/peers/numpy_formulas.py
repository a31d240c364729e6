"""NumPy: formulas as users write them, other functions, and bounds of the speed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from gelu_simd._check.bits import Array
from gelu_simd._compare.peers.ways import Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind


def formula(value: str, derivative: str, form: str | None = None) -> Callable[[int | None], Ways]:
    """Return the loader of a formula and its derivative, by their names in `formulas`.

    They are peers of the functions of one form of GELU, or, without `form`, of all functions.
    """

    def load(_: int | None) -> Ways:
        from gelu_simd._compare import formulas  # noqa: PLC0415 - imports SciPy

        slope = getattr(formulas, derivative)
        calls = {
            Kind.VALUE: getattr(formulas, value),
            Kind.DERIVATIVE: slope,
            Kind.GRADIENT: lambda dy, x: dy * slope(x),
        }

        def ways(function: str, a: Arrays) -> dict[str, Way]:
            row = FUNCTIONS[function]
            if form not in (None, row.form) or row.kind not in calls:
                return {}
            return {"new": Way(partial(calls[row.kind], *a.inputs(function)))}

        return ways

    return load


def relu(_: int | None) -> Ways:
    """Return max(x, 0)."""

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        calls = {
            Kind.VALUE: partial(np.maximum, a.x, 0, a.out),
            Kind.DERIVATIVE: partial(np.greater, a.x, 0, a.out),
            Kind.GRADIENT: lambda: np.multiply(a.dy, a.x > 0, a.out),
        }
        kind = FUNCTIONS[function].kind
        return {"out": Way(calls[kind])} if kind in calls else {}

    return ways


def bound(call: Callable[[Array, Array], object]) -> Callable[[int | None], Ways]:
    """Return the loader of one call ``call(x, out)``, the same for every function."""
    return lambda _: lambda _, a: {"out": Way(partial(call, a.x, a.out))}
