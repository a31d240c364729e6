"""bench/blocks.py: gradients of the blocks by finite differences; all ways give the same."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from gradients import check, check_layer, slope
from helpers import every_level, needs_bench, program, run_program, same_bits

pytestmark = needs_bench

WAYS = ["one pass", "separate calls", "formulas"]
SMALL = (8, 12, 2, 2, 3)  # width, hidden, heads, sequences, tokens
MAKERS = ["gpt2", "vit", "gemma"]

each_block = pytest.mark.parametrize("maker", MAKERS)


@pytest.fixture(scope="module")
def blocks() -> ModuleType:
    return program("blocks")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1707)


def make(blocks: ModuleType, maker: str, way: str, dtype: Any = float) -> tuple[Any, ...]:
    """Return a small block with random parameters; their values and gradients, each one array."""
    if way == "formulas":
        pytest.importorskip("scipy", reason="needs scipy")
    rng = np.random.default_rng(5)
    block = getattr(blocks, maker)(blocks.Size(*SMALL), blocks.WAYS[way], rng)
    values, grads = blocks.in_one_array(block.parameters, dtype)
    values += 0.2 * rng.standard_normal(values.size).astype(dtype)  # biases and gains too
    return block, values, grads


def inputs(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    width, _, _, sequences, tokens = SMALL
    x, dy = rng.standard_normal((2, sequences, tokens, width))
    return x, dy


# ---- gradients ----


@every_level
@each_block
def test_gradients(blocks: ModuleType, rng: np.random.Generator, maker: str) -> None:
    """Along random directions, in the input, and in some parameters of every array."""
    block, values, grads = make(blocks, maker, "one pass")
    x, dy = inputs(rng)

    def weighted() -> float:
        return float((dy * block.forward(x)).sum())

    block.forward(x)
    dx, gradient, start = block.backward(dy), grads.copy(), values.copy()
    by_parameter = [parameter.grad.copy() for parameter in block.parameters]
    assert dx.shape == x.shape
    for _ in range(4):
        direction = rng.standard_normal(values.size)
        direction /= np.linalg.norm(direction)

        def along(by: float, direction: np.ndarray = direction) -> float:
            values[:] = start + by * direction
            return weighted()

        assert slope(along, 2.0**-12) == pytest.approx(gradient @ direction, rel=1e-7, abs=1e-8)
    values[:] = start
    check(weighted, x, dx, np.arange(x.size), 1e-8)
    for parameter, gradient in zip(block.parameters, by_parameter, strict=True):
        assert gradient.any()
        some = rng.integers(gradient.size, size=3)
        check(weighted, parameter.value, gradient, some, 1e-8)


def test_gradients_of_new_layers(blocks: ModuleType, rng: np.random.Generator) -> None:
    """All of them, one layer at a time."""
    x = rng.standard_normal((2, 3, 6))
    norm = blocks.RootMeanSquareNorm(6)
    norm.gain.value += 0.3 * rng.standard_normal(6)
    check_layer(norm, x, rng)
    check_layer(blocks.Linear(6, 4, rng), x, rng)
    check_layer(blocks.Attention(6, 2, rng, causal=True), x, rng)
    for name in ("bias_gelu", "bias_gelu_tanh"):
        layer = blocks.BiasActivation(
            6, *(blocks.one_pass(name + end) for end in ("", "_backward"))
        )
        layer.bias.value += rng.standard_normal(6)
        check_layer(layer, x, rng)
    for name in ("geglu", "geglu_tanh"):
        halves = (blocks.Dense(6, 4, rng) for _ in range(2))
        check_layer(
            blocks.Gated(*halves, *(blocks.one_pass(name + end) for end in ("", "_backward"))),
            x, rng,
        )  # fmt: skip


# ---- what the blocks compute ----


@pytest.mark.parametrize("maker", ["gpt2", "gemma"])
def test_causal_blocks_do_not_look_ahead(
    blocks: ModuleType, rng: np.random.Generator, maker: str
) -> None:
    block, *_ = make(blocks, maker, "one pass")
    x, _ = inputs(rng)
    before = block.forward(x)
    x[:, 2] += 1
    after = block.forward(x)
    assert same_bits(after[:, :2].copy(), before[:, :2].copy())
    assert np.all(after[:, 2] != before[:, 2])


def test_vision_block_looks_everywhere(blocks: ModuleType, rng: np.random.Generator) -> None:
    block, *_ = make(blocks, "vit", "one pass")
    x, _ = inputs(rng)
    before = block.forward(x)
    x[:, 2] += rng.standard_normal(SMALL[0])
    assert np.all(block.forward(x)[:, 0] != before[:, 0])


@each_block
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_pass_gives_the_bits_of_separate_calls(
    blocks: ModuleType, rng: np.random.Generator, maker: str, dtype: str
) -> None:
    x, dy = (a.astype(dtype) for a in inputs(rng))
    seen = []
    for way in ("one pass", "separate calls"):
        block, _, grads = make(blocks, maker, way, dtype)
        seen.append([block.forward(x), block.backward(dy), grads])
    for a, b in zip(*seen, strict=True):
        assert a.dtype == dtype
        assert same_bits(a, b)


@each_block
def test_formulas_agree(blocks: ModuleType, rng: np.random.Generator, maker: str) -> None:
    x, dy = inputs(rng)
    seen = []
    for way in ("one pass", "formulas"):
        block, _, grads = make(blocks, maker, way)
        seen.append([block.forward(x), block.backward(dy), grads])
    for a, b in zip(*seen, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-13 * np.abs(b).max())


# ---- the program ----


def test_table(blocks: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scipy", reason="needs scipy")
    size = blocks.Size(*SMALL)
    for block in blocks.BLOCKS:
        runs = blocks.compare(block._replace(size=size), rounds=2)
        assert list(runs) == WAYS
        for run in runs.values():
            assert len(run.whole) == len(run.inside) == 2
            assert all(0 < part < whole for part, whole in zip(run.inside, run.whole, strict=True))
            assert run.block.forward(run.x).dtype == np.float32
        blocks.print_table(block, runs)
        printed = capsys.readouterr().out
        assert block.title in printed
        assert all(f"\n{way} " in printed for way in WAYS)


def test_wrong_rounds() -> None:
    pytest.importorskip("scipy", reason="needs scipy")
    pytest.importorskip("threadpoolctl", reason="needs threadpoolctl")
    done = run_program("blocks", "--rounds", 0)
    assert done.returncode == 2
    assert "--rounds takes a whole number from 1 on" in done.stderr


@pytest.mark.parametrize("module", ["scipy", "threadpoolctl"])
def test_message_names_what_is_absent(module: str) -> None:
    done = run_program("blocks", without=[module])
    assert done.returncode != 0
    assert module in done.stderr.partition("pip install ")[2]
    assert "Traceback" not in done.stderr
