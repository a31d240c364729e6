"""NumPy: formulas as users write them, other functions, and bounds of the speed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from gelu_simd import _ufuncs
from gelu_simd._check.bits import Array
from gelu_simd._compare.peers.ways import Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind


def formula(value: str, derivative: str, form: str | None = None) -> Callable[[int | None], Ways]:
    """Return the loader of a formula and its derivative, by their names in `formulas`.

    They are peers of the functions of one form of GELU, or, without `form`, of all functions.
    """

    def load(_: int | None) -> Ways:
        from gelu_simd._compare import formulas  # noqa: PLC0415 - imports SciPy

        calls = {
            Kind.VALUE: getattr(formulas, value),
            Kind.DERIVATIVE: getattr(formulas, derivative),
        }

        def ways(function: str, a: Arrays) -> dict[str, Way]:
            row = FUNCTIONS[function]
            if form not in (None, row.form) or row.kind in WITHOUT_FORMULA:
                return {}
            if row.composition is None:
                return {"new": Way(partial(calls[row.kind], *a.inputs(function)))}
            return {"new": composed(function, [calls[kind] for kind in kinds(function)], a)}

        return ways

    return load


#: What no formula is compared of: a random gate decides otherwise where u is next to Phi(x).
WITHOUT_FORMULA = {Kind.STOCHASTIC, Kind.SECOND_DERIVATIVE}


def kinds(function: str) -> list[Kind]:
    """Return what the factors of a composed function are to its form."""
    return [FUNCTIONS[name].kind for name in FUNCTIONS[function].composition.factors]


def composed(function: str, factors: Sequence[Callable], a: Arrays) -> Way:
    """Return the separate calls that a composed function stands for."""
    row = FUNCTIONS[function]
    run = partial(row.composition.compute, *factors, *a.inputs(function))
    return Way(run, (lambda results: results[0]) if len(row.results) == 1 else tuple)


def separate(_: int | None) -> Ways:
    """Return the separate calls, each of our ufuncs or of NumPy's."""

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        composition = FUNCTIONS[function].composition
        if composition is None:
            return {}
        factors = [_ufuncs.ufuncs[name] for name in composition.factors]
        return {"new": composed(function, factors, a)}

    return ways


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
