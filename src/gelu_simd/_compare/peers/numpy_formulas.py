"""NumPy: formulas as users write them, other functions, and bounds of the speed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from gelu_simd._check.bits import Array
from gelu_simd._compare.peers.ways import Arrays, Way, Ways


def formula(value: str, grad: str) -> Callable[[int | None], Ways]:
    """Return the loader of a formula and its derivative, by their names in `_formulas`.

    Names of the tanh form say so; those that do not begin with gelu stand beside both forms.
    """

    def load(_: int | None) -> Ways:
        from gelu_simd._compare import formulas  # noqa: PLC0415 - imports SciPy

        calls = {
            "": getattr(formulas, value),
            "grad": (slope := getattr(formulas, grad)),
            "backward": lambda dy, x: dy * slope(x),
        }

        def ways(function: str, a: Arrays) -> dict[str, Way]:
            form, kind = split(function)
            if value.startswith("gelu") and ("tanh" in value) != (form == "gelu_tanh"):
                return {}
            return {"new": Way(partial(calls[kind], *a.inputs(function)))}

        return ways

    return load


def split(function: str) -> tuple[str, str]:
    """Return the form, gelu or gelu_tanh, and what of it: "", grad or backward."""
    for kind in ("grad", "backward"):
        if function.endswith(f"_{kind}"):
            return function.removesuffix(f"_{kind}"), kind
    return function, ""


def relu(_: int | None) -> Ways:
    """Return max(x, 0)."""

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        run = {
            "": partial(np.maximum, a.x, 0, a.out),
            "grad": partial(np.greater, a.x, 0, a.out),
            "backward": lambda: np.multiply(a.dy, a.x > 0, a.out),
        }[split(function)[1]]
        return {"out": Way(run)}

    return ways


def limit(call: Callable[[Array, Array], object]) -> Callable[[int | None], Ways]:
    """Return the loader of one call into a given output, whatever the function."""
    return lambda _: lambda _, a: {"out": Way(partial(call, a.x, a.out))}
