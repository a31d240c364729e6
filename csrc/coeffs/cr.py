"""The correctly rounded float32 functions, computed in float64: fits, and the choice of last bits.

The fits' errors are below a float64's last bit.  What is left next to a middle between two floats
is chance: each function's coefficients are therefore moved by up to one unit in their last place,
as a seeded generator says.  With the seeds below no result of the 2^32 is wrong, with and without
fused multiply-adds; `python bench/prove.py` is the proof.
"""

from __future__ import annotations

import functools
import random

from fit import Fit, horner, polynomial, rounded, split
from header import Header, log2
from mpmath import mp, mpf
from targets import (
    GRAD_ROOT,
    LN2,
    LOG2E,
    TANH_CUBIC,
    TANH_SLOPE,
    E,
    Function,
    ratio_at_root,
    tanh_z_is,
)

CTYPE = "double"
LEAST = -523  # the n at which v_pow2 gives 0
SCALE = mpf(2) ** -500  # on what p = 2^(n - 500) is added to or divided by
MAGIC = 3 * mpf(2) ** 51 + 1023 - 500
NUDGE = mpf(2) ** -175  # far below the least float, far above the rounding errors beside 2^-125
END = mpf("14.5")  # of the fits: beyond it results vanish
CENTER = 4  # of the nodes: they are those of Chebyshev in (t - CENTER)/(t + CENTER)
CHECKS = 400

G = rounded(2 * LN2, CTYPE, 40)

#: Seeds of the last bits, by function; 0 moves none.
SEEDS = {"gelu": 0, "gelu_tanh": 4, "gelu_grad": 19, "gelu_tanh_grad": 136}


def points(count: int) -> list[mpf]:
    """Return Chebyshev points of [0, END] in (t - CENTER)/(t + CENTER)."""
    low, high = mpf(-1), (END - CENTER) / (END + CENTER)
    result = []
    for i in range(count):
        v = (low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * count))
        result.append(CENTER * (1 + v) / (1 - v))
    return result


def interpolate(f: Function, n_degree: int, d_degree: int) -> tuple[list[mpf], list[mpf]]:
    """Return N and D, D(0) = 1, with N/D = f at Chebyshev points."""
    nodes = points(n_degree + d_degree + 1)
    values = [f(t) for t in nodes]
    system = mp.matrix(
        [
            [t**j for j in range(n_degree + 1)] + [-y * t**j for j in range(1, d_degree + 1)]
            for t, y in zip(nodes, values, strict=True)
        ]
    )
    solution = list(mp.lu_solve(system, mp.matrix(values)))
    return solution[: n_degree + 1], [mpf(1), *solution[n_degree + 1 :]]


def error(f: Function, n: list[mpf], d: list[mpf]) -> mpf:
    return max(abs(horner(n, t) / horner(d, t) / f(t) - 1) for t in points(CHECKS))


def moved(seed: int, values: list[mpf]) -> list[mpf]:
    """Return values rounded and, but for the seed 0, moved by -1, 0 or 1 unit.

    The constant moves by up to 4: nothing else matters where x is near 0.
    """
    generator = random.Random(f"{seed} {len(values)}")
    result = []
    for i, value in enumerate(values):
        c = rounded(value, CTYPE)
        unit = mpf(2) ** (int(mp.floor(mp.log(abs(c), 2))) - 52)
        reach = 1 if i else 4
        step = generator.randint(-reach, reach) if seed else 0
        result.append(c + step * unit)
    return result


def excess(t: mpf) -> mpf:
    """Return what exp(-t^2/2) lacks if n G stands for 2 n ln(2), n being continuous."""
    return mp.exp((2 * LN2 / G - 1) * t * t / 2)


@functools.cache
def exponential() -> tuple[Fit, mpf]:
    """exp(-f ln(2)/G) over a factor, |f| <= ln(2), its last coefficient being 1, and the factor."""
    h = LN2 * mpf("1.0002")

    def target(f: mpf) -> mpf:
        return mp.exp(-f * LN2 / G)

    fit = polynomial(target, lambda f: 1 / target(f), (-h, h), 10, CTYPE)
    factor = fit.coefficients[-1]
    scaled = [rounded(c / factor, CTYPE) for c in fit.coefficients]
    after = max(
        abs(factor * horner(scaled, f) / target(f) - 1)
        for f in (h * (2 * mpf(i) / CHECKS - 1) for i in range(CHECKS + 1))
    )
    return Fit(scaled, fit.before, after), factor


#: What `quotient` does.
SCALED = "NUM times 2^500 and the exponential's factor, over DEN's last"


def quotient(function: str, name: str, header: Header, n: list[mpf], d: list[mpf]) -> None:
    """Write N/D times the exponential's factor and 2^500, with 1 as the last coefficient of D."""
    factor = exponential()[1] / SCALE / d[-1]
    numerator = moved(SEEDS[function], [c * factor for c in n])
    denominator = moved(SEEDS[function], [c / d[-1] for c in d[:-1]])
    header.array(CTYPE, f"f64_cr_{name}_num", numerator)
    header.array(CTYPE, f"f64_cr_{name}_den", [*denominator, mpf(1)])


def gelu(header: Header) -> None:
    def ratio(t: mpf) -> mpf:
        return E(t) * excess(t)

    n, d = interpolate(ratio, 8, 9)
    header.comment(
        f"E(t) = NUM/DEN on [0, {mp.nstr(END, 4)}], type (8, 9); "
        f"error {log2(error(ratio, n, d))};\n"
        f" * {SCALED}; last bits by the seed {SEEDS['gelu']}.\n"
        " * NUDGE is to t NUM times the exponential as 2^-175 to t"
    )
    quotient("gelu", "gelu", header, n, d)
    nudge = NUDGE / 2 / d[-1] / SCALE
    header.scalars(CTYPE, "F64_CR_GELU", nudge=mpf(2) ** mp.floor(mp.log(nudge, 2)))


def gelu_grad(header: Header) -> None:
    root = split(GRAD_ROOT, CTYPE, 53)
    header.comment("gelu'(-ROOT) = 0")
    header.scalars(CTYPE, "F64_CR_ROOT", hi=root[0], lo=root[1])

    def ratio(t: mpf) -> mpf:
        return ratio_at_root(t) / 2 * excess(t)

    n, d = interpolate(ratio, 8, 8)
    header.comment(
        f"gelu'(-t) exp(t^2/2)/(ROOT - t) = NUM/DEN on [0, {mp.nstr(END, 4)}], type (8, 8);\n"
        f" * error {log2(error(ratio, n, d))}; {SCALED}; last bits by the seed "
        f"{SEEDS['gelu_grad']}"
    )
    quotient("gelu_grad", "grad", header, n, d)


def tanh(header: Header) -> None:
    h = mpf("0.5001")
    fit = polynomial(lambda f: mp.power(2, f), lambda f: mp.power(2, -f), (-h, h), 11, CTYPE)
    values = [mpf(1), *fit.coefficients[1:]]
    k1, k3 = -2 * TANH_SLOPE * LOG2E, -2 * TANH_SLOPE * TANH_CUBIC * LOG2E
    header.comment(
        "-2u log2(e) = t (K1 + K3 t^2); K1_HI has 24 bits so that (K1_HI + K3 t^2) - K1_HI is exact"
    )
    k1_hi, k1_lo = split(k1, CTYPE, 24)
    k3_hi, k3_lo = split(k3, CTYPE, 53)
    header.scalars(CTYPE, "F64_CR_TANH", k1_hi=k1_hi, k1_lo=k1_lo, k3_hi=k3_hi, k3_lo=k3_lo)
    for name, function in ("tanh", "gelu_tanh"), ("tanh_grad", "gelu_tanh_grad"):
        seed = SEEDS[function]
        header.comment(
            f"{function}: 2^f, |f| <= 1/2, degree 11; error {log2(fit.before)}, rounded "
            f"{log2(fit.after)};\n * times 2^-500; last bits by the seed {seed}"
        )
        header.array(CTYPE, f"f64_cr_{name}_exp2", moved(seed, [c * SCALE for c in values]))
    header.comment("2u'(t) = SLOPE[0] + SLOPE[1] t^2; last bits by the same seed")
    slope = [2 * TANH_SLOPE, 6 * TANH_SLOPE * TANH_CUBIC]
    header.array(CTYPE, "f64_cr_tanh_grad_slope", moved(SEEDS["gelu_tanh_grad"], slope))


def section(header: Header) -> None:
    """Write the constants of csrc/maths/cr_f32.inc."""
    header.section("float32, correctly rounded")
    header.comment(
        "z + MAGIC holds rint(z) - 500 + the exponent's bias in its last bits.\n"
        " * t stops at HI, where n = -523"
    )
    header.scalars(
        CTYPE, "F64_CR",
        magic=MAGIC,
        gelu_hi=rounded(mp.sqrt(-LEAST * G), CTYPE), tanh_hi=rounded(tanh_z_is(-LEAST), CTYPE),
        tanh_nudge=NUDGE,
    )  # fmt: skip
    fit, _ = exponential()
    header.comment(
        "exp(-t^2/2) = 2^n exp(-f ln(2)/G), f = t^2 + n G, times a factor near 1 that the fits "
        "beside\n"
        " * it make up for; n = rint(EXPONENT t^2), G is 40 bits of 2 ln(2)"
    )
    header.scalars(CTYPE, "F64_CR", exponent=rounded(-LOG2E / 2, CTYPE), g=G)
    header.polynomial(
        CTYPE,
        "f64_cr_exp",
        "exp(-f ln(2)/G) times the factor that makes the last one 1, |f| <= ln(2),",
        fit,
    )
    gelu(header)
    gelu_grad(header)
    tanh(header)
