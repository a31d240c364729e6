"""Minimax fits with coefficients that are exact in a C type.

Fits are minimax on a fine grid of Chebyshev points, by the Remez exchange.  The coefficients are
then rounded one at a time, the one of lowest degree first, and the others moved to make up for it,
which wins back most of what rounding costs.
"""

from __future__ import annotations

from typing import NamedTuple

from mpmath import mp, mpf
from targets import Function

BITS = {"float": 24, "double": 53}

# ---------------------------------------------------------------------------------------------
# Rounding
# ---------------------------------------------------------------------------------------------


def rounded(value: mpf, ctype: str, bits: int | None = None) -> mpf:
    """`value` rounded to nearest in `ctype`, or to `bits` significant bits."""
    with mp.workprec(bits or BITS[ctype]):
        return +value


def split(value: mpf, ctype: str, *bits: int) -> list[mpf]:
    """Non-overlapping parts whose sum is `value`; `bits` shortens the leading ones."""
    parts = []
    for width in (*bits, None):
        parts.append(rounded(value - sum(parts), ctype, width))
    return parts


# ---------------------------------------------------------------------------------------------
# The exchange
# ---------------------------------------------------------------------------------------------


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
    peaks: list[int] = []
    for i, e in enumerate(errors):
        if peaks and (e > 0) == (errors[peaks[-1]] > 0):
            if abs(e) > abs(errors[peaks[-1]]):
                peaks[-1] = i
        else:
            peaks.append(i)
    while len(peaks) > count:
        peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
    return peaks


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
        extremes = extrema(errors, unknowns + 1)
        if len(extremes) < unknowns + 1 or extremes == nodes:
            break
        nodes = extremes
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


# ---------------------------------------------------------------------------------------------
# Polynomials and rational functions
# ---------------------------------------------------------------------------------------------


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
        fit, _ = remez(Grid(points, target_at, weights), powers + d_columns[1:])
        numerator, denominator = fit[: degree + 1], [mpf(1), *fit[degree + 1 :]]
        old = [horner(denominator, p) for p in points]
    before = error(numerator, denominator)
    lead = denominator[degree]
    weights = [w * lead / d for w, d in zip(weight_at, old, strict=True)]
    unrounded = [c / lead for c in denominator[:degree] + numerator]
    both = round_one_by_one(unrounded, d_columns[:degree] + powers, weights, ctype)
    numerator, denominator = both[degree:], [*both[:degree], mpf(1)]
    return RationalFit(numerator, denominator, before, error(numerator, denominator))
