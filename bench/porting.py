"""Which form of GELU each library computes, under each of its names: the page on porting.

    python bench/porting.py [LIBRARY ...] [--json FILE]

runs those that are installed, each in a process of its own.  It prints the form that the results
are nearest to, how near, and what becomes of large and infinite numbers.  Some libraries need an
environment of their own: executorch one with its version of PyTorch, for example.

The file gets the largest errors by x, in place of what it had of these libraries.
`bench/publish.py others` makes the page's table and picture of bench/results/others.json.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gelu_simd
from gelu_simd._compare import measure
from gelu_simd._compare import report as reporting

Spellings = dict[str, Callable[[np.ndarray], Any]]

X = np.linspace(-4, 4, 96, dtype=np.float32)
LARGE = np.array([np.inf, -np.inf, 3.4e38, -13], np.float32)


def quick_gelu(x: np.ndarray) -> np.ndarray:
    """Return x times the logistic function of 1.702 x."""
    return x / (1 + np.exp(-1.702 * x))


FORMS = {"exact": gelu_simd.gelu, "tanh": gelu_simd.gelu_tanh, "quick": quick_gelu}

# The functions whose errors are measured, and how near a library's must be to count as it.
MEASURED = {"exact": "gelu", "tanh": "gelu_tanh"}
NEAR = 1e-3


def ours() -> Spellings:
    return {"gelu": gelu_simd.gelu, "gelu_tanh": gelu_simd.gelu_tanh}


def torch() -> Spellings:
    import torch
    from torch.nn import functional

    return {
        f'F.gelu(x, "{word}")': lambda x, w=word: functional.gelu(
            torch.from_numpy(x), approximate=w
        )
        for word in ("none", "tanh")
    } | {"nn.GELU()": lambda x: torch.nn.GELU()(torch.from_numpy(x))}


def tensorflow() -> Spellings:
    import tensorflow

    return {
        "tf.nn.gelu(x)": tensorflow.nn.gelu,
        "tf.nn.gelu(x, True)": lambda x: tensorflow.nn.gelu(x, True),
    }


def jax() -> Spellings:
    import jax

    return {
        "jax.nn.gelu(x)": jax.nn.gelu,
        "jax.nn.gelu(x, False)": lambda x: jax.nn.gelu(x, approximate=False),
    }


def keras() -> Spellings:
    import keras

    return {
        "activations.gelu(x)": lambda x: keras.ops.convert_to_numpy(keras.activations.gelu(x)),
        "ops.gelu(x)": lambda x: keras.ops.convert_to_numpy(keras.ops.gelu(x)),
    }


def transformers() -> Spellings:
    import torch
    from transformers.activations import ACT2FN

    return {
        f'"{name}"': lambda x, n=name: ACT2FN[n](torch.from_numpy(x)).detach()
        for name in sorted(ACT2FN)
        if "gelu" in name
    }


def openvino() -> Spellings:
    import openvino
    from openvino import opset13

    def run(x: np.ndarray, mode: str) -> np.ndarray:
        parameter = opset13.parameter([-1], np.float32)
        model = openvino.Model([opset13.gelu(parameter, mode)], [parameter])
        options = {"INFERENCE_PRECISION_HINT": "f32"}
        return openvino.Core().compile_model(model, "CPU", options)(x)[0]

    return {mode: lambda x, m=mode: run(x, m) for mode in ("ERF", "TANH")}


def litert(has_delegate: bool) -> Spellings:
    import tensorflow
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    resolver = OpResolverType.AUTO if has_delegate else plain

    def run(x: np.ndarray, approximate: bool) -> np.ndarray:
        spec = tensorflow.TensorSpec([x.size], tensorflow.float32)
        f = tensorflow.function(
            lambda x: tensorflow.nn.gelu(x, approximate), input_signature=[spec]
        )
        converter = tensorflow.lite.TFLiteConverter.from_concrete_functions(
            [f.get_concrete_function()], f
        )
        interpreter = Interpreter(
            model_content=converter.convert(), experimental_op_resolver_type=resolver
        )
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    return {f"approximate={word}": lambda x, w=word: run(x, w) for word in (False, True)}


def executorch(has_delegate: bool) -> Spellings:
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower
    from executorch.runtime import Runtime

    partitioner = [XnnpackPartitioner()] if has_delegate else []

    def run(x: np.ndarray, word: str) -> Any:
        t = torch.from_numpy(x)
        program = to_edge_transform_and_lower(
            torch.export.export(torch.nn.GELU(word), (t,)), partitioner=partitioner
        )
        method = Runtime.get().load_program(program.to_executorch().buffer).load_method("forward")
        return method.execute([t])[0]

    return {f'"{word}"': lambda x, w=word: run(x, w) for word in ("none", "tanh")}


def ncnn() -> Spellings:
    import ncnn

    def run(x: np.ndarray, fast: int) -> np.ndarray:
        results = []
        with tempfile.TemporaryDirectory() as folder:
            param, weights = Path(folder) / "g.param", Path(folder) / "g.bin"
            param.write_text(f"7767517\n2 2\nInput i 0 1 in\nGELU g 1 1 in out 0={fast}\n")
            weights.write_bytes(bytes(16))
            net = ncnn.Net()
            net.load_param(str(param))
            net.load_model(str(weights))
            for value in x:
                extractor, mat = net.create_extractor(), ncnn.Mat(8)
                mat.fill(float(value))
                extractor.input("in", mat)
                results.append(np.array(extractor.extract("out")[1])[0])
        return np.array(results)

    return {f"fast_gelu={fast}": lambda x, f=fast: run(x, f) for fast in (0, 1)}


def MNN() -> Spellings:
    import MNN.nn
    import MNN.numpy
    import onnx

    def run(x: np.ndarray, word: str) -> np.ndarray:
        node = onnx.helper.make_node("Gelu", ["x"], ["y"], approximate=word)
        x_info, y_info = (onnx.helper.make_tensor_value_info(n, 1, [x.size]) for n in "xy")
        graph = onnx.helper.make_graph([node], "g", [x_info], [y_info])
        opsets = [onnx.helper.make_opsetid("", 20)]
        with tempfile.TemporaryDirectory() as folder:
            source, model = str(Path(folder) / "g.onnx"), str(Path(folder) / "g.mnn")
            onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), source)
            convert = Path(sys.executable).with_name("mnnconvert")
            command = [convert, "-f", "ONNX", "--modelFile", source, "--MNNModel", model]
            subprocess.run([*command, "--bizCode", "x"], capture_output=True, check=True)
            net = MNN.nn.load_module_from_file(model, ["x"], ["y"])
            array = MNN.numpy.array(x.tolist(), dtype=MNN.numpy.float32)
            return np.array(net.forward(array).read())

    return {f'ONNX Gelu "{word}"': lambda x, w=word: run(x, w) for word in ("none", "tanh")}


def paddle() -> Spellings:
    import paddle

    gelu = paddle.nn.functional.gelu
    return {
        "F.gelu(x)": lambda x: gelu(paddle.to_tensor(x)).numpy(),
        "F.gelu(x, True)": lambda x: gelu(paddle.to_tensor(x), True).numpy(),
        "nn.GELU()": lambda x: paddle.nn.GELU()(paddle.to_tensor(x)).numpy(),
    }


def mlx() -> Spellings:
    import mlx.core
    import mlx.nn

    functions = {
        name: getattr(mlx.nn, name) for name in ("gelu", "gelu_approx", "gelu_fast_approx")
    }
    layers = {f'GELU("{w}")': mlx.nn.GELU(w) for w in ("none", "precise", "tanh", "fast")}
    return {
        name: lambda x, f=f: np.array(f(mlx.core.array(x)))
        for name, f in (functions | layers).items()
    }


def mindspore() -> Spellings:
    import mindspore

    functions = {
        "ops.gelu(x)": mindspore.ops.gelu,
        'ops.gelu(x, "tanh")': lambda x: mindspore.ops.gelu(x, "tanh"),
        "nn.GELU()": mindspore.nn.GELU(),
        "nn.GELU(False)": mindspore.nn.GELU(False),
    }
    return {name: lambda x, f=f: f(mindspore.Tensor(x)).asnumpy() for name, f in functions.items()}


def tinygrad() -> Spellings:
    os.environ["DEV"] = "PYTHON"  # needs no compiler
    import tinygrad

    def tensor(x: np.ndarray) -> Any:
        return tinygrad.Tensor(x)

    return {
        "gelu()": lambda x: tensor(x).gelu().numpy(),
        'gelu("none")': lambda x: tensor(x).gelu("none").numpy(),
        "quick_gelu()": lambda x: tensor(x).quick_gelu().numpy(),
    }


class Library(NamedTuple):
    """A library, or one way in which it computes."""

    title: str
    module: str
    package: str
    spellings: Callable[[], Spellings]


LIBRARIES = {
    row.title: row
    for row in (
        Library("gelu_simd", "gelu_simd", "gelu-simd", ours),
        Library("PyTorch", "torch", "torch", torch),
        Library("TensorFlow", "tensorflow", "tensorflow", tensorflow),
        Library("JAX", "jax", "jax", jax),
        Library("Keras", "keras", "keras", keras),
        Library("Transformers", "transformers", "transformers", transformers),
        Library("OpenVINO", "openvino", "openvino", openvino),
        Library("LiteRT", "ai_edge_litert", "ai-edge-litert", partial(litert, True)),
        Library("LiteRT, no delegate", "ai_edge_litert", "ai-edge-litert", partial(litert, False)),
        Library("ExecuTorch, portable", "executorch", "executorch", partial(executorch, False)),
        Library("ExecuTorch, XNNPACK", "executorch", "executorch", partial(executorch, True)),
        Library("ncnn", "ncnn", "ncnn", ncnn),
        Library("MNN", "MNN", "MNN", MNN),
        Library("PaddlePaddle", "paddle", "paddlepaddle", paddle),
        Library("MLX", "mlx", "mlx", mlx),
        Library("MindSpore", "mindspore", "mindspore", mindspore),
        Library("tinygrad", "tinygrad", "tinygrad", tinygrad),
    )
}


def nearest(f: Callable[[np.ndarray], Any]) -> tuple[str, float]:
    """Return the form that a function's results are nearest to, and the largest distance."""
    y = np.asarray(f(X), np.float64)
    distances = {
        name: float(np.abs(y - form(X.astype(np.float64))).max()) for name, form in FORMS.items()
    }
    form = min(distances, key=lambda name: distances[name])
    return form, distances[form]


def show(title: str, file: str | None) -> None:
    """Print what a library computes; put the errors of each form's first spelling into a file."""
    library = LIBRARIES[title]
    x = measure.points(np.dtype(np.float32))
    errors: dict[str, dict[str, Any]] = {}
    for spelling, f in library.spellings().items():
        form, distance = nearest(f)
        large = ", ".join(f"{y:.3g}" for y in np.asarray(f(np.resize(LARGE, X.size)))[: LARGE.size])
        print(f"{title:20} {spelling:28} {form:6} to {distance:.1e}; of {LARGE}: {large}")
        if file is not None and distance < NEAR and form in MEASURED and form not in errors:
            y = np.asarray(f(x), np.float32)
            bins = measure.largest_errors(MEASURED[form], x, y)
            errors[form] = {"spelling": spelling, "max_ulp": bins}
    if file is not None:
        path = Path(file)
        report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        rows = report.get("libraries", {})
        rows[title] = {"version": importlib.metadata.version(library.package), "forms": errors}
        order = [name for name in LIBRARIES if name in rows]
        report = {
            "cpu": reporting.cpu(),
            "range": reporting.RANGE,
            "libraries": {name: rows[name] for name in order},
        }
        path.write_text(to_json(report), encoding="utf-8")


def to_json(report: dict[str, Any]) -> str:
    """Return the report as JSON, a library a line."""
    lines = [f"  {json.dumps(name)}: {json.dumps(r)}" for name, r in report["libraries"].items()]
    head = "".join(f" {json.dumps(key)}: {json.dumps(report[key])},\n" for key in ("cpu", "range"))
    return "{\n" + head + ' "libraries": {\n' + ",\n".join(lines) + "\n }\n}\n"


def main() -> None:
    """Run the libraries, each in a process of its own."""
    parser = argparse.ArgumentParser(description="Which form of GELU each library computes.")
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY", help=", ".join(LIBRARIES))
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if unknown := set(options.libraries) - {*LIBRARIES}:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(LIBRARIES)}")
    file = None if options.json is None else str(options.json.resolve())
    for title in options.libraries or LIBRARIES:
        if importlib.util.find_spec(LIBRARIES[title].module) is None:
            print(f"{title:20} is not installed")
            continue
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import porting"
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", f"{code}; porting.show({title!r}, {file!r})"],
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            print(f"{title:20} fails: {(done.stderr.splitlines() or [''])[-1]}")


if __name__ == "__main__":
    main()
