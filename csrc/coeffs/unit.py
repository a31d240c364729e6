"""Units in which several numbers are all but multiples of powers of two.

This is simultaneous approximation: units are short vectors of a lattice, whose basis is reduced by
the method of Lenstra, Lenstra and Lovasz.  The remainders at the start are a row of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

from mpmath import mp, mpf

REACH = 4  # how many of each vector of the reduced basis are tried


class Grid(NamedTuple):
    """A number that is to be a multiple of 2^exponent to within 3/2 of the tolerance."""

    value: mpf
    exponent: int
    tolerance: mpf


def dot(a: Iterable[mpf], b: Iterable[mpf]) -> mpf:
    return sum(x * y for x, y in zip(a, b, strict=True))


def orthogonal(basis: list[list[mpf]]) -> tuple[list[list[mpf]], list[list[mpf]]]:
    """Return the orthogonal vectors, and each row's coefficients in the ones before."""
    vectors: list[list[mpf]] = []
    coefficients = []
    for row in basis:
        row_coefficients = [dot(row, v) / dot(v, v) for v in vectors]
        coefficients.append(row_coefficients)
        vector = row
        for c, v in zip(row_coefficients, vectors, strict=True):
            vector = [x - c * y for x, y in zip(vector, v, strict=True)]
        vectors.append(vector)
    return vectors, coefficients


def reduced(basis: list[list[mpf]]) -> list[list[mpf]]:
    """The reduced basis of the same lattice."""
    basis, k = list(basis), 1
    while k < len(basis):
        for j in reversed(range(k)):
            c = mp.nint(orthogonal(basis)[1][k][j])
            basis[k] = [x - c * y for x, y in zip(basis[k], basis[j], strict=True)]
        vectors, coefficients = orthogonal(basis)
        before = dot(vectors[k - 1], vectors[k - 1])
        if dot(vectors[k], vectors[k]) >= (mpf(3) / 4 - coefficients[k][k - 1] ** 2) * before:
            k += 1
        else:
            basis[k], basis[k - 1] = basis[k - 1], basis[k]
            k = max(k - 1, 1)
    return basis


def common_units(exact: Grid, others: list[Grid]) -> list[mpf]:
    """Return factors near 1 that make `exact` a multiple and the others all but multiples.

    The tolerance of `exact` is that of the factor.
    """
    step = mp.ldexp(mpf(1), exact.exponent) / exact.value  # of the factor
    start = mp.nint(1 / step)
    zeros = [mpf(0)] * len(others)

    def remainders(factor: mpf) -> list[mpf]:
        return [g.value * factor / g.tolerance for g in others]

    rows = [[step / exact.tolerance, *remainders(step), mpf(0)]]
    for i, g in enumerate(others):
        multiple = mp.ldexp(mpf(1), g.exponent) / g.tolerance
        rows.append([mpf(0), *zeros[:i], multiple, *zeros[i + 1 :], mpf(0)])
    rows.append([mpf(0), *remainders(start * step), mpf(1)])
    rows = reduced(rows)
    factors = []
    for counts in itertools.product(range(-REACH, REACH + 1), repeat=len(rows)):
        vector = [dot(counts, column) for column in zip(*rows, strict=True)]
        if vector[-1] > 0.5 and max(map(abs, vector)) < 1.5:
            factors.append((start + mp.nint(vector[0] * exact.tolerance / step)) * step)
    return factors
