"""Autograd: the functions and their derivatives as primitives, by reverse and forward mode."""

from collections.abc import Callable
from typing import Any

import numpy as np
from autograd.extend import Box, defjvp, defvjp, primitive

from gelu_simd._functions import FUNCTIONS, Kind
from gelu_simd._ufuncs import add_handler, records, ufuncs

_DERIVATIVES = {
    (row.tier.name, row.form, row.order): name for name, row in FUNCTIONS.items() if row.limits
}
_PRIMITIVES = {name: primitive(ufuncs[name]) for name in _DERIVATIVES.values()}


def attach() -> None:
    """Define the derivatives, as far as there are functions for them, and take Autograd's calls."""
    for (tier, form, order), name in _DERIVATIVES.items():
        derivative = _DERIVATIVES.get((tier, form, order + 1))
        if derivative is not None:
            _define(_PRIMITIVES[name], _PRIMITIVES[derivative])
    add_handler(Box, call)


def _define(function: Callable, derivative: Callable) -> None:
    defvjp(function, lambda _, x: lambda g: g * derivative(x))
    defjvp(function, lambda g, _, x: g * derivative(x))


def call(ufunc: np.ufunc, *args: Any, **kwargs: Any) -> Any:
    """Compute a function so that it can be differentiated; a composed one by its parts."""
    row = records[ufunc]
    name = row.public
    if kwargs or len(args) != ufunc.nin:
        raise TypeError(f"{name} takes arrays that Autograd follows without out and other keywords")
    if row.name in _PRIMITIVES:
        return _PRIMITIVES[row.name](*args)
    composition = row.composition
    if composition.kind is Kind.STOCHASTIC:
        raise TypeError(f"{name} has no derivative that Autograd could follow")
    results = composition.compute(*(_PRIMITIVES[factor] for factor in composition.factors), *args)
    return results if len(results) > 1 else results[0]
