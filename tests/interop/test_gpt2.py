"""A GPT-2 block in plain NumPy: `gelu = gelu_simd.gelu_tanh` takes the place of its formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from helpers import every_level
from numpy.typing import NDArray

import gelu_simd

HEADS, WIDTH, TOKENS = 4, 64, 24

gelu = gelu_simd.gelu_tanh


def formula(x: NDArray) -> NDArray:
    """The activation as GPT-2 was published with it."""
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def normalised(x: NDArray, gain: NDArray, shift: NDArray) -> NDArray:
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * gain + shift


def softmax(x: NDArray) -> NDArray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(x: NDArray, p: dict[str, NDArray]) -> NDArray:
    """Each token looks at itself and those before it."""
    q, k, v = (x @ p["qkv"] + p["qkv_bias"]).reshape(TOKENS, 3, HEADS, -1).transpose(1, 2, 0, 3)
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]).astype(x.dtype)
    scores[:, ~np.tri(TOKENS, dtype=bool)] = -np.inf
    mixed = (softmax(scores) @ v).transpose(1, 0, 2).reshape(TOKENS, WIDTH)
    return mixed @ p["out"] + p["out_bias"]


def block(x: NDArray, p: dict[str, NDArray], activation: Callable[[NDArray], NDArray]) -> NDArray:
    x = x + attention(normalised(x, p["gain1"], p["shift1"]), p)
    hidden = activation(normalised(x, p["gain2"], p["shift2"]) @ p["up"] + p["up_bias"])
    return x + hidden @ p["down"] + p["down_bias"]


@pytest.fixture(scope="module")
def numbers() -> tuple[NDArray, dict[str, NDArray]]:
    """Return embeddings and parameters, in float32."""
    rng = np.random.default_rng(5)
    shapes = {
        "qkv": (WIDTH, 3 * WIDTH), "qkv_bias": (3 * WIDTH,), "out": (WIDTH, WIDTH),
        "out_bias": (WIDTH,), "gain1": (WIDTH,), "shift1": (WIDTH,), "gain2": (WIDTH,),
        "shift2": (WIDTH,), "up": (WIDTH, 4 * WIDTH), "up_bias": (4 * WIDTH,),
        "down": (4 * WIDTH, WIDTH), "down_bias": (WIDTH,),
    }  # fmt: skip
    p = {name: rng.normal(0, 0.3, shape).astype("f4") for name, shape in shapes.items()}
    return rng.normal(0, 1, (TOKENS, WIDTH)).astype("f4"), p


@every_level
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 1e-5)])
def test_block_gives_what_the_formula_gives(
    numbers: tuple[NDArray, dict[str, NDArray]], dtype: str, tolerance: float
) -> None:
    """To the rounding of all else; the formula is computed in float64."""
    x, p = numbers
    expected = block(x.astype(float), {name: a.astype(float) for name, a in p.items()}, formula)
    result = block(x.astype(dtype), {name: a.astype(dtype) for name, a in p.items()}, gelu)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance * np.abs(expected).max())
