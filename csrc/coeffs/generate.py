#!/usr/bin/env python3
"""Compute every constant of the kernels and write gelu_coeffs.h.

    python csrc/coeffs/generate.py           rewrite the header beside this file
    python csrc/coeffs/generate.py --check   exit 1 if the header is not what would be written

Needs mpmath and NumPy.  The header is the same on every machine: the arithmetic is mpmath's, and
for the half types (half.py) NumPy's float32, one IEEE operation at a time.

A form is a section here: its `float32`, `float64` and `half` write what is in its maths files.
Notation as in targets.py.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import sys
from pathlib import Path

import cr
import half
import numpy as np
import pieces
from fit import BITS, Fit, monic_rational, polynomial, rational, rounded, split
from header import Header, log2
from mpmath import mp, mpf
from targets import (
    GRAD_ROOT,
    LN2,
    LOG2E,
    QUICK_GRAD_ROOT,
    QUICK_SLOPE,
    TANH_CUBIC,
    TANH_GRAD2_ROOT,
    TANH_GRAD_ROOT,
    TANH_SLOPE,
    E,
    Function,
    divided_difference,
    negative_quick_grad,
    phi,
    quick_grad_factor,
    ratio_at_root,
    tanh_grad2,
    tanh_grad2_factor,
    tanh_grad_factor,
    tanh_z,
    tanh_z_is,
)

HEADER = Path(__file__).with_name("gelu_coeffs.h")

# ---------------------------------------------------------------------------------------------
# What the forms share
# ---------------------------------------------------------------------------------------------

F32_EXP_MAGIC = 3 * mpf(2) ** 22 + 64 + 127
F64_EXP_MAGIC = 3 * mpf(2) ** 51 + 64 + 1023
F32_LEAST, F64_LEAST = -191, -1087  # the n at which v_pow2 gives 0
F64_GRAD2_LEAST = F64_LEAST - 32  # the same in gelu_tanh_grad2
SCALE = mpf(2) ** -64  # on what meets 2^(n + 64) in the end
HALF_LO = mpf(2) ** -14
HALF_EXP_MAGIC = 3 * mpf(2) ** 22 + 32 + 127
HALF_LEAST = -159
HALF_SCALE = mpf(2) ** -32  # on what meets 2^(n + 32) in the end
HALF_SEED = 1  # of all walks
HALF_EXP2_DEGREE = {half.F16: 5, half.BF16: 4}


def shared(header: Header) -> None:
    header.section("shared by the forms")
    header.comment(
        "z + EXP_MAGIC holds rint(z) + 64 + the exponent's bias in its last bits; for half types 32"
    )
    header.scalars("float", "F32", exp_magic=F32_EXP_MAGIC)
    header.scalars("double", "F64", exp_magic=F64_EXP_MAGIC)
    header.scalars("float", "HALF", exp_magic=HALF_EXP_MAGIC)
    header.comment("t is at least this: x/2 keeps to its side of a tie, and t^2 clear of underflow")
    header.scalars("float", "HALF", lo=HALF_LO)


@functools.cache
def half_exp2(degree: int) -> Fit:
    """2^f, |f| <= 1/2, in a half type."""
    h = mpf("0.5001")
    return polynomial(lambda f: mp.power(2, f), lambda f: mp.power(2, -f), (-h, h), degree, "float")


def half_exp2_scaled(degree: int) -> list[mpf]:
    return [c * HALF_SCALE for c in half_exp2(degree).coefficients]


def monic(coefficients: list[mpf]) -> tuple[list[mpf], mpf]:
    """Return the coefficients below the last one, as multiples of that, and that."""
    *low, last = coefficients
    return [c / last for c in low], last


@functools.cache
def exp2_rho(degree: int) -> Fit:
    """rho in powers of f^2: 2^f = (rho + f)/(rho - f), |f| <= 1/2."""
    return polynomial(
        lambda z: mp.sqrt(z) / mp.tanh(mp.sqrt(z) * LN2 / 2) if z else 2 / LN2,
        lambda z: 2 * mp.sqrt(z) / (4 / LN2**2 - z),
        (0, mpf("0.2501")), degree, "float",
    )  # fmt: skip


def half_errors(name: str, fit: Fit) -> str:
    degree = len(fit.coefficients) - 1
    return f"{name}, degree {degree}; error {log2(fit.before)}, rounded {log2(fit.after)}"


def half_rho_comment(name: str, degree: int) -> str:
    return half_errors(
        f"2^f = ({name} + f)/({name} - f), {name} in powers of f^2", exp2_rho(degree)
    )


def half_comment(header: Header, kind: half.Format, *lines: str) -> None:
    first = (
        f"{kind.name}.  Errors before the walk of half.py, which changes some last bits until no\n"
        " * result is rounded wrongly; |f| <= 1/2"
    )
    header.comment(";\n * ".join([first, *lines]))


def half_walk(
    header: Header,
    kind: half.Format,
    function: str,
    constants: dict[str, mpf],
    start: dict[str, list[mpf]],
) -> None:
    """Write a function's lists after the walk."""
    chosen = half.choose(
        function, kind,
        {name: [np.float32(float(c)) for c in values] for name, values in start.items()},
        {name: np.float32(float(c)) for name, c in constants.items()}, HALF_SEED,
    )  # fmt: skip
    for name, values in chosen.items():
        header.array("float", f"{kind.name}_{name}", [mpf(float(c)) for c in values])


# ---------------------------------------------------------------------------------------------
# The exact form
# ---------------------------------------------------------------------------------------------


def exact_hi(least: int, ctype: str) -> mpf:
    """The t at which t^2/2 = -least ln(2)."""
    return rounded(mp.sqrt(-2 * least * LN2), ctype)


def exponential(header: Header, ctype: str, prefix: str, name: str, degree: int) -> Function:
    """Write the constants of exp(u); return what exp(-t^2/2) gains by LN2 being rounded.

    That is for the fits to make up for, n taken as a continuous variable.
    """
    ln2 = rounded(LN2, ctype)
    header.scalars(ctype, prefix, ln2=ln2, log2e=rounded(LOG2E, ctype))
    h = LN2 / 2 * mpf("1.0002")
    header.polynomial(
        ctype, name, "exp(h) = 1 + h + h^2 s(h), |h| <= ln(2)/2; s, error relative to exp(h),",
        polynomial(lambda x: mp.hyp1f1(1, 3, x) / 2, lambda x: x * x / mp.exp(x), (-h, h), degree,
                   ctype),
    )  # fmt: skip
    return lambda t: mp.exp((ln2 - LN2) * t * t / (2 * LN2))


def gelu_pieces(
    header: Header, prefix: str, name: str, factor: str, of: pieces.Factor, power: str
) -> None:
    rows = (
        f"[{float(p.lo):.2f}, {float(p.hi):.2f}] {log2(pieces.fit_of(of, p).error)}"
        for p in pieces.pieces(of)
    )
    header.comment(
        "Pieces of [0, END], half octaves of t + SHIFT from ORIGIN on, and the errors there of\n"
        f" * {factor}, times exp((ln(2)/G - 1/2) t^2), before the walk of pieces.py:\n"
        " * " + ";\n * ".join(rows) + ".\n"
        f" * Eight centers, then eight constants of polynomials of degree {pieces.DEGREE} in\n"
        f" * t - center, and so on; times {power}"
    )
    header.scalars("float", f"F32_{prefix}", shift=of.shift, origin=of.origin)
    header.array("float", f"f32_{name}_pieces", pieces.table(of))


def gelu_float32(header: Header) -> None:
    e = pieces.exponential()
    header.comment(
        "gelu: t^2 + OFFSET = q + N G, N = rint((t^2 + OFFSET)/G), in k = MAGIC - N.  G is 17\n"
        " * bits of 2 ln 2, LARGE = MAGIC G - OFFSET.  t stops at STOP, where "
        f"N = {pieces.STOP} and W = 0"
    )
    header.scalars(
        "float", "F32_GELU",
        offset=e.offset, g=pieces.G, inverse_g=rounded(1 / pieces.G, "float"), magic=mpf(e.magic),
        large=mpf(e.large), stop=pieces.HI,
    )  # fmt: skip
    header.comment(
        f"Y = 2^{pieces.START} exp((OFFSET - q) ln(2)/G), degree {pieces.Y_DEGREE}, its last "
        f"coefficient 1;\n * error {log2(e.before)}, rounded {log2(e.after)}"
    )
    header.array("float", "f32_gelu_y", e.y)
    gelu_pieces(
        header, "GELU", "gelu", "M = t E(t)", pieces.VALUE,
        "the power of two that makes up for the last bits of\n * MAGIC and the center",
    )  # fmt: skip
    header.comment("what makes up for the last bits of MAGIC in gelu', already in their place")
    header.scalars("float", "F32_GRAD", last_bits=mpf(2) ** (pieces.LAST_BITS - 127))
    gelu_pieces(
        header, "GRAD", "grad", "M = E(t) - t phi(0)", pieces.SLOPE,
        "the power of two that makes up for LAST_BITS",
    )  # fmt: skip


def second_derivative(header: Header, ctype: str, prefix: str) -> None:
    phi0 = rounded(phi(mpf(0)), ctype)
    header.comment(
        "gelu''(t) = PHI0 (2 - t^2) (1 + EXCESS u + LOW) exp(u), u = -t^2/2, for LN2 in exp(u);\n"
        " * PHI0 is phi(0) rounded, times 2^-64"
    )
    header.scalars(
        ctype, prefix,
        phi0=phi0 * SCALE, low=rounded(phi(mpf(0)) / phi0 - 1, ctype),
        excess=rounded((rounded(LN2, ctype) - LN2) / LN2, ctype),
    )  # fmt: skip


def exact_float32(header: Header) -> None:
    ctype, prefix = "float", "F32"
    header.section("exact form, float32")
    gelu_float32(header)
    header.comment("where n = -191: t^2/2 = 191 ln(2)")
    header.scalars(ctype, prefix, gelu_hi=exact_hi(F32_LEAST, ctype))
    header.comment(
        "exp(h) 2^n = exp(u), n = rint(u log2(e)), h = u - n LN2.  LN2 is ln 2 rounded, which\n"
        " * EXCESS below makes up for"
    )
    exponential(header, ctype, prefix, "f32_exp", 4)
    second_derivative(header, ctype, "F32_GRAD2")


def exact_float64(header: Header) -> None:
    ctype = "double"
    header.section("exact form, float64")
    header.comment("where n = -1087: t^2/2 = 1087 ln(2)")
    header.scalars(ctype, "F64", gelu_hi=exact_hi(F64_LEAST, ctype))
    header.comment(
        "exp(h) 2^n = exp(u), n = rint(u log2(e)), h = u - n LN2.  LN2 is ln 2 rounded; the fits\n"
        " * of gelu and gelu_grad make up for it, as in float32"
    )
    ln2_excess = exponential(header, ctype, "F64", "f64_exp", 9)
    hi = mpf("38.83")

    d1, d0 = mpf(75) / 32, mpf(52) / 32

    def gelu_ratio(t: mpf) -> mpf:
        return E(t) * (d1 * t + d0) / ln2_excess(t)

    fit = monic_rational(lambda t: gelu_ratio(t) - 1, lambda t: 1 / gelu_ratio(t), hi, 10, ctype)
    header.comment("t E(t) = t/(DEN1 t + DEN0) (1 + p(t)), p = NUM/DEN; DEN1, DEN0 times 2^64")
    header.scalars(ctype, "F64_GELU", den1=d1 / SCALE, den0=d0 / SCALE)
    header.rational(ctype, "f64_gelu", fit, hi, 0)

    root = split(GRAD_ROOT * SCALE / 2, ctype, 53)
    header.comment(
        "gelu'(-t) = (ROOT - t)/2 (1 + p(t)) exp(-t^2/2), p = P + NUM/DEN; ROOT times 2^-65"
    )
    header.scalars(ctype, "F64_GRAD_ROOT", hi=root[0], lo=root[1])

    def grad_ratio(t: mpf) -> mpf:
        return ratio_at_root(t) / ln2_excess(t)

    # A constant between p's limit and its value at 0 shares the rounding errors out.
    constant = mpf(-7) / 64
    fit = monic_rational(
        lambda t: grad_ratio(t) - 1 - constant, lambda t: 1 / grad_ratio(t), hi, 10, ctype
    )
    header.scalars(ctype, "F64_GRAD", p=constant)
    header.rational(ctype, "f64_grad", fit, hi, 1)
    second_derivative(header, ctype, "F64_GRAD2")


def exact_half(header: Header) -> None:
    ctype = "float"
    header.section("exact form, float16 and bfloat16")
    exponent = rounded(-LOG2E / 2, ctype)
    header.comment(
        "-t^2/2 log2(e) = EXPONENT t^2; EXPONENT is rounded, and the rational fits make up for it"
    )
    hi, root = exact_hi(HALF_LEAST, ctype), rounded(GRAD_ROOT, ctype)
    header.scalars(ctype, "HALF", exponent=exponent, grad_root=root)
    header.comment(f"where n = {HALF_LEAST}: t^2/2 = {-HALF_LEAST} ln(2)")
    header.scalars(ctype, "HALF", gelu_hi=hi)
    constants = {
        "exp_magic": HALF_EXP_MAGIC, "hi": hi, "lo": HALF_LO,
        "root": root, "exponent": exponent,
    }  # fmt: skip

    def excess(t: mpf) -> mpf:
        """What exp(-t^2/2) gains by EXPONENT being rounded."""
        return mp.exp((exponent * LN2 + mpf(1) / 2) * t * t)

    def targets(f: Function) -> tuple[Function, Function]:
        """Return f without the excess, and its reciprocal as the weight."""
        return lambda t: f(t) / excess(t), lambda t: excess(t) / f(t)

    for kind, gelu_type, grad_type, end in (
        (half.F16, (3, 4), (3, 4), "5.75"),
        (half.BF16, (3, 3), (2, 3), "14.1"),
    ):  # past `end` results vanish
        interval = 0, mpf(end)
        gelu = rational(*targets(E), interval, gelu_type, ctype)
        grad = rational(*targets(lambda t: ratio_at_root(t) / 2), interval, grad_type, ctype)
        degree = HALF_EXP2_DEGREE[kind]
        half_comment(
            header, kind,
            half_errors("2^(f-32) = GRAD2_EXP2 and, but for a factor, EXP2", half_exp2(degree)),
            f"E(t) = NUM/DEN on [0, {end}], type {gelu_type}; error {log2(gelu.before)}, "
            f"rounded {log2(gelu.after)}",
            f"gelu'(-t) exp(t^2/2)/(ROOT - t) = NUM/DEN, type {grad_type}; "
            f"error {log2(grad.before)}, rounded {log2(grad.after)}",
            "the last ones of EXP2 and DEN are 1, and NUM makes up for it",
        )  # fmt: skip
        exp2 = half_exp2_scaled(degree)
        monic_exp2, factor = monic(exp2)
        for function, name, fit in ("gelu", "gelu", gelu), ("gelu_grad", "grad", grad):
            den, last = monic(fit.denominator)
            half_walk(
                header, kind, function, constants,
                {
                    f"{name}_exp2": monic_exp2,
                    f"{name}_num": [c * factor / last for c in fit.numerator],
                    f"{name}_den": den,
                },
            )  # fmt: skip
        half_walk(
            header, kind, "gelu_grad2", constants,
            {"grad2_exp2": [c * phi(mpf(0)) for c in exp2], "grad2_exponent": [exponent]},
        )  # fmt: skip


# ---------------------------------------------------------------------------------------------
# The tanh form
# ---------------------------------------------------------------------------------------------

TANH_K1 = -2 * TANH_SLOPE * LOG2E
TANH_K3 = TANH_K1 * TANH_CUBIC


def tanh_exponent(header: Header, ctype: str, prefix: str, bits: int) -> None:
    """Write K1 and K3 as two parts each."""
    k1, k3 = split(TANH_K1, ctype, bits), split(TANH_K3, ctype)
    header.comment(
        f"-2u log2(e) = t (K1 + K3 t^2); K1_HI has {bits} bits so that (K1_HI + K3 t^2) - K1_HI "
        "is exact"
    )
    header.scalars(
        ctype, prefix,
        k1_hi=k1[0], k1_lo=k1[1], k3_hi=k3[0], k3_lo=rounded(TANH_K3 - k3[0], ctype),
    )  # fmt: skip


def fit_at_root(factor: Function, root: mpf, near: mpf, degree: int) -> tuple[mpf, Fit]:
    """Return AT_ROOT and P of float32, P times 2^-64: the factor is AT_ROOT + d (2 + P(d))."""
    ctype = "float"
    at_root = rounded(factor(root), ctype)
    divided = divided_difference(factor, root, at_root)
    fit = polynomial(
        lambda d: divided(d) - 2, lambda d: 1 / abs(divided(d)), (-near, near), degree, ctype
    )
    return at_root, fit._replace(coefficients=[c * SCALE for c in fit.coefficients])


def tanh_float32(header: Header) -> None:
    ctype = "float"
    header.section("tanh form, float32")
    header.comment("where n = -191: 2u(t) = 191 ln(2)")
    header.scalars(ctype, "F32", tanh_hi=rounded(tanh_z_is(-F32_LEAST), ctype))
    tanh_exponent(header, ctype, "F32_TANH", 19)
    header.polynomial(
        ctype, "f32_exp2_rho",
        "2^f = (rho + f)/(rho - f), |f| <= 1/2; rho in powers of f^2, error relative to 2^f,",
        exp2_rho(2),
    )  # fmt: skip
    root, near = rounded(TANH_GRAD_ROOT, ctype), mpf("0.18")
    at_root, fit = fit_at_root(tanh_grad_factor, root, near, 4)
    header.comment(
        "g = t 2u'(t) = 2t + t (TAIL + CUBIC t^2);\n"
        " * h = 1 - g (1 - sigma(-2u)) = 2d + (AT_ROOT + d P(d)), d = ROOT - t, |d| < NEAR;\n"
        " * TAIL, CUBIC, AT_ROOT and P stored times 2^-64"
    )
    header.scalars(
        ctype, "F32_TANH_GRAD",
        tail=rounded(2 * TANH_SLOPE - 2, ctype) * SCALE,
        cubic=rounded(6 * TANH_SLOPE * TANH_CUBIC, ctype) * SCALE,
        root=root, near=rounded(near, ctype), at_root=at_root * SCALE,
    )  # fmt: skip
    header.polynomial(ctype, "f32_tanh_grad_root", "P, error relative to 2 + P,", fit)
    tanh_grad2_float32(header)


# gelu_tanh''(t) exp(2u) in pieces: half octaves of t from GRAD2_ORIGIN on.  The first begins at 0
# and the last ends where t stops.
GRAD2_ORIGIN, GRAD2_DEGREE, GRAD2_PIECES = rounded(mpf("0.4525"), "float"), 7, 8
GRAD2_NEAR = mpf("0.45")  # pieces this near the root have it as their centre


def grad2_piece(lo: mpf, hi: mpf) -> tuple[mpf, Fit]:
    """Return the centre, and the polynomial in t - centre."""
    ctype, root = "float", rounded(TANH_GRAD2_ROOT, "float")
    if lo - GRAD2_NEAR < root < hi + GRAD2_NEAR:
        at_root = rounded(tanh_grad2_factor(root), ctype)
        divided = divided_difference(tanh_grad2_factor, root, at_root)
        fit = polynomial(
            lambda s: -divided(-s), lambda s: 1 / abs(divided(-s)), (lo - root, hi - root),
            GRAD2_DEGREE - 1, ctype,
        )  # fmt: skip
        return root, fit._replace(coefficients=[at_root, *fit.coefficients])
    # Beyond the root the value grows with t: with the centre near LO few terms have opposite signs.
    centre = lo + (hi - lo) / 16 if lo > root else (lo + hi) / 2
    while True:  # until the constant coefficient is all but a float32
        centre = rounded(centre, ctype)
        constant = tanh_grad2_factor(centre)
        if abs(rounded(constant, ctype) / constant - 1) < mpf(2) ** -29:
            break
        centre += (hi - lo) / 1024
    fit = polynomial(
        lambda s: tanh_grad2_factor(centre + s), lambda s: 1 / abs(tanh_grad2_factor(centre + s)),
        (lo - centre, hi - centre), GRAD2_DEGREE, ctype,
    )  # fmt: skip
    return centre, fit


def tanh_grad2_float32(header: Header) -> None:
    ctype = "float"
    header.comment("2^f - 1 = LN2 f + f^2 s(f), |f| <= 1/2")
    header.scalars(ctype, "F32_TANH_GRAD2", ln2=rounded(LN2, ctype))
    h = mpf("0.5001")
    header.polynomial(
        ctype, "f32_tanh_grad2_exp2", "s, error relative to 2^f,",
        polynomial(
            lambda f: (mp.expm1(f * LN2) - LN2 * f) / f**2 if f else LN2**2 / 2,
            lambda f: f**2 / mp.power(2, f), (-h, h), 4, ctype,
        ),
    )  # fmt: skip
    origin = pieces.bits(GRAD2_ORIGIN)
    ends = [pieces.from_bits(origin + n * pieces.HALF_OCTAVE) for n in range(GRAD2_PIECES + 1)]
    last = pieces.from_bits(pieces.bits(ends[-1]) - 1)
    ends[0], ends[-1] = mpf(0), tanh_z_is(-F32_LEAST)
    rows, columns = [], []
    for lo, hi in itertools.pairwise(ends):
        centre, fit = grad2_piece(lo, hi)
        errors = f"{log2(fit.before)}, rounded {log2(fit.after)}"
        rows.append(f"[{float(lo):.2f}, {float(hi):.2f}] {errors}")
        columns.append([centre, *(c * SCALE for c in fit.coefficients)])
    header.comment(
        "Pieces of [0, HI], half octaves of t from ORIGIN to LAST, and the errors there of\n"
        " * gelu_tanh''(t) exp(2u), in those that have the root as their center of the slope:\n"
        " * " + ";\n * ".join(rows) + ".\n"
        f" * Eight centers, then eight constants of polynomials of degree {GRAD2_DEGREE} in\n"
        " * t - center, and so on; times 2^-64"
    )
    header.scalars(ctype, "F32_TANH_GRAD2", origin=GRAD2_ORIGIN, last=last)
    table = [c[row] for row in range(GRAD2_DEGREE + 2) for c in columns]
    header.array(ctype, "f32_tanh_grad2_pieces", table)


def tanh_float64(header: Header) -> None:
    ctype = "double"
    header.section("tanh form, float64")
    header.comment("where n = -1087: 2u(t) = 1087 ln(2)")
    header.scalars(ctype, "F64", tanh_hi=rounded(tanh_z_is(-F64_LEAST), ctype))
    header.polynomial(
        ctype, "f64_exp2", "2^f = 1 + f q(f), |f| <= 1/2; q, error relative to 2^f,",
        polynomial(
            lambda f: mp.expm1(f * LN2) / f if f else LN2,
            lambda f: f / mp.power(2, f),
            (mpf("-0.50001"), mpf("0.50001")), 10, ctype,
        ),
    )  # fmt: skip
    tanh_exponent(header, ctype, "F64_TANH", 24)
    tanh_grad_float64(header)
    slope = split(2 * TANH_SLOPE, ctype, 24)
    cubic = split(6 * TANH_SLOPE * TANH_CUBIC, ctype)
    header.comment("t 2u'(t) = t (SLOPE + CUBIC t^2); SLOPE_HI has 24 bits")
    header.scalars(
        ctype, "F64_TANH_GRAD2",
        slope_hi=slope[0], slope_lo=slope[1],
        cubic_hi=cubic[0], cubic_lo=rounded(6 * TANH_SLOPE * TANH_CUBIC - cubic[0], ctype),
    )  # fmt: skip
    root, near = rounded(TANH_GRAD2_ROOT, ctype), mpf("0.125")
    at_root = rounded(tanh_grad2(root), ctype)
    divided = divided_difference(tanh_grad2, root, at_root)
    fit = polynomial(divided, lambda d: 1 / divided(d), (-near, near), 11, ctype)
    header.comment(
        "gelu_tanh''(t) = AT_ROOT + d P(d), d = ROOT - t, |d| < NEAR; HI is where n = -1119"
    )
    header.scalars(
        ctype, "F64_TANH_GRAD2",
        hi=rounded(tanh_z_is(-F64_GRAD2_LEAST), ctype), root=root, near=near, at_root=at_root,
    )  # fmt: skip
    header.polynomial(ctype, "f64_tanh_grad2_root", "P, error relative to P,", fit)


def on_grid(value: mpf, exponent: int) -> mpf:
    """`value` rounded to a multiple of 2^exponent."""
    return mp.nint(mp.ldexp(value, -exponent)) * mp.ldexp(mpf(1), exponent)


def tanh_grad_float64(header: Header) -> None:
    ctype, prefix = "double", "F64_TANH_GRAD"
    ln2 = rounded(LN2, ctype)
    header.polynomial(
        ctype, "f64_tanh_grad_exp2",
        "2^f = 1 + f (LN2 + f q(f)), |f| <= 1/2: small f keep their relative error; q, error\n"
        " * relative to 2^f,",
        polynomial(
            lambda f: (mp.expm1(f * LN2) / f - ln2) / f if f else LN2**2 / 2,
            lambda f: f * f / mp.power(2, f),
            (mpf("-0.50001"), mpf("0.50001")), 9, ctype,
        ),
    )  # fmt: skip
    e0 = mp.exp(-tanh_z(TANH_GRAD_ROOT))
    root = split(TANH_GRAD_ROOT, ctype, 53)
    header.comment("gelu_tanh'(-ROOT) = 0; HI is where z below is -1088")
    header.scalars(
        ctype, prefix,
        hi=rounded(tanh_z_is(1 - F64_LEAST - mp.log(e0, 2)), ctype),
        root_hi=root[0], root_lo=root[1],
    )  # fmt: skip
    w2 = -TANH_K3
    w1 = w2 * TANH_GRAD_ROOT
    w0 = -TANH_K1 + w1 * TANH_GRAD_ROOT
    kappa = e0 / (3 * LN2)
    shift = 4 * TANH_SLOPE / (3 * LN2)
    header.comment(
        "z = (2u(ROOT) - 2u(t)) log2(e) = d W, W = W0 + W1 t + W2 t^2, d = ROOT - t;\n"
        " * (t 2u'(t) - ROOT 2u'(ROOT))/(3 ln 2) = d (SHIFT - W).\n"
        " * W0 and SHIFT are multiples of 2^-47, W1 of 2^-51: of the last bit of W, of W1 + W2 t"
    )
    for name, value, high in (
        ("w0", w0, on_grid(w0, -47)),
        ("w1", w1, on_grid(w1, -51)),
        ("w2", w2, rounded(w2, ctype)),
        ("shift", shift, on_grid(shift, -47)),
    ):
        parts = {f"{name}_hi": high, f"{name}_lo": rounded(value - high, ctype)}
        header.scalars(ctype, prefix, **parts)
    header.comment(
        "KAPPA = exp(-2u(ROOT))/(3 ln 2), D1 = 2^32 sqrt(2 KAPPA), D0 = D1 exp(2u(ROOT)):\n"
        " * without the 2, rounding would change them by more"
    )
    d1 = mp.sqrt(2 * kappa) * mpf(2) ** 32
    header.scalars(
        ctype, prefix,
        kappa=rounded(kappa, ctype), d1=rounded(d1, ctype), d0=rounded(d1 / e0, ctype),
    )  # fmt: skip


def tanh_half(header: Header) -> None:
    ctype = "float"
    header.section("tanh form, float16 and bfloat16")
    hi = rounded(tanh_z_is(-HALF_LEAST), ctype)
    header.comment(f"where n = {HALF_LEAST}: 2u(t) = {-HALF_LEAST} ln(2)")
    header.scalars(ctype, "HALF", tanh_hi=hi)
    constants = {"exp_magic": HALF_EXP_MAGIC, "hi": hi, "lo": HALF_LO}
    exponent = [rounded(TANH_K1, ctype), rounded(TANH_K3, ctype)]
    slope = [rounded(2 * TANH_SLOPE, ctype), rounded(6 * TANH_SLOPE * TANH_CUBIC, ctype)]
    for kind, degree, grad_degree in (half.F16, 1, 2), (half.BF16, 1, 1):
        exp2_degree = HALF_EXP2_DEGREE[kind]
        half_comment(
            header, kind,
            half_rho_comment("RHO", degree), half_rho_comment("GRAD_RHO", grad_degree),
            half_errors("2^(f-32) = GRAD2_EXP2", half_exp2(exp2_degree)),
            "-2u log2(e) = t (EXPONENT[0] + EXPONENT[1] t^2)",
            "t 2u'(t) = t (SLOPE[0] + SLOPE[1] t^2)",
        )  # fmt: skip
        half_walk(
            header, kind, "gelu_tanh", constants,
            {"tanh_rho": exp2_rho(degree).coefficients, "tanh_exponent": exponent},
        )  # fmt: skip
        half_walk(
            header, kind, "gelu_tanh_grad", constants,
            {
                "tanh_grad_rho": exp2_rho(grad_degree).coefficients,
                "tanh_grad_exponent": exponent, "tanh_grad_slope": slope,
            },
        )  # fmt: skip
        half_walk(
            header, kind, "gelu_tanh_grad2", constants,
            {
                "tanh_grad2_exp2": half_exp2_scaled(exp2_degree),
                "tanh_grad2_exponent": exponent, "tanh_grad2_slope": slope,
                "tanh_grad2_twice": [rounded(-4 * TANH_SLOPE, ctype)],
            },
        )  # fmt: skip


# ---------------------------------------------------------------------------------------------
# The quick form
# ---------------------------------------------------------------------------------------------


def quick_hi(least: int, ctype: str) -> mpf:
    """The t at which 1.702 t = -least ln(2)."""
    return rounded(-least * LN2 / QUICK_SLOPE, ctype)


def quick_constants(header: Header, ctype: str, prefix: str, least: int) -> None:
    header.comment(f"where n = {least}: 1.702 t = {-least} ln(2); -1.702 t log2(e) = K t")
    k = split(-QUICK_SLOPE * LOG2E, ctype, BITS[ctype])
    header.scalars(ctype, prefix, hi=quick_hi(least, ctype), k_hi=k[0], k_lo=k[1])


def quick_float32(header: Header) -> None:
    ctype = "float"
    header.section("quick form, float32")
    quick_constants(header, ctype, "F32_QUICK", F32_LEAST)
    root, near = rounded(QUICK_GRAD_ROOT, ctype), mpf("0.26")
    at_root, fit = fit_at_root(quick_grad_factor, root, near, 5)
    header.comment(
        "1.702 t = 2t + t TAIL;\n"
        " * h = 1 - 1.702 t (1 - sigma(-1.702 t)) = 2d + (AT_ROOT + d P(d)), d = ROOT - t, "
        "|d| < NEAR;\n"
        " * TAIL, AT_ROOT and P stored times 2^-64"
    )
    header.scalars(
        ctype, "F32_QUICK_GRAD",
        tail=rounded(QUICK_SLOPE - 2, ctype) * SCALE,
        root=root, near=rounded(near, ctype), at_root=at_root * SCALE,
    )  # fmt: skip
    header.polynomial(ctype, "f32_quick_grad_root", "P, error relative to 2 + P,", fit)


def quick_float64(header: Header) -> None:
    ctype = "double"
    header.section("quick form, float64")
    quick_constants(header, ctype, "F64_QUICK", F64_LEAST)
    slope = split(QUICK_SLOPE, ctype, 53)
    root, near = rounded(QUICK_GRAD_ROOT, ctype), mpf("0.1875")
    at_root = rounded(negative_quick_grad(root), ctype)
    divided = divided_difference(negative_quick_grad, root, at_root)
    fit = polynomial(divided, lambda d: 1 / divided(d), (-near, near), 13, ctype)
    header.comment("SLOPE is 1.702; quick_gelu'(-t) = AT_ROOT + d P(d), d = ROOT - t, |d| < NEAR")
    header.scalars(
        ctype, "F64_QUICK_GRAD",
        slope_hi=slope[0], slope_lo=slope[1], root=root, near=near, at_root=at_root,
    )  # fmt: skip
    header.polynomial(ctype, "f64_quick_grad_root", "P, error relative to P,", fit)


def quick_half(header: Header) -> None:
    ctype = "float"
    header.section("quick form, float16 and bfloat16")
    hi = quick_hi(HALF_LEAST, ctype)
    header.comment(f"where n = {HALF_LEAST}: 1.702 t = {-HALF_LEAST} ln(2)")
    header.scalars(ctype, "HALF", quick_hi=hi)
    constants = {"exp_magic": HALF_EXP_MAGIC, "hi": hi, "lo": HALF_LO}
    exponent, slope = [rounded(-QUICK_SLOPE * LOG2E, ctype)], [rounded(QUICK_SLOPE, ctype)]
    for kind, degree in (half.F16, 2), (half.BF16, 1):
        half_comment(
            header, kind,
            half_rho_comment("RHO", degree), "-1.702 t log2(e) = EXPONENT t", "1.702 t = SLOPE t",
        )  # fmt: skip
        rho = exp2_rho(degree).coefficients
        half_walk(
            header, kind, "quick_gelu", constants,
            {"quick_rho": rho, "quick_exponent": exponent},
        )  # fmt: skip
        half_walk(
            header, kind, "quick_gelu_grad", constants,
            {"quick_grad_rho": rho, "quick_grad_exponent": exponent, "quick_grad_slope": slope},
        )  # fmt: skip


# ---------------------------------------------------------------------------------------------
# The header
# ---------------------------------------------------------------------------------------------

SECTIONS = [
    shared,
    exact_float32,
    exact_float64,
    exact_half,
    tanh_float32,
    tanh_float64,
    tanh_half,
    quick_float32,
    quick_float64,
    quick_half,
    cr.section,
]


def generate() -> str:
    header = Header()
    for section in SECTIONS:
        section(header)
    return header.text()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    text = generate()
    if not check:
        HEADER.write_text(text, encoding="ascii", newline="\n")
        return 0
    if HEADER.read_text(encoding="ascii") != text:
        print(f"{HEADER.name} is not what generate.py writes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
