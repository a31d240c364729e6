"""Reference values of the GELU functions and the definition of error in ULP.

With t = |x|, each function is built from one tail p(t) = exp(-z(t)) g(t):

=====  =============================  ====================  ===========================
order  value                          g in the exact form   g in the others
=====  =============================  ====================  ===========================
0      x p (x < 0), x (1 - p) (else)  E(t)                  q = 1 / (1 + e^-z)
1      p (x < 0), 1 - p (else)        E(t) - t phi(0)       q - t z' q^2
2      p                              phi(0) (2 - t^2)      (2 z' + t z'') q^2
                                                            - t z'^2 (2 q^3 - q^2)
=====  =============================  ====================  ===========================

z is t^2 / 2 in the exact form, 2u(t) in the tanh form and 1.702 t in the quick form. Here
E(t) = erfc(t / sqrt 2) exp(t^2 / 2) / 2, phi is the normal density and
u(t) = sqrt(2 / pi) (t + 0.044715 t^3), 0.044715 and 1.702 being the decimal numbers.

g is summed from its Taylor series at the nearest of the nodes 0, 1/16, 1/8, ..., whose coefficients
are computed in decimal arithmetic on first use. For the derivatives the node next to the root of g
is moved there, held in three parts, so the relative error stays small up to the root. The quick
form's nodes end early: from there on its g is a polynomial but for e^-z.

float16 and float32 inputs are evaluated in float64, float64 inputs in pairs of float64. The largest
relative errors found are (in brackets: for float32 at x > -3, for float64 at abs(x) > 2^-32)

==================  ===============  ===============
function            float32          float64
==================  ===============  ===============
``gelu``            2^-51.1          2^-85.4 (2^-94)
``gelu_tanh``       2^-45.2 (2^-49)  2^-85.2 (2^-94)
``gelu_grad``       2^-51.0          2^-84.2 (2^-91)
``gelu_tanh_grad``  2^-45.1 (2^-49)  2^-84.1 (2^-87)
==================  ===============  ===============

against mpmath with 70 digits, at 190,000 inputs per entry (random bit patterns, uniform and
logarithmic distributions) and 40,000 around each root, all down to where the last non-zero results
are. Bounds of 2^-44 and 2^-83 are asserted by the tests. `exact` does not use the tables and is
meant to be read.
"""

from __future__ import annotations

import decimal
import functools
import operator
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gelu_simd._functions import CORRECTLY_ROUNDED, ELEMENTARY, FUNCTIONS
from gelu_simd._types import TYPES, Type

_NODES_PER_UNIT = 16
_DEGREE = 16  # of the Taylor series of g in pairs of float64
_DEGREE_SINGLE = 8  # of the same series in float64
_DEGREE_EXP = 9
_SINGLE = 24  # bits of the inputs that are evaluated in float64, at most
_PAIRED = 7  # leading coefficients that need a pair of float64
_BLOCK = 4096  # elements; the temporaries of one block stay in the cache

_Array = NDArray[np.float64]
_Pair = tuple[_Array, _Array]  # an unevaluated sum (high, low)
_Exponent = NDArray[np.int32]

# ---------------------------------------------------------------------------------------------
# Decimal arithmetic

# The series in `_scaled_erfc` loses up to 23 digits, the derivatives 17 next to their roots.
_CONTEXT = decimal.Context(prec=100, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX)
_EXACT_DIGITS = 60

_PI = Decimal(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803"
    "482534211706798214808651328230664709"
)


with decimal.localcontext(_CONTEXT):
    _PHI0 = 1 / (2 * _PI).sqrt()  # phi(0)
    _TWO_U1 = 2 * (2 / _PI).sqrt()  # 2u(t) = _TWO_U1 t + _TWO_U3 t^3
    _TWO_U3 = _TWO_U1 * Decimal("0.044715")
    _QUICK = Decimal("1.702")


def _split(value: Decimal, parts: int) -> list[float]:
    """Split `value` into floats of decreasing magnitude whose sum approximates it."""
    result = []
    for _ in range(parts):
        result.append(float(value))
        value -= Decimal(result[-1])
    return result


def _scaled_erfc(t: Decimal) -> Decimal:
    """Return E(t) = erfc(t / sqrt 2) exp(t^2 / 2) / 2 for t >= 0, to 65 digits or more."""
    if t >= 10:  # Laplace's continued fraction: E = phi(0) / (t + 1 / (t + 2 / (t + ...)))
        value = t
        for n in range(100, 0, -1):
            value = t + n / value
        return _PHI0 / value
    # E = exp(t^2 / 2) / 2 - phi(0) (t + t^3 / 3 + t^5 / (3 * 5) + ...)
    term = total = t
    n = 1
    while total + term != total:
        n += 2
        term *= t * t / n
        total += term
    return (t * t / 2).exp() / 2 - _PHI0 * total


def exact(function: str, x: float) -> Decimal:
    """Evaluate one function at one point in decimal arithmetic.

    Parameters
    ----------
    function : str
        One of `ELEMENTARY`.
    x : float
        Any finite number; it is taken as exactly the value it has.

    Returns
    -------
    decimal.Decimal
        The value, rounded to 60 significant digits. Where exp(-x^2) is below the least Decimal,
        of magnitude 10^(-10^18), the tail is 0.
    """
    _check_function(function)
    with decimal.localcontext(_CONTEXT) as context:
        point = Decimal(float(x))
        order = FUNCTIONS[function].order
        value = _form(function).tails(abs(point))[order]
        if order < 2 and x >= 0:
            value = 1 - value
        if order == 0:
            value *= point
        context.prec = _EXACT_DIGITS
        return +value


def _check_function(function: str) -> None:
    if function not in ELEMENTARY:
        raise ValueError(f"function must be one of {', '.join(ELEMENTARY)}; got {function!r}")


# ---------------------------------------------------------------------------------------------
# Tables


def _pair(value: Decimal) -> _Pair:
    high, low = np.array(_split(value, 2))
    return high, low


class _Table(NamedTuple):
    """Taylor coefficients of g; the last axis counts the nodes."""

    nodes: _Array  # (3, n): unevaluated sums of three
    high: _Array  # (_DEGREE + 1, n)
    low: _Array  # (_PAIRED, n): what `high` leaves of the leading coefficients


def _taylor_erfc(t: Decimal, order: int) -> list[Decimal]:
    """Taylor coefficients of g at t, from E' = t E - phi(0)."""
    if order == 2:
        return [_PHI0 * c for c in (2 - t * t, -2 * t, -1, *[0] * (_DEGREE - 2))]
    c = [_scaled_erfc(t)]
    c.append(t * c[0] - _PHI0)
    for n in range(1, _DEGREE):
        c.append((t * c[n] + c[n - 1]) / (n + 1))
    if order == 1:
        c[0] -= t * _PHI0
        c[1] -= _PHI0
    return c


def _taylor_logistic(a: Decimal, b: Decimal, t: Decimal, order: int) -> list[Decimal]:
    """Taylor coefficients of g at t for z = a t + b t^3.

    From e' = -z' e for e = exp(-z), and q (1 + e) = 1.
    """
    slope = [a + 3 * b * t * t, 6 * b * t, 3 * b]  # z'(t + d)
    e = [(-(a * t + b * t**3)).exp()]
    q = [1 / (1 + e[0])]
    for n in range(_DEGREE):
        e.append(-_dot(slope, e[n::-1]) / (n + 1))
        q.append(-_dot(e[1:], q[n::-1]) * q[0])
    if order == 0:
        return q
    square = _product(q, q)
    t_slope = _product([t, Decimal(1)], slope)
    if order == 1:
        return [c - d for c, d in zip(q, _product(t_slope, square), strict=True)]
    curve = [2 * a + 12 * b * t * t, 24 * b * t, 12 * b]  # 2 z' + t z''
    opposite = [2 * c - d for c, d in zip(_product(square, q), square, strict=True)]
    bend = _product(_product(t_slope, slope), opposite)
    return [c - d for c, d in zip(_product(curve, square), bend, strict=True)]


def _tails_erfc(t: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Return p(t) by order."""
    e = (-t * t / 2).exp()
    value, density = e * _scaled_erfc(t), e * _PHI0
    return value, value - t * density, (2 - t * t) * density


def _tails_logistic(a: Decimal, b: Decimal, t: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Return p(t) by order for z = a t + b t^3."""
    e = (-(a * t + b * t**3)).exp()
    value, density = e / (1 + e), e / (1 + e) ** 2
    slope, bend = a + 3 * b * t**2, 6 * b * t  # z' and z''
    second = 2 * slope + t * bend - t * slope**2 * (1 - e) / (1 + e)
    return value, value - t * slope * density, second * density


def _product(a: list[Decimal], b: list[Decimal]) -> list[Decimal]:
    """Return the leading coefficients of the product of two series or polynomials."""
    size = min(len(a) + len(b), _DEGREE + 2) - 1
    a, b = (c + [Decimal(0)] * (size - len(c)) for c in (a, b))
    return [_dot(a, b[n::-1]) for n in range(size)]


def _dot(a: list[Decimal], b: list[Decimal]) -> Decimal:
    """Sum the products of corresponding elements, as far as the shorter list goes."""
    return sum(map(operator.mul, a, b), Decimal(0))


def _table(function: str) -> _Table:
    return _table_of(FUNCTIONS[function].form, FUNCTIONS[function].order)


@functools.cache
def _table_of(name: str, order: int) -> _Table:
    form = _FORMS[name]
    last = int(form.last_node * _NODES_PER_UNIT)
    with decimal.localcontext(_CONTEXT):
        nodes = [Decimal(k) / _NODES_PER_UNIT for k in range(last + 1)]
        if order > 0:
            root = -Decimal(form.roots[order])
            near = round(root * _NODES_PER_UNIT)
            for _ in range(4):  # Newton's method: 16 digits at first, 100 at the end
                c = form.taylor(root, order)
                root -= c[0] / c[1]
            nodes[near] = root
        series = [form.taylor(t, order) for t in nodes]
        pairs = np.array([[_split(c, 2) for c in row[:_PAIRED]] for row in series])
        rest = np.array([[float(c) for c in row[_PAIRED:]] for row in series])
        return _Table(
            nodes=np.array([_split(t, 3) for t in nodes]).T.copy(),
            high=np.hstack([pairs[:, :, 0], rest]).T.copy(),
            low=pairs[:, :, 1].T.copy(),
        )


class _Exponential(NamedTuple):
    """Constants of `_exp`."""

    step: list[float]  # ln 2 / 64; the first two parts end at 2^-38 and 2^-70
    powers: _Array  # (2, 64): pairs of 2^(i / 64)
    high: _Array  # (_DEGREE_EXP + 1,): 1 / n!
    low: _Array  # (_PAIRED,)


@functools.cache
def _exponential() -> _Exponential:
    with decimal.localcontext(_CONTEXT):
        step = Decimal(2).ln() / 64
        first = Decimal(int(step * 2**38)) / 2**38
        second = Decimal(int((step - first) * 2**70)) / 2**70
        inverse_factorials = [Decimal(1)]
        for n in range(1, _DEGREE_EXP + 1):
            inverse_factorials.append(inverse_factorials[-1] / n)
        series = np.array([_split(c, 2) for c in inverse_factorials])
        return _Exponential(
            step=[float(first), float(second), float(step - first - second)],
            powers=np.array([_split((step * i).exp(), 2) for i in range(64)]).T.copy(),
            high=series[:, 0],
            low=series[:_PAIRED, 1],
        )


class Tables(NamedTuple):
    """What another implementation of this reference is made of, by the names in bench/prove.c."""

    arrays: dict[str, _Array]
    end: float  # results of float32 beyond it are the limits


def tables(function: str) -> Tables:
    """Return the tables of a function."""
    table, exponential = _table(function), _exponential()
    arrays = {
        "node": table.nodes,
        "high": table.high,
        "low": table.low,
        "step": np.array(exponential.step),
        "power": exponential.powers,
        "exp_high": exponential.high,
        "exp_low": exponential.low,
    }
    cubic = _form(function).cubic
    if cubic is not None:
        with decimal.localcontext(_CONTEXT):
            arrays |= {
                name: np.array(_split(c, 2))
                for name, c in zip(("slope", "cubic"), cubic, strict=True)
            }
    return Tables(arrays, _form(function).end[0])


# ---------------------------------------------------------------------------------------------
# Arithmetic in pairs of float64

_ZERO = np.zeros(())


def _fast_two_sum(a: _Array, b: _Array) -> _Pair:
    """Return a + b and its rounding error, for |a| >= |b| or a = 0 (Dekker)."""
    s = a + b
    return s, b - (s - a)


def _two_sum(a: _Array, b: _Array) -> _Pair:
    """Return a + b and its rounding error (Knuth)."""
    s = a + b
    v = s - a
    return s, (a - (s - v)) + (b - v)


def _halves(a: _Array) -> _Pair:
    """Split a into two parts of at most 26 bits (Veltkamp)."""
    c = 134217729.0 * a  # 2^27 + 1
    high = c - (c - a)
    return high, a - high


def _two_product(a: _Array, b: _Array) -> _Pair:
    """Return a b and its rounding error (Dekker)."""
    p = a * b
    ah, al = _halves(a)
    bh, bl = _halves(b)
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


def _multiply(a: _Pair, b: _Pair) -> _Pair:
    p, e = _two_product(a[0], b[0])
    return _fast_two_sum(p, e + (a[0] * b[1] + a[1] * b[0]))


def _horner(high: _Array, low: _Array, d: _Pair) -> _Pair:
    """Sum high[n] d^n, in pairs for the leading coefficients, whose low parts are in `low`."""
    value = high[-1]
    for c in high[-2 : len(low) - 1 : -1]:
        value = value * d[0] + c
    pair = value, _ZERO
    for c, c_low in zip(high[len(low) - 1 :: -1], low[::-1], strict=True):
        p, p_low = _multiply(pair, d)
        s, e = _two_sum(p, c)
        pair = s, e + (p_low + c_low)
    return pair


def _exp(y: _Pair) -> tuple[_Pair, _Exponent]:
    """Return exp(y) for -800 < y <= 0 as a pair and the exponent of its power of two."""
    constants = _exponential()
    n = np.rint(y[0] / constants.step[0])
    d, e = _two_sum(y[0] - n * constants.step[0], -n * constants.step[1])
    series = _horner(constants.high, constants.low, (d, e + (y[1] - n * constants.step[2])))
    steps = n.astype(np.int32)
    power = constants.powers.take(steps & 63, axis=1)
    return _multiply((power[0], power[1]), series), steps >> 6


# ---------------------------------------------------------------------------------------------
# The forms


def _square_half(t: _Array) -> _Array:
    return 0.5 * (t * t)  # exact: t has at most 24 bits


def _square_half_pair(t: _Array) -> _Pair:
    square = _two_product(t, t)
    return 0.5 * square[0], 0.5 * square[1]


def _inverse_square_half(z: _Array) -> _Array:
    return np.sqrt(2 * z)


def _cubic(a: _Pair, b: _Pair, t: _Array) -> _Array:
    """Return a t + b t^3."""
    return t * (a[0] + b[0] * (t * t))


def _cubic_pair(a: _Pair, b: _Pair, t: _Array) -> _Pair:
    w, w_low = _multiply(_two_product(t, t), b)
    w, e = _two_sum(w, a[0])
    return _multiply((w, e + (w_low + a[1])), (t, _ZERO))


def _inverse_two_u(z: _Array) -> _Array:
    """Solve a t + b t^3 = z."""
    a, c = float(_TWO_U1), 3 * 0.044715
    return 2 / np.sqrt(c) * np.sinh(np.arcsinh(1.5 * z / a * np.sqrt(c)) / 3)


def _inverse_quick(z: _Array) -> _Array:
    return z / float(_QUICK)


class _Form(NamedTuple):
    """What the functions of one form are made of: the g and z of this module's docstring."""

    tails: Callable[[Decimal], tuple[Decimal, ...]]  # p at t, by order
    taylor: Callable[[Decimal, int], list[Decimal]]  # of g at t, of an order
    exponent: Callable[[_Array], _Array]  # z
    exponent_pair: Callable[[_Array], _Pair]
    # -x is clamped to the first number for float16 and float32 and to the second for float64:
    # there the results are under 2^-18 of the smallest subnormal.
    end: tuple[float, float]
    last_node: float
    inverse_exponent: Callable[[_Array], _Array]  # t >= 0 with z(t) = z
    slope: float  # of 1 - p of the value at 0
    # By order: of the first derivative beside the value, and of each derivative.
    roots: tuple[float, float, float]
    cubic: tuple[Decimal, Decimal] | None = None  # z is the sum of these times t and t^3


def _logistic(a: Decimal, b: Decimal) -> tuple[Callable, Callable, Callable, Callable]:
    """Return what the forms x / (1 + exp(-a x - b x^3)) begin with."""
    with decimal.localcontext(_CONTEXT):
        pairs = _pair(a), _pair(b)
    return (
        partial(_tails_logistic, a, b),
        partial(_taylor_logistic, a, b),
        partial(_cubic, *pairs),
        partial(_cubic_pair, *pairs),
    )


_FORMS = {
    "exact": _Form(
        _tails_erfc, _taylor_erfc, _square_half, _square_half_pair, (16.0, 39.5), 39.5,
        _inverse_square_half, float(_PHI0),
        (-0.751791524693564457, -0.751791524693564457, -1.414213562373095049),
    ),
    "tanh": _Form(
        *_logistic(_TWO_U1, _TWO_U3), (12.0, 22.0), 22.0,
        _inverse_two_u, float(_TWO_U1) / 4,
        (-0.752461422071016258, -0.752461422071016258, -1.418504008790828355),
        (_TWO_U1, _TWO_U3),
    ),
    "quick": _Form(
        *_logistic(_QUICK, Decimal(0)), (72.0, 450.0), 96.0,
        _inverse_quick, float(_QUICK) / 4,
        (-0.751154255441288951, -0.751154255441288951, -1.409728131912730710),
        (_QUICK, Decimal(0)),
    ),
}  # fmt: skip


def _form(function: str) -> _Form:
    return _FORMS[FUNCTIONS[function].form]


def root(function: str) -> float:
    """Return the negative root of a derivative; for a value, of its first derivative."""
    return _form(function).roots[FUNCTIONS[function].order]


def end(function: str) -> float:
    """Return an x below which all results round to -0, in every type."""
    return -_form(function).end[1]


def inverse_exponent(function: str, z: ArrayLike) -> _Array:
    """Return t >= 0 with z(t) = z, the z of this module's docstring."""
    return _form(function).inverse_exponent(np.asarray(z))


# ---------------------------------------------------------------------------------------------
# Evaluation


def _nearest_node(table: _Table, t: _Array) -> NDArray[np.intp]:
    last = table.nodes.shape[1] - 1
    return np.minimum(np.rint(t * _NODES_PER_UNIT), last).astype(np.intp)


def _tail_single(function: str, t: _Array) -> _Array:
    """Return p(t) for 0 <= t <= 16 (12, 72), t of at most 24 bits, in float64."""
    table = _table(function)
    k = _nearest_node(table, t)
    d = (t - table.nodes[0].take(k)) - table.nodes[1].take(k)
    value: _Array = table.high[_DEGREE_SINGLE].take(k)
    for c in table.high[_DEGREE_SINGLE - 1 :: -1]:
        value *= d
        value += c.take(k)
    value *= np.exp(-_form(function).exponent(t))
    return value


def _tail_pair(function: str, t: _Array) -> tuple[_Pair, _Exponent]:
    """Return p(t) for t up to the form's end as a pair and the exponent of its power of two."""
    table = _table(function)
    k = _nearest_node(table, t)
    node = table.nodes.take(k, axis=1)
    d, e = _two_sum(t - node[0], -node[1])  # the first difference is exact
    g = _horner(table.high.take(k, axis=1), table.low.take(k, axis=1), (d, e - node[2]))
    z = _form(function).exponent_pair(t)
    s, exponent = _exp((-z[0], -z[1]))
    return _multiply(s, g), exponent


def _evaluate(function: str, x: _Array, wide: bool) -> tuple[_Array, _Array, _Exponent]:
    """Do the work of `reference` for one block; `wide` asks for pairs of float64."""
    form, order = _form(function), FUNCTIONS[function].order
    end = form.end[wide]
    finite = np.isfinite(x)
    y = np.maximum(np.where(finite, x, 0.0), -end)
    t = np.minimum(np.abs(y), end)
    opposite = (y >= 0) & (order < 2)
    base = opposite.astype(np.float64)
    sign = 1.0 - 2.0 * base

    # A = p or 1 - p. Where 1 - p rounds to 1, `low` still says on which side of 1 A lies.
    if wide:
        (p, p_low), exponent = _tail_pair(function, t)
        scale = np.where(opposite, np.maximum(exponent, -1000), 0)
        exponent = np.where(opposite, 0, exponent)
        p = np.ldexp(sign * p, scale)
        p_low = np.ldexp(sign * p_low, scale)
    else:
        p, p_low = sign * _tail_single(function, t), _ZERO
        exponent = np.zeros(t.shape, np.int32)
    high, low = _fast_two_sum(base, p)
    low += p_low

    if order < 2:
        # A = 1/2 + slope x to 2^-84. Below 2^-1000 only the sign of the second term counts.
        small = t < 2.0**-32
        slope = form.slope * (order + 1)
        np.copyto(high, 0.5, where=small)
        np.copyto(low, slope * np.sign(y) * np.maximum(t, 2.0**-1000), where=small)
        high, low = _fast_two_sum(high, low)

    if order == 0:
        if wide:
            mantissa, shift = np.frexp(y)
            high, low = _multiply((high, low), (mantissa, _ZERO))
            high = np.copysign(high, y)  # -0 * 0.5 plus its low part is +0
            exponent = exponent + shift
        else:
            high *= y
            low *= y
    if not finite.all():
        limit = np.where(x > 0, (np.inf, 1.0, -0.0)[order], np.where(x < 0, -0.0, np.nan))
        high = np.where(finite, high, limit)
        low = np.where(finite, low, 0.0)
        exponent = np.where(finite, exponent, 0)
    return high, low, exponent


def _blocks(size: int) -> Iterator[slice]:
    for start in range(0, size, _BLOCK):
        yield slice(start, start + _BLOCK)


def _is_wide(function: str, dtype: np.dtype) -> bool:
    """Tell whether float64 would not do for the reference of a type.

    For correctly rounded float32 it would not: results lie within 2^-54 of a middle.
    """
    precision, limits = TYPES[dtype.name].precision, FUNCTIONS[function].limits
    is_rounded = limits.get(dtype.name) == CORRECTLY_ROUNDED
    return precision > _SINGLE or (precision == _SINGLE and is_rounded)


def _check_type(array: NDArray[np.generic]) -> None:
    if array.dtype.name not in TYPES:
        raise TypeError(f"dtype must be one of {', '.join(TYPES)}; got {array.dtype}")


def reference(function: str, x: ArrayLike) -> tuple[_Array, _Array, _Exponent]:
    """Evaluate a function far more accurately than the type of its input.

    Parameters
    ----------
    function : str
        One of `ELEMENTARY`.
    x : array_like
        float16, float32, float64, or the bfloat16 of ml_dtypes; any shape.

    Returns
    -------
    high, low : ndarray of float64
    exponent : ndarray of int32
        The value is ``(high + low) * 2**exponent``, of the shape of `x`; `low` is at most an ULP
        of `high`. The exponent is 0 unless `x` is float64, whose small results would not leave
        room for `low`. For infinite x and NaN, `high` is the limit and `low` is 0.
    """
    _check_function(function)
    x = np.asarray(x)
    _check_type(x)
    flat = x.ravel()
    wide = _is_wide(function, x.dtype)
    high, low = np.empty((2, flat.size))
    exponent = np.empty(flat.size, np.int32)
    with np.errstate(all="ignore"):
        for part in _blocks(flat.size):
            block = flat[part].astype(np.float64)
            high[part], low[part], exponent[part] = _evaluate(function, block, wide)
    return high.reshape(x.shape), low.reshape(x.shape), exponent.reshape(x.shape)


def ulp_error(function: str, x: ArrayLike, got: ArrayLike) -> _Array:
    """Return the error of `got` in ULP: abs(got - exact) / ulp(exact).

    ulp(exact) is the distance between neighbouring numbers of the type of `got` at the magnitude
    of the exact result, and the smallest subnormal below the normal range. A correctly rounded
    result has an error of at most 0.5.

    Parameters
    ----------
    function : str
        One of `ELEMENTARY`.
    x, got : array_like
        Inputs and results, of one shape; types as for `reference`.

    Returns
    -------
    ndarray of float64
        Never NaN. Where x is NaN or infinite, or the exact result is 0, the error is 0 for the
        right result, sign of zero included, and infinite for any other. Elsewhere it is infinite
        where `got` is NaN, infinite, or a zero of the wrong sign.
    """
    _check_function(function)
    x, got = np.asarray(x), np.asarray(got)
    _check_type(x)
    _check_type(got)
    if x.shape != got.shape:
        raise ValueError(f"x and got must have one shape; got {x.shape} and {got.shape}")
    x_flat, got_flat = x.ravel(), got.ravel()
    wide = _is_wide(function, x.dtype) or _is_wide(function, got.dtype)
    error = np.empty(x.size)
    with np.errstate(all="ignore"):
        for part in _blocks(x.size):
            x_block = x_flat[part].astype(np.float64)
            got_block = got_flat[part].astype(np.float64)
            error[part] = _block_error(
                x_block, got_block, _evaluate(function, x_block, wide), TYPES[got.dtype.name]
            )
    return error.reshape(x.shape)


def binade(high: _Array, low: _Array) -> _Exponent:
    """Return the exponent that `numpy.frexp` would give of high + low."""
    mantissa, exponent = np.frexp(high)
    opposite = (low != 0) & (np.signbit(low) != np.signbit(high))
    return exponent - ((np.abs(mantissa) == 0.5) & opposite)  # just below a power of two


def _block_error(
    x: _Array,
    got: _Array,
    value: tuple[_Array, _Array, _Exponent],
    number_format: Type,
) -> _Array:
    high, low, exponent = value
    precision, least = number_format.precision, number_format.least_exponent
    ulp = np.maximum(binade(high, low) + (exponent - precision), least)
    difference = np.ldexp(got, -exponent) - high
    error = np.ldexp(np.abs(difference - low), exponent - ulp)
    # A value so close to a tie that the sum lost `low`: rounded to the wrong side, got is worse.
    error[(error == 0.5) & (difference * low < 0)] = np.nextafter(0.5, 1)

    opposite = np.signbit(got) != np.signbit(high)
    error[~np.isfinite(got) | ((got == 0) & opposite)] = np.inf
    special = ~np.isfinite(x) | (high == 0)
    if special.any():
        right = ((got == high) & ~opposite) | (np.isnan(got) & np.isnan(high))
        error[special] = np.where(right, 0.0, np.inf)[special]
    return error
