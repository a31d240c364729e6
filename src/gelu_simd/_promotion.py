"""The type that a ufunc computes in, for operands that have no loop of their own.

NumPy asks a ufunc's promoter when no loop fits the operands' types and keeps the answer, for ever,
under those types: an answer must depend on nothing else.  Left to itself NumPy takes the first loop
that all operands can be cast to, also for a Python number beside a float32.
"""

import functools
from collections.abc import Iterable, Sequence

import numpy as np

from gelu_simd._functions import FAST, Function

DType = type[np.dtype]  # NumPy's class of a type, such as type(np.dtype("f4"))

_WIDE = np.dtype(np.float64)
_INTEGERS = {type(np.dtype(code)): np.dtype(code) for code in "?bBhHiIlLqQ"}


def loop_dtype(
    function: Function,
    inputs: Sequence[DType],
    outputs: Iterable[DType | None],
    floats: Sequence[np.dtype],
    python_numbers: Sequence[DType],
) -> DType:
    """Return the type of all operands of the loop to run.

    Parameters
    ----------
    function : Function
        The ufunc's record.
    inputs : sequence of DType
        The types of the inputs, or what ``signature=`` puts in their place.
    outputs : iterable of DType or None
        What ``dtype=`` or ``signature=`` asks for; None where it is silent.
    floats : sequence of numpy.dtype
        The types that the ufunc has loops for.
    python_numbers : sequence of DType
        The types that stand for Python's int and float.

    Returns
    -------
    DType
        The first type asked for.  Otherwise the type that NumPy promotes the inputs to: Python
        numbers follow the other operands, integers and bool count as float64.  It is one of
        `floats`.

    Raises
    ------
    TypeError
        If an input is no real number, or wider than float64; if that type is float64 and the
        ufunc has no such loop.
    """
    for requested in outputs:
        if requested is not None:
            return _existing(function, requested, floats)
    dtype_of = {type(dtype): dtype for dtype in [_WIDE, *floats]} | _INTEGERS
    try:
        dtypes = [dtype_of[dtype] for dtype in inputs if dtype not in python_numbers]
    except KeyError:
        others = ["integers", "bool"] if _WIDE in floats else []
        raise TypeError(
            f"ufunc {_label(function)!r} does not take {' and '.join(map(_name, inputs))}; "
            f"it takes {_listed([*(dtype.name for dtype in floats), *others])}"
        ) from None
    if not dtypes:
        dtypes = [_WIDE]
    try:
        result = functools.reduce(np.promote_types, dtypes)
    except TypeError:  # bfloat16 has no common type with float16 and most integers; float32 has
        result = functools.reduce(np.promote_types, [np.dtype(np.float32), *dtypes])
    return _existing(
        function, type(_WIDE) if type(result) in _INTEGERS else type(result), floats
    )


def _existing(function: Function, dtype: DType, floats: Sequence[np.dtype]) -> DType:
    """Return a type, or raise TypeError if it is float64 and the ufunc has no such loop."""
    if dtype is type(_WIDE) and _WIDE not in floats:
        raise TypeError(
            f"ufunc {_label(function)!r} computes in {_listed([row.name for row in floats])}: "
            "no correctly rounded results are known for float64, which integers, bool and Python "
            "numbers on their own count as.  Convert them to float32, or call "
            f"{FAST.module}.{function.public}"
        )
    return dtype


def _label(function: Function) -> str:
    """Name a ufunc, with its module unless that is the package."""
    tier, name = function.tier, function.public
    return name if tier is FAST else f"{tier.module}.{name}"


def _listed(names: Sequence[str]) -> str:
    """Join names as a sentence does."""
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _name(dtype: DType) -> str:
    """Name a type; for `object`, add how arguments become one by accident."""
    name = dtype.type.__name__.rstrip("_")
    return f"{name} (None, an int beyond 64 bits, ...)" if name == "object" else name
