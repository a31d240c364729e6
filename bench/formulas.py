"""What NumPy users write for GELU today.

The constants are Python floats, so a float32 array stays float32. The names tell the formulas
apart: `erf` uses SciPy's erf, `mul` cubes by x*x*x and `pow` by x**3.
"""

import math
from collections.abc import Callable

import numpy as np

try:
    from scipy.special import erf
except ImportError:  # the formulas with erf are then left out of FORMULAS
    erf = None

Formula = Callable[..., np.ndarray]

SQRT_HALF = math.sqrt(0.5)
INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
SQRT_2_OVER_PI = math.sqrt(2 / math.pi)


def gelu_erf(x: np.ndarray) -> np.ndarray:
    """GELU with SciPy's erf."""
    return 0.5 * x * (1 + erf(x * SQRT_HALF))


def gelu_grad_erf(x: np.ndarray) -> np.ndarray:
    """Differentiate `gelu_erf`."""
    return 0.5 * (1 + erf(x * SQRT_HALF)) + x * (INV_SQRT_2PI * np.exp(-0.5 * x * x))


def gelu_backward_erf(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Multiply dy by the derivative of `gelu_erf`."""
    return dy * gelu_grad_erf(x)


def gelu_tanh_mul(x: np.ndarray) -> np.ndarray:
    """GELU's tanh form, the cube by multiplication."""
    return 0.5 * x * (1 + np.tanh(SQRT_2_OVER_PI * (x + 0.044715 * (x * x * x))))


def gelu_tanh_pow(x: np.ndarray) -> np.ndarray:
    """GELU's tanh form, the cube by a power, as it is usually written."""
    return 0.5 * x * (1 + np.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x**3)))


def gelu_tanh_grad_mul(x: np.ndarray) -> np.ndarray:
    """Differentiate `gelu_tanh_mul`."""
    t = np.tanh(SQRT_2_OVER_PI * (x + 0.044715 * (x * x * x)))
    slope = SQRT_2_OVER_PI * (1 + 3 * 0.044715 * (x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope


def gelu_tanh_backward_mul(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Multiply dy by the derivative of `gelu_tanh_mul`."""
    return dy * gelu_tanh_grad_mul(x)


# Which formulas compute the same thing as which ufunc.
FORMULAS: dict[str, list[Formula]] = {
    "gelu": [gelu_erf],
    "gelu_tanh": [gelu_tanh_mul, gelu_tanh_pow],
    "gelu_grad": [gelu_grad_erf],
    "gelu_tanh_grad": [gelu_tanh_grad_mul],
    "gelu_backward": [gelu_backward_erf],
    "gelu_tanh_backward": [gelu_tanh_backward_mul],
}
if erf is None:
    FORMULAS = {
        name: [formula for formula in formulas if not formula.__name__.endswith("_erf")]
        for name, formulas in FORMULAS.items()
    }
