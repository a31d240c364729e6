#!/usr/bin/env python3
"""float32 gelu and gelu_grad: one exponential, and for each a table of eight polynomials.

    python csrc/coeffs/pieces.py    search centres and last bits anew, and print the choices

gelu(-t) = -W M and gelu'(-t) = W M, W the exponential and M the polynomial of the piece that t is
in (maths/exact_f32.inc).  How large the rounding errors become depends on the last bits of the
coefficients, and these on where a polynomial is centred.  The search tries centres and then last
bits at random, and keeps what has the smallest largest error.  The kernels are repeated here,
operation by operation.  The search takes four minutes.  Its outcome is committed as VALUE_CHOICES
and SLOPE_CHOICES, which are all that generate.py reads of it.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from fit import horner, remez, round_one_by_one, rounded, sample, weighted_errors
from mpmath import mp, mpf
from numpy.typing import NDArray
from targets import GRAD_ROOT, LN2, TINY, E, Function, phi


def bits(value: mpf) -> int:
    """The bits of a float32."""
    return int(np.float32(float(value)).view(np.uint32))


def from_bits(u: int) -> mpf:
    """The float32 of these bits."""
    return mpf(float(np.uint32(u).view(np.float32)))


# ---------------------------------------------------------------------------------------------
# The exponential
# ---------------------------------------------------------------------------------------------

# G is 2 ln 2 in 17 bits, so that N G is exact.  This G has a HI whose square is so near to STOP G
# that W is exactly 0 at HI.
G = mpf(45430) / 32768
STOP = 164
HI = mpf(float.fromhex("0x1.e285f8p+3"))
RATE = LN2 / G  # exp(-t^2/2) = 2^-N exp(-RATE (t^2 - N G)) exp((RATE - 1/2) t^2)
START = 15  # Y(OFFSET) = 2^START, exactly: W at t = 0, from which gelu(x) = x/2 follows for tiny x
Y_DEGREE = 6
FIELD = 1 << 9  # sign and exponent of a float, where the last 9 bits of MAGIC - N and CENTER go


class Exponential(NamedTuple):
    """N = rint((t^2 + OFFSET)/G), q = t^2 + OFFSET - N G, Y(q) = 2^START exp(RATE (OFFSET - q))."""

    magic: int  # MAGIC - N is computed
    large: int  # LARGE = MAGIC G - OFFSET
    offset: mpf
    y: list[mpf]  # constant first; the last one is 1
    before: mpf  # error before the coefficients are rounded
    after: mpf  # and after


def fit_y(offset: mpf) -> tuple[list[mpf], mpf, mpf]:
    half_width = G / 2 + mpf("4e-5")

    def target(q: mpf) -> mpf:
        return 2**START * mp.exp(RATE * (offset - q))

    grid = sample(
        lambda q: target(q) - q**Y_DEGREE, lambda q: 1 / target(q), (-half_width, half_width), 192
    )
    columns = [[p**j for p in grid.points] for j in range(Y_DEGREE)]
    fit, before = remez(grid, columns)
    fit = round_one_by_one(fit, columns, grid.weight, "float")
    after = max(map(abs, weighted_errors(grid, columns, fit)))
    return [*fit, mpf(1)], before, after


def evaluate_y(y: list[mpf], q: mpf) -> mpf:
    """Y as the kernel computes it."""
    value = rounded(q + y[-2], "float")
    for c in reversed(y[:-2]):
        value = rounded(value * q + c, "float")
    return value


@functools.cache
def exponential() -> Exponential:
    """The OFFSET that fits best, near the one that makes Y's best leading coefficient 1.

    MAGIC G less OFFSET is an even number, so MAGIC decides OFFSET.
    """
    h = G / 2
    grid = sample(lambda q: mp.exp(-RATE * q), lambda q: mp.exp(RATE * q), (-h, h), 192)
    fit, _ = remez(grid, [[p**j for p in grid.points] for j in range(Y_DEGREE + 1)])
    best = -mp.log(fit[Y_DEGREE] * 2**START) / RATE
    offsets: dict[mpf, tuple[int, int]] = {}
    for magic in range(2**24 - 2**18, 2**24):
        if not 390 <= magic % FIELD <= 470:  # the first piece's M is 2^24 t or more, so normal
            continue
        large = 2 * int(mp.nint((magic * G - best) / 2))
        offset = magic * G - large
        if abs(offset - best) < mpf("0.001"):
            offsets.setdefault(offset, (magic, large))
    choices = []
    for offset, (magic, large) in offsets.items():
        y, before, after = fit_y(offset)
        at_hi = rounded(HI**2 - STOP * G + offset, "float")
        if evaluate_y(y, offset) == evaluate_y(y, at_hi) == 2**START:
            choices.append((after, magic, Exponential(magic, large, offset, y, before, after)))
    return min(choices)[2]


# ---------------------------------------------------------------------------------------------
# The pieces
# ---------------------------------------------------------------------------------------------

PIECES, HALF_OCTAVE = 8, 1 << 22
DEGREE = 6

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


class Anchor(NamedTuple):
    """A point at which its piece is centred."""

    centre: mpf
    kept: tuple[mpf, ...]  # leading coefficients that neither the fit nor the search changes


class Choice(NamedTuple):
    """Where a polynomial is centred, and what is added to the bits of its rounded coefficients."""

    centre: str
    steps: tuple[int, ...] = (0,) * (DEGREE + 1)


class Factor(NamedTuple):
    """M in eight pieces, half octaves of t + shift from origin on."""

    m: Function  # without what makes up for W
    shift: mpf
    origin: mpf
    end: mpf  # results vanish beyond
    anchors: list[Anchor]
    choices: list[Choice]
    centre_bits: int | None  # last bits of the centres without an anchor, if the kernel adds them
    reach: float  # how far from the middle the search tries centres, in widths of the piece
    evaluate: Callable[[Floats, list[np.float32]], Floats]  # the kernel's M
    exact: Callable[[float], float]


class Piece(NamedTuple):
    index: int
    lo: mpf
    hi: mpf


def pieces(of: Factor) -> list[Piece]:
    """All, by t."""
    first = bits(of.origin)
    ends = [from_bits(first + n * HALF_OCTAVE) - of.shift for n in range(PIECES + 1)]
    assert ends[0] <= 0 < ends[1]
    assert ends[-2] < of.end < HI < ends[-1]
    ends[0], ends[-1] = mpf(0), of.end
    return [Piece(i, ends[i], ends[i + 1]) for i in range(PIECES)]


# Last bits to be added to those of MAGIC, for which W is 0 at HI.
LAST_BITS = (STOP - 127 - START - exponential().magic) % FIELD


def scale(last_bits: int) -> mpf:
    """What M is multiplied by to make up for W's exponent."""
    field = (exponential().magic + last_bits) % FIELD
    return mpf(2) ** -(START + field - (FIELD if field >= FIELD // 2 else 0))


def smooth(t: mpf) -> mpf:
    """exp(-t^2/2) over 2^-N exp(-RATE (t^2 - N G))."""
    return mp.exp((RATE - mpf(1) / 2) * t * t)


class PieceFit(NamedTuple):
    middle: mpf
    kept: int  # leading coefficients that an anchor keeps
    coefficients: list[mpf]  # in t - middle, neither rounded nor scaled
    error: mpf


@functools.cache
def fit_piece(m: Function, piece: Piece, anchor: Anchor | None) -> PieceFit:
    """m smooth: with an anchor, what it keeps plus a power of t - centre times a polynomial."""
    margin = mpf(2) ** -20
    lo, hi = max(piece.lo - margin, mpf(0)), piece.hi + margin
    middle, kept = anchor or Anchor((lo + hi) / 2, ())
    power = len(kept)

    def corrected(t: mpf) -> mpf:
        return m(t) * smooth(t)

    def off_middle(t: mpf) -> mpf:
        return t if abs(t - middle) > TINY else middle + 2 * TINY

    def target(t: mpf) -> mpf:
        t = off_middle(t)
        return (corrected(t) - horner([*kept], t - middle)) / (t - middle) ** power

    def weight(t: mpf) -> mpf:
        return abs((t - middle) ** power / corrected(off_middle(t)))

    grid = sample(target, weight, (lo, hi), 192)
    columns = [[(p - middle) ** j for p in grid.points] for j in range(DEGREE + 1 - power)]
    fit, error = remez(grid, columns)
    return PieceFit(middle, power, [*kept, *fit], error)


def fit_of(of: Factor, piece: Piece) -> PieceFit:
    anchors = [a for a in of.anchors if piece.lo <= a.centre < piece.hi]
    return fit_piece(of.m, piece, anchors[0] if anchors else None)


def column(of: Factor, piece: Piece, choice: Choice) -> list[mpf]:
    """A piece's part of the table: the centre, then the coefficients, constant first."""
    fit, centre = fit_of(of, piece), mpf(float.fromhex(choice.centre))
    c, by = list(fit.coefficients), centre - fit.middle
    for a in range(DEGREE):
        for b in range(DEGREE - 1, a - 1, -1):
            c[b] += by * c[b + 1]
    by = scale(LAST_BITS if of.centre_bits is None else bits(centre))
    c = [v * by for v in c]
    return [
        centre,
        *(from_bits(bits(v) + n) if v else v for v, n in zip(c, choice.steps, strict=True)),
    ]


def table(of: Factor) -> list[mpf]:
    """Eight centres, eight constants, and so on."""
    columns = [
        column(of, piece, choice) for piece, choice in zip(pieces(of), of.choices, strict=True)
    ]
    return [c[row] for row in range(DEGREE + 2) for c in columns]


# ---------------------------------------------------------------------------------------------
# The two functions
# ---------------------------------------------------------------------------------------------


def fma(a: Floats, b: Floats | np.float32, c: Floats | np.float32) -> Floats:
    """a b + c, rounded once but for a tie of the second rounding, about once in 2^29."""
    return (a.astype(np.float64) * b + c).astype(np.float32)


def value_factor(t: mpf) -> mpf:
    return t * E(t)


def evaluate_value(s: Floats, c: list[np.float32]) -> Floats:
    m = np.full_like(s, c[-1])
    for v in reversed(c[:-1]):
        m = fma(m, s, v)
    return m


def slope_factor(t: mpf) -> mpf:
    return E(t) - t * phi(mpf(0))


def evaluate_slope(s: Floats, c: list[np.float32]) -> Floats:
    """c0 and the terms from s^2 on first, c1 s last: next to the root that is nearly all."""
    return fma(s, c[1], fma(evaluate_value(s, c[2:]), s * s, c[0]))


VALUE_CHOICES = [
    # t from 0.00 to 0.39: 2.892 ULP
    Choice("0x0.0p+0", (0, 0, 3, 33, -52, 654, 11088)),
    # t from 0.39 to 1.09: 2.474 ULP
    Choice("0x1.a7008e0000000p-1", (0, 0, 0, 0, 0, 0, 0)),
    # t from 1.09 to 2.09: 2.847 ULP
    Choice("0x1.7d1c8e0000000p+0", (0, -5, 88, 304, -5952, -9311, 75005)),
    # t from 2.09 to 3.49: 2.702 ULP
    Choice("0x1.65d88e0000000p+1", (0, -6, 0, 560, -1585, -7242, 32154)),
    # t from 3.49 to 5.49: 2.575 ULP
    Choice("0x1.10708e0000000p+2", (0, 8, 44, -8, -1644, -4769, -1373)),
    # t from 5.49 to 8.29: 2.337 ULP
    Choice("0x1.c7008e0000000p+2", (0, -6, -103, 117, 6068, -27033, 4931)),
    # t from 8.29 to 12.29: 2.220 ULP
    Choice("0x1.41608e0000000p+3", (0, -13, 74, 1913, 4229, -45180, -170630)),
    # t from 12.29 to 14.42: 2.128 ULP
    Choice("0x1.a3e08e0000000p+3", (0, -61, 400, 1665, 3749, -137323, -1338053)),
]
SLOPE_CHOICES = [
    # t from 0.00 to 0.50: 2.663 ULP
    Choice("0x1.8587a40000000p-2", (0, 0, -24, 142, -1639, 18167, -58250)),
    # t from 0.50 to 1.14: 2.540 ULP
    Choice("0x1.80ead20000000p-1", (0, 0, 29, -88, -4422, -10261, 9226)),
    # t from 1.14 to 2.14: 2.853 ULP
    Choice("0x1.3360ae0000000p+0", (0, 0, 0, 0, 0, 0, 0)),
    # t from 2.14 to 3.42: 2.625 ULP
    Choice("0x1.60a82c0000000p+1", (0, 0, 0, 0, 0, 0, 0)),
    # t from 3.42 to 5.42: 2.631 ULP
    Choice("0x1.038db60000000p+2", (0, 0, 142, 589, -8305, -7489, 95777)),
    # t from 5.42 to 7.98: 2.799 ULP
    Choice("0x1.ac6a2a0000000p+2", (0, 2, 64, -2971, 6494, 18778, -207174)),
    # t from 7.98 to 11.98: 2.567 ULP
    Choice("0x1.0f57240000000p+3", (0, 0, -150, 2345, 7505, -64406, -293821)),
    # t from 11.98 to 14.55: 2.603 ULP
    Choice("0x1.a540f00000000p+3", (0, -1, 218, -1969, -3298, -84440, -908400)),
]

# gelu(-14.3566) rounds to 2^-149, the last one that is not -0.  The first piece's CENTER is 0 and
# leaves MAGIC's last bits as they are.  Those of the other centres add LAST_BITS.
VALUE = Factor(
    m=value_factor,
    shift=rounded(mpf("1.31"), "float"),
    origin=rounded(mpf("1.2"), "float"),
    end=mpf("14.42"),
    anchors=[Anchor(mpf(0), (mpf(0), mpf(1) / 2))],
    choices=VALUE_CHOICES,
    centre_bits=LAST_BITS,
    reach=0.15,
    evaluate=evaluate_value,
    exact=lambda t: t * math.erfc(t * math.sqrt(0.5)) / 2,
)

# gelu'(-14.5413) rounds to -2^-149, the last one that is not -0.
ROOT = rounded(GRAD_ROOT, "float")
SLOPE = Factor(
    m=slope_factor,
    shift=rounded(mpf("1.14"), "float"),
    origin=rounded(mpf("1.14"), "float"),
    end=mpf("14.55"),
    anchors=[Anchor(ROOT, (rounded(slope_factor(ROOT) * smooth(ROOT), "float"),))],
    choices=SLOPE_CHOICES,
    centre_bits=None,
    reach=0.45,
    evaluate=evaluate_slope,
    exact=lambda t: (
        math.erfc(t * math.sqrt(0.5)) / 2 - t * math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    ),
)

# ---------------------------------------------------------------------------------------------
# The search
# ---------------------------------------------------------------------------------------------

SEED = 1
CENTRES, FINALISTS = 200, 8
ROUNDS, WALK = 12, 600  # walks over the inputs with the largest errors, and steps of each
SPARSE, HARD = 1 << 13, 1 << 13  # inputs of one piece, spread evenly; added for each walk


class Inputs(NamedTuple):
    """Inputs of one piece, with what depends on none of its coefficients."""

    t: Floats
    k_bits: NDArray[np.uint32]
    y: Floats
    exact: Doubles
    ulp: Doubles

    def at(self, part: slice | NDArray[np.intp]) -> Inputs:
        return Inputs(*(array[part] for array in self))


def single(value: mpf | int) -> np.float32:
    return np.float32(float(value))


def inputs(of: Factor, piece: Piece) -> Inputs:
    """Every float32 of the piece from 2^-5 on, one in 1024 down to 2^-14, and 0."""
    e = exponential()
    dense, sparse = bits(mpf(2) ** -5), bits(mpf(2) ** -14)
    parts = [np.arange(max(bits(piece.lo), dense), bits(piece.hi), dtype=np.uint32)]
    if not piece.lo:
        parts = [np.zeros(1, np.uint32), np.arange(sparse, dense, 1024, dtype=np.uint32), *parts]
    t = np.concatenate(parts).view(np.float32)
    k = fma(fma(t, t, single(e.offset)), -single(1 / G), single(e.magic))
    q = fma(t, t, fma(k, single(G), -single(e.large)))
    y = q + single(e.y[-2])
    for c in reversed(e.y[:-2]):
        y = fma(y, q, single(c))
    exact = np.fromiter(map(of.exact, map(float, t)), float, t.size)
    ulp = np.ldexp(1.0, np.maximum(np.frexp(exact)[1] - 24, -149))
    ulp[t == 0] = 2.0**-149  # the result at 0 is exact
    return Inputs(t, k.view(np.uint32), y, exact, ulp)


def errors(of: Factor, at: Inputs, values: list[mpf]) -> Doubles:
    """In ULP, with these values in the table."""
    centre, *c = map(single, values)
    m = of.evaluate(at.t - centre, c)
    last_bits = np.uint32(LAST_BITS) if of.centre_bits is None else centre.view(np.uint32)
    w = (at.y.view(np.uint32) + ((at.k_bits + last_bits) << 23)).view(np.float32)
    r = (w.astype(np.float64) * m).astype(np.float32)
    return np.abs(r - at.exact) / at.ulp


def all_errors(of: Factor, at: Inputs, values: list[mpf]) -> Doubles:
    """The same in blocks that stay in the cache."""
    block = 1 << 16
    return np.concatenate(
        [errors(of, at.at(slice(i, i + block)), values) for i in range(0, at.t.size, block)]
    )


def centres(of: Factor, piece: Piece, chance: random.Random) -> Iterator[mpf]:
    """Centres at which the constant coefficient is nearly a float32."""
    fit = fit_of(of, piece)
    if fit.kept:
        yield fit.middle
        return
    reach, count = of.reach * float(piece.hi - piece.lo), 0
    while count < CENTRES:
        centre = from_bits(bits(mpf(float(fit.middle) + reach * chance.uniform(-1, 1))))
        if of.centre_bits is not None:
            centre = from_bits(bits(centre) // FIELD * FIELD + of.centre_bits)
        value = horner(fit.coefficients, centre - fit.middle)
        if abs(rounded(value, "float") / value - 1) < mpf(2) ** -27:
            count += 1
            yield centre


def walk(of: Factor, piece: Piece, start: Choice, hard: Inputs, chance: random.Random) -> Choice:
    """Steps of the last bits that do not raise the largest error of the hard inputs."""
    best, least = start, errors(of, hard, column(of, piece, start)).max()
    first = max(1, fit_of(of, piece).kept)
    for _ in range(WALK):
        steps = list(best.steps)
        for _ in range(chance.randint(1, 3)):
            row = chance.randint(first, DEGREE)
            steps[row] += chance.choice((-1, 1)) << chance.randint(0, 3 * row - 2)
        choice = best._replace(steps=tuple(steps))
        error = errors(of, hard, column(of, piece, choice)).max()
        if error <= least:
            best, least = choice, error
    return best


def search(of: Factor, piece: Piece) -> tuple[float, Choice]:
    chance = random.Random(f"{SEED} {piece.index}")
    every = inputs(of, piece)
    sparse = every.at(slice(0, None, every.t.size // SPARSE))
    tried = [Choice(float(centre).hex()) for centre in centres(of, piece, chance)]
    tried.sort(key=lambda c: errors(of, sparse, column(of, piece, c)).max())
    choice = min(tried[:FINALISTS], key=lambda c: all_errors(of, every, column(of, piece, c)).max())
    best, hard = (math.inf, choice), np.arange(0)
    for _ in range(ROUNDS):
        error = all_errors(of, every, column(of, piece, choice))
        best = min(best, (float(error.max()), choice))
        hard = np.union1d(hard, np.argpartition(error, -HARD)[-HARD:])
        choice = walk(of, piece, choice, every.at(hard), chance)
    return min(best, (float(all_errors(of, every, column(of, piece, choice)).max()), choice))


def main() -> None:
    for name, of in ("VALUE", VALUE), ("SLOPE", SLOPE):
        print(f"{name}_CHOICES = [")
        for piece in pieces(of):
            error, choice = search(of, piece)
            print(f"    # t from {float(piece.lo):.2f} to {float(piece.hi):.2f}: {error:.3f} ULP")
            print(f'    Choice("{choice.centre}", {choice.steps}),', flush=True)
        print("]")


if __name__ == "__main__":
    main()
