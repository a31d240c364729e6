"""Formulas as NumPy users write them: GELU, and other activations.

The constants are Python floats, so a float32 array stays float32.  Names ending with `erf` and
`ndtr` use SciPy's functions; those with `mul` cube by x*x*x and those with `pow` by x**3.
"""

from __future__ import annotations

import math

import numpy as np

from gelu_simd._check.bits import Array

try:
    from scipy.special import erf, ndtr
except ImportError:  # the formulas with erf and ndtr then cannot be called
    erf = ndtr = None


SQRT_HALF = math.sqrt(0.5)
INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
CUBIC = 0.044715
QUICK_SLOPE = 1.702


def gelu_erf(x: Array) -> Array:
    """GELU with SciPy's erf."""
    return 0.5 * x * (1 + erf(x * SQRT_HALF))


def gelu_grad_erf(x: Array) -> Array:
    """Differentiate `gelu_erf`."""
    return 0.5 * (1 + erf(x * SQRT_HALF)) + x * (INV_SQRT_2PI * np.exp(-0.5 * x * x))


def gelu_backward_erf(dy: Array, x: Array) -> Array:
    """Multiply dy by the derivative of `gelu_erf`."""
    return dy * gelu_grad_erf(x)


def gelu_ndtr(x: Array) -> Array:
    """GELU with SciPy's normal distribution function."""
    return x * ndtr(x)


def gelu_grad_ndtr(x: Array) -> Array:
    """Differentiate `gelu_ndtr`."""
    return ndtr(x) + x * (INV_SQRT_2PI * np.exp(-0.5 * x * x))


def gelu_tanh_mul(x: Array) -> Array:
    """GELU's tanh form, the cube by multiplication."""
    return 0.5 * x * (1 + np.tanh(SQRT_2_OVER_PI * (x + CUBIC * (x * x * x))))


def gelu_tanh_grad_mul(x: Array) -> Array:
    """Differentiate `gelu_tanh_mul`."""
    t = np.tanh(SQRT_2_OVER_PI * (x + CUBIC * (x * x * x)))
    slope = SQRT_2_OVER_PI * (1 + 3 * CUBIC * (x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope


def gelu_tanh_backward_mul(dy: Array, x: Array) -> Array:
    """Multiply dy by the derivative of `gelu_tanh_mul`."""
    return dy * gelu_tanh_grad_mul(x)


def gelu_tanh_pow(x: Array) -> Array:
    """GELU's tanh form, the cube by a power, as it is usually written."""
    return 0.5 * x * (1 + np.tanh(SQRT_2_OVER_PI * (x + CUBIC * x**3)))


def gelu_tanh_grad_pow(x: Array) -> Array:
    """Differentiate `gelu_tanh_pow`."""
    t = np.tanh(SQRT_2_OVER_PI * (x + CUBIC * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * (SQRT_2_OVER_PI * (1 + 3 * CUBIC * x**2))


def quick_gelu(x: Array) -> Array:
    """GELU's quick form: x times the logistic function of 1.702 x."""
    return x / (1 + np.exp(QUICK_SLOPE * -x))


def quick_gelu_grad(x: Array) -> Array:
    """Differentiate `quick_gelu`."""
    s = 1 / (1 + np.exp(QUICK_SLOPE * -x))
    return s * (1 + QUICK_SLOPE * x * (1 - s))


def silu(x: Array) -> Array:
    """Return x times the logistic function."""
    return x / (1 + np.exp(-x))


def silu_grad(x: Array) -> Array:
    """Differentiate `silu`."""
    s = 1 / (1 + np.exp(-x))
    return s * (1 + x * (1 - s))


def elu(x: Array) -> Array:
    """Return x, or exp(x) - 1 where x is negative."""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def elu_grad(x: Array) -> Array:
    """Differentiate `elu`."""
    return np.exp(np.minimum(x, 0))
