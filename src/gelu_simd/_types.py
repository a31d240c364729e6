"""The list of types: the formats of the numbers that the functions are computed in.

It is the list of csrc/lists.h with what C need not know.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Type(NamedTuple):
    """A row of the list."""

    name: str  #: NumPy's name
    suffix: str  #: of C's names
    size: int  #: bytes of a number
    precision: int  #: significant bits
    least_exponent: int  #: the smallest subnormal number is 2 to the power of this
    lane: str  #: the type in which it is computed; another one than itself is rounded at the end
    enumerable: bool  #: whether every check takes all numbers of the type
    raw: str | None = None  #: the type in the header of a .npy file, if not the type's own


#: By name, in the order of a ufunc's loops.
TYPES = {
    row.name: row
    for row in (
        Type("float32", "f32", 4, 24, -149, "float32", False),
        Type("float64", "f64", 8, 53, -1074, "float64", False),
        Type("float16", "f16", 2, 11, -24, "float32", True),
        Type("bfloat16", "bf16", 2, 8, -133, "float32", True, "V2"),
    )
}

#: The floating-point types of ml_dtypes with 8 bits and fewer, and what ml_dtypes makes of a number
#: beyond the largest.  They are computed in float32 and rounded once.
NARROW_FLOATS = {
    "float8_e3m4": "infinity",
    "float8_e4m3": "infinity",
    "float8_e4m3b11fnuz": "NaN",
    "float8_e4m3fn": "NaN",
    "float8_e4m3fnuz": "NaN",
    "float8_e5m2": "infinity",
    "float8_e5m2fnuz": "NaN",
    "float8_e8m0fnu": "NaN",
    "float6_e2m3fn": "the largest number",
    "float6_e3m2fn": "the largest number",
    "float4_e2m1fn": "the largest number",
}

#: Those that have neither 0 nor negative numbers; both become NaN.
NARROW_POSITIVE = ("float8_e8m0fnu",)

#: The integer types of ml_dtypes.
NARROW_INTEGERS = ("int1", "int2", "int4", "uint1", "uint2", "uint4")


def installed(names: Iterable[str]) -> list[np.dtype]:
    """Return those of ml_dtypes' types that are installed."""
    try:
        import ml_dtypes  # noqa: PLC0415 - optional
    except ImportError:
        return []
    return [np.dtype(getattr(ml_dtypes, name)) for name in names if hasattr(ml_dtypes, name)]


def finfo(dtype: np.dtype) -> np.finfo:
    """Return what `numpy.finfo` does, for the types of ml_dtypes too."""
    try:
        return np.finfo(dtype)
    except ValueError:
        import ml_dtypes  # noqa: PLC0415 - there if such a type is

        return ml_dtypes.finfo(dtype)
