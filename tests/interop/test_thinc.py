"""Thinc with gelu_simd.thinc: GELU forward and backward by gelu_simd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from helpers import every_level, same_bits
from numpy.testing import assert_allclose

import gelu_simd

thinc = pytest.importorskip("thinc.api", reason="needs thinc", exc_type=ImportError)

FORWARD = {"gelu": gelu_simd.gelu, "gelu_approx": gelu_simd.gelu_tanh}
PRODUCT_OF = {
    "backprop_gelu": gelu_simd.gelu_backward,
    "backprop_gelu_approx": gelu_simd.gelu_tanh_backward,
}
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture
def ops() -> Iterator[Any]:
    from gelu_simd.thinc import GeluSimdOps

    with thinc.use_ops("gelu_simd"):
        assert type(thinc.get_current_ops()) is GeluSimdOps
        yield thinc.get_current_ops()


def operands(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.normal(0, 1, (50, 30)).astype(dtype), rng.uniform(-6, 6, (50, 30)).astype(dtype)


@every_level
@each_dtype
@pytest.mark.parametrize("name", [*FORWARD, *PRODUCT_OF])
def test_each_function(ops: Any, name: str, dtype: str) -> None:
    """The bits are ours, the values are Thinc's as far as its formulas go, in place or not."""
    args = operands(dtype)[-1:] if name in FORWARD else operands(dtype)
    expected = (FORWARD | PRODUCT_OF)[name](*args)
    result = getattr(ops, name)(*args)
    assert same_bits(result, expected)
    assert_allclose(result, getattr(thinc.NumpyOps(), name)(*args), rtol=0, atol=1e-5)
    assert getattr(ops, name)(*args, inplace=True) is args[0]
    assert same_bits(args[0], expected)


@pytest.mark.parametrize("name", FORWARD)
def test_backward_is_the_slope_of_forward(ops: Any, name: str) -> None:
    dy, x = operands("float64")
    h = 1e-5
    forward, backward = getattr(ops, name), getattr(ops, f"backprop_{name}")
    slope = (forward(x + h) - forward(x - h)) / (2 * h)
    assert_allclose(backward(dy, x), dy * slope, rtol=0, atol=1e-9)


def network() -> Any:
    """Make a network with the current ops."""
    thinc.fix_random_seed(0)
    return thinc.chain(thinc.Gelu(nO=32, nI=30), thinc.Gelu(nO=16), thinc.Linear(nO=3))


@pytest.mark.usefixtures("ops")
def test_network() -> None:
    """Results and gradients are those of Thinc's own ops, but for rounding."""
    _, x = operands("float32")
    target = np.zeros((50, 3), "f4")
    results = []
    for name in ("gelu_simd", "numpy"):
        with thinc.use_ops(name):
            model = network().initialize(X=x, Y=target)
            y, backprop = model.begin_update(x)
            dx = backprop(y - target)
            results.append((y, dx, *(node.get_grad("W") for node in model.layers)))
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == theirs.dtype == np.float32
        assert_allclose(ours, theirs, rtol=0, atol=1e-5 * np.abs(theirs).max())


@pytest.mark.usefixtures("ops")
def test_network_learns() -> None:
    _, x = operands("float32")
    target = np.sin(x[:, :3])
    model = network().initialize(X=x, Y=target)
    optimizer = thinc.Adam(0.01)
    losses = []
    for _ in range(200):
        y, backprop = model.begin_update(x)
        losses.append(float(np.square(y - target).mean()))
        backprop((y - target) / len(x))
        model.finish_update(optimizer)
    assert losses[-1] < 0.05 * losses[0]
