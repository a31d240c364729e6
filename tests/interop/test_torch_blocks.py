"""bench/blocks.py beside PyTorch in float64: results and all gradients, to 1e-12."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from helpers import every_level, needs_bench, program

torch = pytest.importorskip("torch", reason="needs torch")

pytestmark = needs_bench

TOLERANCE = 1e-12
SIZE = (48, 80, 4, 2, 16)  # width, hidden, heads, sequences, tokens


@pytest.fixture(scope="module")
def blocks() -> ModuleType:
    return program("blocks")


def attention(x: Any, parameters: list[Any], heads: int, causal: bool) -> Any:
    weight, bias, merge, merge_bias = parameters
    parts = (x @ weight + bias).unflatten(-1, (3, heads, -1)).movedim(2, 0).transpose(2, 3)
    mixed = torch.nn.functional.scaled_dot_product_attention(*parts, is_causal=causal)
    return mixed.transpose(1, 2).flatten(2) @ merge + merge_bias


def of_two_layers(x: Any, parameters: list[Any], heads: int, causal: bool, form: str) -> Any:
    gain1, shift1, *attending, gain2, shift2, up, up_bias, down, down_bias = parameters
    shape = gain1.shape
    normal = torch.nn.functional.layer_norm(x, shape, gain1, shift1)
    x = x + attention(normal, attending, heads, causal)
    normal = torch.nn.functional.layer_norm(x, shape, gain2, shift2)
    hidden = torch.nn.functional.gelu(normal @ up + up_bias, approximate=form)
    return x + hidden @ down + down_bias


def gpt2(x: Any, parameters: list[Any], heads: int) -> Any:
    return of_two_layers(x, parameters, heads, causal=True, form="tanh")


def vit(x: Any, parameters: list[Any], heads: int) -> Any:
    return of_two_layers(x, parameters, heads, causal=False, form="none")


def gemma(x: Any, parameters: list[Any], heads: int) -> Any:
    gain1, *attending, gain2, gate, up, down = parameters
    shape = gain1.shape
    normal = torch.nn.functional.rms_norm(x, shape, gain1, eps=1e-6)
    x = x + attention(normal, attending, heads, causal=True)
    normal = torch.nn.functional.rms_norm(x, shape, gain2, eps=1e-6)
    gated = torch.nn.functional.gelu(normal @ gate, approximate="tanh") * (normal @ up)
    return x + gated @ down


def close(ours: np.ndarray, theirs: Any) -> None:
    """Compare, relative to the largest of an array."""
    right = theirs.detach().numpy()
    assert ours.shape == right.shape
    assert np.abs(ours - right).max() <= TOLERANCE * np.abs(right).max()


@every_level
@pytest.mark.parametrize("way", ["one pass", "separate calls"])
@pytest.mark.parametrize("reference", [gpt2, vit, gemma], ids=lambda f: f.__name__)
def test_block(blocks: ModuleType, reference: Any, way: str) -> None:
    rng = np.random.default_rng(8)
    size = blocks.Size(*SIZE)
    block = getattr(blocks, reference.__name__)(size, blocks.WAYS[way], rng)
    values, _ = blocks.in_one_array(block.parameters, float)
    values += 0.1 * rng.standard_normal(values.size)  # biases and gains too
    x, dy = rng.standard_normal((2, size.sequences, size.tokens, size.width))

    leaves = [
        torch.from_numpy(a.copy()).requires_grad_()
        for a in (x, *(parameter.value for parameter in block.parameters))
    ]
    y = reference(leaves[0], leaves[1:], size.heads)
    y.backward(torch.from_numpy(dy))

    close(block.forward(x), y)
    close(block.backward(dy), leaves[0].grad)
    for parameter, leaf in zip(block.parameters, leaves[1:], strict=True):
        assert parameter.grad.any()
        close(parameter.grad, leaf.grad)
