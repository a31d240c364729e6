"""SciPy's sparse arrays and matrices: a function that is 0 at 0 keeps them sparse."""

from typing import Any

import numpy as np
from scipy.sparse import issparse, sparray, spmatrix

from gelu_simd._ufuncs import add_handler

# The formats whose stored elements are an array that a function can be applied to.
ELEMENTS = ("csr", "csc", "bsr", "coo")


def attach() -> None:
    """Take the calls that hold a sparse array."""
    add_handler((sparray, spmatrix), call)


def call(ufunc: np.ufunc, x: Any, *others: Any, **kwargs: Any) -> Any:
    """Compute a function of the stored elements, in the format of `x`.

    ``dtype`` and ``casting`` are a ufunc's; there is no ``out`` or ``where``.
    """
    name = ufunc.__name__
    if ufunc.nin > 1 or others or not issparse(x) or kwargs.keys() - {"dtype", "casting"}:
        raise TypeError(
            f"{name} takes a sparse array as its only input and no out or where; "
            "convert sparse arrays by x.toarray()"
        )
    at_zero = ufunc(x.dtype.type(0), **kwargs)
    if np.any(at_zero):
        raise TypeError(
            f"{name} of a sparse array would not be sparse, as {name}(0) is {at_zero}; "
            f"convert it by x.toarray(), or compute {name}(x.data)"
        )
    y = x.copy() if x.format in ELEMENTS else x.tocsr(copy=True)
    y.sum_duplicates()
    y.data = ufunc(y.data, **kwargs)
    return y.asformat(x.format)
