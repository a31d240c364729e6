"""Gradients by finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

STEP = 2.0**-9


def slope(f: Callable[[float], float], step: float = STEP) -> float:
    """Differentiate f at 0 by central differences; the error falls as the fourth power of step."""
    near, far = (f(h) - f(-h) for h in (step, 2 * step))
    return (8 * near - far) / (12 * step)


def check(
    f: Callable[[], float],
    values: np.ndarray,
    gradient: np.ndarray,
    entries: Any,
    tolerance: float = 1e-9,
) -> None:
    """Compare a gradient of f with finite differences, at the given flat indices of values."""
    flat = values.reshape(-1)
    assert np.shares_memory(flat, values)

    def shifted(entry: int, by: float) -> float:
        before = flat[entry]
        flat[entry] += by
        result = f()
        flat[entry] = before
        return result

    expected = [slope(lambda by, entry=entry: shifted(entry, by)) for entry in entries]
    largest = np.abs(gradient).max()
    np.testing.assert_allclose(
        gradient.ravel()[entries], expected, rtol=0, atol=tolerance * largest
    )


def check_layer(layer: Any, x: np.ndarray, rng: np.random.Generator) -> None:
    """Check the gradients in x and in all parameters of a random weighting of the output."""
    assert x.dtype == np.float64
    weights = rng.standard_normal(layer.forward(x).shape)
    gradient = layer.backward(weights.copy())
    assert gradient.shape == x.shape

    def weighted() -> float:
        return float((weights * layer.forward(x)).sum())

    check(weighted, x, gradient, np.arange(x.size))
    for parameter in layer.parameters:
        gradient = parameter.grad.copy()
        assert gradient.any()
        check(weighted, parameter.value, gradient, np.arange(gradient.size))
