"""pint's quantities: what the functions take must be dimensionless, and so are the results."""

from typing import Any

import numpy as np
from pint import Quantity

from gelu_simd._ufuncs import add_handler


def attach() -> None:
    """Take the calls that hold a quantity.

    pint itself looks ufuncs up by name, and those of `gelu_simd.cr` have the names of others.
    """
    add_handler((Quantity,), call)


def call(ufunc: np.ufunc, *args: Any, out: Any = (), **kwargs: Any) -> Any:
    """Compute a function of dimensionless quantities."""
    args, outs = args[: ufunc.nin], args[ufunc.nin :] or out
    outs = outs if isinstance(outs, tuple) else (outs,)
    if outs:
        kwargs["out"] = tuple(map(_magnitude, outs))
    result = ufunc(*map(_magnitude, args), **kwargs)
    results = result if ufunc.nout > 1 else (result,)
    wrap = next(x for x in (*args, *outs) if isinstance(x, Quantity))._REGISTRY.Quantity
    outs += (None,) * (ufunc.nout - len(outs))
    wrapped = tuple(wrap(y) if out is None else out for y, out in zip(results, outs, strict=True))
    return wrapped if ufunc.nout > 1 else wrapped[0]


def _magnitude(x: Any) -> Any:
    """Return the number of a dimensionless quantity; pint raises DimensionalityError for others."""
    return x.m_as("") if isinstance(x, Quantity) else x
