"""The promised limits on the error: asserted by the tests, printed in the docs."""

__all__ = ["LIMITS"]

#: Largest error in ULP on every level, by function and type.
LIMITS: dict[tuple[str, str], float] = {
    ("gelu", "float32"): 3.0,
    ("gelu", "float64"): 2.0,
    ("gelu_tanh", "float32"): 3.0,
    ("gelu_tanh", "float64"): 2.0,
    ("gelu_grad", "float32"): 3.0,
    ("gelu_grad", "float64"): 2.0,
    ("gelu_tanh_grad", "float32"): 3.5,
    ("gelu_tanh_grad", "float64"): 2.0,
}
