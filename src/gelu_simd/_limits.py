"""The promised limits on the error: asserted by the tests, printed in the docs."""

from typing import NamedTuple

#: Largest error in ULP by function and type, on every level.
LIMITS: dict[tuple[str, str], float] = {
    ("gelu", "float32"): 3.0,
    ("gelu", "float64"): 2.0,
    ("gelu_tanh", "float32"): 3.0,
    ("gelu_tanh", "float64"): 2.0,
    ("gelu_grad", "float32"): 3.0,
    ("gelu_grad", "float64"): 2.0,
    ("gelu_tanh_grad", "float32"): 3.0,
    ("gelu_tanh_grad", "float64"): 2.0,
}

#: The other types, and their limit: no number of the type is nearer.
HALF_TYPES = ("float16", "bfloat16")
CORRECTLY_ROUNDED = 0.5


class Largest(NamedTuple):
    """The largest error found, in ULP, with its input and the number of all inputs."""

    error: float
    x: str  # as float.hex() writes it
    inputs: int


def group(level: str) -> str:
    """Return the name of the levels that give the same bits as `level`."""
    return "portable" if level == "portable" else "fused"


def limit(function: str, dtype: str) -> float:
    """Return the limit in ULP for a function of one input, on every level."""
    return CORRECTLY_ROUNDED if dtype in HALF_TYPES else LIMITS[function, dtype]
