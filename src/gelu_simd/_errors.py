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
    """Types that have no loop.

    Parameters
    ----------
    function : Function
        The ufunc's record.
    types : sequence of DType
        The types of the inputs, or the one that ``dtype=`` or ``signature=`` asks for.
    floats : sequence of dtype
        The types that the ufunc has loops for.
    of_inputs : bool
        Whether the types are those of the inputs.
    """

    def __init__(
        self,
        function: Function,
        types: Sequence[DType],
        floats: Sequence[np.dtype],
        of_inputs: bool = True,
    ) -> None:
        self.function, self.types, self.floats = function, types, floats
        self.of_inputs = of_inputs
        super().__init__(self.message([_name(dtype) for dtype in types]))

    def message(self, types: Sequence[str]) -> str:
        """Return the message that calls the types so."""
        row, names = self.function, [dtype.name for dtype in self.floats]
        accepted = [name for name in names if name in TYPES]
        smaller = "types" if self.of_inputs else "floating-point types"
        if len(accepted) < len(names):
            accepted.append(f"the smaller {smaller} of ml_dtypes")
        advice = ""
        if row.tier is not FAST:
            advice = (
                ". No correctly rounded results are known for float64, which integers, bool and "
                "Python's numbers count as: convert them to float32, or call "
                f"{FAST.module}.{row.public}"
            )
        elif self.of_inputs:
            accepted += ["integers", "bool"]
        *accepted, last = accepted
        name = row.name if row.tier is FAST else f"{row.tier.module}.{row.public}"
        verb, does = ("take", "takes") if self.of_inputs else ("compute in", "computes in")
        return (
            f"ufunc '{name}' does not {verb} {' and '.join(types)}; "
            f"it {does} {', '.join(accepted)} and {last}{advice}"
        )


def _name(dtype: DType) -> str:
    return dtype.type.__name__.rstrip("_")


def explanation(error: TypeError, row: Function, *args: Any, **kwargs: Any) -> str | None:
    """Return a better message for the error of a call with these arguments, None if it is good."""
    nin = len(row.operands)
    if isinstance(error, Refusal):
        if error.of_inputs:
            return error.message(list(map(_describe, error.types, args)))
        return str(error)
    if "approximate" in kwargs:
        return _approximate(row, kwargs["approximate"])
    if nin < len(args) <= nin + len(row.results) and isinstance(args[nin], str):
        return _approximate(row, args[nin])  # in the place of `out`
    return None


def _describe(dtype: DType, x: Any) -> str:
    """Name an operand: its type in NumPy, or that of the object for which NumPy has none."""
    if dtype.type is np.void:
        return _raw(np.asarray(x).dtype)
    if dtype.type is not np.object_:
        return _name(dtype)
    if isinstance(x, int):
        return "an int beyond 64 bits"
    if isinstance(x, (np.ndarray, list, tuple)):
        elements = list(np.asarray(x, object).flat) or [None]
        witness = next((y for y in elements if not isinstance(y, int | float)), elements[0])
        return f"an array of objects such as {_type(witness)}"
    return _type(x)


def _raw(dtype: np.dtype) -> str:
    """Name a type that holds fields or bytes; say what NumPy loads as such bytes."""
    if dtype.names:
        return f"a structured type with the fields {', '.join(dtype.names)}"
    types = [row.name for row in TYPES.values() if row.raw == f"V{dtype.itemsize}"]
    advice = f" (if they are {types[0]}: x.view(ml_dtypes.{types[0]}))" if types else ""
    return f"raw bytes, {dtype.str[1:]}{advice}"


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
