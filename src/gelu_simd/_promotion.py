"""The type that a ufunc computes in, for operands that have no loop of their own.

NumPy asks a ufunc's promoter when no loop fits the operands' types and keeps the answer, for ever,
under those types: an answer must depend on nothing else.  Left to itself NumPy takes the first loop
that all operands can be cast to, also for a Python number beside a float32.
"""

import functools
from collections.abc import Iterable, Sequence

import numpy as np

from gelu_simd._errors import DType, Refusal
from gelu_simd._functions import Function
from gelu_simd._types import NARROW_INTEGERS, installed

_WIDEST = np.dtype(np.float64)
_INTEGERS = {
    type(dtype): dtype for dtype in [*map(np.dtype, "?bBhHiIlLqQ"), *installed(NARROW_INTEGERS)]
}


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
        numbers follow the other operands, integers and bool count as float64.

    Raises
    ------
    Refusal
        If there is no loop for what is asked for; if an input is no real number, or wider than
        float64; or if there is no loop for float64.
    """
    for requested in outputs:
        if requested is not None:
            if requested not in map(type, floats):
                raise Refusal(function, [requested], floats, of_inputs=False)
            return requested
    dtype_of = {type(dtype): dtype for dtype in [_WIDEST, *floats]} | _INTEGERS
    try:
        dtypes = [dtype_of[dtype] for dtype in inputs if dtype not in python_numbers]
    except KeyError:
        raise Refusal(function, inputs, floats) from None
    dtype = _promoted(dtypes)
    if dtype is type(_WIDEST) and _WIDEST not in floats:
        raise Refusal(function, inputs, floats)
    return dtype


def _promoted(dtypes: Sequence[np.dtype]) -> DType:
    if all(type(dtype) in _INTEGERS for dtype in dtypes):
        return type(_WIDEST)
    try:
        return type(np.result_type(*dtypes))
    except TypeError:  # bfloat16 has no common type with float16 and most integers; float32 has
        return type(functools.reduce(np.promote_types, [np.dtype(np.float32), *dtypes]))
