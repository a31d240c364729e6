"""The random gate: x with probability Phi(x), else 0 with x's sign."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import FUSED, TYPES, dtype_of, every_level, same_bits
from numpy.typing import NDArray

from gelu_simd import gelu, stochastic_gelu
from gelu_simd._types import finfo

DRAWS = 10**6
GRID = np.linspace(-4, 4, 33)

each_type = pytest.mark.parametrize("name", TYPES)


def distribution(x: NDArray) -> NDArray:
    """Phi in float64; its relative error is below 1e-15 here."""
    return np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in x.tolist()])


# ---- chance ----


@every_level
@pytest.mark.parametrize("name", ["float32", "float64"])
def test_mean_is_gelu(name: str) -> None:
    """Within 4 standard errors: the standard deviation is |x| sqrt(Phi(x) Phi(-x))."""
    rng = np.random.default_rng(1717)
    means = [
        stochastic_gelu(x, rng.random(DRAWS, dtype=name)).mean(dtype=float)
        for x in GRID.astype(name)
    ]
    spread = np.abs(GRID) * np.sqrt(distribution(GRID) * distribution(-GRID))
    deviations = np.abs(means - gelu(GRID))
    assert np.all(deviations <= 4 * spread / math.sqrt(DRAWS))
    assert deviations.max() > 0  # chance is at work


def test_values_are_x_or_zero() -> None:
    x = np.random.default_rng(3).normal(0, 2, DRAWS)
    y = stochastic_gelu(x, np.random.default_rng(4).random(DRAWS))
    kept = y != 0
    assert same_bits(y[kept], x[kept])
    assert same_bits(y[~kept], np.copysign(0.0, x[~kept]))
    assert kept.mean() == pytest.approx(0.5, abs=0.002)  # Phi(x) and Phi(-x) are equally likely


@every_level
@each_type
def test_threshold_is_phi(name: str) -> None:
    """At u apart from Phi(x) by more than the rounding of the lane's precision."""
    dtype = dtype_of(name)
    x = np.random.default_rng(5).uniform(-6, 6, 2000).astype(dtype)
    phi = distribution(x.astype(float))
    margin = 4 * float(np.finfo(np.promote_types(dtype, np.float32)).eps)
    assert x.size == phi.size
    for shift in (-0.25, -0.01, -1e-6, 0.0, 1e-6, 0.01, 0.25):
        u = np.clip(phi * (1 + shift), 0, 1).astype(dtype)
        apart = np.abs(u.astype(float) - phi) > margin * phi
        y = stochastic_gelu(x, u)
        right = np.where(u.astype(float) < phi, x, np.copysign(dtype.type(0), x)).astype(dtype)
        assert same_bits(y[apart], right[apart])
        if abs(shift) >= 0.01:
            assert apart.mean() > 0.9


# ---- edges ----


def edges(name: str) -> tuple[np.dtype, NDArray]:
    """Return a type, and x of both signs: subnormal, smallest normal, 1, largest."""
    dtype = dtype_of(name)
    info = finfo(dtype)
    magnitudes = [info.smallest_subnormal, info.smallest_normal, 1, 3, info.max]
    return dtype, np.array([float(m) for m in magnitudes]).astype(dtype)


def below(value: float, dtype: np.dtype) -> NDArray:
    """Return the number before `value`."""
    bits = np.array(value, dtype).view(f"u{dtype.itemsize}")
    return (bits - bits.dtype.type(1)).view(dtype)


@every_level
@each_type
def test_u_at_its_ends(name: str) -> None:
    dtype, x = edges(name)
    zeros = np.zeros_like(x)
    for u in (0.0, -0.0):
        u = np.array(u, dtype)  # noqa: PLW2901
        assert same_bits(stochastic_gelu(x, u), x)
        assert same_bits(stochastic_gelu(-x[:-1], u), -x[:-1])
        assert same_bits(stochastic_gelu(-x[-1:], u), -zeros[-1:])  # Phi is 0 there
    for u in (1, 2, np.inf):
        u = np.array(u, dtype)  # noqa: PLW2901
        assert same_bits(stochastic_gelu(x, u), zeros)
        assert same_bits(stochastic_gelu(-x, u), -zeros)
    assert same_bits(stochastic_gelu(x[-1:], below(1, dtype)), x[-1:])


@every_level
@each_type
def test_infinities(name: str) -> None:
    dtype, _ = edges(name)
    infinity, zero = np.array(np.inf, dtype), np.zeros((), dtype)
    for u in (np.zeros((), dtype), np.array(0.5, dtype), below(1, dtype)):
        assert same_bits(stochastic_gelu([infinity], u), np.array([infinity]))
        assert same_bits(stochastic_gelu([-infinity], u), np.array([-zero]))
    assert same_bits(stochastic_gelu([infinity], np.array(1, dtype)), np.array([zero]))


@every_level
@each_type
def test_nan_in_either(name: str) -> None:
    dtype, x = edges(name)
    x = np.concatenate([x, -x, np.array([0, -0.0, np.inf, -np.inf], dtype)])
    nan = np.array(np.nan, dtype)
    assert np.isnan(stochastic_gelu(x, nan)).all()
    assert np.isnan(stochastic_gelu(nan, np.array([0, -0.0, 0.5, 1, np.inf], dtype))).all()
    assert np.isnan(stochastic_gelu(nan, nan))


@pytest.mark.parametrize("isa", FUSED, indirect=True)
@each_type
def test_nan_keeps_its_bits(name: str, isa: str) -> None:
    """That of u becomes negative where x is."""
    dtype, _ = edges(name)
    unsigned = f"u{dtype.itemsize}"
    one, half = np.ones((), dtype), np.array(0.5, dtype)
    sign = (-one).view(unsigned) ^ one.view(unsigned)
    nan = np.array(np.nan, dtype).view(unsigned) | np.ones((), unsigned)
    for bits in (nan & ~sign, nan | sign):
        value = bits.view(dtype)
        assert same_bits(stochastic_gelu(value, half), value), isa
        assert same_bits(stochastic_gelu(one, value), value)
        assert same_bits(stochastic_gelu(-one, value), (bits | sign).view(dtype))


@every_level
@each_type
def test_near_zero_the_gate_is_a_fair_coin(name: str) -> None:
    """Phi(x) is 1/2 for the smallest x, and the zeros keep their sign on both sides."""
    dtype, x = edges(name)
    half, least = np.array(0.5, dtype), x[:1]
    zeros = np.zeros_like(least)
    for small, zero in ((least, zeros), (-least, -zeros)):
        assert same_bits(stochastic_gelu(small, below(0.5, dtype)), small)
        assert same_bits(stochastic_gelu(small, half), zero)
        for u in (np.zeros((), dtype), half, np.ones((), dtype)):
            assert same_bits(stochastic_gelu(zero, u), zero)
