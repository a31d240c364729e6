"""bench/layers.py and bench/train_digits.py: gradients by hand, and networks that learn."""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from gradients import STEP, check, check_layer, slope
from helpers import BENCH, FUSED, INFO, every_level, needs_bench, program, run_program

from gelu_simd._levels import using

pytestmark = needs_bench

GELUS = ["GELU", "GELU tanh"]  # with the gradients of this package
GEGLUS = ["GEGLU"]
MODELS = ["MLP", "ViT"]


@pytest.fixture(scope="module")
def layers() -> ModuleType:
    return program("layers")


@pytest.fixture(scope="module")
def train_digits() -> ModuleType:
    return program("train_digits")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1606)


# ---- gradients ----


def away_from_0(x: np.ndarray) -> np.ndarray:
    """Move x so far from 0 that finite differences do not see the kink of ReLU there."""
    return x + np.copysign(4 * STEP, x)


@every_level
@pytest.mark.parametrize("name", [*GELUS, "ReLU"])
def test_gradient_of_activation(
    layers: ModuleType, train_digits: ModuleType, rng: np.random.Generator, name: str
) -> None:
    variant = {v.name: v for v in train_digits.VARIANTS}[name]
    x = away_from_0(2 * rng.standard_normal((8, 9)))
    check_layer(layers.Activation(variant.f, variant.g), x, rng)


@pytest.mark.parametrize("shape", [(5, 6), (2, 3, 6)])
def test_gradient_of_dense(
    layers: ModuleType, rng: np.random.Generator, shape: tuple[int, ...]
) -> None:
    check_layer(layers.Dense(6, 4, rng), rng.standard_normal(shape), rng)


def test_gradient_of_norm(layers: ModuleType, rng: np.random.Generator) -> None:
    norm = layers.Norm(6)
    norm.gain.value += 0.3 * rng.standard_normal(6)
    check_layer(norm, rng.standard_normal((2, 3, 6)), rng)


@pytest.mark.parametrize("heads", [1, 2])
def test_gradient_of_attention(layers: ModuleType, rng: np.random.Generator, heads: int) -> None:
    check_layer(layers.Attention(6, heads, rng), rng.standard_normal((2, 3, 6)), rng)


def test_bias_of_the_keys_has_no_effect(layers: ModuleType, rng: np.random.Generator) -> None:
    attention = layers.Attention(6, 2, rng)
    x, dy = rng.standard_normal((2, 2, 3, 6))
    attention.forward(x)
    attention.backward(dy)
    query, key, value = attention.project.bias.grad.reshape(3, 6)
    assert np.abs(key).max() < 1e-14
    assert min(np.abs(query).max(), np.abs(value).max()) > 1e-2


def test_gradients_of_what_moves_tokens(layers: ModuleType, rng: np.random.Generator) -> None:
    check_layer(layers.Patches(side=6, patch=2), rng.standard_normal((2, 36)), rng)
    check_layer(layers.Positions(3, 4, rng), rng.standard_normal((2, 3, 4)), rng)
    check_layer(layers.MeanOfTokens(), rng.standard_normal((2, 3, 4)), rng)


def test_gradients_of_chain_and_residual(layers: ModuleType, rng: np.random.Generator) -> None:
    both = layers.Dense(4, 5, rng), layers.Dense(5, 4, rng)
    check_layer(layers.Chain(*both), rng.standard_normal((3, 4)), rng)
    check_layer(layers.Residual(*both), rng.standard_normal((3, 4)), rng)


def test_gradient_of_cross_entropy(layers: ModuleType, rng: np.random.Generator) -> None:
    logits, labels = 3 * rng.standard_normal((4, 5)), rng.integers(5, size=4)
    _, gradient = layers.cross_entropy(logits, labels)
    check(lambda: layers.cross_entropy(logits, labels)[0], logits, gradient, np.arange(20))
    far = np.array([[1000.0, 0.0], [0.0, 1000.0]])
    loss, gradient = layers.cross_entropy(far, np.array([0, 0]))
    assert loss == 500
    np.testing.assert_array_equal(gradient, [[0, 0], [-0.5, 0.5]])


@every_level
@pytest.mark.parametrize("name", [*GELUS, *GEGLUS])
@pytest.mark.parametrize("model", MODELS)
def test_gradient_of_model(
    layers: ModuleType, train_digits: ModuleType, rng: np.random.Generator, model: str, name: str
) -> None:
    """Along random directions, and in some parameters of every array."""
    variant = {v.name: v for v in train_digits.VARIANTS}[name]
    network = train_digits.MODELS[model](variant.hidden(), rng)
    values, grads = layers.in_one_array(network.parameters, np.float64)
    images, labels = rng.random((3, 64)), rng.integers(10, size=3)

    def loss() -> float:
        return layers.cross_entropy(network.forward(images), labels)[0]

    network.backward(layers.cross_entropy(network.forward(images), labels)[1])
    gradient, start = grads.copy(), values.copy()
    for _ in range(4):
        direction = rng.standard_normal(values.size)
        direction /= np.linalg.norm(direction)

        def along(by: float, direction: np.ndarray = direction) -> float:
            values[:] = start + by * direction
            return loss()

        assert slope(along) == pytest.approx(gradient @ direction, rel=1e-8)
    values[:] = start
    ends = np.cumsum([0, *(p.value.size for p in network.parameters)])
    some = [rng.integers(a, b, size=3) for a, b in itertools.pairwise(ends)]
    check(loss, values, gradient, np.concatenate(some))


# ---- float16 ----


@pytest.mark.parametrize("model", MODELS)
def test_float16_model_is_near_float32(
    layers: ModuleType, train_digits: ModuleType, rng: np.random.Generator, model: str
) -> None:
    variant = next(v for v in train_digits.VARIANTS if v.dtype == "float16")
    network = train_digits.MODELS[model](variant.hidden(), rng)
    values, grads = layers.in_one_array(network.parameters, np.float32)
    images, labels = rng.random((20, 64)), rng.integers(10, size=20)
    logits, gradients = {}, {}
    for dtype in (np.float16, np.float32):
        logits[dtype] = network.forward(images.astype(dtype))
        assert logits[dtype].dtype == dtype
        scaled = train_digits.LOSS_SCALE * layers.cross_entropy(logits[dtype], labels)[1]
        assert network.backward(scaled.astype(dtype)).dtype == dtype
        assert values.dtype == grads.dtype == np.float32
        gradients[dtype] = grads.copy()
    half, single = logits.values()
    np.testing.assert_allclose(half, single, atol=0.01)
    half, single = gradients.values()
    assert np.linalg.norm(half - single) < 0.01 * np.linalg.norm(single)


def test_float16_product_is_rounded_once(layers: ModuleType, rng: np.random.Generator) -> None:
    dense = layers.Dense(2, 1, rng)
    dense.weight.value[:] = 1
    x = np.array([[2048, 1]], np.float16)
    dense.bias.value[:] = 1  # 2048 + 1 would round to 2048, and so would that + 1
    assert dense.forward(x) == 2050


# ---- training ----


@pytest.fixture(scope="module")
def one_thread(train_digits: ModuleType) -> Iterator[ModuleType]:
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    with importlib.import_module("threadpoolctl").threadpool_limits(1):
        yield train_digits


def losses(train_digits: ModuleType, model: str, name: str) -> list[float]:
    variant = {v.name: v for v in train_digits.VARIANTS}[name]
    run = train_digits.Run(model, variant, seed=3, epochs=1)
    run.epoch()
    return run.loss + run.test_loss


@pytest.mark.parametrize("name", [*GELUS, *GEGLUS, "GELU float16"])
def test_every_fused_level_trains_the_same(one_thread: ModuleType, name: str) -> None:
    curves = []
    for level in FUSED:
        if level in INFO["available"]:
            with using(level):
                curves.append(losses(one_thread, "MLP", name))
    if not curves:
        pytest.skip("this CPU has no level with a fused multiply-add")
    assert all(each == curves[0] for each in curves)


def test_seed_decides_everything(one_thread: ModuleType) -> None:
    assert losses(one_thread, "MLP", "ReLU") == losses(one_thread, "MLP", "ReLU")


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the results of a quick run of the program."""
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    path = tmp_path_factory.mktemp("training") / "results.json"
    done = run_program("train_digits", "--quick", "--json", path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    report = json.loads(path.read_text(encoding="utf-8"))
    for text in (*MODELS, "ReLU", *GELUS, *GEGLUS, "GELU float16", "ms per epoch", report["cpu"]):
        assert text in done.stdout
    return report["results"]


LEAST = {"MLP": 0.95, "ViT": 0.85}


@pytest.mark.parametrize("model", MODELS)
def test_every_variant_learns(quick: dict[str, Any], train_digits: ModuleType, model: str) -> None:
    assert list(quick[model]) == [v.name for v in train_digits.VARIANTS]
    seeds, epochs = train_digits.QUICK
    for row in quick[model].values():
        assert len(row["accuracy"]) == seeds
        assert min(row["accuracy"]) >= LEAST[model]
        for loss in row["loss"]:
            assert len(loss) == epochs
            assert loss == sorted(loss, reverse=True)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("one", "other", "tolerance"),
    [
        ("GELU", "GELU, SciPy erf", 1e-3),
        ("GELU tanh", "GELU tanh, NumPy", 1e-3),
        ("GEGLU", "GEGLU, SciPy erf", 1e-3),
        ("GELU", "GELU tanh", 5e-3),
        ("GELU", "GELU float16", 2e-2),
    ],
)
def test_variants_that_learn_alike(
    quick: dict[str, Any], model: str, one: str, other: str, tolerance: float
) -> None:
    a, b = quick[model][one], quick[model][other]
    np.testing.assert_allclose(a["loss"], b["loss"], rtol=tolerance)
    np.testing.assert_allclose(a["accuracy"], b["accuracy"], rtol=0, atol=0.015)


# ---- the program ----

PUBLISHED = BENCH / "results" / "train_digits.json"


@pytest.mark.parametrize(
    ("module", "package", "args"),
    [("sklearn", "scikit-learn", []), ("matplotlib", "matplotlib", ["--plot", "never.png"])],
)
def test_message_names_what_is_absent(module: str, package: str, args: list[str]) -> None:
    done = run_program("train_digits", *args, without=[module])
    assert done.returncode == 2
    assert done.stdout == ""
    assert package in done.stderr.partition("pip install ")[2]
    assert "Traceback" not in done.stderr


def test_folder_that_does_not_exist_is_refused_at_once(tmp_path: Path) -> None:
    done = run_program("train_digits", "--json", tmp_path / "no" / "results.json")
    assert done.returncode == 2
    assert "there is no folder" in done.stderr


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what matplotlib imports
def test_plot_draws_the_published_results(train_digits: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    path = tmp_path / "losses.png"
    train_digits.plot(json.loads(PUBLISHED.read_text(encoding="utf-8")), path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size < 120 << 10
