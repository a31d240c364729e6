"""ONNX's ReferenceEvaluator with gelu_simd.onnx: its GELU nodes run on gelu_simd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from helpers import same_bits

import gelu_simd
from gelu_simd._check import oracle
from gelu_simd._functions import CORRECTLY_ROUNDED

onnx = pytest.importorskip("onnx", minversion="1.15", reason="needs onnx")

UFUNCS = {b"none": gelu_simd.gelu, b"tanh": gelu_simd.gelu_tanh}
TYPES = {"float16": onnx.TensorProto.FLOAT16, "float32": onnx.TensorProto.FLOAT,
         "float64": onnx.TensorProto.DOUBLE}  # fmt: skip


class Vector(NamedTuple):
    """One of ONNX's test vectors."""

    node: onnx.NodeProto
    x: np.ndarray
    y: np.ndarray

    @property
    def ufunc(self) -> np.ufunc:
        """Which of ours the node asks for."""
        return UFUNCS[next((a.s for a in self.node.attribute), b"none")]


@pytest.fixture(scope="module")
def vectors() -> list[Vector]:
    """Return ONNX's own; its public collector would compute those of all operators."""
    from onnx.backend.test.case.node import gelu

    result = []

    def expect(node: onnx.NodeProto, inputs: list, outputs: list, name: str) -> None:
        assert name.startswith("test_gelu")
        result.append(Vector(node, *inputs, *outputs))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gelu, "expect", expect)
        for name in dir(gelu.Gelu):
            if name.startswith("export_gelu"):
                np.random.seed(0)  # noqa: NPY002 - as ONNX does
                getattr(gelu.Gelu, name)()
    return result


def model_of(node: onnx.NodeProto, dtype: str) -> onnx.ModelProto:
    """Return a model of one node."""

    def info(names: Sequence[str]) -> list:
        return [onnx.helper.make_tensor_value_info(name, TYPES[dtype], None) for name in names]

    opsets = [onnx.helper.make_opsetid("", 20), onnx.helper.make_opsetid("com.microsoft", 1)]
    graph = onnx.helper.make_graph([node], "gelu", info(node.input), info(node.output))
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)


def evaluate(model: onnx.ModelProto, *inputs: np.ndarray) -> np.ndarray:
    from onnx.reference import ReferenceEvaluator

    from gelu_simd.onnx import OPERATORS

    evaluator = ReferenceEvaluator(model, new_ops=OPERATORS)
    [result] = evaluator.run(None, dict(zip(evaluator.input_names, inputs, strict=True)))
    return result


def test_vectors_in_float32(vectors: list[Vector]) -> None:
    assert {vector.ufunc for vector in vectors} == set(UFUNCS.values())
    for vector in vectors:
        result = evaluate(model_of(vector.node, "float32"), vector.x)
        assert same_bits(result, vector.ufunc(vector.x))
        np.testing.assert_allclose(result, vector.y, rtol=1e-6, atol=1e-7)


def test_vectors_in_float16(vectors: list[Vector]) -> None:
    """ONNX has none: its inputs rounded to float16, and the exact result rounded once."""
    for vector in vectors:
        x = vector.x.astype(np.float16)
        result = evaluate(model_of(vector.node, "float16"), x)
        assert same_bits(result, vector.ufunc(x))
        error = oracle.ulp_error(vector.ufunc.__name__, x.ravel(), result.ravel())
        assert error.max() <= CORRECTLY_ROUNDED
        np.testing.assert_allclose(result, vector.y, rtol=0.01, atol=1e-3)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(), (0,), (2, 3, 4)])
def test_shapes_and_types(dtype: str, shape: tuple[int, ...]) -> None:
    node = onnx.helper.make_node("Gelu", ["x"], ["y"])
    x = np.random.default_rng(1).normal(0, 3, shape).astype(dtype)
    result = evaluate(model_of(node, dtype), np.asarray(x))
    assert type(result) is np.ndarray
    assert result.shape == shape
    assert same_bits(result, np.asarray(gelu_simd.gelu(x)))


def test_another_approximation_is_refused() -> None:
    node = onnx.helper.make_node("Gelu", ["x"], ["y"], approximate="cubic")
    with pytest.raises(ValueError, match="must be 'none' or 'tanh', not 'cubic'"):
        evaluate(model_of(node, "float32"), np.ones(2, np.float32))


def test_node_inside_a_model() -> None:
    """Amid other nodes of ONNX."""
    rng = np.random.default_rng(2)
    x, weight = (rng.normal(0, 1, shape).astype("f4") for shape in [(5, 8), (8, 4)])
    nodes = [
        onnx.helper.make_node("MatMul", ["x", "weight"], ["hidden"]),
        onnx.helper.make_node("Gelu", ["hidden"], ["active"], approximate="tanh"),
        onnx.helper.make_node("ReduceSum", ["active"], ["y"], keepdims=0),
    ]
    inputs = [
        onnx.helper.make_tensor_value_info(name, TYPES["float32"], a.shape)
        for name, a in (("x", x), ("weight", weight))
    ]
    outputs = [onnx.helper.make_tensor_value_info("y", TYPES["float32"], ())]
    graph = onnx.helper.make_graph(nodes, "layer", inputs, outputs)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)])
    onnx.checker.check_model(model)
    np.testing.assert_allclose(
        evaluate(model, x, weight), gelu_simd.gelu_tanh(x @ weight).sum(), rtol=1e-6
    )


# ---- the operators of onnxruntime ----


def silu(x: np.ndarray) -> np.ndarray:
    return (x / (1 + np.exp(-np.float64(1) * x))).astype(x.dtype)


BIAS = np.array([0.5, -1, 2], "f4")
MICROSOFT = {
    "Gelu": (1, {}, gelu_simd.gelu),
    "BiasGelu": (2, {}, lambda x: gelu_simd.gelu(x + BIAS.astype(x.dtype))),
    "FastGelu": (1, {}, gelu_simd.gelu_tanh),
    "FastGelu, biased": (2, {}, lambda x: gelu_simd.gelu_tanh(x + BIAS.astype(x.dtype))),
    "QuickGelu": (1, {}, gelu_simd.quick_gelu),
    "QuickGelu, alpha of ours": (1, {"alpha": 1.702}, gelu_simd.quick_gelu),
    "QuickGelu, alpha": (1, {"alpha": 1.0}, silu),
}


def microsoft(case: str, dtype: str) -> tuple[onnx.ModelProto, list[np.ndarray], np.ndarray]:
    """Return a model of one operator, its inputs and what it is to give."""
    inputs, attributes, f = MICROSOFT[case]
    arrays = [np.linspace(-9, 9, 300).reshape(100, 3).astype(dtype), BIAS.astype(dtype)][:inputs]
    node = onnx.helper.make_node(
        case.partition(",")[0], list("xb")[:inputs], ["y"], domain="com.microsoft", **attributes
    )
    return model_of(node, dtype), arrays, f(arrays[0])


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("case", MICROSOFT)
def test_operators_of_onnxruntime(case: str, dtype: str) -> None:
    model, arrays, expected = microsoft(case, dtype)
    result = evaluate(model, *arrays)
    assert result.dtype == dtype
    # onnxruntime rounds x + bias to float16, our functions only what they return.
    tolerance = 2e-2 if dtype == "float16" else 1e-6
    np.testing.assert_allclose(result, expected, rtol=tolerance)


@pytest.mark.parametrize("case", MICROSOFT)
def test_onnxruntime_gives_the_same(case: str) -> None:
    """To its own rounding."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    model, arrays, expected = microsoft(case, "float32")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    [result] = session.run(None, dict(zip("xb", arrays, strict=False)))
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-6)


def test_huge_numbers_raise_nothing() -> None:
    """The logistic function is 0 there, though its formula overflows."""
    model, _, _ = microsoft("QuickGelu, alpha", "float32")
    with np.errstate(all="raise", under="ignore"):
        result = evaluate(model, np.array([-3e38, -1000, 1000, 3e38], "f4"))
    assert same_bits(result, np.array([-0.0, -0.0, 1000, 3e38], "f4"))
