#!/usr/bin/env python3
"""float32 gelu: an exponential and a table of eight polynomials, one for each piece of t's range.

    python csrc/coeffs/pieces.py    search centres and last bits anew, and print CHOICE

gelu(-t) = -W M, W the exponential and M the polynomial (maths/exact_f32.inc).  How large the
rounding errors become depends on the last bits of the coefficients, and these on where a polynomial
is centred.  The search tries centres and then last bits at random, and keeps what has the smallest
largest error.  The kernel is repeated here, operation by operation.  The search takes two minutes.
Its outcome is committed as CHOICE, which is all that generate.py reads of it.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from fit import horner, remez, round_one_by_one, rounded, sample, weighted_errors
from mpmath import mp, mpf
from numpy.typing import NDArray
from targets import LN2, TINY, E, slope_at


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

# Half octaves of t + SHIFT, from ORIGIN on.
PIECES, HALF_OCTAVE = 8, 1 << 22
SHIFT, ORIGIN = rounded(mpf("1.31"), "float"), rounded(mpf("1.2"), "float")
END = mpf("14.42")  # gelu(-14.3566) rounds to 2^-149, the last one that is not -0
DEGREE = 6


class Piece(NamedTuple):
    index: int
    lo: mpf
    hi: mpf


def pieces() -> list[Piece]:
    """All, by t."""
    ends = [from_bits(bits(ORIGIN) + n * HALF_OCTAVE) - SHIFT for n in range(PIECES + 1)]
    assert ends[0] <= 0 < ends[1]
    assert ends[-2] < END < HI < ends[-1]
    ends[0], ends[-1] = mpf(0), END
    return [Piece(i, ends[i], ends[i + 1]) for i in range(PIECES)]


# The first piece's CENTER is 0 and leaves MAGIC's last bits as they are.  Those of the other
# centers turn them into the bits for which W is 0 at HI.
LAST_BITS = (STOP - 127 - START - exponential().magic) % FIELD


def scale(centre: mpf) -> mpf:
    """What M is multiplied by to make up for W's exponent."""
    field = (exponential().magic + bits(centre)) % FIELD
    return mpf(2) ** -(START + field - (FIELD if field >= FIELD // 2 else 0))


def smooth(t: mpf) -> mpf:
    """exp(-t^2/2) over 2^-N exp(-RATE (t^2 - N G))."""
    return mp.exp((RATE - mpf(1) / 2) * t * t)


class PieceFit(NamedTuple):
    middle: mpf
    coefficients: list[mpf]  # in t - middle, neither rounded nor scaled
    error: mpf


@functools.cache
def fit_piece(piece: Piece) -> PieceFit:
    """t E(t) smooth(t); in the first piece t/2 + t^2 times a polynomial."""
    margin = mpf(2) ** -20
    lo, hi = max(piece.lo - margin, mpf(0)), piece.hi + margin
    middle = (lo + hi) / 2 if lo else mpf(0)

    def factor(t: mpf) -> mpf:
        return E(t) * smooth(t)

    def beyond_half(t: mpf) -> mpf:
        return (factor(t) - mpf(1) / 2) / t if t > TINY else slope_at(factor, 2 * TINY)

    target, weight, kept = lambda t: t * factor(t), lambda t: 1 / (t * factor(t)), []
    if not lo:
        target, weight, kept = beyond_half, lambda t: t / factor(t), [mpf(0), mpf(1) / 2]
    grid = sample(target, weight, (lo, hi), 192)
    columns = [[(p - middle) ** j for p in grid.points] for j in range(DEGREE + 1 - len(kept))]
    fit, error = remez(grid, columns)
    return PieceFit(middle, [*kept, *fit], error)


class Choice(NamedTuple):
    """Where a polynomial is centred, and what is added to the bits of its rounded coefficients."""

    centre: str
    steps: tuple[int, ...] = (0,) * (DEGREE + 1)


CHOICE = [
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


def column(piece: Piece, choice: Choice) -> list[mpf]:
    """A piece's part of the table: the centre, then the coefficients, constant first."""
    fit, centre = fit_piece(piece), mpf(float.fromhex(choice.centre))
    c, by = list(fit.coefficients), centre - fit.middle
    for a in range(DEGREE):
        for b in range(DEGREE - 1, a - 1, -1):
            c[b] += by * c[b + 1]
    c = [v * scale(centre) for v in c]
    return [
        centre,
        *(from_bits(bits(v) + n) if v else v for v, n in zip(c, choice.steps, strict=True)),
    ]


def table() -> list[mpf]:
    """Eight centres, eight constants, and so on."""
    columns = [column(piece, choice) for piece, choice in zip(pieces(), CHOICE, strict=True)]
    return [c[row] for row in range(DEGREE + 2) for c in columns]


# ---------------------------------------------------------------------------------------------
# The search
# ---------------------------------------------------------------------------------------------

SEED = 1
CENTRES, FINALISTS = 200, 8
ROUNDS, WALK = 12, 600  # walks over the inputs with the largest errors, and steps of each
SPARSE, HARD = 1 << 13, 1 << 13  # inputs of one piece, spread evenly; added for each walk

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


class Inputs(NamedTuple):
    """Inputs of one piece, with what depends on none of its coefficients."""

    t: Floats
    k_bits: NDArray[np.uint32]
    y: Floats
    exact: Doubles
    ulp: Doubles

    def at(self, part: slice | NDArray[np.intp]) -> Inputs:
        return Inputs(*(array[part] for array in self))


def fma(a: Floats, b: Floats | np.float32, c: Floats | np.float32) -> Floats:
    """a b + c, rounded once but for a tie of the second rounding, about once in 2^29."""
    return (a.astype(np.float64) * b + c).astype(np.float32)


def single(value: mpf | int) -> np.float32:
    return np.float32(float(value))


def inputs(piece: Piece) -> Inputs:
    """Every float32 of the piece from 2^-5 on."""
    e = exponential()
    lo, hi = bits(max(piece.lo, mpf(2) ** -5)), bits(piece.hi)
    t = np.arange(lo, hi, dtype=np.uint32).view(np.float32)
    k = fma(fma(t, t, single(e.offset)), -single(1 / G), single(e.magic))
    q = fma(t, t, fma(k, single(G), -single(e.large)))
    y = q + single(e.y[-2])
    for c in reversed(e.y[:-2]):
        y = fma(y, q, single(c))
    root = math.sqrt(0.5)
    exact = np.fromiter((x * math.erfc(x * root) / 2 for x in map(float, t)), float, t.size)
    ulp = np.ldexp(1.0, np.maximum(np.frexp(exact)[1] - 24, -149))
    return Inputs(t, k.view(np.uint32), y, exact, ulp)


def errors(at: Inputs, values: list[mpf]) -> Doubles:
    """In ULP, with these values in the table."""
    centre, *c = map(single, values)
    s = at.t - centre
    m = np.full_like(s, c[-1])
    for v in reversed(c[:-1]):
        m = fma(m, s, v)
    power = (at.k_bits + centre.view(np.uint32)) << 23
    w = (at.y.view(np.uint32) + power).view(np.float32)
    r = (w.astype(np.float64) * m).astype(np.float32)
    return np.abs(r - at.exact) / at.ulp


def all_errors(at: Inputs, values: list[mpf]) -> Doubles:
    """The same in blocks that stay in the cache."""
    block = 1 << 16
    return np.concatenate(
        [errors(at.at(slice(i, i + block)), values) for i in range(0, at.t.size, block)]
    )


def centres(piece: Piece, chance: random.Random) -> Iterator[mpf]:
    """Centres at which the constant coefficient is nearly a float32."""
    fit = fit_piece(piece)
    if not fit.middle:
        yield fit.middle
        return
    reach, found = 0.15 * float(piece.hi - piece.lo), 0
    while found < CENTRES:
        near = float(fit.middle) + reach * chance.uniform(-1, 1)
        centre = from_bits(bits(near) // FIELD * FIELD + LAST_BITS)
        value = horner(fit.coefficients, centre - fit.middle)
        if abs(rounded(value, "float") / value - 1) < mpf(2) ** -27:
            found += 1
            yield centre


def walk(piece: Piece, start: Choice, hard: Inputs, chance: random.Random) -> Choice:
    """Steps of the last bits that do not raise the largest error of the hard inputs."""
    best, least = start, errors(hard, column(piece, start)).max()
    first = 1 if piece.lo else 2  # t/2 stays
    for _ in range(WALK):
        steps = list(best.steps)
        for _ in range(chance.randint(1, 3)):
            row = chance.randint(first, DEGREE)
            steps[row] += chance.choice((-1, 1)) << chance.randint(0, 3 * row - 2)
        choice = best._replace(steps=tuple(steps))
        error = errors(hard, column(piece, choice)).max()
        if error <= least:
            best, least = choice, error
    return best


def search(piece: Piece) -> tuple[float, Choice]:
    chance = random.Random(f"{SEED} {piece.index}")
    every = inputs(piece)
    sparse = every.at(slice(0, None, every.t.size // SPARSE))
    tried = [Choice(float(centre).hex()) for centre in centres(piece, chance)]
    tried.sort(key=lambda c: errors(sparse, column(piece, c)).max())
    choice = min(tried[:FINALISTS], key=lambda c: all_errors(every, column(piece, c)).max())
    best, hard = (math.inf, choice), np.arange(0)
    for _ in range(ROUNDS):
        error = all_errors(every, column(piece, choice))
        best = min(best, (float(error.max()), choice))
        hard = np.union1d(hard, np.argpartition(error, -HARD)[-HARD:])
        choice = walk(piece, choice, every.at(hard), chance)
    return min(best, (float(all_errors(every, column(piece, choice)).max()), choice))


def main() -> None:
    for piece in pieces():
        error, choice = search(piece)
        print(f"    # t from {float(piece.lo):.2f} to {float(piece.hi):.2f}: {error:.3f} ULP")
        print(f'    Choice("{choice.centre}", {choice.steps}),', flush=True)


if __name__ == "__main__":
    main()
