"""The functions that the coefficients are fitted to, in mpmath.

Notation, as in the maths files: t = |x|,  Q(t) = erfc(t/sqrt 2)/2,  phi the normal density,
E(t) = Q(t) exp(t^2/2) (one half of the scaled complementary error function, E(0) = 1/2).
"""

from __future__ import annotations

from collections.abc import Callable

from mpmath import mp, mpf

mp.dps = 45  # of all computations beside this file

Function = Callable[[mpf], mpf]

LN2 = mp.ln(2)
LOG2E = 1 / LN2

TINY = mpf(2) ** -40


def slope_at(f: Function, t: mpf) -> mpf:
    """f'(t) to about 2^-80, where 45 digits of f leave a difference quotient accurate."""
    return (f(t + TINY) - f(t - TINY)) / (2 * TINY)


def divided_difference(f: Function, root: mpf, at_root: mpf) -> Function:
    """d -> (f(root - d) - at_root)/d."""

    def quotient(d: mpf) -> mpf:
        if abs(d) < TINY:
            return -slope_at(f, root)
        return (f(root - d) - at_root) / d

    return quotient


# ---------------------------------------------------------------------------------------------
# The exact form: x Q(-x)
# ---------------------------------------------------------------------------------------------


def phi(t: mpf) -> mpf:
    return mp.exp(-t * t / 2) / mp.sqrt(2 * mp.pi)


def Q(t: mpf) -> mpf:
    return mp.erfc(t / mp.sqrt(2)) / 2


def E(t: mpf) -> mpf:
    return Q(t) * mp.exp(t * t / 2)


def negative_grad(t: mpf) -> mpf:
    """gelu'(-t)."""
    return Q(t) - t * phi(t)


GRAD_ROOT = mp.findroot(negative_grad, mpf("0.7517915246935645"))


def ratio_at_root(t: mpf) -> mpf:
    """2 gelu'(-t) exp(t^2/2) / (ROOT - t)."""
    if abs(t - GRAD_ROOT) < TINY:
        return -2 * slope_at(negative_grad, GRAD_ROOT) * mp.exp(t * t / 2)
    return 2 * (E(t) - t / mp.sqrt(2 * mp.pi)) / (GRAD_ROOT - t)


# ---------------------------------------------------------------------------------------------
# The tanh form: x sigma(2u(x)), sigma the logistic function, u(t) = sqrt(2/pi) (t + 0.044715 t^3)
# ---------------------------------------------------------------------------------------------

TANH_CUBIC = mpf("0.044715")
TANH_SLOPE = mp.sqrt(2 / mp.pi)


def tanh_z(t: mpf) -> mpf:
    """2 u(t), the argument of the logistic function."""
    return 2 * TANH_SLOPE * (t + TANH_CUBIC * t**3)


def tanh_g(t: mpf) -> mpf:
    """t 2 u'(t)."""
    return 2 * TANH_SLOPE * (t + 3 * TANH_CUBIC * t**3)


def tanh_root_factor(t: mpf) -> mpf:
    """1 + exp(-2u) - t 2u', which carries the root of gelu_tanh'(-t)."""
    return 1 + mp.exp(-tanh_z(t)) - tanh_g(t)


def tanh_grad_factor(t: mpf) -> mpf:
    """gelu_tanh'(-t) / sigma(-2u)."""
    return tanh_root_factor(t) / (1 + mp.exp(-tanh_z(t)))


def tanh_z_is(n: int) -> mpf:
    """The t at which 2u(t) = n ln(2)."""
    return mp.findroot(lambda t: tanh_z(t) - n * LN2, mpf(15))


TANH_GRAD_ROOT = mp.findroot(tanh_root_factor, mpf("0.7524614220710163"))


def tanh_bend_factor(t: mpf) -> mpf:
    """gelu_tanh''(t) / (sigma(2u) sigma(-2u)), which carries the root."""
    slope, bend = 2 * TANH_SLOPE * (1 + 3 * TANH_CUBIC * t**2), 12 * TANH_SLOPE * TANH_CUBIC * t
    return 2 * slope + t * bend - t * slope**2 * mp.tanh(tanh_z(t) / 2)


def tanh_grad2_factor(t: mpf) -> mpf:
    """gelu_tanh''(t) exp(2u)."""
    return tanh_bend_factor(t) / (1 + mp.exp(-tanh_z(t))) ** 2


def tanh_grad2(t: mpf) -> mpf:
    """gelu_tanh''(t)."""
    return tanh_grad2_factor(t) * mp.exp(-tanh_z(t))


TANH_GRAD2_ROOT = mp.findroot(tanh_bend_factor, mpf("1.4185040087908284"))

# ---------------------------------------------------------------------------------------------
# The quick form: x sigma(1.702 x)
# ---------------------------------------------------------------------------------------------

QUICK_SLOPE = mpf("1.702")


def quick_grad_factor(t: mpf) -> mpf:
    """quick_gelu'(-t) / sigma(-1.702 t)."""
    v = QUICK_SLOPE * t
    return 1 - v / (1 + mp.exp(-v))


def negative_quick_grad(t: mpf) -> mpf:
    """quick_gelu'(-t)."""
    return quick_grad_factor(t) / (1 + mp.exp(QUICK_SLOPE * t))


QUICK_GRAD_ROOT = mp.findroot(quick_grad_factor, mpf("0.75115"))
