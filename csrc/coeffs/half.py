"""The last bits of the half types' coefficients, chosen so that no result is rounded wrongly.

The kernels of maths/*_half.inc compute in float32 and round once more, to 11 or 8 bits.  Where the
exact value lies next to a tie, their float32 error of an ULP or two decides, and it depends on the
last bits of the coefficients.  A random walk over those bits, with the kernels repeated here
operation by operation, ends where all 65,536 results are right.

The walk takes the same way on every machine: its steps are integers, its arithmetic is that of
IEEE.  What it aims at comes from Python's erfc and exp; no value is so near a tie that an error of
theirs could count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Coefficients = dict[str, list[np.float32]]  # by the names in the header
Constants = dict[str, np.float32]  # a form's scalars


class Format(NamedTuple):
    """A type of 16 bits."""

    name: str  # as the header has it
    precision: int  # significant bits
    least: int  # exponent of the smallest subnormal
    reach: int  # the walk steps by 2^0 ... 2^(reach - 1) ULP of float32: what the type will bear


F16 = Format("f16", 11, -24, 3)
BF16 = Format("bf16", 8, -133, 11)

# ---------------------------------------------------------------------------------------------
# What is right


def numbers(kind: Format) -> Floats:
    """All finite numbers of the type."""
    patterns = np.arange(1 << 16, dtype=np.uint32)
    if kind.name == "f16":
        x = patterns.astype(np.uint16).view(np.float16)
    else:
        x = (patterns << 16).view(np.float32)
    return x[np.isfinite(x)].astype(np.float32)


TINY = 2.0**-40
SLOPE = 2 * math.sqrt(2 / math.pi)  # 2u(t) = SLOPE (t + 0.044715 t^3)


# Of t >= 0: s(t), -t s'(t), and the form's second derivative; a value is x s(-x).
Form = Callable[[float], tuple[float, float, float]]


def exact(t: float) -> tuple[float, float, float]:
    density = math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    return math.erfc(t / math.sqrt(2)) / 2, t * density, (2 - t * t) * density


def tanh(t: float) -> tuple[float, float, float]:
    e = math.exp(-min(SLOPE * (t + 0.044715 * t**3), 700.0))
    s = e / (1 + e)
    slope, bend = SLOPE * (1 + 3 * 0.044715 * t * t), SLOPE * 6 * 0.044715 * t
    second = 2 * slope + t * bend - t * slope**2 * (1 - e) / (1 + e)
    return s, s / (1 + e) * slope * t, s / (1 + e) * second


def quick(t: float) -> tuple[float, float, float]:
    e = math.exp(-1.702 * t)
    s = e / (1 + e)
    second = 1.702 * (2 - 1.702 * t * (1 - e) / (1 + e))
    return s, s / (1 + e) * 1.702 * t, s / (1 + e) * second


END = {exact: 37.0, tanh: 37.0, quick: 400.0}


def value(form: Form, order: int, x: float) -> float:
    """The form's value or derivative, by order.

    To about 2^-45; 2^-35 next to a derivative's root.
    """
    # Below TINY only the side of x/2 and of 1/2 matters, above END only the sign.
    s, decline, second = form(min(max(abs(x), TINY), END[form]))
    if order == 2:
        return second
    if order == 0:
        return x * s if x < 0 else x * (1 - s)
    return s - decline if x < 0 else 1 - (s - decline)


def units(values: NDArray[np.float64], kind: Format) -> NDArray[np.float64]:
    """Each value in units of its last place, and that unit."""
    _, exponent = np.frexp(values)
    unit = np.ldexp(1.0, np.maximum(exponent - kind.precision, kind.least))
    return np.array([values / unit, unit])


def nearest(values: Floats, kind: Format) -> Floats:
    """Round to the type, ties to even.  Infinities stay what they are."""
    if kind.name == "f16":
        with np.errstate(over="ignore"):
            return values.astype(np.float16).astype(np.float32)
    u = values.view(np.uint32)
    return ((u + 0x7FFF + (u >> 16 & 1)) & np.uint32(0xFFFF0000)).view(np.float32)


# ---------------------------------------------------------------------------------------------
# The kernels


def fma(a: Floats, b: Floats, c: Floats) -> Floats:
    """Compute a b + c rounded once.

    The product is exact in float64.  The sum is rounded to odd there, which a second rounding to
    less than 52 bits cannot tell from the exact one (Boldo and Melquiond 2008).
    """
    p, c = np.broadcast_arrays(np.multiply(a, b, dtype=np.float64), np.float64(c))
    s = p + c
    v = s - p
    error = (p - (s - v)) + (c - v)
    bits = s.view(np.int64)
    step = np.where((error > 0) == (s > 0), 1, -1)
    odd = np.where((error != 0) & (bits % 2 == 0), bits + step, bits)
    return odd.view(np.float64).astype(np.float32)


def horner(z: Floats, c: list[np.float32]) -> Floats:
    r = np.full_like(z, c[-1])
    for k in c[-2::-1]:
        r = fma(r, z, k)
    return r


def monic(z: Floats, c: list[np.float32]) -> Floats:
    r = z + c[-1]
    for k in c[-2::-1]:
        r = fma(r, z, k)
    return r


ONE = np.float32(1)
ZERO = np.float32(-0.0)

# Less b's bits, it is 1/b's, off by one part in 20 either way: the least for such a guess.
RECIPROCAL = np.uint32(254 * 2**23 - round((5 - math.sqrt(24)) * 2**23))

Divide = Callable[[Floats, Floats], Floats]


def quotient(a: Floats, b: Floats) -> Floats:
    """Compute a/b as CUDA does, without a division: v_quotient of csrc/simd."""
    guess = (RECIPROCAL - b.view(np.uint32)).view(np.float32)
    e = fma(-b, guess, ONE)
    inverse = fma(guess, e, guess)
    inverse = fma(inverse, e * e, inverse)
    q = a * inverse
    return fma(fma(-b, q, a), inverse, q)


def reduced(a: Floats, b: Floats, k: Constants) -> list[Floats]:
    z = fma(a, b, k["exp_magic"])
    p = (z.view(np.uint32) << np.uint32(23)).view(np.float32)
    return [p, fma(a, b, -(z - k["exp_magic"]))]


class Sigma(NamedTuple):
    """The logistic function, as half_sigma_f32."""

    p: Floats
    n: Floats
    m: Floats
    d: Floats


def sigma(a: Floats, b: Floats, c: list[np.float32], k: Constants) -> Sigma:
    p, f = reduced(a, b, k)
    rho = horner(f * f, c)
    n, m = rho + f, (rho - f) * np.float32(2**32)
    return Sigma(p, n, m, fma(p, n, m))


def subtract(x: Floats, ts: Floats, p: Floats, m: Floats) -> Floats:
    return fma(-(ts * p), m, np.where(x < 0, ZERO, x))


def reflect(x: Floats, p: Floats, m: Floats) -> Floats:
    return fma(np.where(x < 0, p, -p), m, np.where(x < 0, ZERO, ONE))


def even(x: Floats, p: Floats, m: Floats) -> Floats:
    return fma(p, m, np.where(np.isnan(x), x, ZERO))


def sigma_value(x: Floats, ts: Floats, e: Sigma, divide: Divide) -> Floats:
    return subtract(x, ts, e.p, divide(e.n, e.d))


def sigma_derivative(x: Floats, g: Floats, e: Sigma, divide: Divide) -> Floats:
    return reflect(x, e.p, divide(e.n * fma(-g, e.m, e.d), e.d * e.d))


def gelu(x: Floats, c: Coefficients, k: Constants, divide: Divide) -> Floats:
    ts = np.minimum(np.abs(x), k["hi"])
    t = np.maximum(ts, k["lo"])
    p, f = reduced(t * t, k["exponent"], k)
    ratio = divide(horner(t, c["gelu_num"]), monic(t, c["gelu_den"]))
    return subtract(x, ts, p, ratio * monic(f, c["gelu_exp2"]))


def gelu_grad(x: Floats, c: Coefficients, k: Constants, divide: Divide) -> Floats:
    t = np.maximum(np.minimum(np.abs(x), k["hi"]), k["lo"])
    p, f = reduced(t * t, k["exponent"], k)
    ratio = divide(horner(t, c["grad_num"]), monic(t, c["grad_den"]))
    return reflect(x, p, ratio * ((k["root"] - t) * monic(f, c["grad_exp2"])))


def gelu_grad2(x: Floats, c: Coefficients, k: Constants, _: Divide) -> Floats:
    t = np.maximum(np.minimum(np.abs(x), k["hi"]), k["lo"])
    p, f = reduced(t * t, c["grad2_exponent"][0], k)
    return even(x, p, fma(-t, t, np.float32(2)) * horner(f, c["grad2_exp2"]))


def gelu_tanh(x: Floats, c: Coefficients, k: Constants, divide: Divide) -> Floats:
    ts = np.minimum(np.abs(x), k["hi"])
    t = np.maximum(ts, k["lo"])
    w = horner(t * t, c["tanh_exponent"])
    return sigma_value(x, ts, sigma(t, w, c["tanh_rho"], k), divide)


def gelu_tanh_grad(x: Floats, c: Coefficients, k: Constants, divide: Divide) -> Floats:
    t = np.maximum(np.minimum(np.abs(x), k["hi"]), k["lo"])
    t2 = t * t
    w = horner(t2, c["tanh_grad_exponent"])
    g = t * horner(t2, c["tanh_grad_slope"])
    return sigma_derivative(x, g, sigma(t, w, c["tanh_grad_rho"], k), divide)


def gelu_tanh_grad2(x: Floats, c: Coefficients, k: Constants, divide: Divide) -> Floats:
    t = np.maximum(np.minimum(np.abs(x), k["hi"]), k["lo"])
    t2 = t * t
    w = horner(t2, c["tanh_grad2_exponent"])
    p, f = reduced(t, w, k)
    y = horner(f, c["tanh_grad2_exp2"])
    d = fma(p, y, ONE)
    slope = horner(t2, c["tanh_grad2_slope"])
    b = t * slope * slope
    a = fma(np.float32(4), slope, c["tanh_grad2_twice"][0])
    n = fma(d - np.float32(2), b, a * d)
    return even(x, p, divide(y * n, d * d * d))


def quick_gelu(x: Floats, c: Coefficients, k: Constants, divide: Divide) -> Floats:
    ts = np.minimum(np.abs(x), k["hi"])
    t = np.maximum(ts, k["lo"])
    return sigma_value(x, ts, sigma(t, c["quick_exponent"][0], c["quick_rho"], k), divide)


def quick_gelu_grad(x: Floats, c: Coefficients, k: Constants, divide: Divide) -> Floats:
    t = np.maximum(np.minimum(np.abs(x), k["hi"]), k["lo"])
    g = t * c["quick_grad_slope"][0]
    e = sigma(t, c["quick_grad_exponent"][0], c["quick_grad_rho"], k)
    return sigma_derivative(x, g, e, divide)


class Kernel(NamedTuple):
    """What computes a function, and what the function is."""

    compute: Callable[[Floats, Coefficients, Constants, Divide], Floats]
    form: Form
    order: int  # of the derivative


KERNELS = {
    "gelu": Kernel(gelu, exact, 0),
    "gelu_grad": Kernel(gelu_grad, exact, 1),
    "gelu_grad2": Kernel(gelu_grad2, exact, 2),
    "gelu_tanh": Kernel(gelu_tanh, tanh, 0),
    "gelu_tanh_grad": Kernel(gelu_tanh_grad, tanh, 1),
    "gelu_tanh_grad2": Kernel(gelu_tanh_grad2, tanh, 2),
    "quick_gelu": Kernel(quick_gelu, quick, 0),
    "quick_gelu_grad": Kernel(quick_gelu_grad, quick, 1),
}

# ---------------------------------------------------------------------------------------------
# The walk

STEPS = 20_000
SURE = 2.0**-35  # the relative error of `value` is below
NEAR = 2.0**-6  # units from a tie; results further off join the walk when one is wrong


def random(seed: int) -> Iterator[int]:
    """31-bit numbers of Knuth's linear congruential generator."""
    while True:
        seed = (6364136223846793005 * seed + 1442695040888963407) % 2**64
        yield seed >> 33


def stepped(c: np.float32, steps: int) -> np.float32:
    """The number so many ULP away from c."""
    return (np.array([c]).view(np.int32) + np.int32(steps)).view(np.float32)[0]


def choose(
    function: str,
    kind: Format,
    start: Coefficients,
    constants: Constants,
    seed: int,
) -> Coefficients:
    """Coefficients that make every result right: a random walk from `start`.

    The seed decides the first steps, of up to 2 ULP each, and all others.  A step moves one or two
    coefficients.  It is taken if it leaves no more results wrong, and sometimes, less and less
    often, if it leaves one more.
    """
    compute, form, order = KERNELS[function]
    x = numbers(kind)
    every = np.ones(x.shape, bool)
    exact = np.array([value(form, order, float(t)) for t in x])
    count, unit = units(exact, kind)
    right = np.copysign(np.rint(count) * unit, exact).astype(np.float32)
    from_tie = np.abs(np.abs(count - np.rint(count)) - 0.5)
    tiny = np.abs(x) < TINY
    assert (from_tie > np.abs(count) * SURE)[~tiny].all()
    assert order > 0 or (exact > x / 2)[tiny & (x != 0)].all()
    hard = from_tie < NEAR

    def wrong(
        c: Coefficients, of: NDArray[np.bool_], divide: Divide = np.divide
    ) -> NDArray[np.bool_]:
        result = nearest(compute(x[of], c, constants, divide), kind)
        return (result != right[of]) | (np.signbit(result) != np.signbit(right[of]))

    draw = random(seed)
    places = [(name, i) for name in start for i in range(len(start[name]))]
    c = {name: list(values) for name, values in start.items()}
    for name, i in places:
        c[name][i] = stepped(c[name][i], next(draw) % 5 - 2)
    misses = wrong(c, hard).sum()
    for step in range(STEPS):
        if misses == 0:
            missed = wrong(c, every)
            if not missed.any():
                if wrong(c, every, quotient).any():
                    break
                return c
            hard |= missed
            misses = missed.sum()
        moved = {name: list(values) for name, values in c.items()}
        for _ in range(1 + next(draw) % 2):
            name, i = places[next(draw) % len(places)]
            distance = 1 << next(draw) % kind.reach
            moved[name][i] = stepped(moved[name][i], distance * (1 - 2 * (next(draw) % 2)))
        now = wrong(moved, hard).sum()
        if now <= misses or (now == misses + 1 and next(draw) % (8 + step) == 0):
            c, misses = moved, now
    raise RuntimeError(f"{kind.name} {function}: some results are wrong with seed {seed}")
