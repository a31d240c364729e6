"""pint's quantities: what the functions take must be dimensionless, and so are the results."""

from typing import Any

import numpy as np
from pint import Quantity
from pint.facets.numpy.numpy_func import implements

from gelu_simd._ufuncs import ufuncs


def attach() -> None:
    """Add the ufuncs to those that pint knows; it looks them up by name."""
    for name, ufunc in ufuncs.items():
        implements(name, "ufunc")(_implementation(ufunc))


def _implementation(ufunc: np.ufunc) -> Any:
    def implementation(*args: Any, out: tuple = (), **kwargs: Any) -> Any:
        quantities = [x for x in (*args, *out) if isinstance(x, Quantity)]
        if out:
            kwargs["out"] = tuple(map(_magnitude, out))
        result = ufunc(*map(_magnitude, args), **kwargs)
        if out:
            return out[0] if len(out) == 1 else out
        wrap = quantities[0]._REGISTRY.Quantity
        return tuple(map(wrap, result)) if ufunc.nout > 1 else wrap(result)

    return implementation


def _magnitude(x: Any) -> Any:
    """Return the number of a dimensionless quantity; pint raises DimensionalityError for others."""
    return x.m_as("") if isinstance(x, Quantity) else x
