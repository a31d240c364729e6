#!/usr/bin/env python3
"""Compute every constant of the kernels and write gelu_coeffs.h.

    python csrc/coeffs/generate.py           rewrite the header beside this file
    python csrc/coeffs/generate.py --check   exit 1 if the header is not what would be written

Needs mpmath and NumPy.  The header is the same on every machine: the arithmetic is mpmath's, and
for the half types (half.py) NumPy's float32, one IEEE operation at a time.

Notation, as in the maths files: t = |x|,  Q(t) = erfc(t/sqrt 2)/2,  phi the normal density,
E(t) = Q(t) exp(t^2/2) (one half of the scaled complementary error function, E(0) = 1/2).

Fits are minimax on a fine grid of Chebyshev points, by the Remez exchange.  The coefficients are
then rounded one at a time, the one of lowest degree first, and the others moved to make up for it,
which wins back most of what rounding costs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import half
import numpy as np
from mpmath import mp, mpf

mp.dps = 45

HEADER = Path(__file__).with_name("gelu_coeffs.h")
BITS = {"float": 24, "double": 53}


# ---------------------------------------------------------------------------------------------
# Rounding and printing
# ---------------------------------------------------------------------------------------------


def rounded(value: mpf, ctype: str, bits: int | None = None) -> mpf:
    """`value` rounded to nearest in `ctype`, or to `bits` significant bits."""
    with mp.workprec(bits or BITS[ctype]):
        return +value


def literal(value: mpf, ctype: str) -> str:
    """C hexadecimal literal of a value that `ctype` holds exactly."""
    assert value == rounded(value, ctype), value
    suffix = "f" if ctype == "float" else ""
    if value == 0:
        return "0.0" + suffix
    sign, man, exp, bits = value._mpf_
    digits = (BITS[ctype] + 2) // 4
    fraction = f"{(int(man) << (4 * digits + 1 - bits)) - (1 << 4 * digits):0{digits}x}".rstrip("0")
    point = "." if fraction else ""
    return f"{'-' if sign else ''}0x1{point}{fraction}p{exp + bits - 1:+d}{suffix}"


# ---------------------------------------------------------------------------------------------
# Minimax fits
# ---------------------------------------------------------------------------------------------

Function = Callable[[mpf], mpf]


class Grid(NamedTuple):
    """Sample points with the target's and the weight's values there."""

    points: list[mpf]
    target: list[mpf]
    weight: list[mpf]


def sample(target: Function, weight: Function, interval: tuple, count: int) -> Grid:
    """Evaluate on `count` Chebyshev points of the interval, ends included."""
    lo, hi = map(mpf, interval)
    points = [(lo + hi) / 2 - (hi - lo) / 2 * mp.cos(mp.pi * i / (count - 1)) for i in range(count)]
    return Grid(points, [target(p) for p in points], [weight(p) for p in points])


def horner(coefficients: list[mpf], x: mpf) -> mpf:
    result = mpf(0)
    for c in reversed(coefficients):
        result = result * x + c
    return result


def extrema(errors: list[mpf], count: int) -> list[int]:
    """Indices of `count` extrema of alternating sign, the smallest ones dropped from the ends."""
    picked: list[int] = []
    for i, e in enumerate(errors):
        if picked and (e > 0) == (errors[picked[-1]] > 0):
            if abs(e) > abs(errors[picked[-1]]):
                picked[-1] = i
        else:
            picked.append(i)
    while len(picked) > count:
        picked.pop(0 if abs(errors[picked[0]]) < abs(errors[picked[-1]]) else -1)
    return picked


def remez(grid: Grid, columns: list[list[mpf]]) -> tuple[list[mpf], mpf]:
    """Minimise max |weight (sum_j c_j column_j - target)| over the grid."""
    unknowns, size = len(columns), len(grid.points)
    usable = [i for i in range(size) if grid.weight[i] != 0]
    nodes = [
        usable[round((len(usable) - 1) * (1 - float(mp.cos(mp.pi * k / unknowns))) / 2)]
        for k in range(unknowns + 1)
    ]
    for _ in range(40):
        system = mp.matrix(unknowns + 1, unknowns + 1)
        right = mp.matrix(unknowns + 1, 1)
        for row, i in enumerate(nodes):
            for j in range(unknowns):
                system[row, j] = columns[j][i]
            system[row, unknowns] = (-1) ** row / grid.weight[i]
            right[row] = grid.target[i]
        solution = mp.lu_solve(system, right)
        fit = [solution[j] for j in range(unknowns)]
        errors = weighted_errors(grid, columns, fit)
        worst = max(map(abs, errors))
        levelled = abs(solution[unknowns])
        if worst <= levelled * mpf("1.01"):
            break
        exchanged = extrema(errors, unknowns + 1)
        if len(exchanged) < unknowns + 1 or exchanged == nodes:
            break
        nodes = exchanged
    return fit, worst


def weighted_errors(grid: Grid, columns: list[list[mpf]], fit: list[mpf]) -> list[mpf]:
    return [
        w * (sum(c * column[i] for c, column in zip(fit, columns, strict=True)) - y)
        for i, (y, w) in enumerate(zip(grid.target, grid.weight, strict=True))
    ]


def round_one_by_one(
    fit: list[mpf], columns: list[list[mpf]], weight: list[mpf], ctype: str
) -> list[mpf]:
    """Round the coefficients in turn, moving those not yet rounded to make up for it.

    What is kept small is the weighted sum of squares of the change, so the error grows by little
    more than the last coefficients' own rounding.
    """
    scaled = [[w * z for w, z in zip(weight, c, strict=True)] for c in columns]
    gram = mp.matrix([[mp.fdot(a, b) for b in scaled] for a in scaled])
    result = list(fit)
    for done in range(1, len(fit) + 1):
        result[done - 1] = rounded(result[done - 1], ctype)
        rest = range(done, len(fit))
        if rest:
            right = [-mp.fsum(gram[i, j] * (result[j] - fit[j]) for j in range(done)) for i in rest]
            change = mp.lu_solve(gram[done:, done:], mp.matrix(right))
            for row, i in enumerate(rest):
                result[i] = fit[i] + change[row]
    return result


class Fit(NamedTuple):
    coefficients: list[mpf]
    before: mpf  # error before the coefficients are rounded
    after: mpf  # and after


def polynomial(target: Function, weight: Function, interval: tuple, degree: int, ctype: str) -> Fit:
    """Minimax polynomial with coefficients rounded to `ctype`."""
    grid = sample(target, weight, interval, 24 * (degree + 2))
    columns = [[p**j for p in grid.points] for j in range(degree + 1)]
    fit, before = remez(grid, columns)
    fit = round_one_by_one(fit, columns, grid.weight, ctype)
    return Fit(fit, before, max(map(abs, weighted_errors(grid, columns, fit))))


SCALES = 64


class RationalFit(NamedTuple):
    numerator: list[mpf]
    denominator: list[mpf]
    before: mpf
    after: mpf


def rational(
    target: Function, weight: Function, interval: tuple, degrees: tuple[int, int], ctype: str
) -> RationalFit:
    """Minimax N/D of the given degrees with D(0) in [1, 2).

    The exchange is the linear one on N - target D = +-error D_old / weight, D_old being D of the
    step before.  Rounding goes through D first, then N.
    """
    # Chebyshev points in (t - 3)/(t + 3), where the error's extrema are spread evenly.
    lo, hi = map(mpf, interval)
    mapped = ((lo - 3) / (lo + 3), (hi - 3) / (hi + 3))
    n_degree, d_degree = degrees
    grid = sample(lambda v: v, lambda v: v, mapped, 48 * (d_degree + 1))
    points = [3 * (1 + v) / (1 - v) for v in grid.points]
    grid = Grid(points, [target(p) for p in points], [weight(p) for p in points])
    powers = [[p**j for p in points] for j in range(d_degree + 1)]
    n_columns = powers[: n_degree + 1]
    d_columns = [[-y * z for y, z in zip(grid.target, c, strict=True)] for c in powers[1:]]
    old = [mpf(1)] * len(points)
    best = None
    for _ in range(12):
        scaled = Grid(points, grid.target, [w / d for w, d in zip(grid.weight, old, strict=True)])
        fit, _ = remez(scaled, n_columns + d_columns)
        numerator, denominator = fit[: n_degree + 1], [mpf(1), *fit[n_degree + 1 :]]
        old = [horner(denominator, p) for p in points]
        error = max(
            abs(w * (horner(numerator, p) / d - y)) for p, y, w, d in zip(*grid, old, strict=True)
        )
        if best is None or error < best[2]:
            best = (numerator, denominator, error)
    numerator, denominator, before = best
    old = [horner(denominator, p) for p in points]
    unrounded = denominator[1:] + numerator
    columns = d_columns + n_columns
    weights = [w / d for w, d in zip(grid.weight, old, strict=True)]
    after = mpf("inf")
    for step in range(SCALES):
        # N and D times a common factor round differently: try some, keep the best.
        d0 = 1 + mpf(step) / SCALES
        fit = round_one_by_one([d0 * c for c in unrounded], columns, weights, ctype)
        d, n = [d0, *fit[:d_degree]], fit[d_degree:]
        error = max(
            abs(w * (horner(n, p) / horner(d, p) - y)) for p, y, w in zip(*grid, strict=True)
        )
        if error < after:
            numerator, denominator, after = n, d, error
    return RationalFit(numerator, denominator, before, after)


def monic_rational(
    target: Function, weight: Function, hi: mpf, degree: int, ctype: str
) -> RationalFit:
    """Minimax N/D of type (degree, degree) on [0, hi], the leading coefficient of D being 1."""
    mapped = (mpf(-1), (hi - 3) / (hi + 3))
    grid = sample(lambda v: v, lambda v: v, mapped, 16 * (degree + 1))
    points = [3 * (1 + v) / (1 - v) for v in grid.points]
    target_at, weight_at = [target(p) for p in points], [weight(p) for p in points]
    powers = [[p**j for p in points] for j in range(degree + 1)]
    d_columns = [[-y * z for y, z in zip(target_at, c, strict=True)] for c in powers]

    def error(numerator: list[mpf], denominator: list[mpf]) -> mpf:
        return max(
            abs(w * (horner(numerator, p) / horner(denominator, p) - y))
            for p, y, w in zip(points, target_at, weight_at, strict=True)
        )

    old = [mpf(1)] * len(points)
    for _ in range(3):  # the linear exchange, as above
        weights = [w / d for w, d in zip(weight_at, old, strict=True)]
        found, _ = remez(Grid(points, target_at, weights), powers + d_columns[1:])
        numerator, denominator = found[: degree + 1], [mpf(1), *found[degree + 1 :]]
        old = [horner(denominator, p) for p in points]
    before = error(numerator, denominator)
    lead = denominator[degree]
    weights = [w * lead / d for w, d in zip(weight_at, old, strict=True)]
    unrounded = [c / lead for c in denominator[:degree] + numerator]
    both = round_one_by_one(unrounded, d_columns[:degree] + powers, weights, ctype)
    numerator, denominator = both[degree:], [*both[:degree], mpf(1)]
    return RationalFit(numerator, denominator, before, error(numerator, denominator))


# ---------------------------------------------------------------------------------------------
# The functions
# ---------------------------------------------------------------------------------------------

LN2 = mp.ln(2)
LOG2E = 1 / LN2
HALF = mpf(1) / 2
TANH_CUBIC = mpf("0.044715")
TANH_SLOPE = mp.sqrt(2 / mp.pi)
F32_SCALE = mpf(2) ** -64  # on what meets 2^(n + 64) in the end
F32_EXP_MAGIC = 3 * mpf(2) ** 22 + 64 + 127
F64_EXP_MAGIC = 3 * mpf(2) ** 51 + 64 + 1023


def phi(t: mpf) -> mpf:
    return mp.exp(-t * t / 2) / mp.sqrt(2 * mp.pi)


def Q(t: mpf) -> mpf:
    return mp.erfc(t / mp.sqrt(2)) / 2


def E(t: mpf) -> mpf:
    return Q(t) * mp.exp(t * t / 2)


def negative_grad(t: mpf) -> mpf:
    """gelu'(-t)."""
    return Q(t) - t * phi(t)


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


def negative_tanh_grad(t: mpf) -> mpf:
    """gelu_tanh'(-t)."""
    return tanh_grad_factor(t) / (1 + mp.exp(tanh_z(t)))


def tanh_z_is(n: int) -> mpf:
    """The t at which 2u(t) = n ln(2)."""
    return mp.findroot(lambda t: tanh_z(t) - n * LN2, mpf(15))


# Where n = -191, and v_pow2 gives 0: of gelu and gelu_grad, and of the tanh form.
F32_HI = rounded(mp.sqrt(2 * 191 * LN2), "float"), rounded(tanh_z_is(191), "float")
GRAD_ROOT = mp.findroot(negative_grad, mpf("0.7517915246935645"))
TANH_GRAD_ROOT = mp.findroot(tanh_root_factor, mpf("0.7524614220710163"))


def split(value: mpf, ctype: str, *bits: int) -> list[mpf]:
    """Non-overlapping parts whose sum is `value`; `bits` shortens the leading ones."""
    parts = []
    for width in (*bits, None):
        parts.append(rounded(value - sum(parts), ctype, width))
    return parts


# ---------------------------------------------------------------------------------------------
# The header
# ---------------------------------------------------------------------------------------------


def log2(value: mpf) -> str:
    return f"2^{float(mp.log(value, 2)):.2f}"


class Header:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def comment(self, text: str) -> None:
        self.lines += ["", f"/* {text} */"]

    def array(self, ctype: str, name: str, values: list[mpf]) -> None:
        width = "F32" if ctype == "float" else "F64"
        body = ",\n".join(f"    {literal(v, ctype)}" for v in values)
        self.lines += [f"GELU_COEFFS_{width}({name}, {len(values)}) = {{", body + "};"]

    def scalars(self, ctype: str, prefix: str, **values: mpf) -> None:
        for name, value in values.items():
            self.lines.append(f"#define {prefix}_{name.upper()} {literal(value, ctype)}")

    def section(self, title: str) -> None:
        self.lines += ["", "", f"/* ==== {title} ==== */"]

    def polynomial(self, ctype: str, name: str, text: str, fit: Fit) -> None:
        self.comment(
            f"{text}\n * degree {len(fit.coefficients) - 1}; "
            f"error {log2(fit.before)}, rounded {log2(fit.after)}"
        )
        self.array(ctype, name, fit.coefficients)

    def rational(self, ctype: str, name: str, fit: RationalFit, hi: mpf, first: int) -> None:
        """The arrays of N and D in t and u = -t^2/2; the first `first` are for t alone."""
        form = "(c0 + c2 u + ...) + t (c1 + c3 u + ...)"
        if first:
            form = "c0 + t ((c1 + c3 u + ...) + t (c2 + c4 u + ...))"
        self.comment(
            f"NUM/DEN on [0, {mp.nstr(hi, 4)}]; type ({len(fit.numerator) - 1}, "
            f"{len(fit.denominator) - 1});\n * error relative to 1 + p: "
            f"{log2(fit.before)}, rounded {log2(fit.after)};\n"
            f" * stored as {form}, u = -t^2/2;\n"
            " * DEN's last coefficient is 1"
        )
        scale = mpf(-2) ** -((len(fit.denominator) - 1 - first) // 2)
        for part, values in ("num", fit.numerator), ("den", fit.denominator):
            in_u = [c * scale for c in values[:first]]
            in_u += [c * scale * (-2) ** (k // 2) for k, c in enumerate(values[first:])]
            self.array(ctype, f"{name}_{part}", in_u)


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


def float32(header: Header) -> None:
    ctype, prefix = "float", "F32"
    header.section("float32: exponential")
    header.comment("z + EXP_MAGIC holds rint(z) + 64 + the exponent's bias in its last bits")
    header.scalars(ctype, prefix, exp_magic=F32_EXP_MAGIC)
    header.comment(
        "exp(h) 2^n = exp(u), n = rint(u log2(e)), h = u - n LN2.  LN2 is ln 2 rounded; the\n"
        " * fits of E and of 1 + delta below make up for it, divided by\n"
        " * exp((LN2 - ln 2) t^2/(2 ln 2)).\n"
        " * They end where the results round to -0, short of the HI at which t stops."
    )
    ln2_excess = exponential(header, ctype, prefix, "f32_exp", 4)

    header.section("float32: gelu")
    header.comment("where n = -191: t^2/2 = 191 ln(2); 2u(t) = 191 ln(2)")
    header.scalars(ctype, prefix, gelu_hi=F32_HI[0], tanh_hi=F32_HI[1])
    # gelu(-14.3566) rounds to 2^-149, the last one that is not -0.
    hi = mpf("14.42")
    psi = rational(
        lambda t: (ln2_excess(t) / (2 * E(t)) - 1 - t) / t if t else TANH_SLOPE - 1,
        lambda t: t * 2 * E(t) / ln2_excess(t),
        (0, hi), (4, 4), ctype,
    )  # fmt: skip
    header.comment(
        f"1/(2E(t)) = 1 + t + t psi(t), psi = NUM/DEN on [0, {mp.nstr(hi, 4)}]; type (4, 4);\n"
        f" * error relative to 1/(2E): {log2(psi.before)}, rounded {log2(psi.after)};\n"
        " * stored as a0 + a1 t + u (a2 + a3 t) + u^2 a4, u = -t^2/2, and so is delta below"
    )
    header.array(ctype, "f32_gelu_num", in_half_square(psi.numerator))
    header.array(ctype, "f32_gelu_den", in_half_square(psi.denominator))

    header.section("float32: gelu_grad")
    root = split(GRAD_ROOT, ctype, 24)
    header.comment("gelu'(-ROOT) = 0")
    header.scalars(ctype, "F32_GRAD_ROOT", hi=root[0], lo=root[1])
    hi = mpf("14.7")
    delta = rational(
        lambda t: ratio_at_root(t) / ln2_excess(t) - 1,
        lambda t: ln2_excess(t) / ratio_at_root(t),
        (0, hi), (4, 4), ctype,
    )  # fmt: skip
    header.comment(
        "gelu'(-t) = (ROOT - t)/2 (1 + delta(t)) exp(-t^2/2), delta = NUM/DEN on "
        f"[0, {mp.nstr(hi, 4)}];\n * type (4, 4); error relative to 1 + delta: "
        f"{log2(delta.before)}, rounded {log2(delta.after)}"
    )
    header.array(ctype, "f32_grad_num", in_half_square(delta.numerator))
    header.array(ctype, "f32_grad_den", in_half_square(delta.denominator))

    header.section("float32: gelu_tanh and gelu_tanh_grad")
    k1, k3 = -2 * TANH_SLOPE * LOG2E, -2 * TANH_SLOPE * LOG2E * TANH_CUBIC
    k1_parts, k3_parts = split(k1, ctype, 19), split(k3, ctype)
    header.comment(
        "-2u log2(e) = t (K1 + K3 t^2); K1_HI has 19 bits so that (K1_HI + K3 t^2) - K1_HI is exact"
    )
    header.scalars(
        ctype, "F32_TANH",
        k1_hi=k1_parts[0], k1_lo=k1_parts[1],
        k3_hi=k3_parts[0], k3_lo=rounded(k3 - k3_parts[0], ctype),
    )  # fmt: skip
    header.polynomial(
        ctype, "f32_exp2_rho",
        "2^f = (rho + f)/(rho - f), |f| <= 1/2; rho in powers of f^2, error relative to 2^f,",
        polynomial(
            lambda z: mp.sqrt(z) / mp.tanh(mp.sqrt(z) * LN2 / 2) if z else 2 / LN2,
            lambda z: 2 * mp.sqrt(z) / (4 / LN2**2 - z),
            (0, mpf("0.2501")), 2, ctype,
        ),
    )  # fmt: skip
    root, near = rounded(TANH_GRAD_ROOT, ctype), mpf("0.18")
    at_root = rounded(tanh_grad_factor(root), ctype)
    divided = divided_difference(tanh_grad_factor, root, at_root)
    fit = polynomial(
        lambda d: divided(d) - 2, lambda d: 1 / abs(divided(d)), (-near, near), 4, ctype
    )
    header.comment(
        "g = t 2u'(t) = 2t + t (TAIL + CUBIC t^2);\n"
        " * h = 1 - g (1 - sigma(-2u)) = 2d + (AT_ROOT + d P(d)), d = ROOT - t, |d| < NEAR;\n"
        " * TAIL, CUBIC, AT_ROOT and P stored times 2^-64"
    )
    header.scalars(
        ctype, "F32_TANH_GRAD",
        tail=rounded(2 * TANH_SLOPE - 2, ctype) * F32_SCALE,
        cubic=rounded(6 * TANH_SLOPE * TANH_CUBIC, ctype) * F32_SCALE,
        root=root, near=rounded(near, ctype), at_root=at_root * F32_SCALE,
    )  # fmt: skip
    fit = fit._replace(coefficients=[c * F32_SCALE for c in fit.coefficients])
    header.polynomial(ctype, "f32_tanh_grad_root", "P, error relative to 2 + P,", fit)


def in_half_square(c: list[mpf]) -> list[mpf]:
    """c0 + c1 t + ... + c4 t^4 as (a0 + a1 t) + u (a2 + a3 t) + u^2 a4, u = -t^2/2."""
    return [c[0], c[1], -2 * c[2], -2 * c[3], 4 * c[4]]


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


def ratio_at_root(t: mpf) -> mpf:
    """2 gelu'(-t) exp(t^2/2) / (ROOT - t)."""
    if abs(t - GRAD_ROOT) < TINY:
        return -2 * slope_at(negative_grad, GRAD_ROOT) * mp.exp(t * t / 2)
    return 2 * (E(t) - t / mp.sqrt(2 * mp.pi)) / (GRAD_ROOT - t)


def float64(header: Header) -> None:
    ctype = "double"
    header.section("float64: exponential")
    header.scalars(ctype, "F64", exp_magic=F64_EXP_MAGIC)
    header.polynomial(
        ctype, "f64_exp2", "2^f = 1 + f q(f), |f| <= 1/2; q, error relative to 2^f,",
        polynomial(
            lambda f: mp.expm1(f * LN2) / f if f else LN2,
            lambda f: f / mp.power(2, f),
            (mpf("-0.50001"), mpf("0.50001")), 10, ctype,
        ),
    )  # fmt: skip
    header.comment(
        "exp(h) 2^n = exp(u), n = rint(u log2(e)), h = u - n LN2.  LN2 is ln 2 rounded; the fits\n"
        " * of gelu and gelu_grad make up for it, as in float32"
    )
    ln2_excess = exponential(header, ctype, "F64", "f64_exp", 9)
    hi = mpf("38.83")

    header.section("float64: gelu")
    header.comment("where n = -1087: t^2/2 = 1087 ln(2); 2u(t) = 1087 ln(2)")
    header.scalars(
        ctype, "F64",
        gelu_hi=rounded(mp.sqrt(2 * 1087 * LN2), ctype), tanh_hi=rounded(tanh_z_is(1087), ctype),
    )  # fmt: skip
    d1, d0 = mpf(75) / 32, mpf(52) / 32

    def gelu_ratio(t: mpf) -> mpf:
        return E(t) * (d1 * t + d0) / ln2_excess(t)

    fit = monic_rational(lambda t: gelu_ratio(t) - 1, lambda t: 1 / gelu_ratio(t), hi, 10, ctype)
    header.comment("t E(t) = t/(DEN1 t + DEN0) (1 + p(t)), p = NUM/DEN; DEN1, DEN0 times 2^64")
    header.scalars(ctype, "F64_GELU", den1=d1 * 2**64, den0=d0 * 2**64)
    header.rational(ctype, "f64_gelu", fit, hi, 0)

    header.section("float64: gelu_grad")
    root = split(GRAD_ROOT * mpf(2) ** -65, ctype, 53)
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

    header.section("float64: gelu_tanh and gelu_tanh_grad")
    k1, k3 = -2 * TANH_SLOPE * LOG2E, -2 * TANH_SLOPE * LOG2E * TANH_CUBIC
    k1_parts, k3_parts = split(k1, ctype, 24), split(k3, ctype)
    header.comment(
        "-2u log2(e) = t (K1 + K3 t^2); K1_HI has 24 bits so that (K1_HI + K3 t^2) - K1_HI is exact"
    )
    header.scalars(
        ctype, "F64_TANH",
        k1_hi=k1_parts[0], k1_lo=k1_parts[1],
        k3_hi=k3_parts[0], k3_lo=rounded(k3 - k3_parts[0], ctype),
    )  # fmt: skip
    slope = split(2 * TANH_SLOPE, ctype, 24)
    cubic = split(6 * TANH_SLOPE * TANH_CUBIC, ctype)
    header.comment("t 2u'(t) = t (SLOPE + CUBIC t^2); SLOPE_HI has 24 bits")
    header.scalars(
        ctype, "F64_TANH_GRAD",
        slope_hi=slope[0], slope_lo=slope[1],
        cubic_hi=cubic[0], cubic_lo=rounded(6 * TANH_SLOPE * TANH_CUBIC - cubic[0], ctype),
    )  # fmt: skip
    near = mpf("0.125")
    root = rounded(TANH_GRAD_ROOT, ctype)
    at_root = rounded(negative_tanh_grad(root), ctype)
    divided = divided_difference(negative_tanh_grad, root, at_root)
    fit = polynomial(divided, lambda d: 1 / divided(d), (-near, near), 10, ctype)
    header.comment("gelu_tanh'(-t) = AT_ROOT + d P(d), d = ROOT - t, |d| < NEAR")
    header.scalars(ctype, "F64_TANH_GRAD", root=root, near=near, at_root=at_root)
    header.polynomial(ctype, "f64_tanh_grad_root", "P, error relative to P,", fit)


class Short(NamedTuple):
    """Degrees of a half type's fits, and where the walk over their last bits starts."""

    kind: half.Format
    exp2: int
    gelu: tuple[int, int]
    grad: tuple[int, int]
    end: str  # of the fits: past it results vanish
    seeds: dict[str, int]


SHORT = [
    Short(half.F16, 5, (3, 4), (3, 3), "5.75",
          {"gelu": 1, "gelu_grad": 2, "gelu_tanh": 1, "gelu_tanh_grad": 1}),
    Short(half.BF16, 4, (3, 3), (2, 3), "14.1",
          {"gelu": 1, "gelu_grad": 1, "gelu_tanh": 1, "gelu_tanh_grad": 1}),
]  # fmt: skip


def half_types(header: Header) -> None:
    """Write the fits in float32 for float16 and bfloat16; notation as in gelu_half.inc."""
    ctype = "float"
    exponent = rounded(-LOG2E / 2, ctype)
    one, lo = 1 - mpf(2) ** -24, mpf(2) ** -14
    header.section("float16 and bfloat16, computed in float32")
    header.comment(
        "-t^2/2 log2(e) = EXPONENT t^2; EXPONENT is rounded, and the rational fits make up for it"
    )
    header.scalars(ctype, "HALF", exponent=exponent)
    header.comment("stands for 1 in D of gelu_tanh_grad: with 1, no choice makes float16 right")
    header.scalars(ctype, "HALF", one=one)
    header.comment("t is at least this: x/2 keeps to its side of a tie, and t^2 clear of underflow")
    header.scalars(ctype, "HALF", lo=lo)

    def excess(t: mpf) -> mpf:
        """What exp(-t^2/2) gains by EXPONENT being rounded."""
        return mp.exp((exponent * LN2 + HALF) * t * t)

    def targets(f: Function) -> tuple[Function, Function]:
        """Return f without the excess, and its reciprocal as the weight."""
        return lambda t: f(t) / excess(t), lambda t: excess(t) / f(t)

    k1 = -2 * TANH_SLOPE * LOG2E
    shared = (F32_EXP_MAGIC, *F32_HI, rounded(GRAD_ROOT, ctype), lo, exponent, one)
    constants = half.Constants(*(np.float32(float(c)) for c in shared))
    for short in SHORT:
        prefix = short.kind.name
        h = mpf("0.5001")
        exp2 = polynomial(
            lambda f: mp.power(2, f), lambda f: mp.power(2, -f), (-h, h), short.exp2, ctype
        )
        gelu, grad = (
            rational(*targets(f), (0, mpf(short.end)), degrees, ctype)
            for f, degrees in ((E, short.gelu), (lambda t: ratio_at_root(t) / 2, short.grad))
        )
        tanh = [rounded(k1, ctype), rounded(k1 * TANH_CUBIC, ctype)]
        slope = [rounded(-2 * TANH_SLOPE, ctype), rounded(-6 * TANH_SLOPE * TANH_CUBIC, ctype)]
        scaled = [c * mpf(2) ** -64 for c in exp2.coefficients]
        lists = {
            "gelu": {"gelu_exp2": scaled, "gelu_num": gelu.numerator, "gelu_den": gelu.denominator},
            "gelu_grad": {
                "grad_exp2": scaled, "grad_num": grad.numerator, "grad_den": grad.denominator,
            },
            "gelu_tanh": {"tanh_exp2": scaled, "tanh_exponent": tanh},
            "gelu_tanh_grad": {
                "tanh_grad_exp2": [mpf(2) ** -64, *scaled[1:]], "tanh_grad_exponent": tanh,
                "tanh_grad_slope": slope,
            },
        }  # fmt: skip
        header.comment(
            f"{prefix}.  Errors before the walk of half.py, which changes some last bits until no\n"
            " * result is rounded wrongly:\n"
            f" * EXP2 is 2^(f-64), |f| <= 1/2, degree {short.exp2}; error {log2(exp2.before)}, "
            f"rounded {log2(exp2.after)};\n"
            f" * E(t) = NUM/DEN on [0, {short.end}], type {short.gelu}; error {log2(gelu.before)}, "
            f"rounded {log2(gelu.after)};\n"
            f" * gelu'(-t) exp(t^2/2)/(ROOT - t) = NUM/DEN, type {short.grad}; "
            f"error {log2(grad.before)}, rounded {log2(grad.after)};\n"
            " * -2u log2(e) = t (EXPONENT[0] + EXPONENT[1] t^2);\n"
            " * -t 2u'(t) = SLOPE[0] t + SLOPE[1] t^3"
        )
        for function, start in lists.items():
            chosen = half.choose(
                function, short.kind,
                {name: [np.float32(float(c)) for c in values] for name, values in start.items()},
                {"tanh_grad_exp2"}, constants, short.seeds[function],
            )  # fmt: skip
            for name, values in chosen.items():
                header.array(ctype, f"{prefix}_{name}", [mpf(float(c)) for c in values])


def generate() -> str:
    header = Header()
    float32(header)
    half_types(header)
    float64(header)
    top = [
        "/* Generated by csrc/coeffs/generate.py.  Do not edit.",
        " *",
        " * Errors are maxima over the interval, before and after the coefficients are rounded.",
        " * Notation: t = |x|, Q(t) = erfc(t/sqrt 2)/2, E(t) = Q(t) exp(t^2/2),",
        " * u(t) = sqrt(2/pi) (t + 0.044715 t^3).",
        " */",
        "#ifndef GELU_COEFFS_H",
        "#define GELU_COEFFS_H",
    ]
    return "\n".join([*top, *header.lines, "", "#endif", ""])


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
