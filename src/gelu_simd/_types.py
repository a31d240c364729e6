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

#: The floating-point types of ml_dtypes with 8 bits and fewer.  They are computed in float32 and
#: rounded once, as ml_dtypes rounds.
NARROW_FLOATS = (
    "float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz",
    "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu",
    "float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn",
)  # fmt: skip

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
