"""The errors of calls that no loop takes: what was wrong, and what is accepted."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gelu_simd._functions import FAST, FUNCTIONS, Function
from gelu_simd._types import TYPES

DType = type[np.dtype]  # NumPy's class of a type, such as type(np.dtype("f4"))

#: The values of other libraries' argument `approximate`, by form; the first is the usual one.
APPROXIMATE = {"exact": ("none", False, None), "tanh": ("tanh", True)}


class Refusal(TypeError):
    """Operands whose types have no loop.

    Parameters
    ----------
    function : Function
        The ufunc's record.
    inputs : sequence of DType
        The types of the inputs.
    floats : sequence of dtype
        The types that the ufunc has loops for.
    """

    def __init__(
        self, function: Function, inputs: Sequence[DType], floats: Sequence[np.dtype]
    ) -> None:
        self.function, self.inputs, self.floats = function, inputs, floats
        super().__init__(self.message([_name(dtype) for dtype in inputs]))

    def message(self, inputs: Sequence[str]) -> str:
        """Return the message that calls the inputs so."""
        row, names = self.function, [dtype.name for dtype in self.floats]
        floats = [name for name in names if name in TYPES]
        smaller = ["the smaller types of ml_dtypes"] if len(floats) < len(names) else []
        if row.tier is not FAST:
            *types, last = floats + smaller
            return (
                f"ufunc '{row.tier.module}.{row.public}' does not take {' and '.join(inputs)}; "
                f"it takes {', '.join(types)} and {last}. No correctly rounded results are known "
                "for float64, which integers, bool and Python's numbers count as: convert them to "
                f"float32, or call {FAST.module}.{row.public}"
            )
        others = smaller[0] if smaller else "bool"
        return (
            f"ufunc {row.name!r} does not take {' and '.join(inputs)}; "
            f"it takes {', '.join(floats)}, integers and {others}"
        )


def _name(dtype: DType) -> str:
    return dtype.type.__name__.rstrip("_")


def explanation(error: TypeError, row: Function, *args: Any, **kwargs: Any) -> str | None:
    """Return a better message for the error of a call with these arguments, None if it is good."""
    nin = len(row.operands)
    if isinstance(error, Refusal):
        return error.message(list(map(_describe, error.inputs, args)))
    if "approximate" in kwargs:
        return _approximate(row, kwargs["approximate"])
    if nin < len(args) <= nin + len(row.results) and isinstance(args[nin], str):
        return _approximate(row, args[nin])  # in the place of `out`
    return None


def _describe(dtype: DType, x: Any) -> str:
    """Name an operand: its type in NumPy, or that of the object for which NumPy has none."""
    if dtype.type is not np.object_:
        return _name(dtype)
    if isinstance(x, int):
        return "an int beyond 64 bits"
    if isinstance(x, (np.ndarray, list, tuple)):
        elements = list(np.asarray(x, object).flat) or [None]
        witness = next((y for y in elements if not isinstance(y, int | float)), elements[0])
        return f"an array of objects such as {_type(witness)}"
    return _type(x)


def _type(x: Any) -> str:
    module, name = type(x).__module__, type(x).__qualname__
    return name if module == "builtins" else f"{module}.{name}"


def _approximate(row: Function, value: Any) -> str:
    """Say which function computes what others choose by the argument `approximate`."""
    functions = {}
    for other in FUNCTIONS.values():
        if (other.tier, other.kind) == (row.tier, row.kind):
            functions |= dict.fromkeys(APPROXIMATE.get(other.form, ()), other.public)
    if isinstance(value, str | bool | None) and value in functions:
        advice = f"the function for {value!r} is {functions[value]}"
    else:
        words = [f"for {key!r} is {other}" for key, other in functions.items() if type(key) is str]
        advice = f"the function {' and '.join(words)}, there is none for {value!r}"
    return f"{row.public}() has no argument 'approximate': {advice}"
